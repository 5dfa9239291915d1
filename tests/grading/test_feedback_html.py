import re
from pathlib import Path

import html5lib
import pytest
from hypothesis import given

from backproof.grading.feedback_html import as_html
from backproof.grading.feedback_text import as_text
from backproof.grading.language import language, languages
from grading.made_results import any_results, hand_written, reworded

GOLDEN = Path(__file__).parent / "golden"
HTML_4 = [
    "body",
    "code",
    "h4",
    "li",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
    "br",
    "head",
    "html",
]


def all_comments(results):
    said_in = language(results["assignment"]["language"])
    return [as_html(one, results["assignment"], said_in) for one in results["submissions"]]


def elements(comment):
    parsed = html5lib.parse(comment, treebuilder="etree", namespaceHTMLElements=False)
    return [(one.tag, sorted(one.attrib.items())) for one in parsed.iter() if one.tag != "br"]


@pytest.mark.parametrize("code", languages())
def test_golden(code):
    expected = (GOLDEN / f"feedback.{code}.html").read_text("utf-8")
    assert "\n".join(all_comments(hand_written(code))) + "\n" == expected


@given(any_results())
def test_a_comment_is_one_line_and_no_formula_and_nothing_a_student_wrote_is_markup(results):
    for one, other in zip(all_comments(results), all_comments(reworded(results)), strict=True):
        assert one.startswith("<p><strong>")
        assert "\n" not in one
        assert "\r" not in one
        assert elements(one) == elements(other)
        assert {tag for tag, _ in elements(one)} <= {*HTML_4}


@given(any_results())
def test_a_comment_says_what_the_text_says(results):
    said_in = language(results["assignment"]["language"])
    for one, comment in zip(results["submissions"], all_comments(results), strict=True):
        one = {**one, "name": None}
        about = {**results["assignment"], "title": ""}
        text = as_text(one, about, said_in)
        shown = "".join(
            html5lib.parse(
                re.sub("<(?:br|/td|/th|/p|/li|/h4|p|li)>", r" \g<0>", comment),
                namespaceHTMLElements=False,
            ).itertext()
        )
        words = re.findall(r"\w+", shown)
        # What only one of them has: the names of a table's columns.
        assert {*re.findall(r"\w+", text)} <= {*words}
