"""Calls itself for ever."""

import sys


def forever(a):
    return forever(a)


def deep(a):
    sys.setrecursionlimit(10**9)

    class Nested:
        def __repr__(self):
            return repr(self)

    return repr(Nested())


def nested():
    value = []
    for _ in range(100_000):
        value = [value]
    return value


def cyclic():
    value = []
    value.append(value)
    return value
