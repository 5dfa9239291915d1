"""Which files of a collection were handed in together: the platform, and whose each file is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from backproof.grading import platforms
from backproof.grading.archives import Found, Tree
from backproof.grading.platforms import CANVAS, FILES, FOLDERS, GRADESCOPE, MOODLE, Place
from backproof.reading.program import SUFFIXES
from backproof.reading.told import Unreadable


class LeftOut(NamedTuple):
    """A file of the collection that belongs to no submission, and why."""

    name: str
    reason: str


def unwrapped(tree: Tree, told: str | None) -> tuple[Tree, str]:
    """The tree without the folders that somebody put around all of it, and their names."""
    wrapper: list[str] = []
    while True:
        tops = {name.split("/")[0] for name in [*(file.name for file in tree.files), *tree.empty]}
        inside = [file.name.split("/", 1)[1] for file in tree.files if "/" in file.name]
        (top, *others) = tops
        if others or not inside or len(inside) < len(tree.files) or top in tree.empty:
            break
        if platforms.moodle([top, "_"]) or platforms.gradescope([top, "_"]):
            break
        # A folder of files is a submission where folders are, and not what they lie in.
        if told == FOLDERS and not any("/" in name for name in inside):
            break
        wrapper.append(top)
        cut = len(top) + 1
        tree = Tree(
            [file._replace(name=file.name[cut:]) for file in tree.files],
            [name[cut:] for name in tree.empty],
        )
    return tree, "/".join(wrapper)


def platform_of(called: str, tree: Tree) -> str:
    """Who names files like this; raises `Unreadable` when that is not clear."""
    tops = {file.name.split("/")[0]: file.name.split("/")[:2] for file in tree.files}
    tops |= {name.split("/")[0]: [*name.split("/"), "?"][:2] for name in tree.empty}
    if platforms.METADATA in tops and any(map(platforms.gradescope, tops.values())):
        return GRADESCOPE
    counts = {
        platform: sum(place(parts) is not None for parts in tops.values())
        for platform, place in platforms.PLACES.items()
    }
    known = [one for one in (MOODLE, CANVAS, GRADESCOPE) if counts[one]]
    if len(known) == 1 and 2 * counts[known[0]] >= len(tops):
        return known[0]
    programs = [top for top, parts in tops.items() if len(parts) == 1 and _can_be_submission(top)]
    if not known and counts[FOLDERS] and not programs:
        return FOLDERS
    if not known and programs and not counts[FOLDERS]:
        return FILES
    if not known and not programs:
        raise Unreadable(f"{called} holds no .py or .ipynb file, and no folders")
    seen = [f"{counts[one]} as {one.capitalize()} names them" for one in known]
    seen += [f"{counts[FOLDERS]} folders", f"{len(tops) - counts[FOLDERS]} files"] * (not known)
    raise Unreadable(
        f"{called}: it is not clear what its {len(tops)} entries are ({', '.join(seen)}); "
        f"tell the platform: {', '.join(platforms.PLATFORMS)}"
    )


def _can_be_submission(name: str) -> bool:
    return name.lower().endswith((*SUFFIXES, ".zip"))


def grouped_by_submission(
    platform: str, tree: Tree, people: Iterable[str], left_out: list[LeftOut]
) -> dict[tuple[str, str], list[tuple[Place, Found | None]]]:
    """The files of each submission, by its key and attempt."""
    grouped: dict[tuple[str, str], list[tuple[Place, Found | None]]] = defaultdict(list)
    place_of = platforms.PLACES[platform]
    for file in tree.files:
        place = place_of(file.name.split("/"))
        if platform == FILES and not _can_be_submission(file.name):
            place = None
        if place is None:
            if file.name != platforms.METADATA or platform != GRADESCOPE:
                left_out.append(LeftOut(file.name, f"has no name that {_wanted(platform)}"))
            continue
        if place.instead:
            left_out.append(LeftOut(file.name, place.instead))
            grouped[place.key, ""].append((place, None))
            continue
        grouped[place.key, place.attempt].append((place, file))
    for name in tree.empty:
        place = place_of([*name.split("/"), "?"])
        if place is not None:
            grouped[place.key, place.attempt].append((place, None))
    for key in people:
        if (key, "") not in grouped:
            grouped[key, ""].append((Place(key, None, ""), None))
    # Text beside a file is no second submission.
    with_files = {key for key, attempt in grouped if attempt}
    for key in with_files:
        grouped.pop((key, ""), None)
    return grouped


def _wanted(platform: str) -> str:
    if platform == FILES:
        return "ends in .py, .ipynb or .zip"
    if platform == FOLDERS:
        return "lies in the folder of a submission"
    return f"{platform.capitalize()} gives a submission"
