import os
import time

import numpy as np
import pytest

from backproof.reading.process import Child
from backproof.reading.source import read, to_spec
from backproof.reading.told import Unreadable

RIGHT = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def backward(w, b, x, y):
    n = x.shape[1]
    dz = (sigmoid(w @ x + b) - y) / n
    return dz @ x.T, dz.sum(axis=1, keepdims=True)
"""
COUNTED = (
    RIGHT.replace("    n = x.shape[1]", "    n = x.shape[1]\n    AT_THE_START") + "\ncalls = 0\n"
)


def broken(statement: str) -> str:
    """The right file, with `statement` at the start of the third call and of each later one."""
    counting = f"global calls; calls += 1\n    if calls >= 3: {statement}"
    return "import os, sys, time, ctypes, threading\n" + COUNTED.replace("AT_THE_START", counting)


@pytest.fixture
def outcomes(write, logistic, cases_of):
    def run(text: str, *, seconds: float = 20.0, **options):
        with Child(write(text), seconds=seconds) as child:
            return child.run(logistic(), cases_of(count=5), **options)

    return run


def test_what_it_returns_and_twice(write, cases_of):
    path = write(RIGHT)
    (found,) = read(path)
    with Child(path) as child:
        for dtype in ("float64", "float32", "longdouble"):
            outcomes = child.run(to_spec(found), cases_of(count=7), dtype=dtype, repeat=True)
            assert [outcome.kind for outcome in outcomes] == ["returned"] * 7
            assert {outcome.lowest for outcome in outcomes} == {np.dtype(dtype).name}
            assert not any(outcome.differs for outcome in outcomes)
            assert outcomes[0].values["dw"].shape == (1, 3)
        assert child.run(to_spec(found), []) == []


def test_more_cases_than_the_pipes_hold(write, logistic):
    rng = np.random.default_rng(0)
    d, n = 60, 50
    cases = [
        {
            "w": rng.normal(size=(1, d)),
            "b": rng.normal(size=(1, 1)),
            "x": rng.normal(size=(d, n)),
            "y": rng.normal(size=(1, n)),
        }
        for _ in range(400)
    ]
    with Child(write(RIGHT)) as child:
        assert len(child.run(logistic(), cases)) == 400


@pytest.mark.parametrize(
    ("statement", "kind", "words"),
    [
        ("exec('while True: pass')", "hung", "did not return within 0.5 s"),
        ("time.sleep(99)", "hung", "did not return within 0.5 s"),
        ("os._exit(3)", "crashed", "the process ended with status 3 (os._exit?)"),
        ("ctypes.string_at(0)", "crashed", "the process was killed by signal 11 (SIGSEGV)"),
        ("os.kill(os.getpid(), 9)", "crashed", "the process was killed by signal 9 (SIGKILL)"),
    ],
)
def test_the_case_that_does_not_come_back_is_the_last(outcomes, statement, kind, words):
    found = outcomes(broken(statement), seconds=0.5)
    assert [outcome.kind for outcome in found] == ["returned", "returned", kind]
    assert found[-1].problem == words


def test_it_closes_our_pipes(outcomes):
    found = outcomes(broken("os.closerange(0, 64)"))
    assert found[-1].kind == "crashed"
    assert found[-1].problem == "the process closed the pipe on which it answers"


@pytest.mark.parametrize(
    ("statement", "kind", "words"),
    [
        ("sys.exit(3)", "exited", "called sys.exit(3), line "),
        ("raise KeyboardInterrupt", "raised", "raised KeyboardInterrupt, line "),
        ("raise ValueError('so')", "raised", "raised ValueError: so, line "),
        ("np.ones(10 << 27)", "raised", "raised MemoryError: more than 2 GB, line "),
        ("backward(w, b, x, y)", "raised", "raised RecursionError"),
        ("return None", "malformed", "returned None"),
        ("return input()", "raised", "raised EOFError"),
    ],
)
def test_the_others_are_run_after_what_can_be_caught(outcomes, statement, kind, words):
    found = outcomes(broken(statement))
    assert [outcome.kind for outcome in found] == ["returned"] * 2 + [kind] * 3
    assert found[-1].problem.startswith(words)


@pytest.mark.parametrize(
    "statement",
    [
        "print('x' * 10_000_000)",
        "os.write(1, b'y' * 1_000_000); os.write(2, b'z')",
        "threading.Thread(target=time.sleep, args=(99,)).start()",
        "[os.close(number) for number in (0, 1, 2) if calls == 3]",
        "sys.stdout.close()",
        "np.seterr(all='raise')",
        "os.chdir('/')",
    ],
)
def test_what_does_no_harm(outcomes, statement):
    found = outcomes(broken(statement))
    assert [outcome.kind for outcome in found] == ["returned"] * 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
def test_a_copy_of_the_process_does_not_answer(outcomes, write, logistic, cases_of):
    found = outcomes(broken("os.fork()"), repeat=True)
    assert [outcome.kind for outcome in found] == ["returned"] * 5
    with Child(write("import os\nos.fork()\n" + RIGHT)) as child:
        assert child.about("backward").guards == ()
        assert len(child.run(logistic(), cases_of())) == 3
        assert child.about("backward").guards == ()


def test_a_process_it_leaves_behind_is_ended(write, logistic, cases_of):
    text = broken("subprocess.Popen(['sleep', '99'])").replace("import os", "import subprocess, os")
    begun = time.monotonic()
    with Child(write(text)) as child:
        assert len(child.run(logistic(), cases_of())) == 3
    assert time.monotonic() - begun < 10


def test_the_next_run_starts_anew(write, logistic, cases_of):
    with Child(write(broken("os._exit(1)"))) as child:
        for _ in range(2):
            kinds = [outcome.kind for outcome in child.run(logistic(), cases_of())]
            assert kinds == ["returned", "returned", "crashed"]
        assert len(child.run(logistic(), cases_of(count=2))) == 2


def test_answers_that_are_lost_are_asked_for_again_twice(write, logistic, cases_of):
    text = broken("os.write = lambda _, data: len(data)") + "\nopen('begun', 'a').write('x')\n"
    path = write(text)
    with Child(path, seconds=0.5) as child:
        found = child.run(logistic(), cases_of(count=30))
    assert found[-1].kind == "hung"
    assert len(found) < 30
    assert (path.parent / "begun").read_text() == "xxx"


def test_nan_changes_and_differences_come_through(outcomes):
    text = RIGHT.replace("    n = x.shape[1]", "    n = x.shape[1]; w *= 2; x[0, 0] = np.nan")
    found = outcomes(text)
    assert found[0].changed == ("w", "x")
    assert np.isnan(found[0].values["dw"]).any()
    text = RIGHT.replace("/ n", "/ n * np.random.rand()")
    assert all(outcome.differs for outcome in outcomes(text, repeat=True))


def test_the_loss_and_the_guards(write, cases_of):
    text = RIGHT + (
        "\ndef loss(w, b, x, y):\n    p = sigmoid(w @ x + b)\n"
        "    return float(-np.mean(y * np.log(p + 1e-7)))\n"
    )
    path = write(text)
    (found,) = read(path)
    assert found.loss == "loss"
    with Child(path) as child:
        plain = child.run(to_spec(found), cases_of())
        bare = child.run(to_spec(found), cases_of(), without_guards=True)
        assert all(a.values["loss"] != b.values["loss"] for a, b in zip(plain, bare, strict=True))
        assert np.array_equal(plain[0].values["dw"], bare[0].values["dw"])
        assert child.about("backward").guards == ()
        assert child.about("backward", "loss") == (((1e-7, 14),), ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import numpy as np\nimport matplotlab\n",
         r"homework.py raises ModuleNotFoundError: No module named 'matplotlab' when it is run, "
         r"line 2: `import matplotlab`"),
        ("x = 1 / 0", r"raises ZeroDivisionError: division by zero when it is run, line 1"),
        ("import sys\nsys.exit()", r"calls sys.exit when it is run, line 2"),
        ("import numpy as np\nx = np.ones(10 << 27)", r"takes more than 2 GB when it is run, line"),
        ("while True: pass", r"did not return within 1 s: code outside of functions goes under"),
        ("import os\nos._exit(4)", r"the process ended with status 4"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_run(write, text, words):
    with pytest.raises(Unreadable, match=words), Child(write(text), seconds=1):
        pass


def test_a_function_that_is_not_there_once_it_has_run(write, logistic, cases_of):
    path = write(RIGHT + "\ndel backward\n")
    with Child(path) as child:
        with pytest.raises(Unreadable, match="defines no function backward once it has run"):
            child.run(logistic(), cases_of(count=50))
        with pytest.raises(Unreadable, match="defines no function backward"):
            child.about("backward")
        assert child.about("sigmoid").guards == ()  # still in step


def test_the_file_is_a_module_in_its_own_folder(write, logistic, cases_of):
    write("factor = 2.0\n", "neighbour.py")
    write("7.0", "data.txt")
    text = RIGHT.replace("/ n", "/ n * factor * scale") + (
        "from neighbour import factor\nscale = float(open('data.txt').read())\n"
        "if __name__ == '__main__':\n    raise SystemExit\n"
    )
    path = write(text, "random.py")  # also a name of the standard library
    with Child(path) as child:
        assert child.run(logistic(), cases_of())[0].kind == "returned"
    assert sorted(entry.name for entry in path.parent.iterdir()) == [
        "data.txt",
        "neighbour.py",
        "random.py",
    ]
