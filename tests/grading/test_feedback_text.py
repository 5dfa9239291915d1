from pathlib import Path

import pytest
from hypothesis import given

from backproof.grading.feedback_text import as_text
from backproof.grading.language import language, languages
from grading.made_results import any_results, hand_written

GOLDEN = Path(__file__).parent / "golden"


def all_text(results):
    said_in = language(results["assignment"]["language"])
    return [as_text(one, results["assignment"], said_in) for one in results["submissions"]]


@pytest.mark.parametrize("code", languages())
def test_golden(code):
    expected = (GOLDEN / f"feedback.{code}.txt").read_text("utf-8")
    assert "\n".join(all_text(hand_written(code))) == expected


@given(any_results())
def test_nothing_in_it_moves_a_terminals_cursor_and_nothing_is_escaped(results):
    without = {"because": [], "case": None}
    for submission in results["submissions"]:
        submission |= {"problems": [], "override": None}
        submission["name"] = "a_b [c] <d> *e* 1. |f| ~ $ \\"
        submission["parts"] = [part | without for part in submission["parts"]]
    results["assignment"]["title"] = "# a_b: `c`"
    for text in all_text(results):
        assert text.replace("\n", "").isprintable()
        assert text.startswith("# a_b: `c`\na_b [c] <d> *e* 1. |f| ~ $ \\\n\n")
