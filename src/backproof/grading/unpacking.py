"""From what was handed in to the files that are kept: kinds that a program needs, zips unpacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from backproof.grading import names
from backproof.grading.archives import (
    Found,
    Limits,
    Refused,
    Store,
    Stored,
    TooLarge,
    opened,
    too_large,
)
from backproof.reading.program import SUFFIXES
from backproof.reading.told import Unreadable

_DATA: Final = (".npy", ".npz", ".csv", ".tsv", ".txt", ".json", ".mat", ".h5", ".toml", ".dat")
_OTHER_ARCHIVES: Final = (".rar", ".7z", ".tar", ".gz", ".tgz", ".xz", ".bz2", ".zst")
_MOST_PROBLEMS: Final = 20


@dataclass
class Kept:
    """Files by name in the order in which they were found, names of others, and sentences."""

    files: dict[str, Stored] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def kept(handed_in: Sequence[Found], store: Store, limits: Limits) -> Kept:
    """Read what a program needs of the files of one submission; zips are unpacked one level."""
    results = Kept()
    for found in handed_in:
        if found.name.lower().endswith(".zip") and not found.refused:
            _unpack(found, store, limits, results)
        else:
            _keep(found, store, limits, results)
    if len(results.problems) > _MOST_PROBLEMS:
        more = f"and {len(results.problems) - _MOST_PROBLEMS} more files like these"
        results.problems = (*results.problems[:_MOST_PROBLEMS], more)
    return results


def _keep(found: Found, store: Store, limits: Limits, results: Kept) -> None:
    suffix = "." + found.name.lower().rpartition(".")[2]
    if suffix in _OTHER_ARCHIVES or suffix == ".zip":
        what = "a zip inside of a zip" if suffix == ".zip" else f"a {suffix} archive"
        results.problems += (f"{found.name} is {what}, which is not unpacked",)
    elif found.refused:
        results.problems += (f"{found.name} {found.refused}",)
    elif suffix not in (*SUFFIXES, *_DATA):
        results.others += (found.name,)
    elif len(results.files) >= limits.submission_files:
        results.problems += (f"{found.name} is not read: there are too many files",)
    else:
        try:
            stored = store.kept(found, _left(results, limits))
        except Refused as refused:
            remedy = ", so clear its outputs" if suffix == ".ipynb" else ""
            remedy = remedy if isinstance(refused, TooLarge) else ""
            results.problems += (f"{found.name} {refused}{remedy}",)
            return
        same = results.files.get(found.name)
        if same is None or same.sha256 != stored.sha256:
            taken = {name.casefold() for name in results.files}
            results.files[names.free(found.name, taken)] = stored


def _left(results: Kept, limits: Limits) -> int:
    return limits.submission_bytes - sum(stored.size for stored in results.files.values())


def _unpack(found: Found, store: Store, limits: Limits, results: Kept) -> None:
    try:
        stored = store.kept(found, limits.file_bytes)
        with opened(stored.path, found.name, limits) as tree:
            inside = [one for one in tree.files if not names.by_system(one.name)]
            if len(inside) > limits.submission_files:
                raise Unreadable(
                    f"{found.name} holds {len(inside)} files, of which at most "
                    f"{limits.submission_files} are unpacked"
                )
            if sum(one.size for one in inside) > limits.submission_bytes:
                total = sum(one.size for one in inside)
                raise Refused(f"unpacked, {too_large(total, limits.submission_bytes)}")
            for one in inside:
                _keep(one._replace(name=f"{found.name}/{one.name}"), store, limits, results)
    except Refused as refused:
        results.problems += (f"{found.name} {refused}",)
    except Unreadable as error:
        results.problems += (str(error),)
