import csv
import io
import json
import math
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.grading.gradebooks import (
    Part,
    canvas_gradebook,
    gradescope_results,
    moodle_worksheet,
)
from backproof.reading.told import Unreadable

GOLDEN = Path(__file__).parent / "golden"


def golden(name):
    return (GOLDEN / name).read_bytes()


FEEDBACK = {
    "657693": '<p>dW1 is right.</p><p>=1+1 is no "formula" here, a &lt; b;<br>well done: çãé ∂</p>',
    "657694": "<p>-1 of 3</p>",
    "1234": "<p>Prüfe ∂W1</p>",
    "12": "<p>both</p>",
    "Default group": "<p>-</p>",
}
CASES = {
    "moodle_english": lambda content: moodle_worksheet(
        content,
        {"657693": 7.5, "657694": 10, "657696": 12, "99": 1},
        FEEDBACK | {"657696": "<p>@SUM(1)</p>"},
        names={"657693": "Ana Silva", "657694": "Seán ONeil", "657696": "bia Bia Costa"},
    ),
    "moodle_portuguese": lambda content: moodle_worksheet(
        content, {"657693": 7.25, "657694": 0}, {"657693": FEEDBACK["657693"]}
    ),
    "moodle_german_blind": lambda content: moodle_worksheet(
        content, {"1234": 200 / 3}, {"1234": FEEDBACK["1234"]}, names={"1234": None}
    ),
    "moodle_teams": lambda content: moodle_worksheet(
        content,
        {"12": 4.5, "Default group": 2},
        {key: FEEDBACK[key] for key in ("12", "Default group")},
        names={"12": "Team A", "Default group": "Default group"},
    ),
    "canvas": lambda content: canvas_gradebook(
        content, "12345", {"1234": 7.5, "1236": 1, "1237": 2, "4321": 3}
    ),
    "canvas_semicolons": lambda content: canvas_gradebook(
        content, "12345", {"1234": 7.5, "1235": 10}
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_golden(case):
    filled = CASES[case](golden(f"{case}.csv"))
    assert filled.content == golden(f"{case}.filled.csv")


def test_what_was_not_filled_in_is_told():
    filled = CASES["moodle_english"](golden("moodle_english.csv"))
    assert filled.filled == ("657693", "657694", "657696")
    assert filled.missing == ("99", "1234", "12", "Default group")
    assert filled.problems == ("657696: 12 points, and Moodle takes 0 to 10.00",)
    filled = CASES["canvas"](golden("canvas.csv"))
    assert filled.missing == ("4321",)
    assert filled.problems == (
        "1236 is excused in Canvas; the points are not filled in",
        "1237 is not assigned this in Canvas; the points are not filled in",
    )


def test_a_number_with_another_name_is_not_joined():
    filled = moodle_worksheet(
        golden("moodle_english.csv"), {"657693": 5}, names={"657693": "Cid Dias"}
    )
    assert filled.content == golden("moodle_english.csv")
    assert filled.missing == ("657693",)
    assert filled.problems == ("657693 is Cid Dias in the submissions, and not in the worksheet",)


def test_a_number_of_a_team_is_not_a_participants():
    filled = CASES["moodle_teams"](golden("moodle_teams.csv"))
    rows = list(csv.DictReader(io.StringIO(filled.content.decode())))
    assert [row["Grade"] for row in rows] == ["4.5", "4.5", "2", ""]


def test_canvas_that_hides_names_has_no_join():
    filled = canvas_gradebook(golden("canvas.csv"), "12345", {"anon_1a2B3": 5})
    assert filled.content == golden("canvas.csv")
    assert filled.problems == (
        "Canvas hid the names in the zip, and no gradebook knows who they are",
    )


CELLS = st.text(
    st.characters(categories=["L", "Nd", "P", "Sc", "Zs"], include_characters=',;"\n\t='),
    max_size=10,
)
POINTS = st.integers(0, 1000).map(lambda tenths: tenths / 100)
COMMENTS = st.builds(
    "<p>{}</p>".format,
    st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")),
)


def written(rows, delimiter, newline, quoting):
    sink = io.StringIO()
    csv.writer(sink, delimiter=delimiter, lineterminator=newline, quoting=quoting).writerows(rows)
    return sink.getvalue()


STYLES = {
    "delimiter": st.sampled_from(",;\t"),
    "newline": st.sampled_from(["\n", "\r\n"]),
    "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    "encoding": st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
}


def read(content, encoding, delimiter):
    text = content.decode(encoding)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@given(data=st.data(), **STYLES)
def test_a_worksheet_that_is_filled_in_says_what_was_filled_in(
    data, delimiter, newline, quoting, encoding
):
    numbers = data.draw(st.lists(st.integers(1, 9999), min_size=1, max_size=5, unique=True))
    header = ["Id", "Naam", "Status", "Cijfer", "Max", "Kan", "Ingeleverd", "Beoordeeld", "Tekst"]
    rows = [header]
    for number in numbers:
        cells = [data.draw(CELLS) for _ in range(2)]
        when = data.draw(st.sampled_from(["-", "woensdag, 4 oktober 2023, 10:15"]))
        rows.append([f"Deelnemer {number}", *cells, "", "10.00", "Ja", when, "-", ""])
    content = written(rows, delimiter, newline, quoting).encode(encoding)
    some = st.sampled_from([str(number) for number in numbers])
    points = data.draw(st.dictionaries(some, POINTS))
    comments = data.draw(st.dictionaries(some, COMMENTS))
    filled = moodle_worksheet(content, points, comments)
    assert set(filled.filled) == {*points, *comments}
    before, after = read(content, encoding, delimiter), read(filled.content, encoding, delimiter)
    for row in before[1:]:
        key = row[0].rpartition(" ")[2]
        if key in points:
            row[3] = after[before.index(row)][3]
            assert float(row[3]) == points[key]
        if key in comments:
            row[8] = comments[key]
    assert after == before
    assert moodle_worksheet(content, {}).content == content


def pieces(content, encoding, delimiter):
    """Every cell as it is written, quotes and all."""
    text = content.decode(encoding)
    return re.findall(rf'"(?:[^"]|"")*"|[^{delimiter}"\r\n]+|[{delimiter}]|\r?\n', text)


@given(data=st.data(), **STYLES)
def test_a_gradebook_that_is_filled_in_says_what_was_filled_in(
    data, delimiter, newline, quoting, encoding
):
    delimiter = "," if delimiter == "\t" else delimiter
    numbers = data.draw(st.lists(st.integers(1, 9999), min_size=1, max_size=5, unique=True))
    comma = data.draw(st.booleans())
    possible = "10,00" if comma else "10.00"
    rows = [
        ["Student", "ID", "Section", "A (1)", "B, the 2nd (2)", "Current Score"],
        ["    Points Possible", "", "", "", possible, "(read only)"],
    ]
    for number in numbers:
        name, section, other = (data.draw(CELLS) for _ in range(3))
        rows.append([name, str(number), section, other, "?", "x"])
    content = written(rows, delimiter, newline, quoting).encode(encoding)
    some = st.sampled_from([str(number) for number in numbers])
    points = data.draw(st.dictionaries(some, POINTS))
    filled = canvas_gradebook(content, "2", points)
    before, after = read(content, encoding, delimiter), read(filled.content, encoding, delimiter)
    for row, new in zip(before, after, strict=True):
        if row[1] in points:
            assert ("," in new[4]) == (comma and points[row[1]] % 1 != 0)
            assert float(new[4].replace(",", ".")) == points[row[1]]
            new[4] = "?"
    assert after == before
    old, new = (pieces(one, encoding, delimiter) for one in (content, filled.content))
    assert sum(one != other for one, other in zip(old, new, strict=True)) == len(points)


def test_comments_that_are_no_html_are_refused():
    with pytest.raises(ValueError, match="=SUM"):
        moodle_worksheet(golden("moodle_english.csv"), {}, {"657693": "=SUM(1)"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((b"Participant 657694", b"Ana"), "the worksheet has no column of identifiers"),
        ((b"3.00,10.00", b"3.00,9.00"), "the worksheet has no column of grades left of one"),
        ((b"10.00", b"Poor; Good"), "an assignment that is graded on a scale takes no points"),
        ((b"bia@example.edu,", b""), "the worksheet, line 6: 9 cells, and the header has 10"),
        ((b'please</p>"', b"please"), "the worksheet, line 3: a quote that does not end"),
        ((b'"Bia Costa"', b'"Bia" Costa'), "the worksheet, line 6: a quote that does not end"),
        ((b"Ana Silva", b"\xff"), "the worksheet is not in utf-8, which it begins as"),
        ((golden("moodle_english.csv")[3:], b""), "holds no table of a header and rows"),
    ],
)
def test_what_is_no_worksheet_is_told(change, words):
    content = golden("moodle_english.csv").replace(*change)
    with pytest.raises(Unreadable) as error:
        moodle_worksheet(content, {"657693": 1}, {"657693": "<p>x</p>"})
    assert words in str(error.value)


def test_a_column_for_comments_may_be_missing_or_one_of_several():
    content = golden("moodle_english.csv").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    short = written([row[:-1] for row in rows], ",", "\n", csv.QUOTE_MINIMAL).encode()
    filled = moodle_worksheet(short, {"657693": 1}, {"657693": "<p>x</p>"})
    assert filled.problems[0].startswith("the worksheet has no column for comments; switch on")
    assert b",1,10.00," in filled.content
    more = [[*row, "Outcomes" if row is rows[0] else "none"] for row in rows]
    long = written(more, ",", "\n", csv.QUOTE_MINIMAL).encode()
    with pytest.raises(Unreadable, match=r"\('Feedback comments', 'Outcomes'\): tell which$"):
        moodle_worksheet(long, {}, {"657693": "<p>x</p>"})
    filled = moodle_worksheet(long, {}, {"657693": "<p>x</p>"}, feedback_column="Feedback comments")
    assert b",<p>x</p>,none" in filled.content
    with pytest.raises(Unreadable, match="has no column 'Other'"):
        moodle_worksheet(long, {}, {"657693": "<p>x</p>"}, feedback_column="Other")


def test_equal_grades_are_no_maximum_of_an_empty_column():
    content = (
        b"Id,Name,Status,Marker,Grade,Max,Can,Graded\n"
        b"Participant 1,Ana,Sent,,3.00,10.00,Yes,-\nParticipant 2,Bia,Sent,,3.00,10.00,Yes,-\n"
    )
    assert b"Sent,,7,10.00" in moodle_worksheet(content, {"1": 7}).content


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((b"(12345)", b"(99)"), "no column for assignment 12345; it has Homework 2 (12344), Home"),
        ((b",ID,", b",Id,"), "the gradebook has no column 'ID'"),
        ((b"Points Possible", b"Pontos"), "the gradebook has no row 'Points Possible'"),
        ((b"5.00,10.00", b"5.00,(read only)"), "the column 'Homework 3 (12345)' is read only"),
    ],
)
def test_what_is_no_gradebook_is_told(change, words):
    with pytest.raises(Unreadable) as error:
        canvas_gradebook(golden("canvas.csv").replace(*change), "12345", {"1234": 1})
    assert words in str(error.value)


@given(st.binary(max_size=60))
def test_no_bytes_are_a_traceback(content):
    for fill in (
        lambda: moodle_worksheet(content, {"1": 1}, {"1": "<p>x</p>"}),
        lambda: canvas_gradebook(content, "1", {"1": 1}),
    ):
        with pytest.raises(Unreadable):
            fill()


@given(
    st.sampled_from(sorted(CASES)),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 9), st.binary(max_size=4)), max_size=4),
)
def test_no_damage_is_a_traceback(case, changes):
    content = golden(f"{case}.csv")
    for at, cut, put in changes:
        at %= len(content)
        content = content[:at] + put + content[at + cut :]
    try:
        filled = CASES[case](content)
    except Unreadable:
        return
    assert set(filled.filled) | set(filled.missing)


# Written from the documentation that `gradescope_results` names.
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "output": {"type": "string"},
        "visibility": {"$ref": "#/$defs/visibility"},
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "output": {"type": "string"},
                    "visibility": {"$ref": "#/$defs/visibility"},
                },
            },
        },
    },
    "anyOf": [{"required": ["score"]}, {"properties": {"tests": {"minItems": 1}}}],
    "$defs": {"visibility": {"enum": ["visible", "hidden", "after_due_date", "after_published"]}},
}
PARTS = st.builds(
    Part,
    st.text(),
    POINTS,
    POINTS,
    st.text(),
    st.sampled_from(["visible", "hidden", "after_due_date", "after_published"]),
)


GRADESCOPE = jsonschema.Draft202012Validator(SCHEMA)


@given(st.lists(PARTS, min_size=1), st.none() | POINTS, st.text())
def test_results_are_as_gradescope_documents_them(parts, score, output):
    results = json.loads(gradescope_results(parts, score=score, output=output))
    GRADESCOPE.validate(results)
    assert [test["score"] for test in results["tests"]] == [part.score for part in parts]
    assert results.get("score") == score


def test_golden_results():
    parts = [
        Part("dW1", 2.0, 2.0, "right"),
        Part("dW2", 0.5, 2, "falta a média: 1/m", "after_published"),
    ]
    assert gradescope_results(parts, score=2.5, output="2,5 de 4") == golden("results.json")


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([], {}),
        ([Part("dW1", math.nan, 1)], {}),
        ([], {"score": math.inf}),
        ([Part("dW1", 1, 1, "", "never")], {}),
        ([], {"score": 1, "visibility": "sometimes"}),
    ],
)
def test_results_that_gradescope_would_not_take_are_refused(parts, told):
    with pytest.raises(ValueError, match=r"expected|neither"):
        gradescope_results(parts, **told)


@pytest.mark.parametrize(("out_of", "count"), [(None, 0), (10.0, 0), (5.0, 1)])
def test_other_points_possible_in_canvas_are_said(out_of, count):
    filled = canvas_gradebook(golden("canvas.csv"), "12345", {}, out_of=out_of)
    assert sum("points possible are 10.00 and" in one for one in filled.problems) == count
