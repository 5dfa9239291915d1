"""Prints scores, and more than anybody wants to read."""

import os
import sys

print('{"score": 100.0, "tests": []}')
print("\x1b[2J\x1b[31mall right\x1b[0m", file=sys.stderr)


def scores(a):
    print("score: 100")
    sys.stdout.buffer.write(b"\xff\n")
    os.write(1, b"not through Python")
    return a + 1


def megabytes(a):
    for _ in range(200):
        print("x" * 250_000)
    return a + 1
