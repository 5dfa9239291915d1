"""The files of a folder or a zip that nobody trusts, read within limits.

A zip's directory is a claim. What it says is checked before anything is unpacked (APPNOTE.TXT of
PKWARE, 4.3 and 4.4), what comes out is counted byte by byte, and each file lands in a scratch
folder under its own SHA-256: no name of a student's ever becomes a path.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Final, NamedTuple

from backproof.grading import names
from backproof.reading.told import Unreadable

_CHUNK: Final = 1 << 20
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000  # APPNOTE.TXT 4.4.4: bits 0, 6 and 13
_LOCAL_HEADER: Final = 30  # bytes before the name: APPNOTE.TXT 4.3.7
_END: Final = struct.Struct("<4s4H2LH")  # end of central directory: APPNOTE.TXT 4.3.16
_LOCATOR_64: Final = 20  # bytes of what says that there is a second one: APPNOTE.TXT 4.3.15
_LONGEST_COMMENT: Final = 0xFFFF
_SUSPICIOUS: Final = 10 << 20  # bytes; below it no ratio does harm
BROKEN: Final = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, OverflowError, MemoryError),
)  # what zipfile raises on bytes that are no sound zip


@dataclass(frozen=True)
class Limits:
    """How much of it is read.

    Attributes:
        file_bytes: of one file; `check` refuses larger ones too.
        submission_bytes: of all files of one submission.
        submission_files: how many a submission may have.
        collection_bytes: of everything that is unpacked.
        ratio: how many times its packed size a file of more than 10 MB may have.
        directory_bytes: of the directory of a zip that a student packed.
    """

    file_bytes: int = 50 << 20
    submission_bytes: int = 200 << 20
    submission_files: int = 1000
    collection_bytes: int = 20 << 30
    ratio: int = 200
    directory_bytes: int = 1 << 20


class Refused(Exception):  # noqa: N818 - it is a finding about somebody's file
    """A file that is not read; the message says why, as the end of a sentence about it."""


class TooLarge(Refused):
    """A file that is not read for its size."""


@dataclass(frozen=True)
class Stored:
    """A file that was read once: where its bytes lie, how many they are, and their SHA-256."""

    path: Path
    size: int
    sha256: str

    def content(self) -> bytes:
        """All of its bytes; raises `Unreadable` when they are no longer those that were read."""
        try:
            with open(self.path, "rb") as file:
                content = file.read(self.size + 1)
        except OSError as error:
            raise Unreadable(f"{self.path} cannot be read: {error.strerror}") from None
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise Unreadable(f"{self.path} was changed while it was graded; start again")
        return content


class Found(NamedTuple):
    """A file that is there, not yet read.

    Attributes:
        name: relative, harmless; `names.free` has to make it unique.
        size: in bytes, as the system or the zip says.
        opened: opens it for reading.
        path: where it lies, if it is no entry of a zip.
        refused: why it is not to be opened, as the end of a sentence; empty if it may be.
    """

    name: str
    size: int
    opened: Callable[[], IO[bytes]]
    path: Path | None = None
    refused: str = ""


class Tree(NamedTuple):
    """All files, and the folders that hold none."""

    files: list[Found]
    empty: list[str]


class Store:
    """A scratch folder that files are unpacked into, each under its SHA-256."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._left = limits.collection_bytes

    def kept(self, found: Found, most: int) -> Stored:
        """Read `found`, of at most `most` bytes; raises `Refused` when that cannot be done.

        An `OSError` is one of the scratch folder.
        """
        if found.refused:
            raise Refused(found.refused)
        most = min(most, self._limits.file_bytes)
        if found.size > most:
            raise TooLarge(too_large(found.size, most))
        if found.path is not None:
            size, sha256 = _copied(found, None, most)
            return Stored(found.path, size, sha256)
        if self._left <= 0:
            raise Refused("is not unpacked: the collection unpacks to too much")
        descriptor, name = tempfile.mkstemp(dir=self._folder)
        try:
            with open(descriptor, "wb") as sink:
                size, sha256 = _copied(found, sink, most)
            if size != found.size:
                raise Refused(f"is damaged: {size} bytes, and the zip says {found.size}")
            path = self._folder / sha256
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
        self._left -= size
        return Stored(path, size, sha256)


def _copied(found: Found, sink: IO[bytes] | None, most: int) -> tuple[int, str]:
    """How many bytes `found` has, and their SHA-256; no more than `most` of them are read."""
    digest = hashlib.sha256()
    size = 0
    for chunk in _chunks(found):
        size += len(chunk)
        if size > most:
            raise TooLarge(too_large(size, most))
        digest.update(chunk)
        if sink is not None:
            sink.write(chunk)
    return size, digest.hexdigest()


def _chunks(found: Found) -> Iterator[bytes]:
    try:
        with found.opened() as source:
            while chunk := source.read(_CHUNK):
                yield chunk
    except BROKEN as error:
        raise Refused(f"cannot be read: {_reason(error)}") from None


def too_large(size: int, most: int) -> str:
    """What is said of a file of `size` bytes where `most` are allowed."""
    if most <= 0:
        return "is not read: the files of this submission are too large together"
    return f"has {_megabytes(size)}, and at most {_megabytes(most)} are read"


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f}".removesuffix(".0") + " MB"


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    words = str(error)
    return "its bytes in the zip are damaged" + (f" ({words})" if words else "")


def in_folder(folder: Path) -> Tree:
    """The files below `folder`; links are not followed, and what is no file is not opened."""
    files: list[Found] = []
    empty: list[str] = []
    unreadable: list[OSError] = []
    for where, folders, bases in os.walk(folder, onerror=unreadable.append):
        inside = Path(where)
        linked = [name for name in folders if (inside / name).is_symlink()]
        for base in sorted([*bases, *linked]):
            path = inside / base
            name = names.harmless(path.relative_to(folder).as_posix())
            if name is not None:
                files.append(_of_path(name, path))
        if not bases and not folders and inside != folder:
            empty.append(names.harmless(inside.relative_to(folder).as_posix()) or "")
        folders.sort()
    for error in unreadable:
        path = Path(error.filename)
        if path == folder:
            raise Unreadable(f"{folder} cannot be read: {error.strerror}")
        name = names.harmless(path.relative_to(folder).as_posix()) or ""
        empty = [one for one in empty if one != name]
        files.append(_of_path(f"{name}/?", path, f"cannot be read: {error.strerror}"))
    return Tree(files, empty)


def _of_path(name: str, path: Path, refused: str = "") -> Found:
    size = 0
    if not refused:
        try:
            status = path.lstat()
            size = status.st_size
            if stat.S_ISLNK(status.st_mode):
                refused = "is a link to another place, which is not followed"
            elif not stat.S_ISREG(status.st_mode):
                refused = "is not a file"
        except OSError as error:
            refused = f"cannot be read: {error.strerror}"
    return Found(name, size, lambda: open(path, "rb"), path, refused)


@contextlib.contextmanager
def opened(path: Path, name: str, limits: Limits, *, trusted: bool = False) -> Iterator[Tree]:
    """The files of the zip at `path`, which stays open for as long as they are read.

    Raises `Unreadable` about `name` when it is no zip or a damaged one, or, unless it is `trusted`,
    when its directory is larger than the limit.
    """
    with contextlib.ExitStack() as stack:
        try:
            stream = stack.enter_context(open(path, "rb"))
            if not trusted and _directory(stream) > limits.directory_bytes:
                raise Unreadable(f"{name} is packed for more files than are unpacked")
            archive = stack.enter_context(zipfile.ZipFile(stream))
        except BROKEN as error:
            if isinstance(error, OSError) and error.filename is not None:
                raise Unreadable(f"{name} cannot be read: {error.strerror}") from None
            raise Unreadable(
                f"{name} is no zip, or a damaged one ({error or 'it ends too early'}); "
                "download or pack it again"
            ) from None
        yield _of_zip(archive, limits)


def _directory(stream: IO[bytes]) -> int:
    """How many bytes a zip's directory has by its own account, which is how many are read."""
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, end - _END.size - _LONGEST_COMMENT))
    tail = stream.read()
    at = tail.rfind(b"PK\5\6", 0, len(tail) - _END.size + 4)
    stream.seek(0)
    if at < 0:
        raise zipfile.BadZipFile("it has no directory")
    if tail[max(0, at - _LOCATOR_64) :].startswith(b"PK\6\7"):
        return end  # as much as there is, by an account that this one does not bound
    size: int = _END.unpack_from(tail, at)[5]
    return size


def _of_zip(archive: zipfile.ZipFile, limits: Limits) -> Tree:
    infos = archive.infolist()
    overlapping = _overlapping(infos)
    files: list[Found] = []
    folders: set[str] = set()
    for info in infos:
        raw = names.of_entry(info)
        name = names.harmless(raw)
        if raw.endswith(("/", "\\")):
            folders.add(name or "")
            continue
        refused = "" if name else "has a name that leads out of the zip, and is not unpacked"
        refused = refused or _refused(info, limits)
        if id(info) in overlapping:
            refused = refused or "shares its bytes with another entry, which no honest zip does"
        shown = name or names.harmless(raw.replace("..", "_").replace(":", "_").lstrip("/\\"))
        files.append(
            Found(shown or "_", info.file_size, partial(archive.open, info), None, refused)
        )
    holding = {
        "/".join(parts[:depth])
        for parts in (found.name.split("/") for found in files)
        for depth in range(1, len(parts))
    }
    return Tree(files, sorted(folders - holding - {""}))


def _refused(info: zipfile.ZipInfo, limits: Limits) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link to another place, which is not followed"
    if kind not in (0, stat.S_IFREG):
        return "is not a file"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted; ask for it without a password"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is packed in a way that is not read (method {info.compress_type}); pack as zip"
    times = info.file_size // max(info.compress_size, 1)
    if _SUSPICIOUS < info.file_size <= limits.file_bytes and times > limits.ratio:
        return f"unpacks to {times} times its size, which no notebook does"
    return ""


def _overlapping(infos: list[zipfile.ZipInfo]) -> set[int]:
    """The ids of entries whose bytes are another's too: one kernel, unpacked again and again."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    found: set[int] = set()
    end = 0
    last: zipfile.ZipInfo | None = None
    for info in ordered:
        if last is not None and info.header_offset < end:
            found |= {id(last), id(info)}
        here = info.header_offset + _LOCAL_HEADER + info.compress_size
        if here >= end:
            end, last = here, info
    return found
