"""Sends signals to all it can name; says which were sent."""

import ctypes
import os
import signal


def sent():
    own = os.getpid()
    found = []
    for target in (own, os.getppid(), 0, -1, -own, *range(2, 40)):
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, 0):
            try:
                os.kill(target, number)
            except OSError:
                continue
            found.append(f"{number} to {target}")
    for target in (0, own):
        try:
            os.killpg(target, signal.SIGKILL)
        except OSError:
            continue
        found.append(f"group {target}")
    return found


def stops():
    signal.raise_signal(signal.SIGSTOP)
    return 1


def handles():
    """A signal of its own making is its own business."""
    got = []
    signal.signal(signal.SIGUSR1, lambda number, frame: got.append(number))
    signal.raise_signal(signal.SIGUSR1)
    return got


def parent():
    return os.getppid()


def ignored():
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        pass


def to_other_threads():
    libc = ctypes.CDLL(None, use_errno=True)
    others = [number for number in range(2, 40) if number != os.getpid()]
    return [number for number in others if libc.tgkill(number, number, 9) == 0]
