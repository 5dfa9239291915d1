"""The library's front: a function or a file in, a report out.

What computes is imported where it is needed: JAX takes most of a second to import, and meanwhile
the child process can start.
"""

from __future__ import annotations

import ast
import contextlib
import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from backproof.reading.call import Run, in_process
from backproof.reading.convention import describe
from backproof.reading.guards import guards, precisions_named
from backproof.reading.live import Connection, Live
from backproof.reading.process import MEMORY, SECONDS, About, Child
from backproof.reading.program import Program, program, too_deep
from backproof.reading.settle import best
from backproof.reading.source import UNTOLD, read_function, to_spec
from backproof.reading.told import MOST_CASES, Settings, Unreadable
from backproof.reading.understand import (
    Judgeable,
    Plan,
    Understood,
    laid_out,
    plan,
    understand,
)
from backproof.reading.watching import Here
from backproof.verdict import FileReport, Report, Verdict, worst

CASES = 1000
_FACTOR_OF_REDUCTION = {"mean": "1", "sum": "n"}
# CPython 3.11 counts the depth of syntax trees for all threads together, and raises SystemError
# where a garbage collection lets two of them parse at once.
_parsing = threading.Lock()
# Loops have no name but their line; decorators are refused with theirs.
_OWN_LINE = re.compile(r"(?<=the loop in )line (\d+)|(?<=, )line (\d+)(?=: @backproof)")


def check(
    function: Callable[..., Any],
    model: str | None = None,
    *,
    activation: str | None = None,
    convention: str | None = None,
    reduction: str | None = None,
    loss: Callable[..., Any] | None = None,
    cases: int | Iterable[Sequence[Any]] = CASES,
    seed: int = 0,
) -> Report:
    """Check a hand-written backward pass in this process.

    With `model`, the function takes the model's parameters, x and y, and returns a gradient for
    each parameter, as a tuple in their order or a dict; cases are drawn. With `loss` instead, the
    function returns the gradients of `loss` with respect to its leading arguments, at given cases.

    Args:
        function: the backward pass.
        model: a key of `notation.MODELS`; worked out from names and source where it is left out.
        activation: of the hidden layer, one of `notation.ACTIVATIONS`.
        convention: "columns" (the lecture's), "rows", or layouts: "rows, y=n".
        reduction: "mean" or "sum": what the gradients are of.
        loss: any JAX function of the same arguments giving a number, instead of a model.
        cases: how many to draw; with `loss`, an iterable of argument tuples.
        seed: of the cases drawn.

    Returns:
        A `verdict.Report`: `print(report)` shows all of it, `report.verdict` sums it up.

    Raises:
        ValueError: if an argument is unknown, something has to be told first, or the rounding of
            `loss` cannot be bounded; says what.
    """
    if isinstance(function, type):
        raise ValueError(
            f"{function.__name__} is a class: check one of its methods, as in"
            f" {function.__name__}(...).backward"
        )
    if not callable(function):
        raise ValueError(f"{function!r} is nothing that can be called")
    if loss is not None:
        told = {"model": model, "activation": activation, "convention": convention}
        also = [name for name, value in told.items() if value is not None]
        if also:
            raise ValueError(f"{also[0]}={told[also[0]]!r}: with loss=, there is no model to tell")
        if isinstance(cases, int):
            raise ValueError(
                f"cases={cases}: with loss=, give the cases to try: argument tuples of NumPy arrays"
            )
        from backproof.check_loss import check_loss

        return check_loss(function, loss, cases)
    if not isinstance(cases, int) or isinstance(cases, bool) or not 1 <= cases <= MOST_CASES:
        raise ValueError(
            f"cases={cases!r}: expected how many cases to draw, between 1 and {MOST_CASES:,}"
        )
    if not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed={seed!r}: expected a whole number of at least 0")
    settings = Settings(model, activation, convention, None, reduction)
    try:
        with _deep_is_unread(getattr(function, "__name__", "the function")):
            found = read_function(function, settings)
    except Unreadable as error:
        raise ValueError(str(error)) from None
    if found.question is not None:
        # The same words are for the command line, where these are options.
        question = re.sub(r"--([a-z]+)", r"\1=", found.question)
        raise ValueError(f"{found.function}: {question}")
    beside = getattr(function, "__globals__", {}).get(found.loss)
    used = [one for one in (function, beside) if one is not None]
    about = About(
        tuple(guard for one in used for guard in guards(one)),
        tuple(precision for one in used for precision in precisions_named(one)),
    )
    spec = to_spec(found)
    if found.why.get("convention", "").startswith("the lecture's"):
        trial, _ = best(laid_out(Here(function, beside), spec))
        if trial is not None and not trial.faults:
            spec = spec._replace(layouts=trial.spec.layouts)
    text = describe(spec.layouts, spec.family)
    one = Judgeable(found.function, found.line, spec, text, found.reduction)
    return _judged(one, in_process(function, beside), about, cases, seed)


def check_file(
    path: str | Path,
    settings: Settings = UNTOLD,
    *,
    cases: int = CASES,
    seed: int = 0,
    seconds: float = SECONDS,
    memory: int = MEMORY,
    progress: Callable[[str], None] = lambda _: None,
) -> FileReport:
    """Check the backward passes in a Python file, which runs in a process of its own.

    Args:
        path: a `.py` or `.ipynb` file.
        settings: what is told about it.
        cases: how many to draw for each function.
        seed: of the cases.
        seconds: how long one case, or running the file, may take.
        memory: how many bytes the process may have.
        progress: told what is going on.

    Never raises for anything in the file: what cannot be read is `unread`, with the reason.
    """
    started = time.perf_counter()
    try:
        with _parsing:
            read = program(Path(path))
    except Unreadable as error:
        seconds = time.perf_counter() - started
        return FileReport(str(path), "unread", (), str(error), seconds=seconds)
    return check_program(
        read,
        settings,
        cases=cases,
        seed=seed,
        seconds=seconds,
        memory=memory,
        progress=progress,
        name=str(path),
    )


def check_program(
    read: Program,
    settings: Settings = UNTOLD,
    *,
    cases: int = CASES,
    seed: int = 0,
    seconds: float = SECONDS,
    memory: int | None = MEMORY,
    progress: Callable[[str], None] = lambda _: None,
    name: str | None = None,
    start: Callable[[Path], Connection] = Live,
) -> FileReport:
    """As `check_file`, for a program that has been read.

    `name` is what the report calls it, `start` what starts the process it runs in.
    """
    path = name or str(read.path)
    notes = [*read.notes]
    started = time.perf_counter()

    def file_report(verdict: Verdict, functions: Sequence[Report], **more: Any) -> FileReport:
        told: dict[str, Any] = {"notes": notes, "seconds": time.perf_counter() - started, **more}
        return FileReport(path, verdict, functions, **told)

    try:
        with _deep_is_unread(read.name), _parsing:
            planned = plan(read, settings)
            notes[:] = planned.program.notes
            modules = planned.modules
        if not modules:
            asked = _asked(planned.questions, read)
            problem = "\n".join(asked) or planned.nothing
            return file_report("unread", (), problem=problem, question=bool(asked))
        # JAX takes as long to import as the child to start, and programs longer to load.
        threading.Thread(target=_prepare, args=(planned,), daemon=True).start()
        limits: dict[str, Any] = {"memory_bytes": memory, "seconds": seconds}
        with Child(read.path, modules=modules, start=start, **limits) as child:
            with _deep_is_unread(read.name):
                found = understand(child, planned)
            reports = [
                _checked(one, child, settings, cases, seed, progress)._replace(
                    where=read.where(one.line)
                )
                for one in found.judgeable
            ]
    except Unreadable as error:
        return file_report("unread", (), problem=_placed(str(error), read))
    asked = _asked(found.questions, read)
    verdict = worst([report.verdict for report in reports])
    if verdict == "right" and not found.whole:
        verdict = "undecided"
        asked.append("its pieces are right, but not all of what goes with them could be judged")
    notes += [*_filled(child), *_without_verdict(found, reports, read)]
    notes += _defined_again(read, [report.name for report in reports])
    stands_open = "\n".join(asked) or (None if reports else planned.nothing)
    return file_report(verdict, reports, problem=stands_open, question=not reports)


@contextlib.contextmanager
def _deep_is_unread(name: str) -> Iterator[None]:
    """Syntax is walked recursively in many places: whichever gives up, the file is unread."""
    try:
        yield
    except (RecursionError, MemoryError, SystemError):  # the compiler's own way to give up
        raise too_deep(name) from None


def _asked(questions: Mapping[str, str], read: Program) -> list[str]:
    """What has to be told, of what."""
    return [f"{_placed(name, read)}: {why}" for name, why in questions.items()]


def _placed(words: str, read: Program) -> str:
    """With the lines that only counting in a notebook's joined text gives said by their cells."""
    return _OWN_LINE.sub(lambda found: read.where(int(found[1] or found[2])), words)


def _filled(child: Child) -> list[str]:
    if not child.filled:
        return []
    listed = ", ".join(child.filled)
    return [f"not defined in the file, so taken to be what the name says: {listed}"]


def _without_verdict(found: Understood, reports: Sequence[Report], read: Program) -> list[str]:
    """Which loss functions were not judged, though something of the file was, and why."""
    judged = {report.name for report in reports if report.loss is not None}
    return [
        f"the loss function {one.name} ({read.where(one.line)}) is not judged: {one.why}"
        for one in found.losses
        if reports and not one.judged_with & judged
    ]


def _defined_again(read: Program, judged: Collection[str]) -> list[str]:
    """Which of the functions that were judged stand in the file more than once."""
    lines: dict[str, list[int]] = {}
    for node in read.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in judged:
            lines.setdefault(node.name, []).append(node.lineno)
    return [
        f"{name} is defined {len(found)} times; the last, {read.where(found[-1])}, is what counts"
        for name, found in lines.items()
        if len(found) > 1
    ]


def _checked(
    one: Judgeable,
    child: Child,
    settings: Settings,
    cases: int,
    seed: int,
    progress: Callable[[str], None],
) -> Report:
    guessed = settings.model is None
    one = one._replace(spec=one.spec._replace(guessed=guessed))
    names = [one.spec.function, *([one.spec.loss] if one.spec.loss else [])]
    about = child.about(*names, module=one.spec.module)
    progress(f"{one.name}: ")
    return _judged(one, child.run, about, cases, seed, progress=progress)


def _prepare(planned: Plan) -> None:
    from backproof.witnesses import prepare

    for one in planned.functions:
        if one.question is None:
            prepare(to_spec(one).family, one.activation or "identity")


def _judged(
    one: Judgeable,
    run: Run,
    about: About,
    cases: int,
    seed: int,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    from backproof.candidate import Candidate
    from backproof.judge import judge

    spec = one.spec
    activation = spec.activation or "identity"
    candidate = Candidate(spec.family, activation, spec, run, guards=bool(about.guards))
    return judge(
        candidate,
        cases,
        seed,
        told_factor=_FACTOR_OF_REDUCTION.get(one.reduction or ""),
        named=about.precisions,
        convention=one.convention,
        line=one.line,
        progress=progress,
    )._replace(name=one.name)
