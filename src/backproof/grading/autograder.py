"""An autograder for Gradescope: a zip that holds all of it but what package indexes have.

Source: "Autograder Specifications" and "Code Autograder Best Practices" in Gradescope's
documentation (gradescope-autograders.readthedocs.io): `setup.sh` and an executable
`run_autograder` at the top of the zip, which is unpacked to /autograder/source.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from backproof.reading.told import Unreadable

SCRIPTS: Final = Path(__file__).parent / "autograder"
_WITHOUT: Final = " --without-isolation"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the same files make the same zip
_RUNNABLE, _PLAIN = 0o100755, 0o100644


def autograder(assignment: bytes, *, isolated: bool = True) -> bytes:
    """The zip that grades by an assignment, given as the content of its file.

    It holds this very backproof, and asks for the versions of what it needs that are installed
    here: what grades there is what the assignment was tried with. Where it is not `isolated`, it
    grades also where isolation cannot be had.

    Raises `Unreadable` where backproof is not installed.
    """
    run = (SCRIPTS / "run_autograder").read_text("utf-8")
    contents: dict[str, bytes] = {
        "setup.sh": (SCRIPTS / "setup.sh").read_bytes(),
        "run_autograder": (run if isolated else run.rstrip() + _WITHOUT + "\n").encode(),
        "assignment.toml": assignment,
        "python-version.txt": f"{sys.version_info.major}.{sys.version_info.minor}\n".encode(),
        "requirements.txt": "".join(f"{one}\n" for one in _requirements()).encode(),
    }
    contents |= {f"package/{name}": content for name, content in _package().items()}
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whose permissions come next
            mode = _RUNNABLE if content.startswith(b"#!") else _PLAIN
            entry.external_attr = mode << 16
            made.writestr(entry, content)
    return sink.getvalue()


def _requirements() -> Iterator[str]:
    """What backproof needs to grade on Linux, at the versions that are installed here."""
    try:
        needed = importlib.metadata.requires("backproof") or []
    except importlib.metadata.PackageNotFoundError:
        raise Unreadable("backproof is not installed, so what it needs is not known") from None
    for requirement in needed:
        wanted, _, marker = requirement.partition(";")
        if "extra" in marker and "grade" not in marker:
            continue
        name = _NAME.match(wanted)
        assert name is not None
        try:
            yield f"{name[0]}=={importlib.metadata.version(name[0])}"
        except importlib.metadata.PackageNotFoundError:  # bubblewrap, on other systems
            yield wanted.strip()


def _package() -> Mapping[str, bytes]:
    """The files of backproof as it is installed, from the folder that packages lie in."""
    found: dict[str, bytes] = {}
    for name in ("backproof", "backproof.reference"):  # which may lie elsewhere
        spec = importlib.util.find_spec(name)
        folders = spec.submodule_search_locations if spec is not None else None
        if not folders:
            raise Unreadable(f"{name} is not installed as files that could be copied")
        top = Path(folders[0])
        for path in top.rglob("*"):
            inside = path.relative_to(top)
            if path.is_file() and "__pycache__" not in inside.parts:
                found[f"{name.replace('.', '/')}/{inside.as_posix()}"] = path.read_bytes()
    return found
