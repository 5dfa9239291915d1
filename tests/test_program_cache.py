"""Compiled programs survive a process; what is damaged or cannot be written does no harm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.export
import pytest

from backproof import program_cache

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
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)  # as conftest.py told it
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


@pytest.mark.parametrize("platform", ["cuda", "nonsense"])
def test_without_a_cpu_it_says_so(platform: str) -> None:
    code = "from backproof import program_cache; program_cache.cpu()"
    environment = {**os.environ, "JAX_PLATFORMS": platform}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    words = f"JAX_PLATFORMS={platform!r}; unset that, or name cpu in it as well"
    assert done.stderr.strip().endswith(words)


class Kept:
    """Counts how often a program is lowered; its answer is 6."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lowered = 0

    def lower(self) -> jax.export.Exported:
        self.lowered += 1
        return jax.export.export(jax.jit(lambda v: v * 3.0), platforms=["cpu"])(2.0)

    def answer(self) -> float:
        return program_cache.compiled(
            self.path, self.lower, lambda exported: float(jax.jit(exported.call)(2.0))
        )


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    made = Kept(tmp_path / "a.stablehlo")
    assert [made.answer(), made.answer()] == [6.0, 6.0]
    assert made.lowered == 1
    return made


def test_a_flipped_bit_anywhere_is_seen_and_mended_once(kept: Kept) -> None:
    whole = kept.path.read_bytes()
    for place in range(0, len(whole), len(whole) // 20):
        damaged = bytearray(whole)
        damaged[place] ^= 4
        kept.path.write_bytes(damaged)
        before = kept.lowered
        assert [kept.answer(), kept.answer()] == [6.0, 6.0]
        assert kept.lowered == before + 1


def test_a_program_that_does_not_compile_any_more_is_made_anew(kept: Kept) -> None:
    tried: list[jax.export.Exported] = []

    def compiling(exported: jax.export.Exported) -> int:
        tried.append(exported)
        if len(tried) == 1:
            raise RuntimeError("from another version of the compiler")
        return len(tried)

    assert program_cache.compiled(kept.path, kept.lower, compiling) == 2
    assert kept.lowered == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_what_is_no_file_is_not_waited_for(kept: Kept) -> None:
    kept.path.unlink()
    os.mkfifo(kept.path)
    assert [kept.answer(), kept.answer()] == [6.0, 6.0]
    assert kept.lowered == 2
    kept.path.unlink()
    kept.path.mkdir()
    assert [kept.answer(), kept.answer()] == [6.0, 6.0]
    assert list(kept.path.parent.iterdir()) == [kept.path]
