"""Fails in the way people's homework does."""

import numpy as np


def missing_name(a):
    return undefined + a


def shapes(a):
    return np.ones((2, 3)) @ np.ones((2, 3))


def rude(a):
    class Rude(Exception):
        def __str__(self):
            raise SystemExit

    raise Rude


def colours(a):
    raise ValueError("\x1b[2J" + "x" * 10_000 + "\n" * 100)


def reads_input(a):
    return input("score? ")


def in_place(a, b):
    a += 1
    b["W"][0] = 7
    return None


def unchanged(a):
    return a
