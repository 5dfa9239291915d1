import subprocess

import pytest

from backproof.grading import bubblewrap
from backproof.grading.sandbox import Sandbox, Unavailable
from backproof.grading.submissions import collected
from grading.classes import zipped


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
