"""The pages of one run and of a sweep are valid, and say what the text says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backproof
from backproof.cli import main
from backproof.comparison.page_of_rates import page_of_rates
from backproof.comparison.page_of_run import page_of_run
from backproof.comparison.rates import Rate, Rates, Sweep
from backproof.notation import MODELS
from backproof.runs.reader import Run
from comparison.made_compared import NAMES, NUMBERS, description
from comparison.test_page_of_runs import TAGS, parsed

PARTS = ("curves", "classes", "settings")


def a_run(losses: Any, name: str = "a", curves: Any = None, **told: Any) -> Run:
    told = {
        "model": "mlp",
        "activation": "tanh",
        "learning_rate": 0.1,
        "dtype": "float32",
        "data": {"path": None},
        **told,
    }
    losses = np.asarray(losses, np.float64)
    return Run(Path(name), description(**told), MODELS["mlp"], losses, dict(curves or {}), ())


@st.composite
def any_run(draw: st.DrawFn) -> Run:
    losses = draw(st.lists(NUMBERS, max_size=20))
    curves: dict[str, Any] = {}
    classes = draw(st.lists(NAMES, min_size=2, max_size=4))
    if draw(st.booleans()):
        evaluated = sorted(draw(st.sets(st.integers(0, max(len(losses), 1)), min_size=1)))
        shares = st.lists(st.floats(0, 1) | st.just(np.nan), min_size=len(evaluated),
                          max_size=len(evaluated))  # fmt: skip
        curves = {
            "gradient_norms": np.array(draw(st.lists(NUMBERS, max_size=len(losses)))),
            "evaluated": np.array(evaluated),
            "accuracy": np.array(draw(shares)),
            "confusion": np.array(
                draw(st.lists(st.integers(0, 99), min_size=len(classes) ** 2,
                              max_size=len(classes) ** 2))
            ).reshape(len(classes), -1),
        }  # fmt: skip
    name = draw(NAMES.filter(lambda text: text not in (".", "..")))
    status = draw(st.sampled_from(["running", "complete", "stopped"]))
    reason = draw(st.none() | NAMES)
    return a_run(losses, name, curves, classes=classes, status=status, reason=reason)


def is_sound(page: str) -> None:
    """Valid, without a script and a style of its own, links that lead somewhere."""
    page.encode("utf-8")
    tree = parsed(page)
    assert {one.tag.rpartition("}")[2] for one in tree.iter()} <= TAGS
    assert not any(
        name.startswith("on") or name in ("style", "src")
        for one in tree.iter()
        for name in one.attrib
    )
    identifiers = {f"#{one.attrib['id']}" for one in tree.iter() if "id" in one.attrib}
    assert {one.attrib["href"] for one in tree.iter() if "href" in one.attrib} <= identifiers
    assert not re.search(r' (d|[xy][12]?|transform|width|height)="[^"]*(nan|inf)', page)
    assert "default-src 'none'" in page
    assert not re.search(r"\bsrc=|url\(|@import|https?:|<script", page)


@settings(max_examples=40)
@given(any_run())
def test_the_page_of_any_run_is_sound(run: Run) -> None:
    is_sound(page_of_run(run))


@settings(max_examples=40)
@given(
    st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=9),
    st.lists(NUMBERS, min_size=3, max_size=3),
    NAMES,
    st.booleans(),
)
def test_the_page_of_any_sweep_is_sound(
    numbers: list[tuple[float, ...]], curve: list[float], name: str, held: bool
) -> None:
    rates = [
        Rate(0.1 * (at + 1), at % 2, a, b, c, d, b, c, np.array(curve))
        for at, (a, b, c, d) in enumerate(numbers)
    ]
    tried = Sweep("mlp", name, tuple(one.rate for one in rates), folds=5 if held else None, steps=3)
    counts = np.array([[3, 1], [0, 2]]) * held
    is_sound(page_of_rates(Rates(tried, 6, (name, "b"), rates, 0, counts, 1.0)))
    is_sound(page_of_rates(Rates(tried, 6, (name, "b"), rates, None, counts, 1.0)))


def test_of_a_million_steps_the_page_stays_small() -> None:
    losses = 5.0 + np.random.default_rng(0).random(10**6)
    run = a_run(losses, curves={"gradient_norms": losses})
    assert len(page_of_run(run)) < 200_000


def test_a_stopped_run_says_where_and_why() -> None:
    page = page_of_run(a_run([0.5, 9.0, np.inf], status="stopped", reason="the loss was inf"))
    assert "stopped: the loss was inf" in page
    assert "not finite from step 2 on" in page


# --- the options ----------------------------------------------------------------------------------


def test_train_writes_the_page_that_compare_makes_of_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["--data", "iris", "--steps", "30", "--batch", "16", "--out", str(tmp_path / "a")]
    first, again = tmp_path / "a.html", tmp_path / "b.html"
    assert main(["train", "mlp_softmax", *told, "--html", str(first)]) == 0
    text = first.read_text("utf-8")
    is_sound(text)
    assert [one.attrib["id"] for one in parsed(text).iter("section")] == list(PARTS)
    assert text.count('class="plot"') == 3
    assert ">versicolor</bdi>" in text
    capsys.readouterr()
    assert main(["compare", str(tmp_path / "a"), "--html", str(again)]) == 0
    assert "nothing to compare it with: its curves are in" in capsys.readouterr().out
    assert again.read_text("utf-8") == text


def test_somebody_elses_loop_has_a_page_too(tmp_path: Path) -> None:
    x, y = np.ones((2, 3), np.float32), np.ones((1, 3), np.float32)
    now = {"w": np.ones((1, 2), np.float32), "b": np.ones((1, 1), np.float32)}
    recording = backproof.record(
        tmp_path / "a", model="linear_regression", x=x, y=y, learning_rate=0.1
    )
    with recording as run:
        for loss in (0.5, 0.25):
            run.step(now, now, loss)
        run.end(now)
    assert main(["compare", str(tmp_path / "a"), "--html", str(tmp_path / "a.html")]) == 0
    text = (tmp_path / "a.html").read_text("utf-8")
    is_sound(text)
    assert text.count('class="plot"') == 1
    assert "from 0.5 to 0.25" in text


def test_no_page_takes_the_place_of_a_record_or_of_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["train", "mlp", "--data", "xor", "--steps", "9", "--backend", "reference"]
    (tmp_path / "a").mkdir()
    record, page = tmp_path / "a" / "run.json", tmp_path / "a.html"
    assert main([*told, "--out", str(record.parent), "--html", str(record)]) == 2
    assert "is no HTML page; choose another name" in capsys.readouterr().err
    assert main([*told, "--out", str(page), "--html", str(page)]) == 2
    assert "is the record's own folder" in capsys.readouterr().err
    assert not page.exists()
    kept = record.read_bytes()
    assert main(["compare", str(record.parent), "--html", str(record)]) == 2
    assert record.read_bytes() == kept
    for _ in range(2):  # a page is replaced
        assert main(["compare", str(record.parent), "--html", str(page)]) == 0


@pytest.mark.parametrize("more", [[], ["--html", "a.html", "--format", "json"]])
def test_one_record_alone_is_not_compared(
    more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "no-such", *more]) == 2
    assert "two runs at least; of one alone, --html FILE shows" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train", "sweep"])
def test_a_page_that_cannot_be_written_is_said_before_the_work(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "a")] if command == "train" else []
    assert main([command, "mlp", "--data", "moons", *out, "--html", str(tmp_path)]) == 2
    assert "is a folder; expected a file" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


def test_a_sweep_writes_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.html"
    told = ["--learning-rate", "0.1,1", "--seeds", "1", "--steps", "9", "--html", str(file)]
    assert main(["sweep", "mlp_softmax", "--data", "iris", *told]) == 0
    said, text = capsys.readouterr().out, file.read_text("utf-8")
    is_sound(text)
    shown = "".join(parsed(text).itertext())
    row = next(line for line in said.splitlines() if " the best " in line)
    for cell in re.split(r"\s{2,}", row.strip()):
        assert cell in shown
    assert said.splitlines()[0] in shown
