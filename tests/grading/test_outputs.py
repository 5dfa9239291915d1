"""What a run of grading leaves for the platforms, and what it says of what is open."""

import csv
import io

import pytest

from backproof.grading import outputs
from backproof.reading.told import Unreadable
from grading.made_results import hand_written, submitted

HEADER = (
    "Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments"
)
OVERRIDE = {"points": 7.5, "reason": "shown on paper"}


@pytest.fixture
def worksheet(tmp_path):
    """The path of a worksheet of participants 1 to 5."""
    rows = [f"Participant {n},Name,a@b,Submitted,,10.00,Yes,-,-," for n in range(1, 6)]
    path = tmp_path / "worksheet.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    return path


def grades(graded, worksheet, out):
    """What is said, and by participant the grade that is filled in."""
    for one in graded["submissions"]:
        one.setdefault("joined_on", one["key"])
        one["name"] = None
    said = outputs.write(graded, out, moodle=outputs.own(str(worksheet), out))
    rows = csv.DictReader(io.StringIO((out / "worksheet.csv").read_text("utf-8")))
    return said, {row["Identifier"].removeprefix("Participant "): row["Grade"] for row in rows}


def test_what_is_open_stays_empty_and_is_named(worksheet, tmp_path):
    said, found = grades(hand_written(), worksheet, tmp_path / "out")
    assert found == {"1": "10", "2": "", "3": "4.5", "4": "0", "5": ""}
    assert "    left as they are until somebody has looked: 2" in said.splitlines()


def test_a_teachers_points_for_what_is_open_are_filled_in(worksheet, tmp_path):
    graded = hand_written()
    graded["submissions"][1]["override"] = OVERRIDE
    said, found = grades(graded, worksheet, tmp_path / "out")
    assert found["2"] == "7.5"
    assert "somebody has looked" not in said


def test_of_two_of_one_student_the_one_that_a_teacher_decided_counts(worksheet, tmp_path):
    graded = hand_written()
    for key, override in (("5", OVERRIDE), ("5 (2)", None)):
        told = {"joined_on": "5", "status": "review", "override": override}
        graded["submissions"].append(submitted(key, [], **told))
    said, found = grades(graded, worksheet, tmp_path / "out")
    assert found["5"] == "7.5"
    assert "  look at 5 (2): " in said.splitlines()


def test_why_nothing_could_be_read_is_said_before_that_nothing_was(worksheet, tmp_path):
    graded = hand_written()
    words = "hw.ipynb has 200 MB, and at most 50 MB are read"
    none = {"code": "no_program", "words": "holds no .py or .ipynb file"}
    told = {"status": "review", "problems": [{"code": "said", "words": words}, none]}
    graded["submissions"].append(submitted("5", [], **told))
    long = {"code": "syntax", "words": "(" * 9000}
    graded["submissions"].append(submitted("6", [], status="unread", problems=[long]))
    said, _ = grades(graded, worksheet, tmp_path / "out")
    assert f"  look at 5: {words}; holds no .py or .ipynb file" in said.splitlines()
    assert max(map(len, said.splitlines())) < 300


def test_a_file_of_the_teachers_is_never_written_over(worksheet, tmp_path):
    with pytest.raises(Unreadable, match="would be written over"):
        outputs.own(str(worksheet), worksheet.parent)
    ours = worksheet.rename(tmp_path / "results.csv")
    with pytest.raises(Unreadable, match="would be written over"):
        outputs.own(str(ours), tmp_path / "out")
    with pytest.raises(Unreadable, match="cannot be read: No such file"):
        outputs.own(str(worksheet), tmp_path / "out")
