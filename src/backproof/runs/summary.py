"""What a run came to, in a screen of text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backproof.runs.reader import Run

ROWS, CLASSES = 8, 12  # of the learning curve and of the confusion matrix, at most


def summary(run: Run) -> str:
    """The settings that matter, the learning curve and the confusion matrix of `train`'s run."""
    told = run.description
    seconds, compiled = told["seconds"]["steps"], told["seconds"]["compile"]
    spent = f"{seconds:.3g} s" + ("" if compiled is None else f", and {compiled:.3g} s to compile")
    lines = [
        f"{told['model']} on {told['backend']}, {told['device']}: {told['dtype']}, "
        f"products in {told['products']}",
        f"  {told['steps']:,} steps in {spent}",
        *_curve(run),
        *_held_out(run),
    ]
    for again in told["resumed"]:
        changed = f" with other {', '.join(again['changed'])}: bits may differ"
        lines.append(f"  gone on at step {again['at']:,}{changed if again['changed'] else ''}")
    if told["status"] != "complete":
        lines.append(f"  stopped: {told['reason']}")
    return "\n".join([*lines, f"  recorded in {run.folder}"])


def _curve(run: Run) -> list[str]:
    """A row for some of the evaluated steps, at equal ratios.

    A loss is the mean over the steps since the row before, because a batch's own jumps about.
    """
    curves, steps = run.curves, len(run.losses)
    evaluated = curves["evaluated"].tolist()
    wanted = np.geomspace(1, steps, ROWS - 1)
    places = {0, *np.abs(np.subtract.outer(wanted, evaluated)).argmin(axis=1).tolist()}
    judged = bool(np.isfinite(curves["accuracy"]).any())
    head = f"  {'step':>9}  {'loss':>11}  {'gradient':>9}"
    lines, before = [head + ("  held-out accuracy" if judged else "")], 0
    for place in sorted(places):
        step = evaluated[place]
        last = min(step, steps - 1)
        loss = float(np.mean(run.losses[min(before, last) : last + 1]))
        row = f"  {step:>9,}  {loss:>11.6g}  {curves['gradient_norms'][last]:>9.3g}"
        lines.append(row + (f"  {curves['accuracy'][place]:>17.3f}" if judged else ""))
        before = step + 1
    return lines


def _held_out(run: Run) -> list[str]:
    counts, classes = run.curves.get("confusion"), run.description["classes"]
    if counts is None or not counts.sum() or len(classes) > CLASSES:
        return []
    return confusion(counts, classes, f"{counts.sum():,} examples")


def confusion(counts: np.ndarray, classes: Sequence[str], judged: str) -> list[str]:
    """The lines of a confusion matrix, of which `judged` says what it counts."""
    width = max(5, *(min(len(name), 14) for name in classes), len(f"{counts.max():,}")) + 2
    names = [name[:14] for name in classes]
    lines = [f"  held out, each class (row) as it was taken (column), {judged}"]
    lines.append("  " + " " * width + "".join(f"{name:>{width}}" for name in names))
    for name, row in zip(names, counts.tolist(), strict=True):
        lines.append(f"  {name:>{width}}" + "".join(f"{count:>{width},}" for count in row))
    return lines
