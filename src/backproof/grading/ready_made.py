"""The assignments that come with the package, and what of an assignment students are given."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from backproof.reading.told import Unreadable, nearest

READY_MADE: Final = Path(__file__).parent / "assignments"


def begun(name: str, seed: int) -> str:
    """The text of a ready-made assignment with a seed of its own."""
    text = (READY_MADE / f"{name}.toml").read_text("utf-8")
    return re.sub(r"^seed = 1\b", f"seed = {seed}", text, count=1, flags=re.MULTILINE)


def names() -> list[str]:
    """The names of the assignments that come with the package."""
    return sorted(path.stem for path in READY_MADE.glob("*.toml"))


def found(told: str) -> Path:
    """The file that is told by its path, or of a ready-made assignment by its name."""
    path = Path(told)
    if not path.is_file() and told in names():
        return READY_MADE / f"{told}.toml"
    if not path.is_file():
        raise Unreadable(
            f"{told}: no such file, and no ready-made assignment; {nearest(told, tuple(names()))}"
        )
    return path


_TABLE = re.compile(r"^(?=\[\[function\]\])", re.MULTILINE)
_SEED = re.compile(r"^seed\s*=.*\n", re.MULTILINE)


def public_part(text: str) -> str:
    """The text of an assignment without its hidden functions and its seed, for students.

    Raises `Unreadable` where it is written in a way in which these cannot be told apart.
    """
    first, *tables = _TABLE.split(text)
    try:
        shown = [one for one in tables if tomllib.loads(one)["function"][0].get("public", True)]
        made = "".join([_SEED.sub("", first), *shown])
        told = tomllib.loads(made)
    except tomllib.TOMLDecodeError:
        told = {"seed": None}
    hidden = [one for one in told.get("function", ()) if not one.get("public", True)]
    if hidden or "seed" in told:
        raise Unreadable(
            "the public part cannot be taken out: begin the line of the seed with seed =, and each "
            "function with a line [[function]], all else before the first of them"
        )
    return made
