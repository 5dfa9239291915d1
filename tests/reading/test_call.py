# ruff: noqa: ARG005 - the functions under test have one signature, whatever they use of it
import sys
import warnings

import numpy as np
import pytest

from backproof.reading.call import in_process
from backproof.reading.spec import Argument, from_json, to_json


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def right(w, b, x, y):
    dz = (sigmoid(w @ x + b) - y) / x.shape[1]
    return dz @ x.T, dz.sum(axis=1, keepdims=True)


def right_rows(w, b, x, y):
    dz = (sigmoid(x @ w + b) - y[:, None]) / len(x)
    return {"db": dz.sum(), "dw": x.T @ dz}


@pytest.fixture
def run(logistic, cases_of):
    """Calls a function on the first case, and gives the one outcome."""

    def one(function, loss=None, convention="columns", model="logistic_regression", **options):
        changes = {key: options.pop(key) for key in ("returns", "arguments") if key in options}
        if loss is not None:
            spec = logistic()
            changes |= {"loss": "loss", "loss_arguments": spec.arguments}
        spec = logistic(convention, **changes)
        (outcome,) = in_process(function, loss)(spec, cases_of(model, 1), **options)
        return outcome

    return one


def test_gradients_come_back_in_our_layout_whatever_theirs(run, cases_of):
    ours = run(right)
    theirs = run(right_rows, convention="rows, y=n")
    assert ours.kind == theirs.kind == "returned"
    assert ours.problem is None
    assert ours.lowest == "float64"
    for name, shape in (("dw", (1, 3)), ("db", (1, 1))):
        assert ours.values[name].shape == theirs.values[name].shape == shape
        assert np.allclose(ours.values[name], theirs.values[name], rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble"])
def test_the_precision_is_the_one_asked_for(run, dtype):
    outcome = run(right, dtype=dtype)
    assert outcome.values["dw"].dtype == np.dtype(dtype)
    assert outcome.lowest == np.dtype(dtype).name


def test_the_lowest_precision_is_told(run):
    def mixed(w, b, x, y):
        dw, db = right(w, b, x, y)
        return dw, db.astype(np.float16)

    assert run(mixed).lowest == "float16"


def test_integers_are_cast(run):
    outcome = run(lambda w, b, x, y: (np.ones((1, 3), int), 1))
    assert outcome.kind == "returned"
    assert outcome.values["db"].dtype == np.float64


def test_lists_will_do(run):
    outcome = run(lambda w, b, x, y: [part.tolist() for part in right(w, b, x, y)])
    assert outcome.kind == "returned"
    assert np.array_equal(outcome.values["dw"], run(right).values["dw"])


@pytest.mark.parametrize(
    ("answer", "returns"),
    [
        (lambda dw, db: (dw, db), ()),
        (lambda dw, db: (0.5, dw, db), ()),
        (lambda dw, db: (dw, db, 0.5), ()),
        (lambda dw, db: (db, dw), ("db", "dw")),
        (lambda dw, db: (dw * 0, db, dw), ("", "db", "dw")),
        (lambda dw, db: {"db": db, "dw": dw, "dz": dw}, ()),
        (lambda dw, db: {"grad_w": dw, "grad_b": db}, ()),
        (lambda dw, db: {"w": dw, "b": db, "loss": 0.5}, ()),
        (lambda dw, db: (0.5, {"dw": dw, "db": db}), ()),
        (lambda dw, db: ((dw, db), 0.5), ("*", "loss")),
        (lambda dw, db: ({"dw": dw, "db": db}, 0.5), ("*", "loss")),
    ],
)
def test_answers_are_read_by_name_and_else_in_order(run, answer, returns):
    outcome = run(lambda *tensors: answer(*right(*tensors)), returns=returns)
    expected = run(right).values
    assert outcome.kind == "returned"
    assert np.array_equal(outcome.values["dw"], expected["dw"])
    assert np.array_equal(outcome.values["db"], expected["db"])
    assert outcome.values.get("loss", 0.5) == 0.5


def test_named_tuples_are_read_by_their_fields(run):
    from typing import NamedTuple

    class Grads(NamedTuple):
        db: object
        dw: object

    outcome = run(lambda *tensors: Grads(*right(*tensors)[::-1]))
    assert outcome.kind == "returned"


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda w, b, x, y: None, "returned None where 2 gradients (dw, db) were expected"),
        (lambda w, b, x, y: w, "returned an array of shape (1, 3) where 2 gradients"),
        (lambda w, b, x, y: [w, b, x, y], "returned a list of 4 where 2 gradients"),
        (lambda w, b, x, y: {"dw": w}, "returned a dict of dw, without db"),
        (lambda w, b, x, y: {}, "returned an empty dict, without dw, db"),
        (lambda w, b, x, y: (x, b), "dw has shape (3, 4), expected (1, d) = (1, 3)"),
        (lambda w, b, x, y: (w, w), "db has shape (1, 3), expected (1, 1)"),
        (lambda w, b, x, y: (w.astype(object), b), "dw is an array of objects"),
        (lambda w, b, x, y: (w * 1j, b), "dw is an array of complex numbers"),
        (lambda w, b, x, y: (w, None), "db is None"),
        (lambda w, b, x, y: (w, "0"), "db is a str, not a number"),
        (lambda w, b, x, y: ([[1, 2], [3]], b), "dw is a ragged list: no array can be made of it"),
    ],
)
def test_malformed_answers_are_told_in_words(run, function, words):
    outcome = run(function)
    assert outcome.kind == "malformed"
    assert outcome.problem is not None
    assert outcome.problem.startswith(words)


def test_one_bad_gradient_leaves_the_others(run):
    outcome = run(lambda w, b, x, y: (right(w, b, x, y)[0], np.zeros(7)))
    assert outcome.faults.keys() == {"db"}
    assert outcome.values.keys() == {"dw"}


class Hostile:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("no array for you")


def test_an_answer_that_raises_when_looked_at(run):
    outcome = run(lambda w, b, x, y: (Hostile(), b))
    assert outcome.kind == "malformed"
    assert "no array for you" in outcome.problem


def test_what_it_raises_is_told_with_its_line(run):
    def raising(w, b, x, y):
        return w @ y, b  # the wrong way around

    outcome = run(raising)
    assert outcome.kind == "raised"
    assert outcome.problem.startswith("raised ValueError: matmul: ")
    assert outcome.problem.endswith("`return w @ y, b  # the wrong way around`")


def test_leaving_is_no_way_out(run):
    assert run(lambda w, b, x, y: sys.exit(3)).problem.startswith("called sys.exit(3), line ")
    assert run(lambda w, b, x, y: sys.exit()).kind == "exited"

    def endless(w, b, x, y):
        return endless(w, b, x, y)

    assert run(endless).problem.startswith("raised RecursionError")


def test_an_error_whose_words_cannot_be_had(run):
    class MuteError(Exception):
        def __str__(self):
            raise SystemExit

    def raising(w, b, x, y):
        raise MuteError

    assert run(raising).problem.startswith("raised MuteError, line")


def test_who_sits_before_it_can_stop_it(run):
    def interrupted(w, b, x, y):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(interrupted)


def test_nan_passes_through(run):
    outcome = run(lambda w, b, x, y: (w * np.nan, b * np.inf), repeat=True)
    assert outcome.kind == "returned"
    assert np.isnan(outcome.values["dw"]).all()
    assert not outcome.differs


def test_changed_inputs_are_told_and_ours_are_not_changed(logistic, cases_of):
    def changing(w, b, x, y):
        gradients = right(w, b, x, y)
        w -= 0.1
        x.shape = x.shape[::-1]
        return gradients

    cases = cases_of()
    (outcome, *_) = in_process(changing)(logistic(), cases, repeat=True)
    assert outcome.changed == ("w", "x")
    assert not outcome.differs
    for case, fresh in zip(cases, cases_of(), strict=True):
        assert all(np.array_equal(case[tensor], fresh[tensor]) for tensor in case)


def test_what_differs_when_called_again(run):
    rng = np.random.default_rng(0)

    def dropout(w, b, x, y):
        return w * rng.random(), b

    assert run(dropout, repeat=True).differs
    assert not run(dropout).differs
    assert not run(right, repeat=True).differs


def test_a_buffer_that_is_used_again_does_not_hide_it(run):
    buffer = np.zeros((1, 3))

    def counting(w, b, x, y):
        buffer[...] += 1
        return buffer, b

    assert run(counting, repeat=True).differs


def test_the_loss_beside_it(run):
    def loss(w, b, x, y):
        p = sigmoid(w @ x + b)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    assert run(right, loss).values["loss"].shape == ()

    def broken(w, b, x, y):
        raise ValueError("no loss")

    outcome = run(right, broken)
    assert outcome.kind == "returned"
    assert outcome.values.keys() == {"dw", "db"}
    assert outcome.problem.startswith("the loss function loss raised ValueError: no loss")
    assert "expected one number" in run(right, lambda w, b, x, y: y).problem


def test_arguments_after_a_gap_go_by_name(run):
    def gap(x, y, scale=1.0, *, w, b):
        assert scale == 1.0
        return right(w, b, x, y)

    arguments = tuple(
        Argument(tensor, tensor, by_name)
        for tensor, by_name in (("x", 0), ("y", 0), ("w", 1), ("b", 1))
    )
    assert run(gap, arguments=arguments).kind == "returned"


def test_warnings_and_prints_stay_quiet(run, capsys):
    def noisy(w, b, x, y):
        print("x" * 1000)
        warnings.warn("noise", stacklevel=1)
        return w * (np.float64(1) / 0), b

    assert run(noisy).kind == "returned"
    assert capsys.readouterr().out == ""


def test_without_guards_in_process(run):
    def guarded(w, b, x, y):
        dw, db = right(w, b, x, y)
        return dw + 1e-8, db

    assert not np.array_equal(run(guarded).values["dw"], run(right).values["dw"])
    bare = run(guarded, without_guards=True).values["dw"]
    assert np.array_equal(bare, run(right).values["dw"])


def test_a_spec_survives_json(logistic):
    import json

    spec = logistic(
        "rows", returns=("loss", "*"), loss="loss", loss_arguments=(Argument("w", "w"),)
    )
    assert from_json(json.loads(json.dumps(to_json(spec)))) == spec
