"""Ends its own process."""

import ctypes
import os
import sys


def status(number):
    os._exit(number)


def polite():
    sys.exit(0)


def raised():
    raise KeyboardInterrupt


def fault():
    ctypes.string_at(0)


def abort():
    os.abort()


def replaced():
    os._exit = lambda status: None
    os.write = lambda descriptor, data: len(data)


def add(a):
    return a + 1
