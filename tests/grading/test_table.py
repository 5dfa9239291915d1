import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.grading.language import language
from backproof.grading.remarks import printable
from backproof.grading.table import as_csv, guarded
from grading.made_results import any_results, hand_written, student_text


def read(content, delimiter):
    assert content.startswith(b"\xef\xbb\xbf")
    return list(
        csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter)
    )


@given(any_results())
def test_it_reads_back(results):
    said_in = language(results["assignment"]["language"])
    header, *rows = read(as_csv(results), said_in.separator)
    parts = results["assignment"]["parts"]
    assert len(header) == 9 + len(parts)
    assert {len(row) for row in rows} <= {len(header)}
    for row, submission in zip(rows, results["submissions"], strict=True):
        assert row[0].replace("'", "") == one_line(submission["key"])
        assert row[1].replace("'", "") == one_line(submission["name"] or "")
        expected = [
            "" if part["verdict"] == "undecided" else said_in.number(part["points"])
            for part in submission["parts"]
        ] or [""] * len(parts)
        assert row[9:] == expected


def one_line(text):
    return " ".join(printable(text).split()).replace("'", "")


@given(any_results(), st.sampled_from(",;\t"))
def test_no_cell_is_a_formula_whatever_separates_the_cells(results, delimiter):
    for row in read(as_csv(results), delimiter):
        for cell in row:
            assert cell.lstrip(' "')[:1] not in tuple("=+-@＝＋－＠")


@given(student_text)
def test_an_apostrophe_is_all_that_guarding_adds(text):
    assert guarded(text).replace("'", "") == one_line(text)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        (' "=1', "'\"=1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("＝1", "'＝1"),
        ("Silva;=1", "Silva;'=1"),
        ("\t=1", "'=1"),
        ("a\r\n=1", "a =1"),
        ("a-b = c", "a-b = c"),
    ],
)
def test_guarded(text, cell):
    assert guarded(text) == cell


def test_in_portuguese_numbers_have_a_comma_and_cells_a_semicolon():
    lines = as_csv(hand_written("pt")).decode("utf-8-sig").splitlines()
    assert lines[0].startswith('"Chave";"Nome";"Situação";"Atraso";"Pontos";"De";')
    assert lines[1] == (
        '"1";"Ana Conceição";"avaliada";"não";"10";"10";"";"";"bubblewrap";"1";"2";"2";"1,5";"3,5"'
    )
    assert '"4,5"' in lines[3]


def test_what_was_not_isolated_says_so_in_every_row():
    _, *rows = read(as_csv(hand_written() | {"isolation": "none"}), ",")
    assert {row[8] for row in rows} == {"no isolation"}


def test_what_is_not_decided_is_empty():
    _, _, row, *_ = read(as_csv(hand_written()), ",")
    assert row[9:] == ["1", "0", "0", "0", ""]
