"""Shapes and types are checked at run time, and compiled programs are shared between tests."""

from __future__ import annotations

import os
from pathlib import Path

import jaxtyping
import pytest
from hypothesis import settings

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Next to the sources, so that running the tests leaves the user's own cache alone.
CACHE = os.environ.setdefault(
    "BACKPROOF_CACHE", str(Path(__file__).parents[1] / ".cache" / "backproof")
)
# What any test, worker or child process has compiled, no other compiles again.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(CACHE) / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

# Not `training`: what it is given comes from users, so it checks that itself, in words.
jaxtyping.install_import_hook(["backproof.models"], typechecker="beartype.beartype")

settings.register_profile("by day", deadline=None, max_examples=20, print_blob=True)
settings.register_profile("nightly", deadline=None, max_examples=200, print_blob=True)
settings.load_profile("by day")


def pytest_configure(config: pytest.Config) -> None:
    """By day our programs are compiled without optimising, and no sizes above 16 are drawn.

    Compiling is much of what the tests take where nothing is compiled yet: so a third less, and
    half as many programs. Nightly, and by child processes, all is as it is for users.
    """
    from backproof import cases, program_cache

    if config.option.markexpr == "not nightly":
        program_cache.QUICKLY["xla_backend_optimization_level"] = 0
        cases.LARGER = 0.0
