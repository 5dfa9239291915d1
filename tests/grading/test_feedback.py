import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from backproof.grading.feedback import code_span, escaped, feedback
from backproof.grading.language import language, languages
from backproof.grading.remarks import printable
from grading.made_results import MARK, any_results, hand_written, reworded, student_text

GOLDEN = Path(__file__).parent / "golden"
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def all_feedback(results):
    said_in = language(results["assignment"]["language"])
    return [feedback(one, results["assignment"], said_in) for one in results["submissions"]]


def structure(text):
    """Every token of the Markdown but plain text."""
    found = []
    for token in MARKDOWN.parse(text):
        found.append((token.type, token.tag, token.level))
        inner = token.children or []
        found += [(one.type, one.tag) for one in inner if one.type != "text"]
    return found


@pytest.mark.parametrize("code", languages())
def test_golden(code):
    expected = (GOLDEN / f"feedback.{code}.md").read_text("utf-8")
    assert "\n".join(all_feedback(hand_written(code))) == expected


@given(any_results())
def test_nothing_a_student_wrote_is_markup(results):
    texts, others = all_feedback(results), all_feedback(reworded(results))
    for text, other in zip(texts, others, strict=True):
        found = structure(text)
        assert found == structure(other)
        assert not {"html_inline", "html_block", "link_open", "image"} & {
            kind for kind, *_ in found
        }
        text.encode()


@given(st.text(max_size=40) | student_text)
@example("1. a")
@example("\b- a")
@example("&copy; &#60; <!-- -->")
@example("http://a.b www.a.b a@b.c")
@example("![a](b)")
def test_escaped_text_shows_just_that(text):
    shown = " ".join(printable(text).split())
    (*_, inline, _) = MARKDOWN.parse(f"{escaped(text).strip()} end")
    content = "".join(one.content for one in inline.children)
    assert all(one.type in ("text", "text_special") for one in inline.children)
    assert " ".join(content.replace("\u2060", "").split()) == f"{shown} end".strip()


MEANT = st.text("`|\\ a<*&\n", max_size=12)


@given(MEANT)
def test_a_code_span_shows_just_that(text):
    (_, inline, _) = MARKDOWN.parse(f"- {code_span(text)} end")[2:5]
    (*code, end) = inline.children
    shown = " ".join(printable(text).split())
    assert [(one.type, one.content) for one in code] == [("code_inline", shown)] * bool(shown)
    assert end.content.strip() == "end"


@given(MEANT)
def test_a_name_stays_in_its_cell(text):
    written = f"| {code_span(text, in_table=True)} | 1 |\n"
    cells = [
        "".join(one.content for one in token.children)
        for token in MARKDOWN.parse(f"| a | b |\n| --- | --- |\n{written}")
        if token.type == "inline"
    ]
    assert cells == ["a", "b", " ".join(printable(text).split()), "1"]


def test_addresses_are_no_links():
    text = escaped("see http://a.b, www.a.b or me@a.b")
    assert "http:/" not in text
    assert "www." not in text
    assert "me@a" not in text


@pytest.mark.parametrize(("hints", "shown"), [("none", ""), ("part", "w"), ("case", "wc")])
def test_hint_levels(hints, shown):
    text = all_feedback(hand_written(hints=hints))[1]
    assert ("times `n`" in text) == ("w" in shown)
    assert ("wrong" in text) == ("w" in shown)
    assert ("np.array" in text) == ("c" in shown)
    assert "**Points: 1 of 10**" in text
    assert "0 of 1.5" in text


@given(any_results())
def test_a_hidden_part_shows_nothing_but_its_verdict_and_codes(results):
    for part in results["assignment"]["parts"]:
        part["public"] = False
    for submission in results["submissions"]:
        submission["parts"] = [part | {"public": False} for part in submission["parts"]]
        submission |= {"name": None, "problems": [], "override": None}
    for text in all_feedback(results):
        assert MARK not in text
        assert "np." not in text
        assert "```" not in text


def test_what_some_parts_have_in_common_is_said_once():
    text = all_feedback(hand_written())[2]
    assert "- `dw`, `db`, `edge`: `gradient` is not defined.\n" in text


def test_it_takes_what_json_gives():
    results = json.loads(json.dumps(hand_written()))
    assert all_feedback(results) == all_feedback(hand_written())
