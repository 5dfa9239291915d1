"""Compiled programs, kept from one process to the next in the user's cache folder.

A damaged entry, left by a process that was interrupted while it wrote, is removed and made anew;
without a place to write, everything works and takes longer.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import platformdirs

_CONFIG: Any = jax.config  # its options are not in JAX's types
_raising: list[bool] = []  # for each thread in `_errors_raised`, what was told before it came
_lock = threading.Lock()


def use() -> Path:
    """The cache folder; JAX's own cache is kept in it too, unless it was told another place."""
    told = os.environ.get("BACKPROOF_CACHE")
    folder = Path(told) if told else platformdirs.user_cache_path("backproof")
    if _CONFIG.jax_compilation_cache_dir is None and _is_writable(folder / "jax"):
        _CONFIG.update("jax_compilation_cache_dir", str(folder / "jax"))
        _CONFIG.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        _CONFIG.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return folder


def keep(path: Path, content: bytes | bytearray) -> None:
    """Write atomically; without a place to write, go on without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)
    except OSError:
        return


def compile_once(compiling: Callable[[], object]) -> None:
    """Run what compiles; if JAX's cache is damaged, empty it and run again.

    JAX only warns of a damaged entry, and leaves it there for ever.
    """
    try:
        with _errors_raised():
            compiling()
    except Exception:
        for entry in (use() / "jax").glob("*-cache"):
            with contextlib.suppress(OSError):
                entry.unlink()
        compiling()


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


@contextlib.contextmanager
def _errors_raised() -> Iterator[None]:
    """Errors of JAX's cache are raised as long as any thread is in here."""
    with _lock:
        _raising.append(_CONFIG.jax_raise_persistent_cache_errors)
        _CONFIG.update("jax_raise_persistent_cache_errors", True)
    try:
        yield
    finally:
        with _lock:
            # The last one told may be another thread's; once the list is empty it is the user's.
            told = _raising.pop()
            _CONFIG.update("jax_raise_persistent_cache_errors", told)
