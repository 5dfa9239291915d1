import re

import html5lib
import pytest
from hypothesis import given, settings

from backproof.grading.distribution import bars, mistakes
from backproof.grading.language import language, plainly
from backproof.grading.page import page
from backproof.reading.told import Unreadable
from grading.made_results import MARK, a_class, any_results, hand_written, marked, reworded

TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "script",
        "body",
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "li",
    ),
    *("svg", "g", "rect", "text", "line", "span", "div", "section", "label", "input", "button"),
    *("table", "thead", "tbody", "tr", "th", "td", "code", "pre", "wbr"),
}


def parsed(text):
    """The page's elements; a strict parser raises at the first error."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def structure(text):
    tree = parsed(text)
    return [(one.tag.rpartition("}")[2], sorted(one.attrib)) for one in tree.iter()]


@settings(max_examples=30)
@given(any_results())
def test_it_is_valid_and_nothing_a_student_wrote_is_markup(results):
    found = structure(page(results))
    assert {tag for tag, _ in found} <= TAGS
    assert not any(name.startswith("on") or name in ("style", "src", "href")
                   for _, names in found for name in names)  # fmt: skip
    assert found == structure(page(reworded(results)))


@settings(max_examples=30)
@given(any_results())
def test_an_anonymous_page_is_the_same_whoever_handed_in(results):
    text = page(results, anonymous=True)
    parsed(text)
    assert MARK not in text
    assert text == page(reworded(results), anonymous=True)


@pytest.mark.parametrize("code", ["en", "pt"])
def test_an_anonymous_page_of_a_class_names_nobody(code):
    results = hand_written(code)
    text = page(results, anonymous=True)
    for secret in ("Ana", "Bob", "Silva", ".ipynb", "a.py", "report.pdf", "hello", "ValueError",
                   "Showed", "digest of"):  # fmt: skip
        assert secret in page(results) or secret == "digest of"
        assert secret not in text


def test_everything_is_in_the_one_file():
    text = page(hand_written())
    assert not re.search(r"\b(src|href)=|url\(|@import|https?:", text)
    assert "default-src 'none'" in text
    assert "unsafe" not in text


def test_it_says_what_was_not_isolated():
    assert "No isolation" not in page(hand_written())
    assert "No isolation" in page(hand_written() | {"isolation": "none"})


def test_the_same_results_give_the_same_page():
    assert page(a_class(30)) == page(a_class(30))


def test_an_unknown_language_is_refused_in_words():
    with pytest.raises(Unreadable, match="no language 'eo'"):
        page(hand_written("eo"))


def test_an_empty_class_has_a_page():
    parsed(page(hand_written() | {"submissions": []}))


def test_every_submission_is_in_one_bar():
    submissions = a_class(200)["submissions"]
    drawn = bars(submissions, 12.0)
    assert sum(bar.decided + bar.undecided for bar in drawn) == 200
    assert sum(bar.undecided for bar in drawn) == sum(
        one["status"] == "review" for one in submissions
    )
    assert (drawn[0].low, drawn[-1].high) == (0.0, 12.0)


@pytest.mark.parametrize(
    ("out_of", "ends"),
    [
        (11.0, [0, 2, 4, 6, 8, 10, 12]),
        (10.0, [*range(11)]),
        (9.0, [*range(10)]),
        (3.0, [0, 0.5, 1, 1.5, 2, 2.5, 3]),
        (0.7, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        (100.0, [*range(0, 101, 10)]),
        (0.0, [0, 1]),
    ],
)
def test_bars_end_at_round_numbers_of_points(out_of, ends):
    drawn = bars([], out_of)
    assert [*(bar.low for bar in drawn), drawn[-1].high] == pytest.approx(ends)


@pytest.mark.parametrize(("points", "bar"), [(0, 0), (0.99, 0), (1, 1), (10, 9), (11, 9), (-1, 0)])
def test_a_bar_has_its_low_end_and_the_last_both(points, bar):
    one = hand_written()["submissions"][0] | {"points": points}
    assert bars([one], 10.0)[bar].decided == 1


def test_mistakes_are_counted_once_a_submission_and_the_most_frequent_come_first():
    part = {"function": "gradient", "part": "dw", "out_of": 1.0, "public": True}
    error, factor = {"code": "raised", "error": "a"}, {"code": "factor", "factor": "n"}
    made = [
        {"parts": [marked(part, "wrong", [factor])]},
        {"parts": [marked(part, "wrong", [error])]},
        {"parts": [marked(part, "wrong", [error | {"error": "b"}, error])]},
        {"parts": [marked(part, "wrong", [factor | {"factor": "-1"}])]},
        {"parts": [marked(part, "undecided", [{"code": "near"}])]},
        {"parts": [marked(part, "right", [{"code": "guarded"}])]},
    ]
    assert [(plainly(one.sentence), one.submissions) for one in mistakes(made, language("en"))] == [
        ("Raises an error.", (1, 2)),
        ("Is the right answer times n.", (0,)),
        ("Is the right answer times -1.", (3,)),
    ]
