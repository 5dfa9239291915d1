"""What was graded, kept as it comes: one small file for each submission, written whole or not.

A run that is ended at any moment goes on where it was. A result is known again by the submission's
bytes, the assignment's and the seed, and by whether it was isolated, so what has changed is graded
anew and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from backproof.reading.told import Unreadable

VERSION: Final = 1
ISOLATED: Final = "bubblewrap"
NOT_ISOLATED: Final = "none"
_KEPT: Final = "graded"
_FORM: Final = 2  # of a file that is kept


def written(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """Write a file whole, or not at all; raises `Unreadable` where that is not possible.

    One that is not `lasting` can be made again: it is not waited for until it is on the disk, which
    takes longer than grading a submission, and when the machine loses power it may be lost.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with open(handle, "wb") as file:
                file.write(content)
                if lasting:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
    except OSError as error:
        raise Unreadable(f"{path} cannot be written: {error.strerror or error}") from None


def as_json(value: Any) -> bytes:
    """JSON with one byte sequence for one value."""
    text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False)
    return (text + "\n").encode()


def name_of(submission: str, assignment: str, key: str, isolation: str) -> str:
    """What a result is kept as: of a submission's digest, an assignment's with its seed, a key.

    One that was run in isolation is never taken for one that was not.
    """
    told = f"{submission}\0{assignment}\0{key}\0{isolation}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def kept(out: Path, name: str) -> dict[str, Any] | None:
    """What was earned and kept before; None if there is none, or it was damaged since."""
    try:
        found = json.loads((out / _KEPT / f"{name}.json").read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.pop("kept", None) != _FORM:
        return None
    return found


def keep(out: Path, name: str, earned: Mapping[str, Any]) -> None:
    """Keep what a submission earned under its name; `kept` sees where it is damaged."""
    told = json.dumps({**earned, "kept": _FORM}, allow_nan=False)  # without indent: fast
    written(out / _KEPT / f"{name}.json", told.encode(), lasting=False)


def taken_over(out: Path, others: Sequence[str]) -> int:
    """Take over what was graded into other folders, of shards, say; how many results that are.

    One that `out` has itself is left as it is. Raises `Unreadable` for a folder without results.
    """
    count = 0
    for other in others:
        folder = Path(other) / _KEPT
        if not folder.is_dir():
            raise Unreadable(f"{other} holds no results of grading")
        for path in sorted(folder.glob("*.json")):
            result = kept(Path(other), path.stem)
            if result is not None and kept(out, path.stem) is None:
                keep(out, path.stem, result)
                count += 1
    return count


def overrides(out: Path) -> dict[str, dict[str, Any]]:
    """The teacher's own points, by key, from `overrides.toml` in the folder of the results.

    Each is a table with `points` and a `reason`; a regrade leaves them as they are.
    """
    path = out / "overrides.toml"
    try:
        told = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from None
    for key, one in told.items():
        fits = (
            isinstance(one, dict)
            and {*one} == {"points", "reason"}
            and isinstance(one["points"], int | float)
            and not isinstance(one["points"], bool)
            and 0 <= one["points"] < 1e6
            and isinstance(one["reason"], str)
            and one["reason"].strip()
        )
        if not fits:
            raise Unreadable(
                f'{path.name}: ["{key}"] needs points, a number from 0, and a reason, a text'
            )
    return told
