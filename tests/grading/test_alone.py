"""Programs without isolation: what they answer is judged as ever, and none keeps us waiting."""

from __future__ import annotations

import os
import select
import signal
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.grading import alone
from backproof.grading.outcome import Call, Limits

HASTY = Limits(wall_seconds=3.0)


def run(text, *calls, limits=HASTY):
    return alone.run({"a.py": text.encode()}, "a.py", calls, limits)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=5))
def test_arrays_come_back_as_they_went(numbers) -> None:
    outcome = run("def same(x):\n    return x", Call("same", (np.array(numbers),)))
    assert outcome.status == "answered"
    assert np.array_equal(outcome.answers[0].value, np.array(numbers))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("while True: pass", "time"),
        ("import os; os._exit(3)", "killed"),
        ("import os; os.kill(os.getpid(), 15)", "killed"),
        ("import sys; sys.exit(0)", "answered"),
    ],
)
def test_whatever_a_program_does_is_told(body, status) -> None:
    outcome = run(f"def f():\n    {body}", Call("f"))
    assert outcome.status == status


@pytest.mark.skipif(sys.platform == "win32", reason="does not fork")
@pytest.mark.parametrize("left", ["in the group", "in a group of its own"])
def test_what_a_program_leaves_behind_does_not_keep_us_waiting(left, tmp_path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = f"""
import os, time
def f():
    ready, done = os.pipe()
    if os.fork() == 0:
        {"" if left == "in the group" else "os.setsid()"}
        held = open({str(pipe)!r}, "w")
        print(os.getpid(), file=held, flush=True)
        os.write(done, b"1")
        while True: time.sleep(1)
    os.read(ready, 1)
    os._exit(0)
"""
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as held:
        assert run(text, Call("f")).status in ("time", "killed")
        process = int(held.read(100))
        if left == "in the group":
            assert select.select([held], [], [], 30)[0]
            assert held.read(100) == b""  # nobody holds it any more
        else:
            os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize("name", ["jax", "jax.numpy", "torch.autograd"])
def test_what_differentiates_by_itself_is_not_there(name) -> None:
    body = f"return __import__('importlib').import_module({name!r})"
    (answer,) = run(f"def f():\n    {body}", Call("f")).answers
    top = name.partition(".")[0]
    assert answer.error.startswith(f"ModuleNotFoundError: No module named '{top}'")
