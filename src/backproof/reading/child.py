"""The process somebody's file runs in: `python -P -m backproof.reading.child`.

It takes frames (see `wire`) on its standard input and answers on its standard output: one to load
a file, which runs it once as a module, and any number to call functions of it. Before any of
somebody's code runs, both pipes move to descriptors of their own and 0, 1 and 2 lead to nowhere, so
that printing megabytes is harmless and `input()` ends at once; the memory is limited where the
system can do it.
"""

from __future__ import annotations

import linecache
import marshal
import mmap
import os
import sys
import time
import types
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from backproof.reading import guards, helpers, recipes, stubs, wire
from backproof.reading.call import Case, Function, Outcome, outcomes
from backproof.reading.driven import Driven
from backproof.reading.failure import PLACES, described, line_of
from backproof.reading.probe import Probe
from backproof.reading.spec import Spec, from_json
from backproof.reading.watching import watched_case

_FAILURES: Final = "__backproof_failures__"
_FILLED: Final = "__backproof_filled__"
_CHUNK: Final = 1 << 16
_MOMENT: Final = 0.01  # seconds


class _Pipe:
    """Frames in, frames out, on two descriptors."""

    def __init__(self, source: int, sink: int) -> None:
        self._sink = sink
        self._frames = self._read(source)
        self._owner = os.getpid()

    def take(self) -> wire.Frame | None:
        """The next frame, or None when the other end is gone."""
        self.end_copy()
        return next(self._frames, None)

    def give(self, data: bytes) -> None:
        """Send a frame."""
        self.end_copy()
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._sink, view) :]
        except OSError:
            os._exit(wire.CLOSED)

    def end_copy(self) -> None:
        """End a process that somebody's code has forked: it would answer what is asked of us."""
        if os.getpid() != self._owner:
            os._exit(0)

    @staticmethod
    def _read(source: int) -> Iterator[wire.Frame]:
        frames = wire.Frames()
        while True:
            try:
                chunk = os.read(source, _CHUNK)
            except OSError:
                os._exit(wire.CLOSED)
            if not chunk:
                return
            yield from frames.feed(chunk)


class _InMemory:
    """The same where all frames are there beforehand, and answers are kept."""

    def __init__(self, data: bytes) -> None:
        self._frames = wire.Frames().feed(data)
        self.given: list[bytes] = []

    def take(self) -> wire.Frame | None:
        return next(self._frames, None)

    def give(self, data: bytes) -> None:
        self.given.append(data)

    def end_copy(self) -> None:
        """Whoever keeps this process apart sees to what it starts."""


def main() -> None:
    """Answer frames until the pipe is closed."""
    _serve(_private_pipes())
    os._exit(0)  # threads left behind, and what is registered with atexit, are not waited for


def answers(data: bytes) -> bytes:
    """The answers to these frames, one after the other, of a process that is kept apart anyway."""
    pipe = _InMemory(data)
    _serve(pipe)
    return b"".join(pipe.given)


def _serve(pipe: _Pipe | _InMemory) -> None:
    pipe.give(wire.packed({"ready": True}))
    load = pipe.take()
    if load is None:
        return
    begun: mmap.mmap | bytearray = bytearray(wire.COUNT.size)
    if load.header["count"]:
        with open(load.header["count"], "r+b") as file:
            begun = mmap.mmap(file.fileno(), wire.COUNT.size)
    memory = _limited(load.header["memory"])
    path: str = load.header["path"]
    try:
        if load.header["modules"]:
            stubs.install()
            stubs.draw_all()
            helpers.learn_slopes(load.header["modules"][0]["text"])
            modules = {
                one["key"]: _assembled(path, one, load.arrays[one["key"]])
                for one in load.header["modules"]
            }
        else:
            modules = {"": _executed(path)}
    except BaseException as error:
        pipe.give(wire.packed({"error": _refused(error, memory)}))
        return
    failures = {key: module.__dict__.get(_FAILURES, []) for key, module in modules.items()}
    filled = {name for module in modules.values() for name in module.__dict__.get(_FILLED, [])}
    pipe.give(wire.packed({"loaded": True, "failures": failures, "filled": sorted(filled)}))
    while (frame := pipe.take()) is not None:
        module = modules[frame.header["module"]]
        if frame.header["do"] == "about":
            pipe.give(wire.packed(_about(module, frame.header["functions"])))
        elif frame.header["do"] == "discover":
            pipe.give(_discovered(module, frame))
        elif frame.header["do"] == "watch":
            pipe.give(_watched(module, frame))
        else:
            _run(pipe, module, frame.header, memory, begun)


def _private_pipes() -> _Pipe:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(1, os.O_BINARY)
    source, sink = os.dup(0), os.dup(1)  # not inherited by what somebody's code starts
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    return _Pipe(source, sink)


def _limited(memory: int | None) -> str | None:
    """Limit the memory; the limit in words, or None where it cannot be limited."""
    if sys.platform == "win32":
        return None
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory is None:
        return None
    try:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    except (ValueError, OSError):  # macOS
        return None
    return f"{memory / 2**30:.3g} GB"


def _executed(path: str) -> types.ModuleType:
    """The module that the file makes when it runs, not as `__main__`."""
    module = _new_module(path, "")
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    linecache.getlines(path)  # for messages, before anything can move
    with np.errstate(all="ignore"):
        exec(code, module.__dict__)
    return module


def _assembled(path: str, load: dict[str, Any], code: np.ndarray) -> types.ModuleType:
    """A module of some statements of the file; those that fail are noted and left out."""
    module = _new_module(path, load["key"])
    module.__dict__[recipes.PROBE] = Probe(load["wanted"], load["rates"])
    text: str = load["text"]
    linecache.cache[path] = len(text), None, text.splitlines(keepends=True), path
    PLACES[path] = load["places"]
    stubs.as_numpy_1(module, text)
    failures: list[str] = []
    module.__dict__[_FAILURES] = failures
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for statement in marshal.loads(code.tobytes()):
            try:
                exec(statement, module.__dict__)
            except (Exception, SystemExit) as error:
                failures.append(f"{described(error)}{line_of(error)}")
    module.__dict__[_FILLED] = stubs.fill(module, text)
    stubs.return_pairs(module, text)
    probe: Probe = module.__dict__[recipes.PROBE]
    probe.remember(module.__dict__)
    return module


def _new_module(path: str, key: str) -> types.ModuleType:
    stem = os.path.splitext(os.path.basename(path))[0]
    taken = stem in sys.modules or stem in sys.stdlib_module_names
    module = types.ModuleType(f"_{stem}_{key}" if taken or key else stem)
    module.__file__ = path
    sys.modules[module.__name__] = module
    folder = os.path.dirname(path)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    sys.argv = [path]
    sys.dont_write_bytecode = True  # nothing is left in their folder
    return module


def _discovered(module: types.ModuleType, frame: wire.Frame) -> bytes:
    """Run a recipe on its own parameters and say which they are, or what went wrong."""
    probe: Probe = module.__dict__[recipes.PROBE]
    x, y = (np.array(frame.arrays[name]) for name in "xy")
    probe.begin(x, y, 1.0, frame.header["sizes"], None)
    probe.restore()
    error = None
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _function(module, recipes.DRIVER)()
    except BaseException as raised:
        error = f"raised {described(raised)}{line_of(raised)}"
    slots = [[slot.path, slot.shape, slot.number] for slot in probe.inventory.values()]
    return wire.packed({"slots": slots, "rates": sorted(probe.rates), "problem": error})


def _watched(module: types.ModuleType, frame: wire.Frame) -> bytes:
    """The outcome of one case, and every array that the file's functions held on the way."""
    spec = from_json(frame.header["spec"])
    function, loss = _callables(module, spec, without_guards=False)
    probe: Probe = module.__dict__[recipes.PROBE]
    told = watched_case(function, loss, spec, frame.arrays, str(module.__file__), probe)
    return wire.packed(*told)


def _callables(
    module: types.ModuleType, spec: Spec, *, without_guards: bool
) -> tuple[Function, Function | None]:
    if spec.family.piece is None:
        helpers.take_softmax_along(spec.layouts["x"])
    function = _function(module, spec.function)
    loss = None if spec.loss is None else _function(module, spec.loss)
    if without_guards:
        function = guards.without_guards(function) or function
        loss = loss and (guards.without_guards(loss) or loss)
    if spec.function == recipes.DRIVER:
        function = Driven(function, module.__dict__[recipes.PROBE], spec)
    return function, loss


def _refused(error: BaseException, memory: str | None) -> str:
    where = line_of(error)
    if isinstance(error, SystemExit):
        return f"calls sys.exit when it is run{where}"
    if isinstance(error, MemoryError) and memory is not None:
        return f"takes more than {memory} when it is run{where}"
    return f"raises {described(error)} when it is run{where}"


def _function(module: types.ModuleType, name: str) -> Function:
    function = getattr(module, name, None)
    if not callable(function):
        raise LookupError(f"defines no function {name} once it has run")
    found: Function = function
    return found


def _about(module: types.ModuleType, names: Sequence[str]) -> dict[str, Any]:
    found: set[tuple[float, int]] = set()
    precisions: set[str] = set()
    try:
        for name in names:
            function = _function(module, name)
            found.update(guards.guards(function))
            precisions |= guards.precisions_named(function)
    except LookupError as error:
        return {"error": str(error)}
    ordered = sorted(found, key=lambda guard: (guard[1], guard[0]))
    return {"guards": ordered, "precisions": sorted(precisions)}


def _run(
    pipe: _Pipe | _InMemory,
    module: types.ModuleType,
    header: dict[str, Any],
    memory: str | None,
    begun: mmap.mmap | bytearray,
) -> None:
    spec = from_json(header["spec"])
    total: int = header["count"]

    def arriving() -> Iterator[Case]:
        number = 0
        while number < total:
            frame = pipe.take()
            if frame is None:
                return
            for case in wire.parted(frame):
                pipe.end_copy()
                number += 1
                wire.COUNT.pack_into(begun, 0, number)
                yield case

    cases = arriving()
    try:
        function, loss = _callables(module, spec, without_guards=header["without_guards"])
    except LookupError as error:
        for _ in cases:
            pass
        pipe.give(wire.packed({"error": str(error)}))
        return
    results = outcomes(
        function,
        spec,
        cases,
        loss=loss,
        dtype=header["dtype"],
        repeat=header["repeat"],
        memory=memory,
    )
    for some in _gathered(results):
        pipe.give(wire.from_outcomes(some))


def _gathered(results: Iterator[Outcome]) -> Iterator[list[Outcome]]:
    """What comes within a moment, together: sending it costs as much as some calls do."""
    some: list[Outcome] = []
    sent = time.monotonic()
    for outcome in results:
        some.append(outcome)
        if time.monotonic() > sent + _MOMENT:
            yield some
            some, sent = [], time.monotonic()
    if some:
        yield some


if __name__ == "__main__":
    main()
