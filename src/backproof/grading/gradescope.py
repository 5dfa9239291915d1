"""One submission graded where Gradescope runs it: in a container of its own, by the autograder.

    python -P -m backproof.grading.gradescope /autograder [--without-isolation]

Source: "Autograder Specifications" in Gradescope's documentation
(gradescope-autograders.readthedocs.io/en/latest/specs): the submission's files lie in
`submission`, what is given out goes to `results/results.json`, and what is printed is shown to
teachers alone.
"""

from __future__ import annotations

import datetime
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from backproof.grading import results
from backproof.grading.assignment import read
from backproof.grading.disclosure import for_student
from backproof.grading.feedback_text import about_part, problems
from backproof.grading.gradebooks import Part, gradescope_results
from backproof.grading.language import language
from backproof.grading.platforms import FOLDERS
from backproof.grading.remarks import about_points
from backproof.reading.told import Unreadable

_OPTION: Final = "--without-isolation"


def as_results(graded: Mapping[str, Any]) -> bytes:
    """Gradescope's `results.json` for the one submission of ours.

    A test case for each part; what its output says is plain text, and no more than the student may
    see. Hidden parts are shown `after_published`: until then they tell nobody who hands in again
    whether it helped, and Gradescope shows no total; afterwards a student sees what the points are
    for. `hidden` would never show it. For the same reason `score` is left to be the parts' sum.
    """
    (submission,) = graded["submissions"]
    said_in = language(graded["assignment"]["language"])
    shown = for_student(submission, graded["assignment"]["hints"])
    isolated = graded["isolation"] != results.NOT_ISOLATED
    parts = [
        Part(
            f"{part['function']}: {part['part']}",
            part["points"],
            part["out_of"],
            about_part(part, said_in),
            "visible" if part["public"] else "after_published",
        )
        for part in shown["parts"]
    ]
    _, *about = about_points(
        shown, said_in, isolated=isolated
    )  # the points would tell those of the hidden parts
    output = "\n".join(one for one in (*about, problems(shown, said_in)) if one)
    score = None if parts else float(submission["points"])
    extra = {"isolation": graded["isolation"]}
    return gradescope_results(parts, score=score, output=output, extra=extra)


def graded(root: Path, *, isolated: bool = True) -> dict[str, Any]:
    """Grade what lies in `root/submission` by `root/source/assignment.toml`.

    What comes back is as `results.json` of ours has it. Raises `Unreadable` as `grade` does.
    """
    from backproof.grading.grade import grade  # which imports JAX

    asked = read(root / "source" / "assignment.toml")
    with tempfile.TemporaryDirectory(prefix="backproof-") as folder:
        handed_in = Path(folder) / "class" / "submission"
        try:
            # A link may lead to the assignment, so it stays one.
            shutil.copytree(root / "submission", handed_in, symlinks=True)
        except (OSError, shutil.Error) as error:
            raise Unreadable(f"the submission cannot be read: {error}") from None
        date = datetime.date.today().isoformat()
        return grade(
            handed_in.parent,
            asked,
            Path(folder) / "results",
            date=date,
            jobs=1,
            platform=FOLDERS,
            isolated=isolated,
        )


def main(arguments: Sequence[str]) -> int:
    """Grade and write the results; the exit status, 1 where nothing is graded.

    Nothing is written then, because it would be points: Gradescope tells that the autograder
    failed, and shows teachers why.
    """
    root, isolated = Path(arguments[0]), _OPTION not in arguments[1:]
    try:
        found = graded(root, isolated=isolated)
        results.written(root / "results" / "results.json", as_results(found))
    except Unreadable as error:
        print(f"backproof: {error}")
        return 1
    (submission,) = found["submissions"]
    print(f"{submission['points']:g} of {submission['out_of']:g} points, {submission['status']}")
    print(f"isolation: {found['isolation']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
