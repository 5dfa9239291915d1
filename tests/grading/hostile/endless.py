"""Never ends."""

import time

import numpy as np


def add(a):
    return a + 1


def loop(a):
    while True:
        pass


def stubborn(a):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


def in_c(a):
    large = np.ones((5000, 5000))
    while True:
        large @ large


def power(a):
    return 7**10**9


def asleep(a):
    time.sleep(10_000)


def slow(seconds):
    """Computes for so long."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return seconds
