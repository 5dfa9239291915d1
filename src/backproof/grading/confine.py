"""Gives a process namespaces of its own and takes its rights away; runs inside, as Python only.

Sources: unshare(2), mount(2), capset(2), prctl(2), setrlimit(2), and <linux/capability.h>.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
from collections.abc import Iterator
from typing import Final

from backproof.grading import seccomp

_NEW_MOUNTS: Final = 0x00020000
_NEW_PROCESSES: Final = 0x20000000
_NO_SET_USER: Final = 2
_NO_DEVICES: Final = 4
_NO_EXECUTION: Final = 8
_RECURSIVE: Final = 1 << 14
_PRIVATE: Final = 1 << 18
_SET_SECCOMP: Final = 22
_FILTER: Final = 2
_SET_NO_NEW_PRIVILEGES: Final = 38
_CAPABILITIES: Final = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
_INODE_BYTES: Final = 1 << 14  # one file for each of these of the scratch folder's size
DESCRIPTORS: Final = 64
_TASKS: Final = 512

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)
_libc.mount.argtypes = (*(ctypes.c_char_p,) * 3, ctypes.c_ulong, ctypes.c_char_p)


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


class _Capabilities(ctypes.Structure):
    """struct __user_cap_header_struct."""

    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


def keep_few_descriptors() -> None:
    """Allow no more than `DESCRIPTORS`, as some systems close all that there may be in turn."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


@contextlib.contextmanager
def next_child_apart() -> Iterator[None]:
    """A child forked in here is the first of a process namespace of its own.

    Raises `OSError` where the system forbids it, or is older than Linux 5.8.
    """
    ours = os.pidfd_open(os.getpid())
    try:
        _done("unshare", _libc.unshare(_NEW_PROCESSES))
        yield
        # Only the first can be forked into it, and it ends with that one.
        _done("setns", _libc.setns(ours, _NEW_PROCESSES))
    finally:
        os.close(ours)


def separate(scratch: str, scratch_bytes: int) -> None:
    """Leave the others' mounts, with an empty folder of limited size at `scratch`.

    Raises `OSError` where the system forbids it.
    """
    _done("unshare", _libc.unshare(_NEW_MOUNTS))
    _done("mount", _libc.mount(None, b"/", None, _RECURSIVE | _PRIVATE, None))
    flags = _NO_SET_USER | _NO_DEVICES | _NO_EXECUTION
    options = f"size={scratch_bytes},nr_inodes={16 + scratch_bytes // _INODE_BYTES},mode=0700"
    _done("mount", _libc.mount(b"tmpfs", scratch.encode(), b"tmpfs", flags, options.encode()))


def limit(cpu_seconds: int, memory_bytes: int, file_bytes: int) -> None:
    """Set the limits the kernel keeps: it kills at the first and refuses at the others."""
    for kind, most in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NPROC, _TASKS),  # of threads; root is not held to it
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def give_up_rights() -> None:
    """Drop all capabilities for good, and put the filter of system calls in place."""
    header = _Capabilities(_CAPABILITIES, 0)
    none = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, twice 32 of each
    _done("capset", _libc.capset(ctypes.byref(header), none))
    _done("prctl", _libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    code = seccomp.program(os.uname().machine, os.getpid())
    program = _Program(len(code) // 8, code)
    _done("seccomp", _libc.prctl(_SET_SECCOMP, _FILTER, ctypes.addressof(program), 0, 0))


def _done(what: str, result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
