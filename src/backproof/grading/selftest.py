"""Whether isolation holds on this machine, found out by trying to break out of it."""

from __future__ import annotations

import os
import tempfile
from typing import Final

from backproof.grading.sandbox import Call, Limits, Sandbox, Unavailable, Value

# Each function returns what it got away with, in words; an empty list is what it should return.
_PROBES: Final = rb"""
import ctypes, os, signal, socket

def _managed(attempts):
    found = []
    for words, attempt in attempts:
        try:
            attempt()
        except (OSError, ImportError, ValueError):
            continue
        found.append(words)
    return found

def _read(path):
    with open(path, "rb") as file:
        file.read(1)

def files(paths):
    read = [("read " + path, lambda path=path: _read(path)) for path in paths]
    read.append(("listed processes", lambda: os.listdir("/proc/1")))
    folders = ("/", "/dev", os.path.dirname(os.__file__))
    write = [("written to " + folder, lambda folder=folder: os.mkdir(folder + "/left"))
             for folder in folders]
    return _managed(read + write)

def processes():
    parent = os.getppid()
    return _managed([
        ("started a process", os.fork),
        ("run a program", lambda: os.execv("/proc/self/exe", ["python"])),
        ("signalled its parent", lambda: os.kill(parent, signal.SIGTERM)),
        ("signalled its group", lambda: os.kill(0, signal.SIGTERM)),
    ])

def network():
    families = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
    return _managed([("opened a socket", lambda one=one: socket.socket(one)) for one in families])

def rights():
    libc = ctypes.CDLL(None, use_errno=True)
    def done(result):
        if result:
            raise OSError(ctypes.get_errno(), "")
    return _managed([
        ("mounted a folder", lambda: done(libc.mount(b"x", b"/scratch", b"tmpfs", 0, None))),
        ("unmounted a folder", lambda: done(libc.umount2(b"/scratch", 2))),
        ("made a user namespace", lambda: done(libc.unshare(0x10000000))),
        ("left its root", lambda: done(libc.chroot(b"."))),
        ("traced itself", lambda: done(libc.ptrace(0, 0, 0, 0))),
    ])

def leave():
    open("left", "w").close()
    return os.listdir(".")

def endless():
    while True:
        pass
"""
_NAMES: Final = ("processes", "network", "rights")
_ENDLESS: Final = Limits(wall_seconds=0.2)
_LEFT: Final = ["left", "probes.py"]


def self_test(*, warm: bool = True) -> str | None:
    """Why submissions cannot be isolated here and what to do about it; None if they can.

    Takes about a second. A system that forbids namespaces, a bubblewrap that is missing, and a
    probe that gets away with something are told apart. With `warm` false it tries the slower way
    that `Sandbox.warm` tells of.
    """
    try:
        with Sandbox(Limits(), warm=warm) as sandbox:
            got = _got_away(sandbox)
    except Unavailable as error:
        return str(error)
    if got:
        return f"isolation does not hold here: a submission has {', '.join(got)}; do not grade here"
    return None


def _got_away(sandbox: Sandbox) -> list[str]:
    files = {"probes.py": _PROBES}
    with tempfile.NamedTemporaryFile() as secret:
        paths: list[Value] = [
            secret.name,
            os.path.abspath(__file__),
            "/etc/passwd",
            "/proc/self/environ",
        ]
        calls = [Call("files", (paths,)), *map(Call, _NAMES), Call("leave")]
        outcomes = [sandbox.run(files, "probes.py", calls) for _ in range(2)]
    got: list[str] = []
    for outcome in outcomes:
        values = [answer.value for answer in outcome.answers]
        if outcome.status != "answered" or not all(isinstance(value, list) for value in values):
            return [f"not answered as it should ({outcome.sentence})"]
        *found, left = values
        got += [str(words) for value in found if isinstance(value, list) for words in value]
        if not isinstance(left, list) or sorted(map(str, left)) != _LEFT:
            got.append("found what another one left")
    sandbox.limits = _ENDLESS
    if sandbox.run(files, "probes.py", [Call("endless")]).status != "time":
        got.append("not been ended when its time was up")
    return list(dict.fromkeys(got))
