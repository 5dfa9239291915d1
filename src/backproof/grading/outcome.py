"""What a submission is asked, how much it may use, and what came of it: plain data."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from backproof.grading import frames
from backproof.grading.frames import Value

_LARGEST: Final = 1 << 30  # bytes of a call's arguments
_DERIVE: Final = "autograd chainer flax jax keras mxnet tensorflow theano tinygrad torch"
AUTODIFF: Final = frozenset(_DERIVE.split(" "))  # modules that no submission may use
Status = Literal["answered", "failed", "time", "memory", "killed", "broken", "refused"]


@dataclass(frozen=True)
class Limits:
    """How much one submission may use.

    Attributes:
        cpu_seconds: of computing, all calls together.
        wall_seconds: from start to end, however little is computed.
        memory_bytes: of address space, of which Python and NumPy take some 200 MB.
        answer_bytes: of returned values and changed arguments, all calls together.
        printed_bytes: of what it prints; the rest is dropped.
        scratch_bytes: of files, those it came with and those it writes; they are kept in memory.
    """

    cpu_seconds: float = 10.0
    wall_seconds: float = 30.0
    memory_bytes: int = 2 << 30
    answer_bytes: int = 64 << 20
    printed_bytes: int = 16 << 10
    scratch_bytes: int = 64 << 20


@dataclass(frozen=True)
class Call:
    """A function of the submission's and the positional arguments to call it with.

    It is encoded once, however many submissions it is for: arrays in it are not to be changed.
    """

    function: str
    arguments: tuple[Value, ...] = ()

    @functools.cached_property
    def frame(self) -> bytes:
        """What goes to the submission; raises `ValueError` for arguments that are no `Value`."""
        node, body = frames.encoded(self.arguments, _LARGEST)
        other = frames.other_in(node)
        if other is not None:
            words = f"an argument of {self.function} is {other}"
            raise ValueError(f"{words}; expected arrays, numbers, texts and containers of them")
        return frames.packed({"function": self.function, "arguments": node}, body)


class Answer(NamedTuple):
    """What one call ended in.

    Attributes:
        value: what was returned, arrays read-only; an `Other` in place of what is not let out.
        arguments: those of the call, as it left them.
        error: what was raised and on which line of the submission's, in one line; None if nothing.
    """

    value: Value = None
    arguments: tuple[Value, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What a run ended in.

    Attributes:
        status: `answered` all calls, by a value or an error; `failed` when its file was run; ended
            by the limit on `time` or by want of `memory`; `killed`, which it may have done itself;
            `broken`, for answers that cannot be read; `refused`, for files that cannot be laid.
        answers: to the calls in their order, as far as they came.
        printed: what was printed, cut; no answer is ever taken from it.
        sentence: what happened, for a person.
        cpu_seconds: what it computed.
    """

    status: Status
    answers: tuple[Answer, ...]
    printed: str
    sentence: str
    cpu_seconds: float = 0.0


# A program's text, what to call, and how much that may use.
Run: TypeAlias = Callable[[str, Sequence[Call], Limits], Outcome]
