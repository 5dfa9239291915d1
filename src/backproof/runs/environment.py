"""What a run ran on, as far as Python knows without importing anything for it."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from backproof.reading.told import Unreadable

PACKAGES: Final = ("backproof", "numpy", "ml_dtypes", "jax", "jaxlib", "torch", "tensorflow", "mlx")
# What changes how frameworks compute: products in TF32, instruction sets, threads, order of sums.
_PREFIXES: Final = (
    *("XLA_", "JAX_", "TORCH_", "PYTORCH_", "CUBLAS_", "CUDA_", "NVIDIA_TF32_"),
    *("OMP_", "MKL_", "OPENBLAS_", "NPY_"),
    # TensorFlow's, and not all of TF_: Terraform keeps secrets in TF_VAR_ and TF_TOKEN_.
    *("TF_XLA_", "TF_ENABLE_", "TF_DETERMINISTIC_", "TF_CUDNN_", "TF_NUM_", "TF_GPU_"),
)


def environment() -> dict[str, Any]:
    """Versions of what is loaded, the machine, and the environment variables that matter."""
    return {
        "python": platform.python_version(),
        "versions": _versions(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "flags": {
            name: value for name, value in sorted(os.environ.items()) if name.startswith(_PREFIXES)
        },
    }


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What differs between two environments, in which a package may be loaded in one alone."""
    shared = one["versions"].keys() & other["versions"].keys()
    found = [name for name in sorted(shared) if one["versions"][name] != other["versions"][name]]
    return found + [key for key in other if key != "versions" and one.get(key) != other[key]]


def _processor() -> str:
    """The processor's model, as far as the system names it."""
    with contextlib.suppress(OSError):  # only Linux has this file, and not for every processor
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            name, _, model = line.partition(":")
            if name.strip() == "model name":
                return model.strip()
    return platform.processor()


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in PACKAGES:
        if name in sys.modules:
            try:
                found[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                found[name] = str(getattr(sys.modules[name], "__version__", "unknown"))
    return found


def check_memory(needed: float, what: str, advice: str) -> None:
    """Refuse what takes more bytes than this machine has, where processes are ended for it.

    Raises `Unreadable`, which says what it is and what to do.
    """
    if needed > _memory():
        size = f"{needed / 2**30:,.0f} GB or more"
        raise Unreadable(f"{what} take {size}, which this machine has not; {advice}")


def _memory() -> float:
    """Bytes of this machine's memory; infinite where that cannot be asked for."""
    if not hasattr(os, "sysconf"):  # as on Windows
        return math.inf
    return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
