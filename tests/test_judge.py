from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import candidates as on_trial
from backproof import judge as judging
from backproof.cases import Case
from backproof.notation import MODELS
from backproof.witnesses import truths
from candidates import findings, report, verdicts


def test_a_right_pass_is_right_without_findings() -> None:
    told = report(on_trial.right)
    assert told.verdict == "right"
    assert not told.findings
    assert all(0.0 < q.margin < 0.9 for q in told.gradients.values())


def test_only_the_wrong_gradient_is_wrong() -> None:
    told = report(on_trial.averaged_bias)
    assert verdicts(told) == {"dW1": "right", "db1": "wrong", "dW2": "right", "db2": "right"}
    assert told.verdict == "wrong"


def test_the_counterexample_is_small_and_shows_it() -> None:
    shown = report(on_trial.averaged_bias).gradients["db1"].counterexample
    assert shown is not None
    assert sum(array.size for array in shown.arrays.values()) <= 8
    assert all(np.all(array == np.round(array, 1)) for array in shown.arrays.values())
    arguments = [shown.arrays[name] for name in ("W1", "b1", "W2", "b2", "x", "y")]
    assert np.array_equal(on_trial.averaged_bias(*arguments)[1], shown.actual)
    np.testing.assert_allclose(on_trial.right(*arguments)[1], shown.expected, rtol=1e-14)


def test_clipping_is_a_mistake_even_where_it_is_rare() -> None:
    assert report(on_trial.clipped, count=400).gradients["dW1"].verdict == "wrong"


@pytest.mark.parametrize(
    ("bounds", "verdict"), [(0.5, "right"), (1.7, "undecided"), (30.0, "wrong")]
)
def test_what_stays_but_lies_near_the_border_is_undecided(bounds: float, verdict: str) -> None:
    def off(*arrays: Any) -> Any:
        case = Case(dict(zip(MODELS["mlp"].layouts, arrays, strict=True)), "mild")
        (known,) = truths(MODELS["mlp"], [case], "tanh")
        gradients = [known.values[f"d{name}"] for name in MODELS["mlp"].parameters]
        return *gradients[:3], gradients[3] + bounds * known.bounds["db2"]

    assert report(off, count=40).gradients["db2"].verdict == verdict


def test_nothing_says_mean_so_the_sum_is_scaled() -> None:
    told = report(on_trial.summed)
    assert told.verdict == "right"
    assert findings(told) == {"scaled"}


def test_its_own_loss_is_the_mean_so_the_sum_is_wrong() -> None:
    told = report(on_trial.summed, loss=on_trial.mean_loss)
    assert set(verdicts(told).values()) == {"wrong"}
    assert told.loss is not None
    assert told.loss.verdict == "right"


def test_told_what_it_is_the_gradient_of() -> None:
    assert report(on_trial.summed, told_factor="n").verdict == "right"
    assert report(on_trial.summed, told_factor="1").verdict == "wrong"
    assert report(on_trial.right, told_factor="n").verdict == "wrong"


def test_a_factor_of_two_is_wrong_when_nothing_says_so() -> None:
    def doubled(*arrays: Any) -> Any:
        return tuple(2.0 * gradient for gradient in on_trial.right(*arrays))

    assert set(verdicts(report(doubled)).values()) == {"wrong"}


def test_a_wrong_loss_beside_right_gradients() -> None:
    def loss(*arrays: Any) -> Any:
        return -on_trial.mean_loss(*arrays)

    told = report(on_trial.right, loss=loss)
    assert told.loss is not None
    assert told.loss.verdict == "wrong"
    assert set(verdicts(told).values()) == {"right"}


def test_the_squared_error_without_its_half_if_its_loss_says_so() -> None:
    def loss(w: Any, b: Any, x: Any, y: Any) -> Any:
        return np.mean((w @ x + b - y) ** 2)

    def backward(w: Any, b: Any, x: Any, y: Any) -> Any:
        dz = 2.0 * (w @ x + b - y) / x.shape[1]
        return dz @ x.T, dz.sum(axis=1, keepdims=True)

    with_loss = report(backward, "linear_regression", "identity", loss)
    assert with_loss.verdict == "right"
    assert findings(with_loss) == {"scaled"}
    # Where no loss is stated, the half is anybody's choice; another factor is not.
    untold = report(backward, "linear_regression", "identity")
    assert untold.verdict == "right"
    assert findings(untold) == {"scaled"}

    def tripled(*arrays: Any) -> Any:
        return tuple(1.5 * gradient for gradient in backward(*arrays))

    assert report(tripled, "linear_regression", "identity").verdict == "wrong"


def test_float32_throughout_is_judged_in_float32() -> None:
    told = report(on_trial.in_float32)
    assert told.precision == "float32"
    assert told.verdict == "right"


def test_guards_and_instability_are_findings() -> None:
    assert findings(report(on_trial.guarded)) >= {"guarded"}
    assert report(on_trial.guarded).verdict == "right"
    assert findings(report(on_trial.long_way)) == {"unstable"}
    assert report(on_trial.long_way).verdict == "right"


def test_changing_the_inputs_is_a_finding() -> None:
    def impure(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
        gradients = on_trial.right(W1, b1, W2, b2, x, y)
        W1 -= 0.1 * gradients[0]
        return gradients

    told = report(impure)
    assert told.verdict == "right"
    assert findings(told) == {"impure"}


def test_raising_on_valid_input_is_wrong_and_says_what() -> None:
    def fussy(*arrays: Any) -> Any:
        if arrays[4].shape[1] == 1:
            raise ValueError("too few examples")
        return on_trial.right(*arrays)

    told = report(fussy)
    assert told.verdict == "wrong"
    assert told.problem is not None
    assert "too few examples" in told.problem


@pytest.mark.parametrize("backward", [on_trial.right, on_trial.averaged_bias])
def test_what_refuses_shares_is_judged_on_certain_labels(backward: Any) -> None:
    def strict(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
        if not np.isin(y, (0.0, 1.0)).all():
            raise ValueError("labels must be 0 or 1")
        return backward(W1, b1, W2, b2, x, y)

    told = report(strict)
    assert told.verdict == report(backward).verdict
    assert told.problem is None


def test_a_wrong_shape_is_wrong_and_says_which() -> None:
    def flat(*arrays: Any) -> Any:
        dW1, db1, dW2, db2 = on_trial.right(*arrays)
        return dW1, db1.ravel(), dW2, db2

    told = report(flat)
    assert verdicts(told) == {"dW1": "right", "db1": "wrong", "dW2": "right", "db2": "right"}
    shown = told.gradients["db1"].counterexample
    assert shown is not None
    assert shown.problem is not None
    assert "expected (h, 1)" in shown.problem


def test_nothing_to_judge_is_unread() -> None:
    told = report(lambda *_: None)
    assert told.verdict == "unread"
    assert told.problem is not None
    assert "None" in told.problem


def test_constants_that_fit_no_input_are_wrong_not_undecided() -> None:
    def zeros(*arrays: Any) -> Any:
        return tuple(np.zeros_like(array) for array in arrays[:4])

    assert set(verdicts(report(zeros)).values()) == {"wrong"}


def test_witnesses_that_disagree_leave_it_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "dissent", lambda *_: "they quarrel")
    told = report(on_trial.averaged_bias)
    assert told.gradients["db1"].verdict == "undecided"
    assert "they quarrel" in (told.gradients["db1"].why or "")


def test_cases_are_counted_by_scale() -> None:
    told = report(on_trial.right, count=200)
    assert sum(c.drawn for c in told.cases.values()) == 200
    assert told.cases["mild"].discarded == 0


def test_the_same_seed_gives_the_same_report() -> None:
    one, other = report(on_trial.long_way), report(on_trial.long_way)
    assert one._replace(seconds=0.0) == other._replace(seconds=0.0)
