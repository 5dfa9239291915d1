"""Compiled programs, kept from one process to the next in the user's cache folder.

A damaged entry, left by a process that was interrupted while it wrote, is removed and made anew;
without a place to write, everything works and takes longer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.export
import platformdirs

T = TypeVar("T")

# Most of what a command takes at first is compiling; these take a third off it and cost the
# programs nothing (benchmarks/verify.py). Splitting reductions into trees doubles the kernels.
QUICKLY: dict[str, Any] = {
    "xla_backend_optimization_level": 1,
    "xla_llvm_disable_expensive_passes": True,
    "xla_disable_hlo_passes": "tree_reduction_rewriter",
}
_CONFIG: Any = jax.config  # its options are not in JAX's types
_raising: list[bool] = []  # for each thread in `_errors_raised`, what was told before it came
_lock = threading.Lock()
_DIGEST = hashlib.sha256().digest_size


def use() -> Path:
    """The cache folder; JAX's own cache is kept in it too, unless it was told another place."""
    told = os.environ.get("BACKPROOF_CACHE")
    folder = Path(told) if told else platformdirs.user_cache_path("backproof")
    if _CONFIG.jax_compilation_cache_dir is None and _is_writable(folder / "jax"):
        _CONFIG.update("jax_compilation_cache_dir", str(folder / "jax"))
        _CONFIG.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        _CONFIG.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return folder


def cpu() -> jax.Device:
    """Where all programs run; raises `RuntimeError` where JAX was told to leave it out."""
    try:
        return jax.devices("cpu")[0]
    except (RuntimeError, AssertionError) as error:  # the second for a platform that is not there
        told = _CONFIG.jax_platforms
        raise RuntimeError(
            f"JAX gives no CPU, on which the truth is computed: it was told JAX_PLATFORMS={told!r};"
            " unset that, or name cpu in it as well"
        ) from error


@contextlib.contextmanager
def float64_on_cpu() -> Iterator[None]:
    """Have JAX compute as the truth is computed."""
    with jax.enable_x64(True), jax.default_device(cpu()):
        yield


def compiled(
    path: Path,
    lowered: Callable[[], jax.export.Exported],
    compiling: Callable[[jax.export.Exported], T],
) -> T:
    """What `compiling` makes of the program kept at `path`.

    Where there is none, or it does not load or compile any more, that of `lowered`, which is kept.
    """
    content = _kept(path)
    if content is not None:
        # What is damaged is as good as none, however it shows.
        with contextlib.suppress(Exception):
            return compiling(jax.export.deserialize(content))
    exported = lowered()
    _keep(path, exported.serialize())
    return compiling(exported)


def _keep(path: Path, content: bytes | bytearray) -> None:
    """Write atomically; without a place to write, go on without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(content).digest() + content)
    except OSError:
        return
    try:
        Path(file.name).replace(path)
    except OSError:  # a folder is in its place
        with contextlib.suppress(OSError):
            os.unlink(file.name)


def _kept(path: Path) -> bytearray | None:
    """What `_keep` has written; None where there is nothing, or where it is not that any more.

    A flipped bit does not always show when a program is loaded: it may compute something else.
    """
    try:
        if not path.is_file():  # opening a pipe waits for whoever writes on it
            return None
        whole = path.read_bytes()
    except OSError:
        return None
    digest, content = whole[:_DIGEST], whole[_DIGEST:]
    return bytearray(content) if hashlib.sha256(content).digest() == digest else None


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
