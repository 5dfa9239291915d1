"""One program judged, which somebody else runs: its functions asked, again where that is fair.

A function that ends the process costs its own points, a small constant in the code none, and a
wrong function is not held against those that call it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from backproof.grading import any_name
from backproof.grading.assignment import Function
from backproof.grading.exam import Exam, only
from backproof.grading.forms import way_to_cache
from backproof.grading.frames import Value
from backproof.grading.marking import Mark, marks
from backproof.grading.outcome import AUTODIFF, Answer, Call, Outcome, Run
from backproof.grading.prepared import Prepared, calling, prepared
from backproof.grading.solution import solution
from backproof.grading.trained import mark_of, trained
from backproof.grading.trials import Trial, Trials
from backproof.reading.program import Program

_MOST_ENDED: Final = 3  # functions that end the process before the rest is given up


class Judged(NamedTuple):
    """What came of a program: its marks, what else is to be said, and what it printed."""

    marks: Sequence[Mark]
    problems: Sequence[dict[str, Any]]
    status: str
    printed: str


def judge(read: Program, modules: set[str], asked: Exam, run: Run) -> Judged:
    """Judge a program, which `run` runs; `modules` are those that lie beside it."""
    ready = prepared(read, asked.assignment, modules)
    problems: list[dict[str, Any]] = []
    for module, line in ready.imports:
        code = "autodiff" if module in AUTODIFF else "not_allowed"
        problems.append({"code": code, "module": module, "line": line})
    heard = _heard(run, ready, asked)
    problems += [{"code": "said", "words": one} for one in heard.sentences]
    every = [_where(mark, ready) for mark in _marks(run, ready, asked, heard)]
    for function in asked.found:
        some, words = any_name.marks(function, read, asked, run)
        every += some
        problems += [{"code": "said", "words": one} for one in words]
    found = _in_order(every, asked)
    named = {problem.get("module") for problem in problems}
    problems += [one for one in _imported(found) if one["module"] not in named]
    review = any(mark.verdict == "undecided" for mark in found) or any(
        problem["code"] == "autodiff" for problem in problems
    )
    return Judged(found, problems, "review" if review else "graded", heard.printed)


_ABSENT: Final = re.compile(
    r"ModuleNotFoundError: No module named '(?P<module>\w+).*?(?P<line>(?:cell \d+, )?line \d+)",
    re.DOTALL,
)


def _imported(found: Sequence[Mark]) -> Iterator[dict[str, Any]]:
    """The libraries that differentiate by themselves of which only the run shows the import."""
    matches = (
        _ABSENT.match(one["error"])
        for mark in found
        for one in mark.because
        if one["code"] == "raised"
    )
    lines = {one["module"]: one["line"] for one in matches if one and one["module"] in AUTODIFF}
    for module, line in lines.items():
        yield {"code": "autodiff", "module": module, "line": line}


def _where(mark: Mark, ready: Prepared) -> Mark:
    """For a function that is not defined, where something of its name was seen."""
    if mark.function not in ready.held.elsewhere or mark.verdict != "missing":
        return mark
    path, line = ready.held.elsewhere[mark.function]
    seen = {"code": "inside", "function": mark.function, "where": path, "line": line}
    return mark._replace(because=(seen,))


class _Heard(NamedTuple):
    """What a submission answered, in as many runs as that took.

    Attributes:
        answers: to the exam's calls; None where there is none.
        ended: by function how its run ended, where it did not answer.
        failed: why the program could not be run at all; empty where it could.
        sentences: what happened, for a person.
        bare: what the program answers without its guards, by place of the call, as far as it came.
        printed: in the first run.
        text: what was run: all that is needed of the program, or only its definitions.
    """

    answers: Sequence[Answer | None]
    ended: Mapping[str, str]
    failed: str
    sentences: Sequence[str]
    bare: Mapping[int, Answer]
    printed: str
    text: str


def _heard(run: Run, ready: Prepared, asked: Exam) -> _Heard:
    """Ask all calls. Where a function ends the process, the others are asked without it.

    The first run goes on to the program without its guards. It has nothing to tell that the same
    code could not have told before, and what stays wrong is asked again alone.
    """
    answers: list[Answer | None] = [None] * len(asked.calls)
    ended: dict[str, str] = {}
    sentences: list[str] = []
    bare: dict[int, Answer] = {}
    text, printed = ready.text, ""
    left = list(range(len(asked.calls)))
    # Not where a loop may have no end without its tolerance.
    guarded = frozenset[str]() if "while" in ready.text else ready.guarded
    beside = [place for place in left if asked.asked[place][0].name in guarded]
    limits = asked.assignment.limits
    if not left:
        return _Heard(answers, ended, "", sentences, bare, printed, text)
    while len(ended) <= _MOST_ENDED:
        calls = [asked.calls[place] for place in left] + [asked.bare[place] for place in beside]
        outcome = run(ready.with_bare if beside else text, calls, limits)
        bare |= zip(beside, outcome.answers[len(left) :], strict=False)
        beside = []
        if outcome.status == "failed" and text != ready.definitions:
            text = ready.definitions
            continue
        if outcome.status == "failed":
            said = outcome.sentence
            return _Heard(answers, ended, said, sentences, bare, outcome.printed, text)
        printed = printed or outcome.printed
        for place, answer in zip(left, outcome.answers, strict=False):
            answers[place] = answer
        unanswered = left[len(outcome.answers) :]
        if not unanswered:
            break
        sentences.append(outcome.sentence)
        culprit = asked.asked[unanswered[0]][0].name
        ended[culprit] = outcome.status if outcome.status in ("time", "memory") else "killed"
        left = [place for place in unanswered if asked.asked[place][0].name != culprit]
        if not left:
            break
    return _Heard(answers, ended, "", sentences, bare, printed, text)


def _marks(run: Run, ready: Prepared, asked: Exam, heard: _Heard) -> list[Mark]:
    if heard.failed:
        because = ({"code": "raised", "error": heard.failed},)
        return [mark._replace(because=because) for mark in _nothing(asked)]
    of_training = _of_training(run, heard.text, ready.defined, asked)
    found = [*marks(asked, heard.answers, ready.defined, (), heard.ended), *of_training]
    if all(mark.verdict == "right" for mark in found):
        return found
    found = _excused(run, ready, asked, heard, found)
    carried = _not_twice(run, ready, heard, asked, found)
    fair = [
        mark if mark.verdict == "right" else carried.get((mark.function, mark.part), mark)
        for mark in found
    ]
    return _with_own_caches(fair, found, ready, asked)


def _excused(
    run: Run, ready: Prepared, asked: Exam, heard: _Heard, found: list[Mark]
) -> list[Mark]:
    """The marks where guards cost nothing: by what came beside, then by a run of its own."""
    if ready.bare is None:
        return found
    for alone in (False, True):
        opened = {one.function for one in found if _is_open(one)} & ready.guarded
        if not opened or not (alone or heard.bare):
            continue
        bare: Sequence[Answer | None]
        if alone:
            bare = _bare(run, ready.bare, asked, opened)
        else:
            bare = [heard.bare.get(place) for place in range(len(asked.calls))]
        again = marks(asked, heard.answers, ready.defined, bare, heard.ended, opened)
        by_part = {(one.function, one.part): one for one in again}
        found = [by_part.get((one.function, one.part), one) for one in found]
    return found


def _with_own_caches(
    found: Sequence[Mark], before: Sequence[Mark], ready: Prepared, asked: Exam
) -> list[Mark]:
    """A function that is not right on the cache of another that is not either is undecided.

    `before` are the marks of functions that call wrong ones, as is the case where caches are made.
    """
    amiss = {mark.function for mark in before if mark.verdict != "right"}
    fair = []
    for mark in found:
        function = next(one for one in asked.assignment.functions if one.name == mark.function)
        makers = [one for one in function.makers if one in amiss]
        if mark.verdict != "right" and mark.function in ready.defined and makers:
            own = {"code": "own_cache", "functions": ", ".join(makers)}
            mark = mark._replace(verdict="undecided", because=(own, *mark.because))
        fair.append(mark)
    return fair


def _is_open(mark: Mark) -> bool:
    """Whether a small constant in the code may explain it: there is a value, and it is off."""
    return any(one["code"] in ("wrong_value", "near") for one in mark.because)


def _bare(run: Run, text: str, asked: Exam, functions: set[str]) -> list[Answer | None]:
    """What some functions answer in a program without its guards."""
    answers: list[Answer | None] = [None] * len(asked.calls)
    places = [place for place, (one, _) in enumerate(asked.asked) if one.name in functions]
    if places:
        outcome = run(text, [asked.calls[place] for place in places], asked.assignment.limits)
        for place, answer in zip(places, outcome.answers, strict=False):
            answers[place] = answer
    return answers


def _not_twice(
    run: Run, ready: Prepared, heard: _Heard, asked: Exam, found: Sequence[Mark]
) -> dict[tuple[str, str], Mark]:
    """By function and part the marks where the wrong functions that are called were right.

    First all of these are, and then, for what is not right yet, without those that were right with
    others: a right one in place of theirs knows only what is asked of it, one of two activations.
    """
    amiss = {one.function for one in found if one.verdict != "right"}
    names = [one for one in dict.fromkeys(mark.function for mark in found) if one in amiss]
    reached = {one: _reached(ready, asked, one) for one in names if one in ready.defined}
    called = {one: sorted(others & amiss) for one, others in reached.items() if others & amiss}
    carried: dict[tuple[str, str], Mark] = {}
    while called:
        again = _with_others_right(run, ready, heard, asked, called)
        carried |= {(one.function, one.part): one for one in again if one.verdict == "right"}
        lost = {one.function for one in again if one.verdict != "right"}
        amiss -= {*called} - lost
        fewer = {name: sorted(reached[name] & amiss) for name in called if name in lost}
        called = {
            name: others for name, others in fewer.items() if others not in ([], called[name])
        }
    return carried


def _reached(ready: Prepared, asked: Exam, name: str) -> frozenset[str]:
    """What a function calls, directly or not, and what makes the cache that it takes."""
    function = next(one for one in asked.assignment.functions if one.name == name)
    of_makers = (ready.uses(one) for one in function.makers)
    return ready.uses(name).union(function.makers, *of_makers) - {name}


def _with_others_right(
    run: Run, ready: Prepared, heard: _Heard, asked: Exam, called: Mapping[str, Sequence[str]]
) -> list[Mark]:
    """The marks of functions where others, that each calls, are right.

    Several functions are asked in one run, each in a program of its own, and again alone what is
    not right there.
    """
    texts = {
        name: _with_right(ready, heard.text, asked, name, others)
        for name, others in called.items()
        if others
    }
    parts = {name: only(asked, name) for name in texts}
    together = _together(run, texts, [one for one in texts if one not in heard.ended], parts)
    marked: list[Mark] = []
    for name, text in texts.items():
        alone = parts[name]
        again = marks(alone, together.get(name, ()), ready.defined)
        if any(one.verdict != "right" for one in again):
            outcome = run(text, alone.calls, asked.assignment.limits)
            again = marks(alone, outcome.answers, ready.defined)
        told = {"code": "carried", "functions": ", ".join(called[name])}
        marked += [
            one._replace(because=(told, *one.because))
            for one in (*again, *_of_training(run, text, ready.defined, alone))
        ]
    return marked


def _together(
    run: Run, texts: Mapping[str, str], names: Sequence[str], parts: Mapping[str, Exam]
) -> dict[str, Sequence[Answer]]:
    """What several functions answer in one run, each in its text, as far as it comes."""
    several = [name for name in names if parts[name].calls]
    if len(several) < 2:
        return {}
    calls = [call for name in several for call in parts[name].bare]
    usual = [call for name in several for call in parts[name].calls]
    limits = parts[several[0]].assignment.limits
    outcome = run(calling({name: texts[name] for name in several}), calls, limits)
    answers = (
        answer._replace(arguments=_own_arguments(answer, call, own))
        for answer, call, own in zip(outcome.answers, calls, usual, strict=False)
    )
    return {name: [*itertools.islice(answers, len(parts[name].calls))] for name in several}


def _own_arguments(answer: Answer, call: Call, usual: Call) -> tuple[Value, ...]:
    """What `usual` would have left its arguments as; `call` has the function before them."""
    unchanged = answer.arguments is call.arguments
    return usual.arguments if unchanged else answer.arguments[1:]


def _with_right(ready: Prepared, text: str, asked: Exam, name: str, others: Sequence[str]) -> str:
    """The text in which others than that of this name are right."""
    functions = _with_partners(asked.assignment.functions, others, name)
    keeping = [one.name for one in functions if way_to_cache(one.returns) is not None]
    right = solution(replace(asked.assignment, functions=functions))
    return ready.with_right(text, right, keeping)


def _with_partners(
    functions: Sequence[Function], names: Sequence[str], but: str
) -> tuple[Function, ...]:
    """The functions of these names, and those that share a cache with them, which go together."""
    found: set[str] = set()
    more = {*names}
    while more - found:
        found |= more
        more = {
            each
            for one in functions
            for each in (one.name, *one.makers)
            if one.makers and found & {one.name, *one.makers}
        } - {but}
    found -= {but}
    return tuple(one for one in functions if one.name in found and found >= {*one.makers})


def _of_training(run: Run, text: str, defined: frozenset[str], asked: Exam) -> list[Mark]:
    """The marks of the functions that train; each training is a run of its own."""

    def ask(trial: Trial) -> Outcome:
        return run(text, [trial.call], trial.limits)

    return [
        trained(asked.assignment, one, ask) if one.function.name in defined else _absent(one)
        for one in asked.trials
    ]


def _absent(trials: Trials) -> Mark:
    return mark_of(trials.function, {"code": "not_defined", "function": trials.function.name})


def missing(asked: Exam) -> list[Mark]:
    """The marks of a submission in which there is nothing."""
    of_any_name = [mark for one in asked.found for mark in any_name.missing(one)]
    return _in_order([*_nothing(asked), *of_any_name], asked)


def _nothing(asked: Exam) -> list[Mark]:
    """The same of the functions that have to have their names."""
    return [*marks(asked, (), frozenset()), *map(_absent, asked.trials)]


def _in_order(found: Sequence[Mark], asked: Exam) -> list[Mark]:
    """The marks in the order in which the assignment has its functions."""
    places = {one.name: place for place, one in enumerate(asked.assignment.functions)}
    return sorted(found, key=lambda mark: places[mark.function])
