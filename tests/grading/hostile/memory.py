"""Wants more memory than there is."""

import numpy as np


def ten_gigabytes():
    return np.ones(10 * 2**30 // 8)


def growing():
    kept = []
    while True:
        kept.append(np.ones(1 << 20))


def large_answer():
    return np.ones(1 << 24)


def endless_answer():
    return np.broadcast_to(np.ones(1), (10**6, 10**6))


def many_parts():
    return [0.0] * 1_000_000


def long_text():
    return "x" * 10_000_000


def long_number():
    return 7**100_000


def add(a):
    return a + 1
