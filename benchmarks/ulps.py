"""How far NumPy's and XLA's elementary functions are from the truth, beside what the bounds allow.

The rules of `backproof.rounding_rules` let an elementary function be wrong by
some multiple of u |f(x)|, of u and the smallest normal number; `ELEMENTARY` says how much each.
This measures it: both libraries, float32 and float64, against mpmath at 100 bits.

    python benchmarks/ulps.py [--count 4000] [--seed 0]

Columns: the worst error in u |f(x)| and in u (an ulp is between u |f(x)| and 2 u |f(x)|), the worst
share of what the rules allow, and that, in u. Exits 1 if any share is above 1.
"""

from __future__ import annotations

import argparse
import datetime
import math
import platform
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
from jax import lax
from numpy.typing import NDArray

from backproof.error_bounds import FORMATS
from backproof.reference import activations
from backproof.rounding_rules import ELEMENTARY, Allowance

BITS = 100


class Function(NamedTuple):
    """An elementary function in NumPy, XLA and mpmath, and where to try it.

    `low` and `high` bound the domain; `near` are the points beside which errors are largest.
    """

    numpy: Callable[..., Any]
    xla: Callable[..., Any]
    exact: Callable[..., Any]
    low: float = -1e6
    high: float = 1e6
    near: tuple[float, ...] = (0.0,)


class Worst(NamedTuple):
    """The worst of one function: in u |f|, in u, as a share of what is allowed, and where."""

    function: str
    library: str
    precision: str
    relative: float
    absolute: float
    share: float
    where: tuple[float, ...]


def _cbrt(x: Any) -> Any:
    return mpmath.sign(x) * mpmath.cbrt(abs(x))


def _logistic(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


_TURNS = (0.0, math.pi / 2, math.pi, 1.5 * math.pi, 100 * math.pi)

FUNCTIONS: Mapping[str, Function] = {
    "exp": Function(np.exp, jnp.exp, mpmath.exp, -800, 800),
    "exp2": Function(np.exp2, jnp.exp2, lambda x: mpmath.mpf(2) ** x, -1100, 1100),
    "expm1": Function(np.expm1, jnp.expm1, mpmath.expm1, -800, 800),
    "log": Function(np.log, jnp.log, mpmath.log, 0, 1e30, (0.0, 1.0)),
    "log1p": Function(np.log1p, jnp.log1p, mpmath.log1p, -1, 1e30, (-1.0, 0.0)),
    "tanh": Function(np.tanh, jnp.tanh, mpmath.tanh, -50, 50),
    "logistic": Function(activations.sigmoid, jax.nn.sigmoid, _logistic, -800, 800),
    "erf": Function(activations.erf, lax.erf, mpmath.erf, -12, 12),
    "erfc": Function(activations.erfc, lax.erfc, mpmath.erfc, -12, 12),
    "sqrt": Function(np.sqrt, jnp.sqrt, mpmath.sqrt, 0, 1e30),
    "rsqrt": Function(lambda x: 1 / np.sqrt(x), lax.rsqrt, lambda x: 1 / mpmath.sqrt(x), 0, 1e30),
    "cbrt": Function(np.cbrt, jnp.cbrt, _cbrt, -1e30, 1e30),
    "sin": Function(np.sin, jnp.sin, mpmath.sin, near=_TURNS),
    "cos": Function(np.cos, jnp.cos, mpmath.cos, near=_TURNS),
    "tan": Function(np.tan, jnp.tan, mpmath.tan, near=_TURNS),
    "asin": Function(np.arcsin, jnp.arcsin, mpmath.asin, -1, 1, (-1.0, 0.0, 1.0)),
    "acos": Function(np.arccos, jnp.arccos, mpmath.acos, -1, 1, (-1.0, 0.0, 1.0)),
    "atan": Function(np.arctan, jnp.arctan, mpmath.atan),
    "sinh": Function(np.sinh, jnp.sinh, mpmath.sinh, -800, 800),
    "cosh": Function(np.cosh, jnp.cosh, mpmath.cosh, -800, 800),
    "asinh": Function(np.arcsinh, jnp.arcsinh, mpmath.asinh, -1e30, 1e30),
    "acosh": Function(np.arccosh, jnp.arccosh, mpmath.acosh, 1, 1e30, (1.0,)),
    "atanh": Function(np.arctanh, jnp.arctanh, mpmath.atanh, -1, 1, (-1.0, 0.0, 1.0)),
    "pow": Function(np.power, jnp.power, mpmath.power, 0, 1e10, (1.0,)),
    "atan2": Function(np.arctan2, jnp.arctan2, mpmath.atan2),
}
_SECOND: Mapping[str, tuple[float, float]] = {"pow": (-8.0, 8.0), "atan2": (-1e6, 1e6)}


def points(name: str, count: int, dtype: str, rng: np.random.Generator) -> list[NDArray]:
    """Arguments: a third uniform in [-10, 10], a third over all decades, a third beside `near`."""
    function = FUNCTIONS[name]
    low, high = function.low, function.high
    signs = rng.choice([-1.0, 1.0], (2, count))
    decades = 10.0 ** rng.uniform(-8, math.log10(max(abs(low), abs(high))), count)
    beside = rng.choice(function.near, count) + signs[0] * 10.0 ** rng.uniform(-8, 0, count)
    drawn = np.stack([rng.uniform(max(low, -10), min(high, 10), count), signs[1] * decades, beside])
    first = drawn[rng.integers(3, size=count), np.arange(count)]
    inside = np.clip(np.where((first > low) & (first < high), first, -first), low, high)
    arguments = [inside.astype(dtype)]
    if name in _SECOND:
        arguments.append(rng.uniform(*_SECOND[name], count).astype(dtype))
    return arguments


def compare(
    name: str, library: str, arguments: list[NDArray], answers: NDArray, truths: list[Any]
) -> Worst:
    """The worst of `answers` against `truths`; results out of the format's range do not count."""
    precision = str(answers.dtype)
    limits, fmt = np.finfo(answers.dtype), FORMATS[precision]
    first = arguments[0].tolist()
    worst, where = [0.0, 0.0, 0.0], (0.0,)
    for at, (answer, truth) in enumerate(zip(answers.tolist(), truths, strict=True)):
        size = abs(truth)
        if not size < float(limits.max):
            continue
        error = abs(answer - truth) / fmt.u if math.isfinite(answer) else mpmath.inf
        share = error / allowed(ELEMENTARY[name], first[at], size, precision)
        relative = error / size if size > 2**10 * fmt.smallest else 0.0
        if share > worst[2]:
            where = tuple(float(argument[at]) for argument in arguments)
        worst = [
            max(old, float(new)) for old, new in zip(worst, (relative, error, share), strict=True)
        ]
    return Worst(name, library, precision, worst[0], worst[1], worst[2], where)


def allowed(own: Allowance, x: float, size: Any, precision: str) -> Any:
    """What the rules allow at x, for a result of magnitude `size`, in units of u."""
    fmt = FORMATS[precision]
    low, high = own.within
    double = own.double * FORMATS["float64"].u / fmt.u if low < x < high else 0.0
    relative = own.relative + own.growth * abs(x) + double
    return relative * size + own.absolute + fmt.smallest / fmt.u


def describe(own: Allowance) -> str:
    """`Allowance` as a formula."""
    terms = [f"{own.relative:g}|f|"]
    terms += [f"{own.growth:g}|x f|"] if own.growth else []
    terms += [f"{own.absolute:g}"] if own.absolute else []
    terms += [f"{own.double:g}|f| in float64"] if own.double else []
    return " + ".join(terms)


def measure(count: int = 4000, seed: int = 0) -> Iterator[Worst]:
    """Every function, library and precision, on `count` points each."""
    rng = np.random.default_rng(seed)
    for precision in ("float32", "float64"):
        arguments = {name: points(name, count, precision, rng) for name in FUNCTIONS}
        with jax.enable_x64(True):
            xla = jax.tree.map(np.asarray, _all_by_xla(arguments))
        for name, function in FUNCTIONS.items():
            with mpmath.workprec(BITS), np.errstate(all="ignore"):
                columns = [argument.tolist() for argument in arguments[name]]
                truths = [
                    function.exact(*map(mpmath.mpf, row)) for row in zip(*columns, strict=True)
                ]
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    by_numpy = np.asarray(function.numpy(*arguments[name]))
                yield compare(name, "numpy", arguments[name], by_numpy, truths)
                yield compare(name, "xla", arguments[name], xla[name], truths)


@jax.jit
def _all_by_xla(arguments: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: FUNCTIONS[name].xla(*values) for name, values in arguments.items()}


def main() -> int:
    """Print the table; 1 if anything is above what the rules allow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{datetime.date.today()}  {platform.processor() or platform.machine()}", end="  ")
    print(f"numpy {np.__version__}  jax {jax.__version__}  {options.count} points each")
    print("function library precision  worst/(u|f|)  worst/u  share  allowed, and worst at")
    exceeded = 0
    for row in measure(options.count, options.seed):
        exceeded += not row.share <= 1.0
        print(
            f"{row.function:8} {row.library:7} {row.precision:9} {row.relative:13.2f}"
            f" {row.absolute:8.3g} {row.share:6.2f}{' !' if row.share > 1.0 else '  '}"
            f" {describe(ELEMENTARY[row.function])}; "
            + " ".join(f"{value:.9g}" for value in row.where)
        )
    print(f"{exceeded} above what the rules allow")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
