"""The system calls a submission may make, as a filter that the kernel runs before each.

What a table does not list is refused: with EPERM, which Python says as a PermissionError, or with
ENOSYS where the call is newer than the numbering all architectures share from 424 on, so that the C
library falls back on an older one (`clone3` on `clone`, through which threads still work). So there
are no new processes, no sockets, no mounts, no namespaces, no tracing, no signals to others, and
none of the calls that kernels have had most trouble with (bpf, io_uring, keyctl, userfaultfd,
perf_event_open). A process that calls by another architecture's numbers is killed.

Sources: seccomp(2), <linux/seccomp.h>, <linux/filter.h> and <linux/audit.h> for the format; the
kernel's arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h for the
numbers.
"""

from __future__ import annotations

import errno
import functools
import itertools
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

# name, number on x86_64, number on aarch64; - where an architecture has no such call
_ALLOWED: Final = """
files and directories:
  read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68, lseek 8 62,
  open 2 -, openat 257 56, close 3 57, close_range 436 436, stat 4 -, fstat 5 80, lstat 6 -,
  newfstatat 262 79, statx 332 291, statfs 137 43, fstatfs 138 44, access 21 -, faccessat 269 48,
  faccessat2 439 439, fcntl 72 25, flock 73 32, fsync 74 82, fdatasync 75 83, truncate 76 45,
  ftruncate 77 46, fallocate 285 47, fadvise64 221 223, getdents 78 -, getdents64 217 61,
  getcwd 79 17, chdir 80 49, fchdir 81 50, rename 82 -, renameat 264 38, renameat2 316 276,
  mkdir 83 -, mkdirat 258 34, rmdir 84 -, unlink 87 -, unlinkat 263 35, symlink 88 -,
  symlinkat 266 36, link 86 -, linkat 265 37, readlink 89 -, readlinkat 267 78, chmod 90 -,
  fchmod 91 52, fchmodat 268 53, umask 95 166, utimensat 280 88, dup 32 23, dup2 33 -,
  dup3 292 24, pipe 22 -, pipe2 293 59,
memory:
  mmap 9 222, munmap 11 215, mprotect 10 226, mremap 25 216, madvise 28 233, brk 12 214,
  msync 26 227, mincore 27 232, membarrier 324 283,
threads and the end:
  futex 202 98, set_robust_list 273 99, set_tid_address 218 96, rseq 334 293, sched_yield 24 124,
  sched_getaffinity 204 123, sched_get_priority_max 146 125, sched_get_priority_min 147 126,
  gettid 186 178, getcpu 309 168, exit 60 93, exit_group 231 94,
asking who one is:
  getpid 39 172, getppid 110 173, getpgrp 111 -, getpgid 121 155, getsid 124 156, getuid 102 174,
  geteuid 107 175, getgid 104 176, getegid 108 177, getgroups 115 158, getresuid 118 148,
  getresgid 120 150, getrlimit 97 163, getrusage 98 165, times 100 153, sysinfo 99 179,
  uname 63 160,
signals to oneself:
  rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136,
  rt_sigsuspend 130 133, rt_sigtimedwait 128 137, sigaltstack 131 132, pause 34 -, alarm 37 -,
  setitimer 38 103, getitimer 36 102, restart_syscall 219 128,
time and chance:
  time 201 -, gettimeofday 96 169, clock_gettime 228 113, clock_getres 229 114,
  clock_nanosleep 230 115, nanosleep 35 101, getrandom 318 278,
waiting:
  poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72,
"""
_MACHINES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_*
# allowed if the first argument is right; see `_instructions`
_CLONE: Final = {"x86_64": 56, "aarch64": 220}
_TGKILL: Final = {"x86_64": 234, "aarch64": 131}
_PRCTL: Final = {"x86_64": 157, "aarch64": 167}
_PRLIMIT: Final = {"x86_64": 302, "aarch64": 261}
_IOCTL: Final = {"x86_64": 16, "aarch64": 29}
_SHARED_FROM: Final = 424  # numbers are the same on all architectures from here, and new

_CLONE_THREAD: Final = 0x00010000
_PR_SET_NAME: Final = 15
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_ERROR: Final = 0x00050000
# struct seccomp_data: nr, arch, instruction_pointer, args[6]
_NUMBER: Final = 0
_ARCH: Final = 4
_FIRST_ARGUMENT: Final = 16  # its low half, on a little-endian machine
# classic BPF: load a word, jump if equal / greater or equal / greater / a bit is set, return
_LOAD: Final = 0x20
_EQUAL: Final = 0x15
_AT_LEAST: Final = 0x35
_ABOVE: Final = 0x25
_SET: Final = 0x45
_RETURN: Final = 0x06
_INSTRUCTION: Final = struct.Struct("=HBBI")


def allowed(machine: str) -> Mapping[str, int]:
    """The calls allowed on `machine` whatever their arguments: their numbers by name."""
    column = tuple(_MACHINES).index(machine) + 1
    text = " ".join(line for line in _ALLOWED.splitlines() if not line.endswith(":"))
    entries = [entry.split() for entry in text.split(",")[:-1]]
    return {entry[0]: int(entry[column]) for entry in entries if entry[column] != "-"}


@functools.cache
def program(machine: str, process: int) -> bytes:
    """The filter as the instructions of classic BPF.

    Arguments:
        machine: as `os.uname` names it; `x86_64` or `aarch64`.
        process: the number the process has for itself, the only one it may signal a thread of.

    Raises `LookupError` on another machine.
    """
    if machine not in _MACHINES:
        raise LookupError(f"machine {machine}: expected {' or '.join(_MACHINES)}")
    return b"".join(_INSTRUCTION.pack(*one) for one in _instructions(machine, process))


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of those in a row: the kernel takes its time over each instruction."""
    placed = enumerate(sorted(numbers))
    for _, run in itertools.groupby(placed, lambda one: one[1] - one[0]):
        found = [number for _, number in run]
        yield found[0], found[-1]


def _instructions(machine: str, process: int) -> Iterator[tuple[int, int, int, int]]:
    """(code, how many to skip if true, if false, operand); no jump is further than a few."""
    yield _LOAD, 0, 0, _ARCH
    yield _EQUAL, 1, 0, _MACHINES[machine]
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER
    for first, last in _runs(allowed(machine).values()):
        yield _AT_LEAST, 0, 2, first
        yield _ABOVE, 1, 0, last
        yield _RETURN, 0, 0, _ALLOW
    for number, test, operand in (
        (_CLONE[machine], _SET, _CLONE_THREAD),
        (_TGKILL[machine], _EQUAL, process),
        (_PRCTL[machine], _EQUAL, _PR_SET_NAME),
        (_PRLIMIT[machine], _EQUAL, 0),  # of itself; a hard limit never goes up again
    ):
        yield _EQUAL, 0, 4, number
        yield _LOAD, 0, 0, _FIRST_ARGUMENT
        yield test, 0, 1, operand
        yield _RETURN, 0, 0, _ALLOW
        yield _RETURN, 0, 0, _ERROR | errno.EPERM
    yield _EQUAL, 0, 1, _IOCTL[machine]
    yield _RETURN, 0, 0, _ERROR | errno.ENOTTY  # nothing here is a terminal
    yield _AT_LEAST, 0, 1, _SHARED_FROM
    yield _RETURN, 0, 0, _ERROR | errno.ENOSYS
    yield _RETURN, 0, 0, _ERROR | errno.EPERM
