"""`run.json`, the description of a run, with the digest by which it is known to be whole."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

FORMAT: Final = "backproof run record"
VERSION: Final = 1


def as_json(description: Mapping[str, Any]) -> bytes:
    """The content of `run.json`: a line for each key, with the digest of everything else in it."""
    lines = _lines(description)
    return ("{\n" + ",\n".join([*lines, f'"digest": "{_digest(lines)}"']) + "\n}\n").encode()


def digest_of(description: Mapping[str, Any]) -> str:
    """SHA-256 of a description without its own digest, as JSON with sorted keys."""
    return _digest(_lines(description))


def _lines(description: Mapping[str, Any]) -> list[str]:
    # Without `indent`, which would take the encoder written in Python, ten times as slow.
    dumps = functools.partial(json.dumps, sort_keys=True, allow_nan=False)
    keys = sorted(key for key in description if key != "digest")
    return [f"{dumps(key)}: {dumps(description[key])}" for key in keys]


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256(f"{{{', '.join(lines)}}}".encode()).hexdigest()
