"""The filter, run by an interpreter of classic BPF, lets through what the table says."""

import errno
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.grading import seccomp

ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, REFUSED = 0x7FFF0000, 0x80000000, 0x00050000
THREAD = 0x003D0F00  # what the C library starts a thread with
NEVER = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "kill": (62, 129), "tkill": (200, 130), "ptrace": (101, 117), "socket": (41, 198),
    "socketpair": (53, 199), "connect": (42, 203), "mount": (165, 40), "unshare": (272, 97),
    "setns": (308, 268), "bpf": (321, 280), "keyctl": (250, 219), "userfaultfd": (323, 282),
    "perf_event_open": (298, 241), "process_vm_readv": (310, 270), "memfd_create": (319, 279),
    "process_vm_writev": (311, 271), "shmget": (29, 194), "chroot": (161, 51),
    "io_uring_setup": (425, 425), "clone3": (435, 435), "pidfd_send_signal": (424, 424),
}  # fmt: skip
MACHINES = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


def verdict(machine, number, *arguments, arch=None, process=1):
    """What the kernel would do: every jump has to land inside, every load on a word."""
    code = list(struct.iter_unpack("=HBBI", seccomp.program(machine, process)))
    arguments = (*arguments, *(0,) * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, ARCHES[machine] if arch is None else arch, 0, *arguments)
    place = value = 0
    while True:
        kind, true, false, operand = code[place]
        place += 1
        if kind == 0x06:
            return operand
        if kind == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
            continue
        holds = {
            0x15: value == operand,
            0x35: value >= operand,
            0x25: value > operand,
            0x45: bool(value & operand),
        }[kind]
        place += true if holds else false


@MACHINES
@given(
    number=st.integers(0, 2**32 - 1) | st.integers(0, 500),
    arguments=st.lists(st.integers(0, 2**64 - 1), max_size=6),
)
def test_only_the_table_is_allowed_whatever_the_arguments(machine, number, arguments):
    found = verdict(machine, number, *arguments)
    if number in seccomp.allowed(machine).values():
        assert found == ALLOW
    elif number not in conditional(machine):
        assert found == REFUSED | (errno.ENOSYS if number >= 424 else errno.EPERM)
    else:
        assert found in (ALLOW, REFUSED | errno.EPERM, REFUSED | errno.ENOTTY)


@MACHINES
def test_each_number_of_a_call_is_allowed_only_if_it_is_in_the_table(machine):
    table = {*seccomp.allowed(machine).values()}
    numbers = {*range(512)} - conditional(machine)
    assert {one for one in numbers if verdict(machine, one) == ALLOW} == table


def conditional(machine):
    tables = (seccomp._CLONE, seccomp._TGKILL, seccomp._PRCTL, seccomp._PRLIMIT, seccomp._IOCTL)
    return {table[machine] for table in tables}


@MACHINES
def test_what_is_never_allowed(machine):
    column = list(ARCHES).index(machine)
    for name, numbers in NEVER.items():
        if numbers[column] is not None:
            assert verdict(machine, numbers[column]) >> 16 == REFUSED >> 16, name
            assert name not in seccomp.allowed(machine)


@MACHINES
def test_threads_are_allowed_and_processes_are_not(machine):
    clone = seccomp._CLONE[machine]
    assert verdict(machine, clone, THREAD) == ALLOW
    for flags in (17, 0x4111, 0x7E020000 | 17, 0):
        assert verdict(machine, clone, flags) == REFUSED | errno.EPERM
    assert verdict(machine, 435) == REFUSED | errno.ENOSYS


@MACHINES
def test_conditions(machine):
    assert verdict(machine, seccomp._TGKILL[machine], 7, process=7) == ALLOW
    assert verdict(machine, seccomp._TGKILL[machine], 1, process=7) == REFUSED | errno.EPERM
    assert verdict(machine, seccomp._PRCTL[machine], 15) == ALLOW
    for option in (1, 4, 22, 23, 36, 38, 47):
        assert verdict(machine, seccomp._PRCTL[machine], option) == REFUSED | errno.EPERM
    assert verdict(machine, seccomp._PRLIMIT[machine], 0) == ALLOW
    assert verdict(machine, seccomp._PRLIMIT[machine], 2) == REFUSED | errno.EPERM
    assert verdict(machine, seccomp._IOCTL[machine], 0, 0x5412) == REFUSED | errno.ENOTTY


@MACHINES
@given(arch=st.integers(0, 2**32 - 1), number=st.integers(0, 500))
def test_another_architecture_is_killed(machine, arch, number):
    if arch != ARCHES[machine]:
        assert verdict(machine, number, arch=arch) == KILL


@MACHINES
def test_the_program_ends_in_an_answer_and_is_short_enough(machine):
    code = list(struct.iter_unpack("=HBBI", seccomp.program(machine, 1)))
    assert len(code) < 4096
    assert code[-1][0] == 0x06
    assert all(place + 1 + max(one[1:3]) < len(code) for place, one in enumerate(code[:-1]))


@pytest.mark.parametrize(
    ("machine", "header"),
    [
        ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        ("aarch64", "/usr/include/asm-generic/unistd.h"),
    ],
)
def test_numbers_are_those_of_the_kernels_headers(machine, header):
    if not Path(header).exists():
        pytest.skip(f"no {header} here")
    text = Path(header).read_text()
    known = {
        name: int(number) for name, number in re.findall(r"#define __NR3?264?_?(\w+) (\d+)", text)
    }
    known |= {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", text)}
    table = dict(seccomp.allowed(machine))
    table |= {"clone": seccomp._CLONE[machine], "tgkill": seccomp._TGKILL[machine]}
    table |= {"prctl": seccomp._PRCTL[machine], "prlimit64": seccomp._PRLIMIT[machine]}
    table |= {"ioctl": seccomp._IOCTL[machine]}
    renamed = {"newfstatat": "fstatat"} if machine == "aarch64" else {}
    for name, number in table.items():
        assert known[renamed.get(name, name)] == number, name


def test_another_machine_is_refused():
    with pytest.raises(LookupError, match="machine riscv64: expected x86_64 or aarch64"):
        seccomp.program("riscv64", 1)
