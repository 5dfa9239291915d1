"""Learning rates compared: what is computed, what is said of it, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.cli import main
from backproof.comparison.rates import Sweep, compared, rates
from backproof.comparison.rates_told import as_text, schema
from backproof.notation import MODELS
from backproof.runs.data import Recipe, load
from backproof.runs.train import Settings, run
from backproof.start import folded
from backproof.sweeps import Swept

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 7))


def made(held: Any, losses: Any = None) -> Swept:
    """A sweep with these losses, by rate, seed and fold; without folds, of training."""
    held = np.asarray(held, np.float64)
    last = held if losses is None else np.asarray(losses, np.float64)
    nothing = np.full(held.shape, np.nan)
    return Swept(
        {"w": np.zeros((*held.shape, 1, 2))},
        np.stack([last + 1.0, last], axis=-1),
        held if held.shape[2] > 1 else nothing,
        nothing,
        np.zeros((*held.shape, 0, 0), np.int64),
    )


# --- what is computed -----------------------------------------------------------------------------


@given(SHAPES, st.integers(0, 2**32 - 1))
def test_what_all_rates_share_in_a_fold_makes_no_difference(
    shape: tuple[int, int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    losses = rng.integers(0, 2**20, shape).astype(float)
    shared = rng.integers(0, 2**20, shape[1:])
    learning_rates = range(1, shape[0] + 1)
    one, best = compared(learning_rates, made(losses))
    other, again = compared(learning_rates, made(losses + shared))
    assert best == again == int(np.argmin(losses.mean(axis=(1, 2))))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose([a.above, a.margin], [b.above, b.margin], rtol=1e-9, atol=1e-6)
        assert a.above >= 0.0
    assert one[best].above == 0.0


@given(SHAPES, st.data())
def test_a_rate_with_a_run_that_diverged_is_never_the_best(
    shape: tuple[int, int, int], data: st.DataObject
) -> None:
    losses = np.random.default_rng(0).normal(size=shape)
    bad = data.draw(st.sets(st.sampled_from([*np.ndindex(shape)]), max_size=5))
    for place in bad:
        losses[place] = data.draw(st.sampled_from([np.inf, np.nan]))
    found, best = compared(range(1, shape[0] + 1), made(losses))
    for at, one in enumerate(found):
        assert one.diverged == sum(place[0] == at for place in bad)
        left = losses[at][np.isfinite(losses[at])]
        if shape[2] > 1 and left.size:
            assert one.held_loss == pytest.approx(left.mean())
    whole = set(range(shape[0])) - {place[0] for place in bad}
    assert (best is None) == (not whole)
    assert best is None or best in whole


def test_parameters_that_are_lost_in_the_last_step_are_seen() -> None:
    swept = made(np.ones((1, 2, 1)))
    swept.parameters["w"][0, 1, 0, 0, 1] = np.nan
    ((one,), best) = compared([0.1], swept)
    assert (one.diverged, best) == (1, None)


def test_margins_are_students_and_wider_for_folds() -> None:
    apart = np.array([1.0, 2.0, 4.0, 5.0, 8.0])
    seeds = compared([1.0, 2.0], made(np.stack([0 * apart, apart])[:, :, None]))[0][1]
    folds = compared([1.0, 2.0], made(np.stack([0 * apart, apart])[:, None, :]))[0][1]
    assert seeds.above == folds.above == 4.0
    # The table of Student's distribution: 2.776 at 4 degrees of freedom.
    deviation = math.sqrt(np.var(apart, ddof=1))
    assert seeds.margin == pytest.approx(2.776 * deviation * math.sqrt(1 / 5), rel=0.01)
    assert folds.margin == pytest.approx(2.776 * deviation * math.sqrt(1 / 5 + 1 / 4), rel=0.01)
    assert seeds.is_worse
    assert not folds.is_worse


@pytest.mark.parametrize("shape", [(3, 6, 1), (3, 2, 5)])
def test_of_equal_rates_none_is_called_worse_more_often_than_promised(
    shape: tuple[int, int, int],
) -> None:
    rng, tries = np.random.default_rng(0), 400
    worse = 0
    for _ in range(tries):
        found, _best = compared([1, 2, 3], made(rng.normal(size=shape)))
        worse += any(one.is_worse for one in found)
    # The best is the lowest of three here, which makes it look good: twice the promise is allowed.
    assert worse / tries < 0.1


def test_too_few_to_say_are_not_judged() -> None:
    losses = np.random.default_rng(0).normal(size=(2, 9, 4))
    found, _ = compared([1.0, 2.0], made(losses))
    assert all(math.isnan(one.margin) for one in found)
    assert not any(one.is_worse for one in found)


# --- the same as `train` --------------------------------------------------------------------------


def test_a_run_is_the_one_that_train_makes_of_the_same_examples(tmp_path: Path) -> None:
    whole = load(Recipe("iris", "softmax", "float64", standardise=False, held_out=0.0))
    told = {"activation": "tanh", "steps": 60, "dtype": "float64", "scale": 0.5}
    tried = Sweep("mlp_softmax", "iris", (0.3, 1.0), seeds=1, folds=3, hidden=(4,), **told)  # type: ignore[arg-type]
    found = rates(tried)
    for one in found.rates:
        losses, held, right = [], [], []
        for fold, kept in enumerate(folded(MODELS["mlp_softmax"], whole.y, 3)):
            path = tmp_path / f"{fold}.npz"
            np.savez(path, x=whole.x[:, kept], y=whole.y[:, kept])
            settings = Settings(
                "mlp_softmax", str(path), hidden=(4,), learning_rate=one.rate, held_out=0.0,
                **told,  # type: ignore[arg-type]
            )  # fmt: skip
            done = run(settings, tmp_path / f"{fold}-{one.rate}")
            losses.append(done.losses)
            part = whole.x[:, kept]
            x = (whole.x - part.mean(axis=1, keepdims=True)) / part.std(axis=1, keepdims=True)
            last = done.step(done.steps[-1]).after
            assert last is not None
            z = last["W2"] @ np.tanh(last["W1"] @ x[:, ~kept] + last["b1"]) + last["b2"]
            y = whole.y[:, ~kept]
            held.append(np.mean(np.log(np.exp(z).sum(axis=0)) - (y * z).sum(axis=0)))
            right.append(np.mean(z.argmax(axis=0) == y.argmax(axis=0)))
        np.testing.assert_allclose(one.curve, np.mean(losses, axis=0), rtol=1e-10)
        assert one.held_loss == pytest.approx(np.mean(held), rel=1e-5)
        assert one.accuracy == pytest.approx(np.mean(right))
        assert one.accuracy_error == pytest.approx(np.std(right, ddof=1) / math.sqrt(3))


# --- the command ----------------------------------------------------------------------------------

IRIS = ["sweep", "mlp_softmax", "--data", "iris", "--activation", "tanh", "--steps", "40"]


def test_the_table_and_the_conclusion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*IRIS, "--learning-rate", "1,0.01,1", "--seeds", "2"]) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert lines[0] == (
        "mlp_softmax, tanh, hidden 8, float32, on 150 examples of iris: 5 folds, 2 seeds"
    )
    assert lines[1].startswith("  20 runs of 40 steps at once, in ")
    assert [line.split()[0] for line in lines[3:5]] == ["0.01", "1"]
    assert "the best" in lines[4]
    assert said.count("0 of 10") == 2
    counts = [int(cell) for line in lines if "setosa  " in line or "or  " in line
              for cell in line.split()[1:] if cell.isdecimal()]  # fmt: skip
    assert sum(counts[:3]) == 100  # setosa's 50, once for each seed
    assert lines[-2] == "lowest held-out loss: learning rate 1"
    assert lines[-1] == "  worse, by more than chance explains: 0.01"


@pytest.mark.parametrize(
    "told",
    [
        IRIS,
        [*IRIS, "--folds", "0", "--seeds", "2"],
        ["sweep", "linear_regression", "--data", "moons", "--steps", "99", "--learning-rate", "30"],
        ["sweep", "mlp", "--data", "moons", "--steps", "9", "--precision", "bfloat16", "--as-is"],
    ],
)
def test_json_follows_its_schema(told: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status = main([*told, "--format", "json"])
    content = json.loads(capsys.readouterr().out)
    jsonschema.validate(content, schema())
    assert (content["best"] is None) == (status == 1)
    counted = (
        content["examples"] * content["seeds"] if content["classes"] and content["folds"] else 0
    )
    assert sum(map(sum, content["confusion"])) == counted


def test_where_all_rates_diverge_none_is_best(capsys: pytest.CaptureFixture[str]) -> None:
    told = ["--data", "moons", "--learning-rate", "30,60", "--seeds", "1"]
    assert main(["sweep", "linear_regression", *told]) == 1
    said = capsys.readouterr().out
    assert said.count("5 of 5") == 2
    assert "none is best: runs of each learning rate came to inf or NaN; take smaller" in said


def test_what_cannot_be_said_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    told = ["--data", "moons", "--learning-rate", "0.1,0.3,30", "--seeds", "1", "--folds", "2"]
    assert main(["sweep", "linear_regression", *told]) == 0
    said = capsys.readouterr().out
    assert "takes 5 folds at least to say" in said
    assert "left out, because runs diverged: 30" in said
    assert "accuracy" not in said
    assert "±" not in said


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([], "sweep needs --data FILE"),
        (["--data", "nowhere.csv"], "nowhere.csv cannot be read: No such file"),
        (["--data", "iris", "--folds", "1"], "--folds 1: expected from 2 to 150"),
        (["--data", "iris", "--folds", "151"], "--folds 151: expected from 2 to 150"),
        (["--data", "iris", "--seeds", "0"], "seeds=0: expected a whole number from 1"),
        (["--data", "iris", "--learning-rate", "0.1,x"], "--learning-rate 0.1,x: expected a num"),
        (["--data", "iris", "--learning-rate", "nan"], "learning_rates=nan: expected a positive"),
        (["--data", "iris", "--learning-rate", "0.1,-1"], "learning_rates=-1.0: expected a posi"),
        (["--data", "iris", "--hidden", "8,4"], "hidden=(8, 4): expected one number, or one for"),
        (["--data", "iris", "--hidden", "a"], "--hidden a: expected such as 8, or 8,4"),
        (["--data", "iris", "--hidden", "99999999"], "GB or more, which this machine has not"),
        (["--data", "iris", "--steps", "0"], "steps=0: expected a whole number from 1"),
        (["--data", "iris", "--scale", "0"], "scale=0.0: expected a positive number"),
        (["--data", "iris", "--html", "no/where.html"], "there is no folder no"),
    ],
)
def test_bad_input_is_named(
    told: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", "mlp_softmax", *told]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""


def test_hidden_units_of_a_model_without_hidden_layers_are_refused_as_train_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["logistic_regression", "--data", "moons", "--hidden", "8,4"]
    said = []
    for command in (["sweep"], ["train", "--out", str(tmp_path / "a")]):
        assert main([*command, *told]) == 2
        said.append(capsys.readouterr().err)
    assert (
        "--hidden 8,4: logistic_regression has no hidden layers; leave that option out" in said[0]
    )
    assert said[0] == said[1]
    assert not (tmp_path / "a").exists()


def test_a_class_that_one_fold_holds_out_whole_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(f"{i},{'ab'[i > 0]}\n" for i in range(9)))
    assert main(["sweep", "mlp", "--data", str(path), "--folds", "3"]) == 2
    assert "the only example of a is held out in one fold" in capsys.readouterr().err


def test_the_text_has_no_line_that_a_single_rate_does_not_need() -> None:
    said = as_text(rates(Sweep("mlp_softmax", "iris", (0.3,), seeds=1, folds=2, steps=9)))
    assert "best" not in said
    assert "lowest" not in said
    assert "held out, each class (row)" in said
