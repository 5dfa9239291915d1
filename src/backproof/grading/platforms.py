"""What Moodle, Canvas and Gradescope call the files that they hand out.

Each function takes the parts of a relative path and says whose file that is; None when the platform
names no file like this. The names are those that the platforms' own sources make.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

MOODLE, CANVAS, GRADESCOPE, FILES, FOLDERS = "moodle", "canvas", "gradescope", "files", "folders"
PLATFORMS: Final = (MOODLE, CANVAS, GRADESCOPE, FILES, FOLDERS)
TITLES: Final[Mapping[str, str]] = {
    MOODLE: "Moodle's download of all submissions",
    CANVAS: "Canvas's download of submissions",
    GRADESCOPE: "Gradescope's export of submissions",
    FILES: "a folder of files, each a submission",
    FOLDERS: "a folder of folders, each a submission",
}
METADATA: Final = "submission_metadata.yml"

# What Moodle calls those whose names it hides: `participant` in the language packs of mod_assign.
ANONYMOUS: Final = frozenset(
    {
        *("participant", "participante", "partecipante", "participant(e)", "deelnemer"),
        *("teilnehmer", "teilnehmerin", "deltager", "deltagare", "uczestnik"),
        *("участник", "参加者", "参与者"),
    }
)


class Place(NamedTuple):
    """Whose file it is, and what it is called there.

    Attributes:
        key: the platform's own number or word for who handed it in.
        name: as shown; None where the platform hides it.
        within: what the file is called inside the submission; empty when it is not read.
        attempt: files of one key with different attempts were not handed in together.
        late: None where names do not say.
        order: Canvas numbers uploads in the order in which they came.
        instead: what it is instead of a file that was handed in, in words.
    """

    key: str
    name: str | None
    within: str
    attempt: str = ""
    late: bool | None = None
    order: int = 0
    instead: str = ""


_MOODLE = re.compile(
    r"(?P<who>.*?)(?:_(?P<number>\d+))?_assignsubmission_(?P<plugin>[a-z0-9]+)(?P<rest>_.*)?"
)


def moodle(parts: Sequence[str]) -> Place | None:
    """`Ana Silva_657693_assignsubmission_file/mlp.ipynb`, or `…_file_mlp.ipynb` without folders.

    Source: `mod/assign/classes/downloader.php` of Moodle 4 (`get_student_prefix`,
    `load_submissionplugin_filelist`), before it `download_submissions` in `locallib.php`, which
    left a `_` at the end of a folder. The number is the participant's, or a team's; a team that
    nobody formed has none. The plugin `onlinetext` is what was typed into Moodle's editor.
    """
    found = _MOODLE.fullmatch(parts[0])
    if found is None:
        return None
    who, number, plugin, rest = found["who"], found["number"], found["plugin"], found["rest"] or ""
    within = "/".join(parts[1:])
    if len(parts) == 1:
        within, rest = rest[1:], "flat"
    if not who or (len(parts) > 1 and len(rest) > 1):
        return None
    instead = ""
    if plugin == "onlinetext":
        instead = "was typed into Moodle's editor; only files are read"
    elif plugin != "file":
        instead = f"is of Moodle's plugin {plugin}; only files are read"
    attempt = f"{who}_assignsubmission_{plugin}{rest}"
    return Place(number or who, who, within, "" if instead else attempt, instead=instead)


# Numbers are in ASCII. A name is too, or else anything: what Python counts as part of a word leaves
# out the marks by which Ruby's does write Devanagari, Thai, or the small letter of a Turkish İ.
_CANVAS_HIDDEN = re.compile(r"(?P<late>LATE_)?(?P<key>anon_[^\W_]+)_(?P<rest>.+)", re.ASCII)
_CANVAS_NAMED = re.compile(
    r"(?P<name>[\w\x80-\U0010ffff]*?)_(?P<late>LATE_)?(?P<key>\d+)_(?P<rest>.+)", re.ASCII
)
_CANVAS_UPLOAD = re.compile(r"(?P<order>\d+)_(?P<shown>.+)", re.ASCII)


def canvas(parts: Sequence[str]) -> Place | None:
    """`doejane_LATE_1234_98765_hw3.ipynb`: user 1234, and 98765 is the uploaded file's own number.

    Source: `lib/content_zipper.rb` of canvas-lms (`get_filename`, `add_upload_submission`,
    `add_text_or_url`, `sanitize_file_name`): names in lower case, of which only letters, marks,
    digits and `_` stay (Ruby's `[[:word:]]`; of `!!!` nothing does), a group's name for a group;
    `anon_` and five letters where the assignment hides students; `…_text.html` and `…_link.html`
    for what is no upload. Canvas itself makes `hw3-1.ipynb` of a second file called `hw3.ipynb`
    (`Attachment.make_unique_filename`).
    """
    found = _CANVAS_HIDDEN.fullmatch(parts[-1]) or _CANVAS_NAMED.fullmatch(parts[-1])
    if found is None or len(parts) > 1:
        return None
    who = found.groupdict()
    late = who["late"] is not None
    place = Place(who["key"], who.get("name") or None, "", late=late)
    if who["rest"] in ("text.html", "link.html"):
        what = "text" if who["rest"] == "text.html" else "address"
        return place._replace(instead=f"is {what} that was typed into Canvas; only files are read")
    upload = _CANVAS_UPLOAD.fullmatch(who["rest"])
    if upload is None:
        return None
    return place._replace(within=upload["shown"], order=int(upload["order"]))


_GRADESCOPE = re.compile(r"submission_(?P<number>\d+)")


def gradescope(parts: Sequence[str]) -> Place | None:
    """`submission_123456/mlp.ipynb`, beside `submission_metadata.yml`.

    Source: "Export Submissions" of a programming assignment; Gradescope documents no names. These
    are as programs that read exports take them, and so is what `metadata` reads.
    """
    found = _GRADESCOPE.fullmatch(parts[0])
    if found is None or len(parts) == 1:
        return None
    return Place(found["number"], None, "/".join(parts[1:]))


def of_file(parts: Sequence[str]) -> Place | None:
    """`ana.ipynb`: one file is one submission, and its stem is who handed it in."""
    if len(parts) > 1:
        return None
    stem = parts[0].rpartition(".")[0] or parts[0]
    return Place(stem, stem, parts[0])


def of_folder(parts: Sequence[str]) -> Place | None:
    """`ana/mlp.ipynb`: one folder is one submission, and its name is who handed it in."""
    if len(parts) == 1:
        return None
    return Place(parts[0], parts[0], "/".join(parts[1:]))


PLACES: Final[Mapping[str, Callable[[Sequence[str]], Place | None]]] = {
    MOODLE: moodle,
    CANVAS: canvas,
    GRADESCOPE: gradescope,
    FILES: of_file,
    FOLDERS: of_folder,
}
