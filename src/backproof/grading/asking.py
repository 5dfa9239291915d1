"""What a submission is sent: its files, and the calls to make."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Final

from backproof.grading import frames
from backproof.grading.outcome import Call, Limits

_NAME_BYTES: Final = 255


def refused(files: Mapping[str, bytes], main: str, most: int) -> str | None:
    """Why these files cannot be laid into a folder; None if they can."""
    if main not in files:
        return f"{main!r} is not among the files of the submission."
    for name in files:
        path = PurePosixPath(name)
        usual = not path.is_absolute() and ".." not in path.parts and "\0" not in name
        if not (name and usual and str(path) == name):
            return f"The file name {name!r} leads out of the submission's folder."
        if any(len(os.fsencode(part)) > _NAME_BYTES for part in path.parts):
            return f"The file name {name[:40]!r}... is longer than a system can keep."
    total = sum(map(len, files.values()))
    if total > most:
        return f"The files of the submission take {total} bytes, where {most} are allowed."
    return None


def request(
    files: Mapping[str, bytes],
    main: str,
    calls: Sequence[Call],
    limits: Limits,
    kept: Mapping[int, int] = MappingProxyType({}),
) -> bytes:
    """The bytes that ask for the file `main` to be run and then for the calls, in their order.

    `kept` says by a call's `id` where it is among those that the other side has already; only if it
    has all of them are these told by their places.
    """
    places = [kept.get(id(call)) for call in calls]
    there = None not in places
    told: dict[str, Any] = {
        "files": [[name, len(data)] for name, data in files.items()],
        "main": main,
        "answer_bytes": limits.answer_bytes,
        "printed_bytes": limits.printed_bytes,
        "kept": places if there else None,
    }
    sent = b"" if there else b"".join(call.frame for call in calls)
    return frames.packed(told, b"".join(files.values())) + sent
