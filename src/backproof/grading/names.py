"""Names of files that somebody else chose, made harmless.

They come out of zips and folders in any alphabet, composed or decomposed, with the separators and
the tricks of any system; what leaves here can be a file on every system, and lies below the folder
that it is put in.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from typing import Final

_LONGEST: Final = 200  # characters of one part; systems stop at 255
_UNICODE: Final = 0x800  # the flag of an entry whose name is UTF-8: APPNOTE.TXT 4.4.4, bit 11

# What Windows forbids in a name, what ends a line, and what turns the direction of reading, by
# which "exe.py" can be made to look like another.
_FORBIDDEN = re.compile('[<>:"|?*\x00-\x1f\x7f\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]')
_UNDECODABLE = re.compile("[\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:/")
# "Naming Files, Paths, and Namespaces" in the documentation of Win32.
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])", re.IGNORECASE)

_MADE_BY_SYSTEMS: Final = frozenset(
    {
        *("__macosx", ".ds_store", "thumbs.db", "desktop.ini", "$recycle.bin"),
        *(".ipynb_checkpoints", "__pycache__", ".pytest_cache", ".venv"),
        *(".git", ".idea", ".vscode"),
    }
)


def harmless(raw: str) -> str | None:
    """`raw` as parts joined by `/`, in NFC; None when it leads out of the folder it is put in."""
    text = unicodedata.normalize("NFC", raw.replace("\\", "/"))
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if text.startswith("/") or _DRIVE.match(text) or ".." in parts or not parts:
        return None
    return "/".join(map(_harmless_part, parts))


def _harmless_part(part: str) -> str:
    part = _UNDECODABLE.sub("\ufffd", _FORBIDDEN.sub("_", part)).rstrip(". ")
    if len(part) > _LONGEST:
        stem, dot, suffix = part.rpartition(".")
        kept = f"{dot}{suffix}" if stem and len(suffix) < 10 else ""
        part = part[: _LONGEST - len(kept)].rstrip(". ") + kept
    if not part or _RESERVED.fullmatch(part.split(".")[0].rstrip()):
        return f"_{part}"
    return part


def of_entry(info: zipfile.ZipInfo) -> str:
    """The name of a zip's entry, as whoever packed it read it.

    Without the flag for UTF-8 a name is code page 437 by the letter of APPNOTE.TXT (appendix D),
    and UTF-8 all the same where macOS or an old Moodle packed it.
    """
    if info.flag_bits & _UNICODE:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def by_system(name: str) -> bool:
    """Whether a system, an editor or an archiver put the file there, and no student."""
    parts = name.casefold().split("/")
    return parts[-1].startswith("._") or not _MADE_BY_SYSTEMS.isdisjoint(parts)


def free(name: str, taken: set[str]) -> str:
    """`name`, or `name (2)` where it is taken on a system that does not tell cases apart.

    `taken` holds names in `casefold`; the one that is given is added.
    """
    folder, slash, base = name.rpartition("/")
    stem, dot, suffix = base.rpartition(".")
    if not stem:
        stem, dot, suffix = base, "", ""
    number = 1
    while name.casefold() in taken:
        number += 1
        name = f"{folder}{slash}{stem} ({number}){dot}{suffix}"
    taken.add(name.casefold())
    return name
