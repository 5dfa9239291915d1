import subprocess

import pytest

from backproof.grading import bubblewrap
from backproof.grading.sandbox import Call, Limits, Sandbox, Unavailable
from backproof.grading.submissions import collected
from grading.classes import zipped
from grading.sandboxes import ADD, HOSTILE


@pytest.fixture
def collect(tmp_path):
    """Collects a zip with the given entries, or the given bytes."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def collect(entries, **told):
        path = tmp_path / "class.zip"
        path.write_bytes(entries if isinstance(entries, bytes) else zipped(entries))
        return collected(path, scratch, **told)

    return collect


def started(warm):
    """A sandbox; skips where bubblewrap can do nothing, and fails where only ours does not work."""
    try:
        program = bubblewrap.program()
    except Unavailable as error:
        pytest.skip(str(error))
    nothing = [program, "--unshare-all", "--ro-bind", "/", "/", "true"]
    tried = subprocess.run(nothing, capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"bubblewrap does not run here: {tried.stderr.strip()}")
    sandbox = Sandbox(warm=warm)
    sandbox.__enter__()
    return sandbox


@pytest.fixture(scope="session")
def kept():
    """One sandbox for all tests, as for all submissions: what one leaves would hurt the others."""
    sandbox = started(warm=True)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def kept_cold():
    sandbox = started(warm=False)
    yield sandbox
    sandbox.close()


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
