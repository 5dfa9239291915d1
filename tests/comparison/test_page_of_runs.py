"""The page is valid whatever the runs are called and whatever their numbers are."""

from __future__ import annotations

import re
from pathlib import Path

import html5lib
import numpy as np
import pytest
from hypothesis import given, settings

from backproof.cli import main
from backproof.comparison.compared import Compared
from backproof.comparison.page import page
from comparison.made_compared import a_run, an_own, any_compared, compared
from comparison.made_runs import task
from comparison.test_compared import recorded

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "nav", "section", "article"),
    *("h1", "h2", "h3", "p", "ul", "li", "a", "bdi", "code", "span", "div", "figure", "figcaption"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
    *("svg", "path", "rect", "line", "text"),
}


def parsed(text):
    """The page's elements; a strict parser raises at the first error."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def structure(text):
    return [(one.tag.rpartition("}")[2], sorted(one.attrib)) for one in parsed(text).iter()]


def renamed(told: Compared) -> Compared:
    runs = [run._replace(name=f"run {i}") for i, run in enumerate(told.runs)]
    return told._replace(runs=runs)


@settings(max_examples=12)
@given(any_compared())
def test_it_is_valid_and_no_name_is_markup(told: Compared) -> None:
    text = page(told)
    text.encode("utf-8")
    found = structure(text)
    assert {tag for tag, _ in found} <= TAGS
    assert not any(name.startswith("on") or name in ("style", "src")
                   for _, names in found for name in names)  # fmt: skip
    assert found == structure(page(renamed(told)))
    tree = parsed(text)
    identifiers = {one.attrib["id"] for one in tree.iter() if "id" in one.attrib}
    links = {one.attrib["href"] for one in tree.iter() if "href" in one.attrib}
    assert {f"#{one}" for one in identifiers} >= links
    assert not re.search(r'[" ](nan|inf|-inf)\b', text)  # coordinates that are none


@settings(max_examples=10)
@given(any_compared())
def test_every_verdict_and_word_is_on_it(told: Compared) -> None:
    articles = list(parsed(page(told)).iter("article"))
    assert len(articles) == len(told.pairs)
    for article, pair in zip(articles, told.pairs.values(), strict=True):
        said = "".join(article.itertext())
        assert pair.verdict in said
        for words in pair.words:
            seen = "".join(one for one in words if one.isprintable())
            assert seen.replace(" ", "") in re.sub(r"[\s\ufffd\u200c\u200d]", "", said)


def test_everything_is_in_the_one_file() -> None:
    run = a_run("a", [0.5])
    text = page(compared([run, run], [an_own(run, {})] * 2))
    assert not re.search(r"\bsrc=|url\(|@import|https?:|<script", text)
    assert "default-src 'none'" in text
    assert "unsafe" not in text


def test_a_run_has_one_hue_and_one_shape_throughout() -> None:
    runs = [a_run(f"run {i}", [0.5, 0.4 / (i + 1)]) for i in range(3)]
    numbers = {0: dict.fromkeys(runs[0].rule.model.parameters, 0.1)}
    text = page(compared(runs, [an_own(run, numbers) for run in runs]))
    shapes: dict[str, set[str]] = {}
    for hue, shape in re.findall(r'class="mark (h\d)" transform="[^"]*" d="([^"]*)"', text):
        shapes.setdefault(hue, set()).add(shape)
    assert sorted(shapes) == ["h0", "h1", "h2"]
    assert all(len(one) == 1 for one in shapes.values())
    for hue, name in re.findall(r'class="line (h\d)"[^>]*><title>(run \d)</title>', text):
        assert hue[1] == name[-1]


def test_where_a_loss_is_lost_the_plot_says_since_when() -> None:
    runs = [a_run("a", [0.5, 0.4, np.nan, np.inf, 0.3]), a_run("b", [np.nan] * 5)]
    text = page(compared(runs, [an_own(run, {}) for run in runs], "diverged"))
    assert "a: not finite from step 2 on" in text
    assert "b: not finite from step 0 on" in text
    assert "up to step 2" in text


def test_of_a_million_steps_the_page_stays_small() -> None:
    losses = 5.0 + np.random.default_rng(0).random(10**6)
    losses[654_321] = 23.0
    run = a_run("long", losses)
    text = page(compared([run, run], [an_own(run, {})] * 2))
    assert len(text) < 200_000
    assert ">25</text>" in text  # the axis reaches to what one step has


def test_what_the_records_do_not_say_is_left_out_in_words() -> None:
    told = dict.fromkeys(("seconds", "environment", "seeds", "sizes", "batch_size"))
    runs = [a_run(name, [], **told) for name in "ab"]
    text = page(compared(runs, [an_own(run, {}) for run in runs]))
    assert "The records do not say how long the steps took." in text
    assert "No run recorded a loss." in text
    assert "No recorded step could be taken again." in text


# --- the option -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("runs")
    return [recorded(folder / name, task(steps=3)) for name in ("first", "second")]


def test_the_option_writes_the_page_beside_the_text(
    tmp_path: Path, two: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "told.html"
    assert main(["compare", *two, "--html", str(file)]) == 0
    assert "first and second: bitwise equal" in capsys.readouterr().out
    text = file.read_text(encoding="utf-8")
    parsed(text)
    assert "<title>Runs compared: first, second</title>" in text
    assert "2 runs, 1 pair: 1 bitwise equal." in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--html", "{}/none/told.html"], "there is no folder"),
        (["--html", "{}"], "is a folder"),
        (["--html", "{}/a.html", "--equivalent-within", "1"], "as text only"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    given_options = [one.format(tmp_path) for one in options]
    assert main(["compare", "no-such-a", "no-such-b", *given_options]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert "no-such" not in told
