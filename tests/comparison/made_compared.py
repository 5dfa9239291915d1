"""What a comparison may come to: of any names, any numbers, any number of runs."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backproof.comparison.compared import Compared
from backproof.comparison.faults import Fault
from backproof.comparison.own import Own, Run
from backproof.comparison.pairs import Pair
from backproof.comparison.regression import Slope, Slopes
from backproof.comparison.replay import Rule
from backproof.notation import MODELS

VERDICTS = (
    *("bitwise equal", "rounding", "lower precision", "systematic", "diverged", "inconclusive"),
)
NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=60)
NUMBERS = st.floats() | st.sampled_from([0.0, 5e-324, 1e308, -1e308, np.inf, np.nan])
MARGINS = st.floats(min_value=0.0) | st.just(np.nan)


def description(**told: Any) -> dict[str, Any]:
    """The part of a `run.json` that is shown."""
    versions = {"backproof": "0.1.0", "numpy": "2.4.6"}
    return {
        "backend": "numpy",
        "device": "cpu",
        "products": "float32",
        "batch_size": None,
        "seeds": {},
        "sizes": {"d": 5, "h": 8, "n": 64},
        "seconds": {"steps": 0.25, "compile": None},
        "environment": {
            "python": "3.11.7",
            "versions": versions,
            "system": "Linux",
            "machine": "x86_64",
            "processor": "Some Processor @ 2.00GHz",
            "processors": 2,
            "flags": {},
        },
        "created": "2026-11-25T12:00:00+00:00",
        "status": "complete",
        "reason": None,
    } | told


def a_run(name: str, losses: Any, model: str = "mlp", rate: float = 0.1, **told: Any) -> Run:
    return Run(
        name,
        Rule(MODELS[model], "tanh", rate, "float32"),
        {},
        np.zeros((1, 2)),
        np.zeros((1, 2)),
        None,
        [],
        np.asarray(losses, np.float64),
        {},
        f"runs/{name}",
        description(**told),
    )


def an_own(run: Run, residuals: dict[int, dict[str, float]], **told: Any) -> Own:
    lost = np.flatnonzero(~np.isfinite(run.losses))
    names = run.rule.model.parameters
    made = Own(
        [],
        None,
        None,
        None,
        residuals,
        {name: max((one[name] for one in residuals.values()), default=0.0) for name in names},
        Slopes(*[{name: Slope(0.0, 1e-6, 2e-6) for name in (*names, "")}] * 2),
        int(lost[0]) if lost.size else None,
        len(residuals),
    )
    return made._replace(**told)


def a_pair(verdict: Any = "rounding", **told: Any) -> Pair:
    floors = dict.fromkeys(MODELS["mlp"].parameters, 2e-6)
    words = ["every step lies within its bound"]
    return Pair(verdict, words, floors, floors, {}, None)._replace(**told)


def compared(runs: list[Run], owns: list[Own], verdict: Any = "rounding") -> Compared:
    pairs = {
        two: a_pair(verdict, drift={0: 0.0, 9: 0.01, 99: 0.5}, looked_to=99)
        for two in itertools.combinations(range(len(runs)), 2)
    }
    return Compared(runs, owns, pairs)


@st.composite
def any_compared(draw: st.DrawFn) -> Compared:
    model = draw(st.sampled_from(["mlp", "logistic_regression"]))
    parameters = list(MODELS[model].parameters)
    of_all = st.fixed_dictionaries(dict.fromkeys(parameters, MARGINS))
    seconds = st.none() | st.floats(min_value=0.0, allow_nan=False, allow_infinity=False)
    runs, owns = [], []
    for _ in range(draw(st.integers(2, 10))):
        told = description(
            backend=draw(NAMES),
            batch_size=draw(st.none() | st.integers(1, 64)),
            seconds={"steps": draw(seconds) or 0.0, "compile": draw(seconds)},
            status=draw(st.sampled_from(["running", "complete", "stopped"])),
            reason=draw(st.none() | NAMES),
            seeds=draw(st.dictionaries(NAMES, st.integers(), max_size=2)),
        )
        rate = draw(st.floats(min_value=0.0, allow_nan=False))
        losses = draw(st.lists(NUMBERS, max_size=30))
        runs.append(a_run(draw(NAMES), losses, model, rate, **told))
        residuals = draw(st.dictionaries(st.integers(0, 10**6), of_all, max_size=6))
        fault = Fault("factor", ("W1",), draw(NAMES), draw(NUMBERS), draw(st.integers(0, 100)))
        owns.append(
            an_own(
                runs[-1],
                dict(sorted(residuals.items())),
                faults=draw(st.sampled_from([[], [fault]])),
                unexplained=draw(st.none() | NAMES),
                near=draw(st.none() | NAMES),
            )
        )
    drifts = st.dictionaries(st.integers(0, 10**6), MARGINS, max_size=6)
    pairs = {}
    for two in itertools.combinations(range(len(runs)), 2):
        drift = dict(sorted(draw(drifts).items()))
        pairs[two] = Pair(
            draw(st.sampled_from(VERDICTS)),
            draw(st.lists(NAMES, min_size=1, max_size=2)),
            draw(of_all),
            draw(of_all),
            drift,
            max(drift, default=None),
        )
    return Compared(runs, owns, pairs)
