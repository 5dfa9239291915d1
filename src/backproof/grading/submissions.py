"""What a class handed in, as plain data: a folder, or a zip from Moodle, Canvas or Gradescope.

Nothing of a student's is executed here, and nothing is written outside of the scratch folder.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from backproof.grading import metadata, names, platforms
from backproof.grading.archives import (
    Found,
    Limits,
    Refused,
    Store,
    Stored,
    Tree,
    in_folder,
    opened,
)
from backproof.grading.layouts import LeftOut, grouped_by_submission, platform_of, unwrapped
from backproof.grading.metadata import Submitter
from backproof.grading.platforms import CANVAS, GRADESCOPE, MOODLE, Place
from backproof.grading.unpacking import Kept, kept
from backproof.reading.program import SUFFIXES
from backproof.reading.told import Unreadable

LIMITS: Final = Limits()


@dataclass(frozen=True)
class Submission:
    """What one student or team handed in.

    Attributes:
        key: unique in the collection. Moodle: the number of the participant or team; Canvas: the
            user's id, or `anon_…`; Gradescope: the submission's id; otherwise the name of the file
            without its suffix, or of the folder. ` (2)` behind it is a second one of the same key.
        joined_on: the key without ` (2)`: what the platform's own exports know it by.
        name: as shown; None where the platform hides it.
        late: as the names say; None where they do not: only Canvas's do.
        files: what was handed in, by relative name; only kinds of files that a program needs.
        others: names of files that were left where they are, such as a report's.
        superseded: names of files that a newer one of the same name took the place of.
        submitters: of a team, where Gradescope tells.
        problems: sentences for a person.
        digest: SHA-256 of the names and bytes of `files`.
        unread: whether some of what was handed in could not be read; `problems` say why.
        repeated: whether there is another of the same key, and nothing says which one counts.
    """

    key: str
    joined_on: str
    name: str | None
    late: bool | None
    files: Mapping[str, Stored]
    others: tuple[str, ...]
    superseded: tuple[str, ...]
    submitters: tuple[Submitter, ...]
    problems: tuple[str, ...]
    digest: str
    unread: bool = False
    repeated: bool = False


@dataclass(frozen=True)
class Collection:
    """A class's submissions, by key; `line` says in one line what they were taken for."""

    platform: str
    line: str
    submissions: tuple[Submission, ...]
    left_out: tuple[LeftOut, ...]


def collected(
    path: Path, scratch: Path, *, platform: str | None = None, limits: Limits = LIMITS
) -> Collection:
    """Read the submissions in the folder or zip at `path`.

    `scratch` is an existing folder for what is unpacked; it has to stay for as long as the files
    are wanted. `platform`, one of `platforms.PLATFORMS`, is worked out from the names unless told.

    Raises `Unreadable` when there is nothing to read, the zip as a whole is damaged, or it is not
    clear what hands files out under such names.
    """
    if platform is not None and platform not in platforms.PLATFORMS:
        raise Unreadable(f"{platform!r}: expected one of {', '.join(platforms.PLATFORMS)}")
    try:
        return _collected(path, Store(scratch, limits), platform, limits)
    except OSError as error:
        raise Unreadable(f"{scratch} cannot be written: {error.strerror or error}") from None


def _collected(path: Path, store: Store, platform: str | None, limits: Limits) -> Collection:
    called = path.name or str(path)
    if path.is_dir():
        return _of_tree(called, in_folder(path), store, platform, limits)
    if not path.is_file():
        raise Unreadable(f"there is no folder or zip {path}")
    if path.suffix in SUFFIXES:
        raise Unreadable(f"{called} is one file; a folder or a zip of submissions is expected")
    with opened(path, called, limits, trusted=True) as tree:
        return _of_tree(called, tree, store, platform, limits)


def submitted_program(submission: Submission, pattern: str | None = None) -> str:
    """Which of the submission's files is the program to be graded.

    That is the one whose name, without folders, matches `pattern` (`mlp*.ipynb`, in any case), or
    the only `.py` or `.ipynb` there is. Raises `Unreadable` saying why it is none.
    """
    programs = [
        name
        for name in submission.files
        if name.lower().endswith(SUFFIXES) and name not in submission.superseded
    ]
    if pattern is not None:
        wanted = unicodedata.normalize("NFC", pattern).casefold()
        matching = [
            name
            for name in programs
            if fnmatch.fnmatchcase(name.rpartition("/")[2].casefold(), wanted)
        ]
        programs = matching or programs
    if len({submission.files[name].sha256 for name in programs}) == 1:
        return min(programs, key=lambda name: (name.count("/"), name))
    if not programs:
        other = sorted([*submission.files, *submission.others])
        instead = f"; there is {_listed(other)}" if other else ""
        raise Unreadable(f"holds no .py or .ipynb file{instead}")
    told = f", and not one alone is called {pattern}" if pattern is not None else ""
    raise Unreadable(
        f"holds {len(programs)} programs{told}: {_listed(sorted(programs))}; "
        "the assignment can tell by a pattern of the name which is to be graded"
    )


def _listed(several: Sequence[str]) -> str:
    shown = ", ".join(several[:5])
    return f"{shown} and {len(several) - 5} more" if len(several) > 5 else shown


def _of_tree(called: str, tree: Tree, store: Store, told: str | None, limits: Limits) -> Collection:
    tree = Tree(
        [found for found in tree.files if not names.by_system(found.name)],
        [name for name in tree.empty if not names.by_system(name)],
    )
    if not tree.files and not tree.empty:
        raise Unreadable(f"{called} holds no files")
    tree, wrapper = unwrapped(tree, told)
    platform = told or platform_of(called, tree)
    people, doubt = _people(platform, tree, store)
    left_out: list[LeftOut] = []
    grouped = grouped_by_submission(platform, tree, people, left_out)
    if not grouped:
        raise Unreadable(
            f"{called} is not {platforms.TITLES[platform]}: no name in it is like that"
        )
    submissions = _built(platform, grouped, store, limits, people)
    line = (
        f"{called}{f', {wrapper}' if wrapper else ''}: {platforms.TITLES[platform]}, "
        f"{len(submissions)} submission{'s' if len(submissions) != 1 else ''}"
        f"{', without names: ' + doubt if doubt else ''}"
    )
    return Collection(platform, line, submissions, tuple(sorted(left_out)))


def _people(
    platform: str, tree: Tree, store: Store
) -> tuple[dict[str, tuple[Submitter, ...]], str]:
    """Gradescope's submitters by the submission's number, or why they are not known."""
    found = next((file for file in tree.files if file.name == platforms.METADATA), None)
    if platform != GRADESCOPE or found is None:
        return {}, ""
    try:
        text = store.kept(found, found.size).content().decode("utf-8")
        told = metadata.submitters(text)
    except Refused as refused:
        return {}, f"{found.name} {refused}"
    except UnicodeDecodeError:
        return {}, f"{found.name} is not UTF-8"
    except Unreadable as error:
        return {}, f"{found.name}, {error}"
    places = {folder: platforms.gradescope([folder, "_"]) for folder in told}
    return {place.key: told[folder] for folder, place in places.items() if place}, ""


def _built(
    platform: str,
    grouped: Mapping[tuple[str, str], list[tuple[Place, Found | None]]],
    store: Store,
    limits: Limits,
    people: Mapping[str, tuple[Submitter, ...]],
) -> tuple[Submission, ...]:
    hidden = platform == MOODLE and _hidden([files[0][0] for files in grouped.values()])
    built: list[Submission] = []
    for (key, _), files in sorted(grouped.items()):
        ordered = sorted(
            ((place, found) for place, found in files if found is not None),
            key=lambda one: (one[0].order, one[0].within),
        )
        contents = kept(
            [found._replace(name=place.within) for place, found in ordered], store, limits
        )
        place = files[0][0]
        told = people.get(key, ())
        name = None if hidden else place.name
        if told:
            name = ", ".join(one.name for one in told if one.name) or None
        superseded = _superseded(contents.files) if platform == CANVAS else ()
        problems = list(contents.problems)
        problems += [f"{older} is older than another of its name" for older in superseded]
        if not contents.files and not problems:
            problems.append(_empty(contents, any(place.instead for place, _ in files)))
        built.append(
            Submission(
                key=key,
                joined_on=key,
                name=name,
                late=place.late,
                files=contents.files,
                others=contents.others,
                superseded=superseded,
                submitters=told,
                problems=tuple(problems),
                digest=_digest(contents.files),
                unread=bool(contents.problems),
            )
        )
    return tuple(_with_second_ones(built))


def _hidden(places: Sequence[Place]) -> bool:
    """Whether Moodle hid the names: it calls all of them the same word."""
    shown = {place.name for place in places}
    first = next(iter(shown), None) or ""
    many = len({place.key for place in places}) > 1
    return len(shown) == 1 and (many or first.casefold() in platforms.ANONYMOUS)


def _empty(contents: Kept, typed: bool) -> str:
    if contents.others:
        return f"nothing to grade was handed in, only {_listed(contents.others)}"
    return "only text was handed in, and no file" if typed else "nothing was handed in"


_NUMBERED = re.compile(r"(?P<stem>.+?)(?:-\d+| \(\d+\))(?P<suffix>\.[^.]+)?")


def _superseded(files: Mapping[str, Stored]) -> tuple[str, ...]:
    """Names of which a newer file is there; `files` are in the order in which they came.

    Canvas puts `-1` behind the name of a second file that has the first one's; without a first one
    `-1` is the student's own.
    """
    newest: dict[str, str] = {}
    older: list[str] = []
    for name in files:
        top, slash, rest = name.partition("/")  # of a zip that was handed in, or the name itself
        numbered = _NUMBERED.fullmatch(top)
        base = f"{numbered['stem']}{numbered['suffix'] or ''}{slash}{rest}" if numbered else name
        base = base if base in files else name
        if base in newest:
            older.append(newest[base])
        newest[base] = name
    return tuple(older)


def _digest(files: Mapping[str, Stored]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        encoded = name.encode("utf-8")
        digest.update(b"%d:%s" % (len(encoded), encoded) + bytes.fromhex(files[name].sha256))
    return digest.hexdigest()


def _with_second_ones(built: Sequence[Submission]) -> list[Submission]:
    """Give submissions of the same key keys of their own, and drop those that are equal."""
    by_key: dict[str, list[Submission]] = defaultdict(list)
    for one in built:
        if all(other.digest != one.digest for other in by_key[one.key]):
            by_key[one.key].append(one)
    results: dict[str, Submission] = {key: several[0] for key, several in by_key.items()}
    for key, several in by_key.items():
        if len(several) == 1:
            continue
        number = 1
        for one in several:
            own = key
            while own in results and results[own] is not one:
                number += 1
                own = f"{key} ({number})"
            problem = "handed in more than once, and the names do not say which is the newest"
            problems = (*one.problems, problem)
            results[own] = replace(one, key=own, problems=problems, repeated=True)
    return sorted(results.values(), key=lambda one: one.key)
