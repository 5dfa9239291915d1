"""The constants of the elementary functions, against mpmath: a small run of benchmarks/ulps.py."""

from __future__ import annotations

import runpy
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from backproof.error_bounds import FORMATS, error_bound
from backproof.rounding_rules import ELEMENTARY, RULES

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "ulps.py"


@pytest.mark.skipif(not BENCHMARK.exists(), reason="installed without its benchmarks")
def test_numpy_and_xla_are_as_accurate_as_the_rules_allow() -> None:
    measured = list(runpy.run_path(str(BENCHMARK))["measure"](count=150, seed=1))
    assert {row.function for row in measured} == set(ELEMENTARY)
    assert [row for row in measured if not row.share <= 1.0] == []


def test_the_rules_use_the_constants() -> None:
    x = {"acosh": 2.0, "pow": 0.5}
    for name, own in ELEMENTARY.items():
        if name in ("pow", "atan2"):
            continue
        f = getattr(jax.lax, name)
        value, bound = error_bound(f)(np.float32(x.get(name, 0.5)))
        u = FORMATS["float32"].u
        assert name in RULES
        least = u * (own.relative * np.abs(value) + own.absolute)
        assert least <= bound <= 1.001 * least + 2.5 * u * own.growth * np.abs(value) + 1e-30


def test_log1p_of_xla_stays_within_the_bound_where_it_is_off() -> None:
    # In float64 near -0.4: 240 u with JAX 0.10, none with 0.12.
    x = np.linspace(-0.999, 3.0, 20_001)
    with jax.enable_x64(True):
        found = np.asarray(jnp.log1p(x))
    error = np.abs(found - np.log1p(x.astype(np.longdouble)))
    bound = error_bound(jnp.log1p, "longdouble")(x)[1]
    assert np.all(error <= bound)
    # And the bound is that wide there only.
    wide = bound > 80 * 2.0**-53
    assert np.all((x[wide] > -0.5) & (x[wide] < -0.2))
