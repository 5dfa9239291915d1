"""How wide the error bounds are beside the errors that happen.

For each model, activation and scale: loss and gradients by the reference in float32 against the
float64 truth, and in float64 against long double. Per gradient entry the ratio bound / error, and
over everything the largest error / bound, which must not exceed 1.

    python benchmarks/bounds.py [--count 200] [--seed 0] [--models mlp ...] [--activations tanh ...]

Columns: entries with an error, the median of bound / error over them, the median over the tensors
of bound / error at each tensor's worst entry, and the largest error / bound. Exits 1 if any error
is above its bound.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import sys
from collections.abc import Sequence

import jax
import numpy as np
from numpy.typing import NDArray

from backproof import cases, witnesses
from backproof.notation import ACTIVATIONS, MODELS, Model

# The precision judged and the one that counts as true.
PAIRS = (("float32", "float64"), ("float64", "longdouble"))


def ratios(
    model: Model, drawn: Sequence[cases.Case], activation: str, precision: str, truth: str
) -> list[NDArray[np.float64]]:
    """Of each tensor of each case, |error| / bound of its entries; NaN where a result is none."""
    told = witnesses.truths(model, drawn, activation, precision)
    found = []
    for case, known in zip(drawn, told, strict=True):
        with np.errstate(all="ignore"):
            actual = witnesses.reference(model, case.arrays, activation, precision)
            # Float64 stands beside float32 with its own error in the bound; long double is exact.
            exact = known.values
            if truth == "longdouble":
                exact = witnesses.reference(model, case.arrays, activation, truth)
            for name, bound in known.bounds.items():
                error = np.abs(actual[name] - exact[name])
                share = np.where(error == 0.0, 0.0, error / bound)
                usable = np.isfinite(bound) & np.isfinite(actual[name])
                found.append(np.where(usable, share, np.nan).astype(np.float64))
    return found


def row(found: Sequence[NDArray[np.float64]]) -> tuple[int, float, float, float]:
    """Entries with an error, the two medians of bound / error, the largest error / bound."""
    shares = np.concatenate([share.ravel() for share in found])
    shares = shares[shares > 0.0]
    worst = np.array([np.nanmax(share) for share in found if np.any(share > 0.0)])
    if not len(shares):
        return 0, np.nan, np.nan, 0.0
    return len(shares), 1 / np.median(shares), 1 / np.median(worst), float(np.max(shares))


def main() -> int:
    """Print the table; 1 if an error was above its bound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--activations", nargs="+", default=list(ACTIVATIONS), choices=ACTIVATIONS)
    options = parser.parse_args()
    print(f"{datetime.date.today()}  {platform.processor() or platform.machine()}", end="  ")
    print(f"numpy {np.__version__}  jax {jax.__version__}  {options.count} cases each")
    print("model              activation precision   entries  median  at worst  error / bound")
    largest = 0.0
    for name in options.models:
        model = MODELS[name]
        drawn = cases.draw(model, options.count, options.seed)
        for activation in options.activations if model.has_activation else ["-"]:
            for precision, truth in PAIRS:
                found = ratios(model, drawn, activation, precision, truth)
                entries, median, at_worst, most = row(found)
                largest = max(largest, most)
                print(
                    f"{name:18} {activation:10} {precision:9} {entries:9} {median:7.0f}"
                    f" {at_worst:9.1f} {most:14.3f}",
                    flush=True,
                )
    print(f"largest error / bound: {largest:.3f}")
    return 1 if largest > 1.0 else 0


if __name__ == "__main__":
    sys.exit(main())
