"""Tries to start processes in every way there is; says which worked."""

import ctypes
import multiprocessing
import os
import platform
import subprocess
import sys


def _worked(attempts):
    found = []
    for name, attempt in attempts.items():
        try:
            attempt()
        except BaseException:
            continue
        found.append(name)
    return found


def _forked(fork):
    if fork() == 0:
        os._exit(0)


def _called(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "")


def bomb():
    intel = platform.machine() == "x86_64"
    clone, fork, vfork = (56, 57, 58) if intel else (220, 220, 220)
    attempts = {
        "os.fork": lambda: _forked(os.fork),
        "os.forkpty": lambda: _forked(lambda: os.forkpty()[0]),
        "os.system": lambda: 1 / (os.system("true") == 0),
        "os.posix_spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "os.execv": lambda: os.execv(sys.executable, ["python"]),
        "subprocess": lambda: subprocess.run([sys.executable, "-c", ""]),
        "multiprocessing": lambda: multiprocessing.get_context("spawn").Process().start(),
        "syscall fork": lambda: _called(fork, 17, 0, 0, 0, 0),
        "syscall clone": lambda: _called(clone, 17, 0, 0, 0, 0),
        "syscall clone with namespaces": lambda: _called(clone, 0x7E020000 | 17, 0, 0, 0, 0),
        "syscall clone3": lambda: _called(435, ctypes.byref((ctypes.c_ulong * 11)()), 88),
    }
    return _worked(attempts)


def until_it_fails():
    while True:
        os.fork()
