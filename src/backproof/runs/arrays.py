"""Arrays in files that outlive their writer: written whole, and known again by their bytes.

A file is a NumPy `.npz` without compression and without pickled objects (numpy.lib.format, version
1.0). bfloat16, which the format does not know, is kept as its raw bits in uint16. What each array
is, and the SHA-256 of its type, shape and bytes in C order, stands in `run.json`, not in the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from ml_dtypes import bfloat16

from backproof.reading.told import Unreadable

# Everything a record may hold. Types have one width and, in the files, one order of bytes.
DTYPES: Final = {
    name: np.dtype(name)
    for name in ("bool", "int32", "int64", "uint8", "float16", "float32", "float64")
} | {"bfloat16": np.dtype(bfloat16)}

# What reading a file raises that is no NPZ file, or another one: encrypted, cut short, flipped.
_DAMAGED: Final = (
    *(ValueError, EOFError, MemoryError, AttributeError, TypeError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)


def as_numpy(name: str, value: Any) -> np.ndarray:
    """Anything that `np.asarray` takes, and PyTorch's tensors; ValueError names what is none."""
    try:
        return _as_numpy(value)
    except (TypeError, ValueError, RuntimeError) as error:  # what frameworks raise, and raggedness
        kind, words = type(value).__name__, str(error).partition("\n")[0]
        expected = "expected an array of numbers, all rows of one length"
        raise ValueError(
            f"{name}: NumPy makes no array of this {kind} ({words}); {expected}"
        ) from None


def _as_numpy(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":  # for which NumPy has no name; this is exact
            return np.asarray(value.float().numpy().astype(bfloat16))
        return np.asarray(value.numpy())
    return np.asarray(value)


def digest(array: np.ndarray) -> str:
    """SHA-256 of an array's type, shape and bytes (little-endian, C order), in hexadecimal."""
    raw = _raw(array)
    told = f"{array.dtype.name}{list(array.shape)}".encode()
    return hashlib.sha256(told + raw.tobytes()).hexdigest()


def described(array: np.ndarray) -> dict[str, Any]:
    """What `run.json` says of an array."""
    return {"dtype": array.dtype.name, "shape": list(array.shape), "sha256": digest(array)}


def _raw(array: np.ndarray) -> np.ndarray:
    plain = array.view(np.uint16) if array.dtype == bfloat16 else array
    return np.ascontiguousarray(plain, plain.dtype.newbyteorder("<")).reshape(array.shape)


def write(path: Path, arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Write a file of arrays, whole or not at all; returns what `run.json` says of them.

    Raises OSError with the path where that is not possible.
    """
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **{name: _raw(value) for name, value in arrays.items()})
    replace(path, content.getvalue())
    return {name: described(value) for name, value in arrays.items()}


def replace(path: Path, content: bytes) -> None:
    """Give a file this content, whole or not at all. Raises OSError with the path."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with open(handle, "wb") as file:
                file.write(content)
            os.replace(beside, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
    except OSError as error:
        words = error.strerror or str(error)
        raise OSError(error.errno, f"{path} cannot be written: {words}") from None


def read(path: Path, described: Mapping[str, Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """The arrays of a file, in the order of `described`, which they have to fit to the bit.

    Raises `Unreadable`, which says what the file lacks or where it differs.
    """
    try:
        with open(path, "rb") as raw, _opened(path, raw) as file:
            return {name: _fitting(path, name, file, told) for name, told in described.items()}
    except FileNotFoundError:
        raise Unreadable(f"{path} is missing, which run.json names") from None
    except (OSError, *_DAMAGED) as error:
        raise Unreadable(f"{path} is damaged or cut short: {error}") from None


def read_any(path: Path) -> dict[str, np.ndarray]:
    """All arrays of somebody's NPZ file; raises `Unreadable`."""
    try:
        with open(path, "rb") as raw, _opened(path, raw) as file:
            return {name: np.asarray(file[name]) for name in file.files}
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from None
    except _DAMAGED as error:
        if str(error).startswith("Object arrays"):
            kinds = "expected numbers, and labels as numbers or, by .astype(str), texts"
            raise Unreadable(f"{path} holds an array of Python objects; {kinds}") from None
        words = str(error).partition(". If you trust")[0]  # NumPy tells how to run what it holds
        raise Unreadable(f"{path} is no NPZ file, or cut short: {words}") from None


def _opened(path: Path, raw: IO[bytes]) -> Any:
    file = np.load(raw, allow_pickle=False)
    if not isinstance(file, np.lib.npyio.NpzFile):
        raise Unreadable(f"{path} holds one array; expected an NPZ file of several")
    return file


def _fitting(path: Path, name: str, file: Any, told: Mapping[str, Any]) -> np.ndarray:
    if name not in file.files:
        raise Unreadable(f"{path} holds no {name!r}, which run.json names")
    value = np.asarray(file[name])
    if told["dtype"] == "bfloat16" and value.dtype == np.uint16:
        value = value.view(bfloat16)
    came = f"{value.dtype.name}{list(value.shape)}"
    if came != f"{told['dtype']}{list(told['shape'])}":
        expected = f"{told['dtype']}{list(told['shape'])}"
        raise Unreadable(f"{path}: {name} is {came}, and run.json says {expected}")
    if digest(value) != told["sha256"]:
        raise Unreadable(f"{path}: {name} is not what was recorded; its SHA-256 differs")
    return value
