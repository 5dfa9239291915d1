import pytest

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
