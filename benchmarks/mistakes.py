"""How often each mistake of the catalogue shows, case by case, and the least error that does.

    python benchmarks/mistakes.py [--count 300] [--seed 0] [--models mlp ...]

A row for each mistake and model, a column for each activation: the share of the cases drawn, in
percent, in which the mistake alone, in float64, lies outside of four error bounds (or raises, or
has the wrong shape). Counted are cases that can tell: the bound is narrow, and the derivation
without the mistake is inside it. In some of them the mistake makes no difference (one example, and
the mean over the examples is missing); they count as not found. The last column is the lowest share
over the activations where only those cases count in which it makes a difference in long double.

Then, in float32 and in float64, the relative error of a gradient (all of it times 1 + e) that shows
in half of the cases. Exits 1 if a mistake is found in no case.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import numpy as np

from backproof import mistakes
from backproof.cases import Case, draw
from backproof.mistakes import Functions, Mistake
from backproof.notation import ACTIVATIONS, MODELS
from backproof.reading.call import Outcome, in_process
from backproof.reading.spec import Argument, Spec
from backproof.verdict import RIGHT_BELOW, WRONG_ABOVE, is_telling, margin
from backproof.witnesses import Truth, truths

# The same in long double: nothing but rounding apart.
SAME = 1e-16


class Share(NamedTuple):
    """Of the cases that can tell: how many, in how many it differs, in how many it is found."""

    telling: int
    different: int
    found: int

    @property
    def of_telling(self) -> float:
        """Percent found of the cases that can tell."""
        return 100.0 * self.found / max(self.telling, 1)

    @property
    def of_different(self) -> float:
        """Percent found of the cases in which the mistake makes a difference."""
        return 100.0 * self.found / max(self.different, 1)


def answers(
    functions: Functions, model_name: str, cases: Sequence[Case], dtype: str = "float64"
) -> list[Outcome]:
    """What the functions give in each case."""
    model = MODELS[model_name]
    arguments = tuple(Argument(tensor, tensor) for tensor in model.layouts)
    gradients = tuple(f"d{name}" for name in model.parameters)
    spec = Spec(
        model_name, "backward", arguments, model.layouts, gradients, None, "loss", arguments
    )
    return in_process(*functions)(spec, [case.arrays for case in cases], dtype=dtype)


def inside(outcome: Outcome, truth: Truth, name: str) -> bool:
    """Whether it counts as right."""
    return margin(outcome.values[name], truth.values[name], truth.bounds[name]) <= RIGHT_BELOW


def found(outcome: Outcome, truth: Truth, names: Sequence[str]) -> bool:
    """By its shape or because it raised, or because one of `names` is outside of the bound."""
    return any(
        name not in outcome.values
        or not margin(outcome.values[name], truth.values[name], truth.bounds[name]) <= WRONG_ABOVE
        for name in names
    )


def differs(outcome: Outcome, other: Outcome, names: Sequence[str]) -> bool:
    """Whether two answers, in long double, are not the same but for rounding."""
    for name in names:
        if name not in outcome.values:
            return True
        one, two = outcome.values[name], other.values[name]
        with np.errstate(all="ignore"):
            apart = np.max(np.abs(one - two), initial=0.0)
        if not apart <= SAME * np.max(np.abs(two), initial=0.0):
            return True
    return False


@functools.cache
def known(model_name: str, activation: str, count: int, seed: int) -> tuple[list, list, list]:
    """Cases, what is true of them, and what the derivation without a mistake gives."""
    cases = draw(MODELS[model_name], count, seed)
    right = answers(mistakes.apply(None, model_name, activation), model_name, cases)
    return cases, truths(MODELS[model_name], cases, activation), right


def share(mistake: Mistake, model_name: str, activation: str, count: int, seed: int) -> Share:
    """How often one mistake shows."""
    cases, truth, right = known(model_name, activation, count, seed)
    # Where shapes hardly fit, everything after the mistake is at stake.
    names = sorted(mistakes.wrong_quantities(mistake, model_name)) or ["dW1"]
    if mistakes.is_in_the_loss(mistake):
        names = ["loss"]
    able = [
        i
        for i in range(count)
        if any(is_telling(truth[i].values[name], truth[i].bounds[name]) for name in names)
        and all(inside(right[i], truth[i], name) for name in names)
    ]
    functions = mistakes.apply(mistake, model_name, activation)
    outcomes = answers(functions, model_name, [cases[i] for i in able])
    shown = [found(o, truth[i], names) for i, o in zip(able, outcomes, strict=True)]
    rest = [cases[i] for i, seen in zip(able, shown, strict=True) if not seen]
    exact = answers(functions, model_name, rest, "longdouble")
    right_exactly = answers(
        mistakes.apply(None, model_name, activation), model_name, rest, "longdouble"
    )
    missed = sum(differs(a, b, names) for a, b in zip(exact, right_exactly, strict=True))
    return Share(len(able), sum(shown) + missed, sum(shown))


def floor(model_name: str, activation: str, precision: str, count: int, seed: int) -> float:
    """The e for which a gradient times 1 + e is outside of four bounds in half of the cases."""
    cases = known(model_name, activation, count, seed)[0]
    least = []
    for told in truths(MODELS[model_name], cases, activation, precision):
        for parameter in MODELS[model_name].parameters:
            value, bound = told.values[f"d{parameter}"], told.bounds[f"d{parameter}"]
            with np.errstate(all="ignore"):
                least.append(
                    WRONG_ABOVE * np.min(np.where(value == 0.0, np.inf, bound / abs(value)))
                )
    return float(np.median(least))


def report(shares: Mapping[tuple[str, str, str], Share]) -> int:
    """Totals, the misses by name, then everything. Returns how many are found nowhere."""
    nowhere = [key for key, told in shares.items() if told.different and not told.found]
    nothing = [key for key, told in shares.items() if not told.different]
    rates = np.array([told.of_telling for told in shares.values()])
    telling, different, seen = np.sum([*shares.values()], axis=0)
    print(f"{len({key[0] for key in shares})} mistakes, {len(shares)} with model and activation")
    print(f"found in a case: {len(shares) - len(nowhere) - len(nothing)}; in none: {len(nowhere)}")
    print(f"cases that can tell: {telling:,}; in which it makes a difference: {different:,}")
    print(f"found in {100 * seen / telling:.2f} % of the first, {100 * seen / different:.2f} % of")
    print(f"the second; per mistake: median {np.median(rates):.1f} %, least {np.min(rates):.1f} %")
    for title, keys in (("found in no case", nowhere), ("no case tells", nothing)):
        for key in keys:
            print(f"{title}: {' '.join(key)}")
    lowest = sorted(shares, key=lambda key: shares[key].of_different)[:12]
    print("\nmost often missed where it makes a difference:")
    for key in lowest:
        told = shares[key]
        print(f"  {told.of_different:5.1f} % of {told.different:4d}  {' '.join(key)}")
    print(
        f"\n{'percent of the telling cases':58s}", *(f"{a:>10s}" for a in ACTIVATIONS), "differing"
    )
    for name, model in dict.fromkeys(key[:2] for key in shares):
        row = {a: shares[name, model, a] for a in ACTIVATIONS if (name, model, a) in shares}
        cells = [f"{row[a].of_telling:10.1f}" if a in row else f"{'':10s}" for a in ACTIVATIONS]
        least = min(told.of_different for told in row.values())
        print(f"{name:38s} {model:19s}", *cells, f"{least:9.1f}")
    return len(nowhere) + len(nothing)


def main() -> int:
    """Print it all; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    told = parser.parse_args()
    machine = platform.processor() or platform.machine()
    print(f"{datetime.date.today()}, {machine}, {os.cpu_count()} cores, JAX {jax.__version__}")
    print(f"{told.count} cases each, seed {told.seed}\n")
    shares = {
        (mistake.name, model, activation): share(mistake, model, activation, told.count, told.seed)
        for model in told.models
        for mistake in mistakes.of(model)
        for activation in mistakes.activations(mistake, model)
    }
    missed = report(shares)
    print("\nrelative error of a gradient that shows in half of the cases")
    for model in told.models:
        names = ACTIVATIONS if MODELS[model].has_activation else ("sigmoid",)
        print(f"{'':28s} ", *(f"{name:>10s}" for name in names))
        for precision in ("float32", "float64"):
            floors = [floor(model, name, precision, told.count, told.seed) for name in names]
            print(f"{model:19s} {precision}  ", *(f"{least:10.1e}" for least in floors))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
