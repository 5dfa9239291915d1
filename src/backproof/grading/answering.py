"""A submission, run in the process that was made for it: its file once, then the calls.

All of this shares a process with somebody's code, which may change any of it; whatever comes of
that is an answer like another, or none. So there is nothing here to find: no expected values, no
seeds, and no way out but the pipe to whoever checks what comes through it.
"""

from __future__ import annotations

import functools
import gc
import io
import linecache
import os
import random
import sys
import threading
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, TypeAlias

import numpy as np

from backproof.grading import frames
from backproof.grading.frames import Value
from backproof.reading.failure import described, line_of

_WORDS: Final = 500
_TRIED_BYTES: Final = 1 << 20
Asked: TypeAlias = "tuple[str, tuple[Value, ...]]"  # the name of a function, and its arguments


class _Pipe:
    """Frames out, whole ones, whichever thread writes them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.RLock()

    def give(self, frame: bytes) -> None:
        view = memoryview(frame)
        with self._lock:
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:
                os._exit(frames.CLOSED)


class _Printed(io.BufferedIOBase):
    """What is printed goes out at once, until there is enough of it."""

    name = "<printed>"

    def __init__(self, pipe: _Pipe, room: int) -> None:
        self._pipe = pipe
        self._room = room

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        text = bytes(data)
        shown = text[: max(0, self._room)]
        self._room -= len(shown)
        if shown:
            self._pipe.give(frames.packed({"is": "printed"}, shown))
        return len(text)


def prepare() -> None:
    """Set what all submissions begin with; whoever is copied for them does it once."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    np.random.seed(0)  # noqa: NPY002 - it is what homework draws from
    np.random.default_rng = _seeded(np.random.default_rng)
    gc.freeze()  # memory is shared with the copies until it is touched
    gc.disable()


def _seeded(fresh: Callable[..., Any]) -> Callable[..., Any]:
    """A generator that is asked for without a seed gets one, which NumPy's own seed decides."""

    @functools.wraps(fresh)
    def made(seed: Any = None) -> Any:
        return fresh(np.random.randint(1 << 31) if seed is None else seed)  # noqa: NPY002

    return made


def kept(request: bytes) -> list[Asked]:
    """The calls of these frames, for `answer`; whoever is copied does it once for all copies."""
    calls = [*map(_asked, frames.split(memoryview(request)))]
    module = types.ModuleType("tried")
    exec("def same(*given):\n    return given", module.__dict__)
    for _, given in calls:  # Python runs faster, and on fewer new pages, what it ran before
        _called(module, "same", given, _TRIED_BYTES)
    gc.freeze()
    return calls


def _asked(frame: tuple[dict[str, Any], memoryview]) -> Asked:
    call, body = frame
    return call["function"], frames.arguments_of(call["arguments"], body)


def answer(
    request: memoryview, descriptor: int, folder: str, known: Sequence[Asked] = ()
) -> NoReturn:
    """Lay the files of `request` into `folder`, run the main one, make the calls, and end.

    The calls are in the request, or it says which of those in `known` they are.
    """
    pipe = _Pipe(descriptor)
    _answered(request, pipe, folder, known)
    pipe.give(frames.packed({"is": "end"}))
    os._exit(0)


def give_up(descriptor: int, error: Exception) -> NoReturn:
    """Say that nothing is run, because it could not be confined."""
    pipe = _Pipe(descriptor)
    pipe.give(frames.packed({"is": "failed", "error": f"not confined: {error}", "memory": False}))
    pipe.give(frames.packed({"is": "end"}))
    os._exit(0)


def _answered(request: memoryview, pipe: _Pipe, folder: str, known: Sequence[Asked]) -> None:
    parts = frames.split(request)
    told, contents = next(parts)
    left: int = told["answer_bytes"]
    shown = _Printed(pipe, told["printed_bytes"] + 1)  # one more says that it was cut
    sys.stdout = sys.stderr = io.TextIOWrapper(shown, "utf-8", "replace", write_through=True)
    random.seed(0)  # it seeds itself anew in every copy
    gc.enable()
    try:
        _lay(told["files"], contents, folder)
        module = _executed(os.path.join(folder, told["main"]), folder)
    except BaseException as error:
        memory = isinstance(error, MemoryError)
        pipe.give(frames.packed({"is": "failed", "error": _words(error), "memory": memory}))
        return
    pipe.give(frames.packed({"is": "loaded"}))
    places = told["kept"]
    for name, given in map(_asked, parts) if places is None else [known[one] for one in places]:
        frame = _called(module, name, given, left)
        left = max(0, left - len(frame))
        pipe.give(frame)


def _lay(files: list[tuple[str, int]], contents: memoryview, folder: str) -> None:
    start = 0
    for name, size in files:
        path = os.path.join(folder, name)
        if "/" in name:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(contents[start : start + size])
        start += size


def _executed(path: str, folder: str) -> types.ModuleType:
    """The module that the file makes when it runs, not as `__main__`."""
    stem = os.path.splitext(os.path.basename(path))[0]
    taken = stem in sys.modules or stem in sys.stdlib_module_names
    module = types.ModuleType(f"_{stem}" if taken else stem)
    module.__file__ = path
    sys.modules[module.__name__] = module
    sys.path.insert(0, os.path.dirname(path))
    sys.argv = [path]
    os.chdir(folder)
    with open(path, "rb") as file:
        data = file.read()
    lines = data.decode(errors="replace").splitlines(keepends=True)
    linecache.cache[path] = len(data), None, lines, path  # for messages, before anything can move
    exec(compile(data, path, "exec", dont_inherit=True), module.__dict__)
    return module


def _called(module: types.ModuleType, name: str, given: tuple[Value, ...], left: int) -> bytes:
    """The frame of one answer; the arguments are sent along if they are no longer what they were.

    The letters: `v` what was returned, `e` an error, `c` the changed arguments, whose arrays come
    after `n` bytes.
    """
    try:
        function = getattr(module, name, None)
        if not callable(function):
            return frames.packed({"is": "answer", "e": f"defines no function {name}"})
        arguments = frames.writable(given)
        value, data = frames.encoded(function(*arguments), left)
        if frames.same(given, arguments):
            frame = frames.packed_answer(value, data)
        else:
            after, moved = frames.encoded(arguments, left - len(data))
            header = {"is": "answer", "v": value, "c": after, "n": len(data)}
            data += moved
            frame = frames.packed(header, data)
        if len(frame) <= min(left + frames.SPARE, len(data) + frames.HEADER_BYTES):
            return frame
        return frames.packed({"is": "answer", "v": ["o", "a value too long to be let out"]})
    except BaseException as error:
        return frames.packed({"is": "answer", "e": _words(error)})


def _words(error: BaseException) -> str:
    what = "calls sys.exit" if isinstance(error, SystemExit) else described(error)
    return f"{what}{line_of(error)}"[:_WORDS]
