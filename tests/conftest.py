"""Shapes and types are checked at run time, and compiled programs are shared between tests."""

from __future__ import annotations

import os
from pathlib import Path

import jaxtyping
from hypothesis import settings

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Next to the sources, so that running the tests leaves the user's own cache alone.
os.environ.setdefault("BACKPROOF_CACHE", str(Path(__file__).parents[1] / ".cache" / "backproof"))

# Not `training`: what it is given comes from users, so it checks that itself, in words.
jaxtyping.install_import_hook(["backproof.models"], typechecker="beartype.beartype")

settings.register_profile("backproof", deadline=None, max_examples=50, print_blob=True)
settings.load_profile("backproof")
