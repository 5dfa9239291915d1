"""How far apart two right runs may drift.

A difference in one step moves all that follow, so worst-case bounds on a whole run grow without
use. The envelope is sampled instead: the same run many times, every operation moved at random
within its own rounding. How far any two of them come apart is how far two right runs may.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from backproof import program_cache, training
from backproof.comparison.replay import Rule, Tensors
from backproof.error_bounds import FORMATS, kind_of, sampled
from backproof.models import Padding
from backproof.start import Batches


class Envelope(NamedTuple):
    """By step and parameter, the largest distance (2-norm) of any two sampled runs."""

    numbers: tuple[int, ...]
    distances: Mapping[str, NDArray[np.float64]]


def envelope(
    rules: tuple[Rule, Rule],
    start: Tensors,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    schedule: Batches | None,
    numbers: Sequence[int],
    samples: int = 64,
    seed: int = 0,
) -> Envelope:
    """How far two right runs may be apart before each of the steps `numbers`.

    Args:
        rules: what the two runs say they do; they differ in precision at most.
        start: the parameters of both before step 0.
        x: inputs, (d, n).
        y: targets, (k, n).
        schedule: the examples of every step; None for all of them in each.
        numbers: of steps, ascending.
        samples: how many runs of each rule.
        seed: of the random roundings.
    """
    one = sampled_runs(rules[0], start, x, y, schedule, numbers, samples, seed)
    alike = rules[0] == rules[1]
    other = one if alike else sampled_runs(rules[1], start, x, y, schedule, numbers, samples, seed)
    apart = {}
    for name in start:
        a = one[name].reshape(*one[name].shape[:2], -1)
        b = other[name].reshape(*other[name].shape[:2], -1)
        # With the same seed, sample i of both has the same random numbers, so those are no pair.
        turns = range(1, samples // 2 + 1 if alike else samples)
        with np.errstate(all="ignore"):  # right runs may leave the range of numbers
            pairs = [np.linalg.norm(a - np.roll(b, i, axis=0), axis=2) for i in turns]
        apart[name] = np.max(pairs, axis=(0, 1))
    return Envelope(tuple(numbers), apart)


def sampled_runs(
    rule: Rule,
    start: Tensors,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    schedule: Batches | None,
    numbers: Sequence[int],
    samples: int,
    seed: int,
) -> dict[str, NDArray[np.float64]]:
    """The parameters before each of the steps `numbers`: (samples, steps, ...)."""
    program = _program(rule.model, rule.activation, rule.precision)
    steps = np.diff([0, *numbers])
    found: list[dict[str, NDArray[np.float64]]] = []
    with program_cache.float64_on_cpu():
        keys = jax.random.split(jax.random.key(seed), samples)
        now = {
            name: jnp.repeat(jnp.asarray(value)[None], samples, 0) for name, value in start.items()
        }
        at = 0
        for count in steps:
            # One compiled loop of steps whatever their number.
            now = program(now, keys, x, y, schedule, rule.rate, at, at + int(count))
            at += int(count)
            found.append({name: np.asarray(value) for name, value in now.items()})
    return {name: np.stack([one[name] for one in found], axis=1) for name in start}


@functools.lru_cache
def _program(model: Any, activation: str, precision: str) -> Callable[..., Any]:
    fmt, kind = FORMATS[precision], kind_of(precision)

    def once(
        now: Any,
        key: Any,
        x: Any,
        y: Any,
        schedule: Batches | None,
        rate: Any,
        first: Any,
        end: Any,
    ) -> Any:
        def formula(now: Any, x: Any, y: Any, padding: Padding | None, rate: Any) -> Any:
            return training.step(model, activation, rate)(now, x, y, padding)[0]

        def body(t: Any, now: Any) -> Any:
            examples = training.cut(x, y, training.batch_of(schedule, t))
            moved = jax.random.fold_in(key, t)
            return sampled(formula, fmt, moved, now, *examples, rate, kind=kind)

        return lax.fori_loop(first, end, body, now)

    over_samples = (0, 0, None, None, None, None, None, None)
    return jax.jit(jax.vmap(once, in_axes=over_samples), compiler_options=program_cache.QUICKLY)
