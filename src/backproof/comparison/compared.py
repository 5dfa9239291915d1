"""Records of runs compared, each with each; and what is said of it, as text and as JSON."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from backproof import published
from backproof.comparison.own import Own, Run, own
from backproof.comparison.pairs import IncomparableError, Pair, compare
from backproof.comparison.records import loaded, printable
from backproof.reading.told import Unreadable

VERSION = 1
# What a record says of where and how it was made.
SETTINGS = (
    *("backend", "device", "products", "batch_size", "seeds", "seconds", "environment"),
    *("created", "status", "reason"),
)


class Compared(NamedTuple):
    """Runs, what each shows by itself, and what each pair does; by the runs' places."""

    runs: Sequence[Run]
    owns: Sequence[Own]
    pairs: dict[tuple[int, int], Pair]


def compared(folders: Sequence[Path], progress: Callable[[str], None] = lambda _: None) -> Compared:
    """Read the records in `folders` and compare each with each.

    Raises `Unreadable` where a record cannot be read, or two are not of one task.
    """
    if len(folders) < 2:
        raise Unreadable("to compare takes the records of two runs at least")
    runs, owns = [], []
    names = told_apart(folders)
    for folder, name in zip(folders, names, strict=True):
        progress(f"replaying {name}")
        runs.append(loaded(folder, name))
        owns.append(own(runs[-1]))
    pairs = {}
    for i, j in itertools.combinations(range(len(runs)), 2):
        progress(f"{names[i]} beside {names[j]}")
        try:
            pairs[i, j] = compare(runs[i], runs[j], (owns[i], owns[j]))
        except IncomparableError as error:
            raise Unreadable(f"{error}; only runs of one task can be compared") from None
    return Compared(runs, owns, pairs)


def told_apart(folders: Sequence[Path]) -> list[str]:
    """What to call the runs in these folders: the paths, less the folders that all of them are in.

    Escaped where a terminal would break the line or turn the words round.

    >>> told_apart([Path("/tmp/runs/numpy"), Path("/tmp/runs/jax")])
    ['numpy', 'jax']
    """
    whole = [Path(os.path.abspath(folder)) for folder in folders]
    try:
        shared = Path(os.path.commonpath([path.parent for path in whole]))
    except ValueError:  # on different drives
        return [printable(str(folder)) for folder in folders]
    short = [str(path.relative_to(shared)) for path in whole]
    return [printable(name) for name in (short if "." not in short else map(str, folders))]


def exit_status(told: Compared) -> int:
    """0 where rounding explains all, 1 where something else does, 3 where it cannot be told."""
    verdicts = {pair.verdict for pair in told.pairs.values()}
    if verdicts & {"systematic", "diverged", "lower precision"}:
        return 1
    return 3 if "inconclusive" in verdicts else 0


def as_text(told: Compared) -> str:
    """For people."""
    lines = [_of_run(run, own) for run, own in zip(told.runs, told.owns, strict=True)]
    for (i, j), pair in told.pairs.items():
        lines += ["", f"{told.runs[i].name} and {told.runs[j].name}: {pair.verdict}"]
        lines += [f"  {words}" for words in pair.words]
        if pair.verdict in ("rounding", "inconclusive"):
            lines += [f"  {words}" for words in _floors(pair)]
    return "\n".join(lines)


def _of_run(run: Run, own: Own) -> str:
    rule = run.rule
    activation = f", {rule.activation}" if rule.model.has_activation else ""
    return (
        f"{run.name}: {rule.model.name}{activation}, {rule.precision}, learning rate "
        f"{rule.rate:.6g}, {len(run.losses):,} steps, {own.steps} of them replayed"
    )


def _floors(pair: Pair) -> Iterator[str]:
    shown = ", ".join(f"d{name} {_short(floor)}" for name, floor in pair.floors.items())
    yield f"a gradient too large by this share would have shown: {shown}"
    shown = ", ".join(f"{name} {_short(floor)}" for name, floor in pair.decay_floors.items())
    yield f"a decay of this strength would have shown: {shown}"


def _short(number: float) -> str:
    return f"{number:.1e}" if math.isfinite(number) else "none"


def as_json(told: Compared) -> str:
    """For programs; `schema.json` beside this module describes it."""
    runs = [
        {
            "name": run.name,
            "folder": run.folder,
            "model": run.rule.model.name,
            "activation": run.rule.activation if run.rule.model.has_activation else None,
            "precision": run.rule.precision,
            "learning_rate": published.finite(run.rule.rate),
            "settings": {name: run.description.get(name) for name in SETTINGS},
            "steps": len(run.losses),
            "replayed": own.steps,
            "margins": _all_finite(own.margins),
            "residuals": {
                str(number): _all_finite(residual) for number, residual in own.residuals.items()
            },
            "faults": [
                {
                    **fault._asdict(),
                    "tensors": list(fault.tensors),
                    "size": published.finite(fault.size),
                }
                for fault in own.faults
            ],
            "unexplained": own.unexplained,
            "diverged": own.diverged,
        }
        for run, own in zip(told.runs, told.owns, strict=True)
    ]
    pairs = [
        {
            "runs": [told.runs[i].folder, told.runs[j].folder],
            "verdict": pair.verdict,
            "words": list(pair.words),
            "floors": _all_finite(pair.floors),
            "decay_floors": _all_finite(pair.decay_floors),
            "drift": {str(number): published.finite(share) for number, share in pair.drift.items()},
            "looked_to": pair.looked_to,
        }
        for (i, j), pair in told.pairs.items()
    ]
    content: dict[str, Any] = {"version": VERSION, "runs": runs, "pairs": pairs}
    return json.dumps(content, indent=2, allow_nan=False)


def schema() -> Mapping[str, Any]:
    """The published schema of `as_json`, version 1."""
    return published.schema("backproof.comparison", "schema.json")


def _all_finite(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {name: published.finite(number) for name, number in numbers.items()}
