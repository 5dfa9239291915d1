"""Reports as text for people and as JSON for programs."""

from __future__ import annotations

import json
import math
import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof import published
from backproof.verdict import AS_GIVEN, Counterexample, FileReport, Quantity, Report

SCHEMA_VERSION = 1
WIDTH = 100
_NAMED = 5  # files in the last line
_COLOURS = {"right": "32", "wrong": "31", "undecided": "33", "unread": "33"}


def files_as_text(
    files: Sequence[FileReport], again: str | None = None, *, colour: bool = False
) -> str:
    """All reports, and a last line that sums them up."""
    parts = [file_as_text(file, again, colour=colour) for file in files]
    return "\n\n".join([*parts, _summary(files)])


def files_in_lines(files: Sequence[FileReport], *, colour: bool = False) -> str:
    """A line for each file, and one that sums them up where there are several."""
    lines = [_in_a_line(file, colour) for file in files]
    return "\n".join([*lines, *([_summary(files)] if len(files) > 1 else [])])


def _in_a_line(file: FileReport, colour: bool) -> str:
    parts = [file.path, _painted(file.verdict, colour)]
    if file.verdict != "right":
        why = "; ".join(_in_short(one) for one in file.functions if one.verdict == file.verdict)
        why = why or (file.problem or "").partition("\n")[0]
        parts += [why if len(why) <= WIDTH else f"{why[:WIDTH]} ..."] if why else []
    return ": ".join(parts)


def _in_short(report: Report) -> str:
    """The function, and which of its gradients have the verdict that it has."""
    quantities = {**report.gradients, **({"loss": report.loss} if report.loss else {})}
    listed = [name for name, one in quantities.items() if one.verdict == report.verdict]
    why = ", ".join(listed) or (report.problem or "").partition("\n")[0]
    return f"{_title(report)}: {why}" if why else _title(report)


def _summary(files: Sequence[FileReport]) -> str:
    """How many there are of each verdict, and which of several files are wrong."""
    counted = []
    for verdict in _COLOURS:
        of_it = [file.path for file in files if file.verdict == verdict]
        named = f" ({_some(of_it)})" if verdict == "wrong" and len(files) > 1 else ""
        counted += [f"{len(of_it)} {verdict}{named}"] if of_it else []
    noun = "file" if len(files) == 1 else "files"
    return f"{len(files)} {noun}: {', '.join(counted)}"


def _some(paths: Sequence[str]) -> str:
    more = [f"{len(paths) - _NAMED} more"] if len(paths) > _NAMED else []
    return ", ".join([*paths[:_NAMED], *more])


def file_as_text(file: FileReport, again: str | None = None, *, colour: bool = False) -> str:
    """One file: its verdict, then function by function what is known and how to run it again."""
    lines = [f"{file.path}: {_painted(file.verdict, colour)}"]
    for report in file.functions:
        lines += ["", *_function(report, colour)]
        if again is not None:
            name = shlex.quote(report.name.partition(" (")[0])
            command = f"backproof check {shlex.quote(file.path)} --function {name}"
            options = f"--cases {_drawn(report)} --seed {report.seed}"
            lines += [f"    again: {command} {options} {again}".rstrip()]
    lines += [f"  note: {note}" for note in file.notes]
    if file.problem:
        lines += [f"  {line}" for line in file.problem.splitlines()]
    return "\n".join(lines)


def as_text(report: Report, *, colour: bool = False) -> str:
    """The report on one function."""
    return "\n".join(_function(report, colour))


def _function(report: Report, colour: bool) -> Iterator[str]:
    hidden = f" with {report.activation}" if report.activation else ""
    yield f"  {_title(report)}: {report.model}{hidden}, {report.convention}"
    quantities = {**report.gradients, **({"loss": report.loss} if report.loss else {})}
    for name, quantity in quantities.items():
        verdict = _painted(f"{quantity.verdict:<9}", colour)
        yield f"    {name:<5} {verdict} {_about(quantity)}".rstrip()
    for finding in report.findings:
        yield from _wrapped(f"note: {finding.kind}: {finding.text}")
    if report.problem:
        yield from _wrapped(report.problem)
    for name, quantity in quantities.items():
        if quantity.counterexample is not None:
            yield ""
            yield from _counterexample(name, quantity.counterexample)
    if any(quantity.counterexample for quantity in quantities.values()):
        yield ""
    yield f"    {_cases(report)}"


def _title(report: Report) -> str:
    """The name and where it stands; a loop is called by its line already."""
    if not report.line:
        return report.name
    line = f"line {report.line}"
    where = report.where or line
    if report.name.endswith(f" in {line}"):
        return report.name.removesuffix(line) + where
    return f"{report.name}, {where}"


def _wrapped(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from textwrap.wrap(
            line, WIDTH, initial_indent="    ", subsequent_indent="      ", break_long_words=False
        )


def _about(quantity: Quantity) -> str:
    if quantity.verdict == "right" and quantity.margin == 0.0:
        return "equal to the last digit"
    if quantity.verdict == "right":
        return f"within {_short(quantity.margin)} of its error bound"
    return quantity.why or ""


def _counterexample(name: str, shown: Counterexample) -> Iterator[str]:
    what = f"{name[1:]} after the step" if "rate" in shown.arrays and name != "loss" else name
    yield f"    {what}, the smallest case found:"
    for tensor, array in shown.arrays.items():
        yield f"      {tensor:<8} = {_matrix(array)}"
    yield f"      expected = {_matrix(shown.expected)}"
    if shown.actual is None:
        yield f"      instead  : {shown.problem}"
        return
    yield f"      actual   = {_matrix(shown.actual)}"
    if not math.isfinite(shown.margin):
        finite = math.isfinite(float(shown.actual[shown.worst]))
        words = (
            "exact arithmetic: there is nothing to round here" if finite else "not a finite number"
        )
        yield f"      {words}"
        return
    where = f"at entry {list(shown.worst)}, " if shown.actual.size > 1 else ""
    far = f"{_short(shown.margin)}" if shown.margin < 1e15 else "more than 1e15"
    yield f"      {where}{far} error bounds apart"


def _cases(report: Report) -> str:
    drawn = _drawn(report)
    noun = "case" if drawn == 1 else "cases"
    if not report.gradients and report.loss is None:  # none was judged
        return f"{drawn:,} {noun}, {report.seconds:.1f} s"
    parts = [
        f"{judged:,} of {drawn:,} {scale}" if judged < drawn else f"{drawn:,} {scale}"
        for scale, (drawn, judged) in report.cases.items()
    ]
    judged = f"; judged: {', '.join(parts)}" if report.convention != AS_GIVEN else ""
    return f"{drawn:,} {noun} in {report.precision}, {report.seconds:.1f} s{judged}"


def _drawn(report: Report) -> int:
    return sum(counts.drawn for counts in report.cases.values())


def _painted(text: str, colour: bool) -> str:
    return f"\033[{_COLOURS[text.strip()]}m{text}\033[0m" if colour else text


def _short(number: float) -> str:
    return f"{number:.2g}" if number < 1e4 else f"{number:.0e}"


def _matrix(array: NDArray) -> str:
    return np.array2string(
        np.asarray(array, np.float64),
        separator=", ",
        threshold=40,
        edgeitems=3,
        prefix=" " * 17,
        max_line_width=96,
        formatter={"float_kind": lambda value: f"{value:.6g}"},
    )


# --- JSON --------------------------------------------------------------------------------------


def as_json(files: Sequence[FileReport]) -> str:
    """The reports as JSON; `report.schema.json` beside this module is its schema."""
    content = {"version": SCHEMA_VERSION, "files": [_file(file) for file in files]}
    return json.dumps(content, indent=2, allow_nan=False)


def _file(file: FileReport) -> dict[str, Any]:
    return {
        "path": file.path,
        "verdict": file.verdict,
        "problem": file.problem,
        "notes": list(file.notes),
        "seconds": round(file.seconds, 3),
        "functions": [function_as_json(report) for report in file.functions],
    }


def function_as_json(report: Report) -> dict[str, Any]:
    """One function's report as JSON types."""
    return {
        "name": report.name,
        "line": report.line,
        "where": report.where,
        "model": report.model,
        "activation": report.activation,
        "convention": report.convention,
        "verdict": report.verdict,
        "gradients": {name: _quantity(quantity) for name, quantity in report.gradients.items()},
        "loss": _quantity(report.loss) if report.loss else None,
        "findings": [finding._asdict() for finding in report.findings],
        "cases": {
            scale: {**counts._asdict(), "discarded": counts.discarded}
            for scale, counts in report.cases.items()
        },
        "precision": report.precision,
        "seed": report.seed,
        "seconds": round(report.seconds, 3),
        "problem": report.problem,
    }


def _quantity(quantity: Quantity) -> dict[str, Any]:
    shown = quantity.counterexample
    return {
        "verdict": quantity.verdict,
        "margin": published.finite(quantity.margin),
        "why": quantity.why,
        "counterexample": shown
        and {
            "case": {name: _lists(array) for name, array in shown.arrays.items()},
            "expected": _lists(shown.expected),
            "actual": None if shown.actual is None else _lists(shown.actual),
            "worst": list(shown.worst),
            "margin": published.finite(shown.margin),
            "problem": shown.problem,
        },
    }


def _lists(array: NDArray) -> Any:
    """Nested lists; what JSON has no number for becomes null."""
    values = np.asarray(array, np.float64)
    if values.ndim == 0:
        return published.finite(float(values))
    return [_lists(part) for part in values]


def exit_status(files: Sequence[FileReport]) -> int:
    """0 all right; 1 something is wrong; 2 input that cannot be judged; 3 could not decide.

    The first of 1, 2, 3 that holds for any file counts. Findings change nothing.
    """
    verdicts = [file.verdict for file in files]
    if "wrong" in verdicts:
        return 1
    if any(file.verdict == "unread" and not file.question for file in files):
        return 2
    return 0 if verdicts and set(verdicts) == {"right"} and not _open(files) else 3


def _open(files: Sequence[FileReport]) -> bool:
    return any(file.problem for file in files)


def schema() -> Mapping[str, Any]:
    """The published schema of `as_json`."""
    return published.schema("backproof", "report.schema.json")
