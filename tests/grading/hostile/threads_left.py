"""Leaves threads behind that do not end."""

import threading
import time


def spin():
    while True:
        time.sleep(0.001)


def add(a):
    for _ in range(3):
        threading.Thread(target=spin).start()
    return a + 1


def pooled(numbers):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda number: number + 1, numbers))


def bomb():
    threading.stack_size(1 << 15)
    started = 0
    while True:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        started += 1
