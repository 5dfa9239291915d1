"""Finds the descriptor that answers travel on, and writes on it what is no answer, or closes it."""

import json
import os
import struct
import threading


def _pipes():
    found = []
    for descriptor in range(64):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        if descriptor > 2:
            found.append(descriptor)
    return found


def _write(data):
    for descriptor in _pipes():
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]


def _frame(header, body=b"", claimed=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<IQ", len(text), len(body) if claimed is None else claimed) + text + body


def add(a):
    return a + 1


def descriptors():
    return _pipes()


def closes(a):
    for descriptor in _pipes():
        os.close(descriptor)
    while True:
        pass


def closes_all(a):
    os.closerange(0, 1000)
    return a


def garbage(a):
    _write(bytes(range(256)) * 100)


def huge(a):
    _write(struct.pack("<IQ", 40, 1 << 62))
    while True:
        pass


def huge_header(a):
    _write(struct.pack("<IQ", (1 << 32) - 1, 0))
    while True:
        pass


def half(a):
    _write(_frame({"is": "answer", "v": 1})[:-3])
    while True:
        pass


def deep(a):
    _write(_frame(b'{"is":"answer","v":' + b"[" * 200_000 + b"]" * 200_000 + b"}"))


def number(a):
    _write(_frame(b'{"is":"answer","v":' + b"7" * 100_000 + b"}"))


def no_text(a):
    _write(_frame(b'{"is":"answer","v":"\xff"}'))


def shape(a):
    _write(_frame({"is": "answer", "v": ["a", "<f8", [1 << 40, 1 << 40]]}, b"12345678"))


def negative(a):
    _write(_frame({"is": "answer", "v": ["a", "<f8", [-1, -1]]}, b"12345678"))


def objects(a):
    _write(_frame({"is": "answer", "v": ["a", "|O", [1]]}, b"12345678"))


def too_much(a):
    _write(_frame({"is": "answer", "v": ["a", "<f8", [1]]}, b"1234567890123456"))


def early_end(a):
    _write(_frame({"is": "end"}))


def loaded_again(a):
    _write(_frame({"is": "loaded"}))


def failed_late(a):
    _write(_frame({"is": "failed", "error": "no", "memory": False}))


def unknown(a):
    _write(_frame({"is": "score", "v": 100}))


def not_an_object(a):
    _write(_frame([100]))


def long_error(a):
    _write(_frame({"is": "answer", "e": "x" * 100_000}))


def no_arguments(a):
    _write(_frame({"is": "answer", "v": 1, "c": 5, "n": 0}))


def more_answers(a):
    for _ in range(50):
        _write(_frame({"is": "answer", "v": 100}))


def answers_for_all(a):
    for _ in range(2):
        _write(_frame({"is": "answer", "v": 100}))
    _write(_frame({"is": "end"}))


def flood(a):
    frame = _frame({"is": "printed"}, b"x" * 1000)
    while True:
        _write(frame)


def flood_of_nothing(a):
    frame = _frame({"is": "printed"}) * 1000
    while True:
        _write(frame)


def by_a_thread(a):
    threading.Thread(target=garbage, args=(a,)).start()
    while True:
        pass
