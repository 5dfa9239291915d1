"""Each program in `hostile/` is contained, and what became of it is said in words."""

import ast
import os
import secrets
import sys
from pathlib import Path

import numpy as np
import pytest

import backproof.grading
from backproof.grading import bubblewrap
from backproof.grading.hearing import hard_cpu_seconds
from backproof.grading.sandbox import Call, Limits, Other
from grading.sandboxes import ADD, BOTH_WAYS, HOSTILE, values

SHORT = Limits(cpu_seconds=0.5, wall_seconds=300.0)
IMPATIENT = Limits(wall_seconds=0.3)


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
    assert code == {f"backproof/{name}c" for name in bubblewrap._MODULES}
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


def test_every_program_is_tried():
    names = {path.name for path in HOSTILE.glob("*.py")}
    texts = {
        node.value
        for tests in (Path(__file__), Path(__file__).with_name("test_sandbox.py"))
        for node in ast.walk(ast.parse(tests.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert names <= texts
