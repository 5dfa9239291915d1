"""What submissions are asked: the functions' calls on secret cases, the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from numpy.typing import NDArray

from backproof.grading.assignment import Assignment, Function
from backproof.grading.calls import call_of
from backproof.grading.edges import EACH, KINK, ONE_EXAMPLE, at_edge, slopes
from backproof.grading.forms import Quantity, quantities_in
from backproof.grading.outcome import Call
from backproof.grading.prepared import BARE
from backproof.grading.quantities import Known, drawn, known, layouts, rate_of
from backproof.grading.trials import Trials, trials
from backproof.notation import Model
from backproof.reading.convention import to_theirs
from backproof.verdict import flat

_FEWEST: Final = 4  # cases of a function, however many there are of these


class Key(NamedTuple):
    """What all answers to a function's usual cases are compared with at once, laid out as it is.

    Attributes:
        shapes: of the quantity, by the place of the case.
        truth: of one case after the other.
        bound: on the error of each entry, in float64.
    """

    shapes: Mapping[int, tuple[int, ...]]
    truth: NDArray
    bound: NDArray


class Exam(NamedTuple):
    """An assignment with its secret cases, and the calls that are the same for all submissions."""

    assignment: Assignment
    known: Mapping[str, Sequence[Known]]  # by precision
    calls: tuple[Call, ...]
    bare: tuple[Call, ...]  # the same, of another program that is run beside the first
    asked: tuple[tuple[Function, int], ...]  # of each call: the function, and the place of its case
    trials: tuple[Trials, ...] = ()
    edges: Mapping[int, str] = MappingProxyType({})  # of a case's place: which edge it is at
    kinked: Mapping[int, tuple[int, ...]] = MappingProxyType({})  # the same with other slopes
    keys: Mapping[tuple[str, str], Key] = MappingProxyType({})  # by function and symbol
    found: tuple[Function, ...] = ()  # those of any name, which are asked otherwise
    seed: int = 0

    def with_slope(self, number: int) -> Exam:
        """The same with another slope at the kinks, by its number among `edges.slopes`."""
        if not number:
            return self
        moved = {
            precision: [
                of[self.kinked[place][number - 1]] if place in self.kinked else one
                for place, one in enumerate(of)
            ]
            for precision, of in self.known.items()
        }
        return self._replace(known=moved)


def exam(assignment: Assignment, *, public: bool = False) -> Exam:
    """Draw the cases and compute the truth, once for all submissions; or only the public part."""
    among = [one for one in assignment.functions if one.public or not public]
    functions = [one for one in among if one.training is None and not one.found]
    share = max(_FEWEST, -(-assignment.cases // max(1, len(functions))))
    # No function is asked on another's cases: what one is given is what another should answer.
    asked = [(function, "") for function in functions for _ in range(share)]
    asked += [
        (function, name) for function in functions for name in function.edges for _ in range(EACH)
    ]
    several = {
        place
        for place, (function, name) in enumerate(asked)
        if name or ONE_EXAMPLE in function.edges
    }
    seed = assignment.drawn_from(public)
    cases = drawn(assignment.model, len(asked), seed, assignment.sizes, several)
    rates = [rate_of(place) for place in range(len(cases))]
    edges = {place: name for place, (_, name) in enumerate(asked) if name}
    for place, name in edges.items():
        cases[place] = at_edge(
            name,
            cases[place],
            assignment.model,
            assignment.activation,
            place=place,
            agreeing=any(one.symbol == "loss" for one in quantities_in(asked[place][0].returns)),
        )
    usual, *others = slopes(assignment.activation)
    kinks = [usual] * len(cases)
    kinked: dict[int, tuple[int, ...]] = {}
    for place in [place for place, name in edges.items() if name == KINK]:
        kinked[place] = tuple(range(len(cases), len(cases) + len(others)))
        cases += [cases[place]] * len(others)
        rates += [rates[place]] * len(others)
        kinks += others
    of = assignment.model, cases, assignment.activation
    truths = {
        precision: known(*of, precision, rates, kinks) if cases else []
        for precision in ("float64", "float32")
    }
    calls = tuple(
        call_of(function, truths["float64"][place], assignment)
        for place, (function, _) in enumerate(asked)
    )
    places = tuple((function, place) for place, (function, _) in enumerate(asked))
    training = trials(assignment, public=public)
    bare = tuple(Call(BARE, (call.function, *call.arguments)) for call in calls)
    usually = {
        function: [place for place, one in enumerate(asked) if one == (function, "")]
        for function in functions
    }
    keys = {
        (function.name, quantity.symbol): _key(
            assignment.model, truths["float64"], quantity, usually[function]
        )
        for function in functions
        for quantity in quantities_in(function.returns)
        if not (quantity.code or quantity.times_n)
    }
    found = tuple(one for one in among if one.found)
    return Exam(assignment, truths, calls, bare, places, training, edges, kinked, keys, found, seed)


def _key(model: Model, truths: Sequence[Known], quantity: Quantity, places: Sequence[int]) -> Key:
    symbol, layout = quantity.symbol, quantity.layout
    own = layouts(model)[symbol]
    cases = [truths[place] for place in places]
    values = [to_theirs(one.values[symbol], own, layout) for one in cases]
    # What is only given, as parameters are, has no bound; where it is asked for its value is free.
    bounds = [to_theirs(one.bounds.get(symbol, one.values[symbol]), own, layout) for one in cases]
    return Key(
        {place: value.shape for place, value in zip(places, values, strict=True)},
        flat(values),
        flat(bounds),
    )


def only(exam: Exam, name: str) -> Exam:
    """The part of an exam that asks one function."""
    kept = [
        (call, bare, asked)
        for call, bare, asked in zip(exam.calls, exam.bare, exam.asked, strict=True)
        if asked[0].name == name
    ]
    return exam._replace(
        calls=tuple(call for call, _, _ in kept),
        bare=tuple(bare for _, bare, _ in kept),
        asked=tuple(asked for _, _, asked in kept),
        trials=tuple(one for one in exam.trials if one.function.name == name),
        found=(),
    )
