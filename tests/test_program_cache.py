"""Compiled programs survive a process; what is damaged or cannot be written does no harm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import warnings; warnings.simplefilter("error")
import jax, jax.numpy as jnp
from backproof import program_cache
program_cache.use()
program = jax.jit(lambda v: jnp.sin(v) * 3)
program_cache.compile_once(lambda: program(1.0))
print(float(program(0.0)))
"""


def run(cache: Path | str) -> str:
    environment = {**os.environ, "BACKPROOF_CACHE": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_damaged_entries_are_made_anew_without_a_word(tmp_path: Path) -> None:
    assert run(tmp_path) == "0.0\n"
    entries = list((tmp_path / "jax").glob("*-cache"))
    assert entries
    for entry in entries:
        entry.write_bytes(b"garbage")
    assert run(tmp_path) == "0.0\n"
    made = [entry.read_bytes() for entry in (tmp_path / "jax").glob("*-cache")]
    assert made
    assert b"garbage" not in made


def test_without_a_place_to_write_it_goes_on(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("a file, where a folder should be")
    assert run(taken) == "0.0\n"
