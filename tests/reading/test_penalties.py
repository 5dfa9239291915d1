"""An L2 term is judged wherever the loss is taken, or where the loss has none."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.checking import check_program
from backproof.reading.program import of_script
from backproof.verdict import FileReport

PROGRAM = """
import numpy as np

def {cost}(y, p, w, lam):
    n = len(y)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)){term}

def train(X, y, rate=0.1, lam=0.1, turns=100):
    n, d = X.shape
    w = np.zeros((d, 1))
    for turn in range(turns):
        p = 1 / (1 + np.exp(-(X @ w)))
        {before}
        dw = X.T @ (p - y) / n {sign} {share} * w
        w {moved} rate * dw
        {after}
    return w
"""


def checked(text: str) -> FileReport:
    return check_program(of_script(Path("one.py"), text), cases=40)


@given(
    cost=st.sampled_from(["loss", "compute_cost"]),
    place=st.sampled_from(["before", "after"]),
    by_n=st.booleans(),
    in_place=st.booleans(),
    mistake=st.sampled_from(["", "loss", "dw"]),
)
@settings(max_examples=10, deadline=None)
def test_a_term_with_its_sign_turned_is_wrong(
    cost: str, place: str, by_n: bool, in_place: bool, mistake: str
) -> None:
    """Also where the loss takes a prediction from before the step, and weights from after it."""
    print_it = f"print({cost}(y, p, w, lam))"
    sign = "-" if mistake == "loss" else "+"
    text = PROGRAM.format(
        cost=cost,
        term=f" {sign} lam / {'(2 * n)' if by_n else '2'} * np.sum(w ** 2)",
        before=print_it if place == "before" else "pass",
        after=print_it if place == "after" else "pass",
        sign="-" if mistake == "dw" else "+",
        share="lam / n" if by_n else "lam",
        moved="-=" if in_place else "= w -",
    )
    told = checked(text).functions[0]
    found = {name: one.verdict for name, one in told.gradients.items()}
    if told.loss is not None:
        found["loss"] = told.loss.verdict
    assert {name for name, verdict in found.items() if verdict != "right"} == {mistake} - {""}
    assert "lambda = 0.25" in told.convention


@given(place=st.sampled_from(["before", "after"]), sign=st.sampled_from("+-"))
@settings(max_examples=4, deadline=None)
def test_a_term_of_the_gradients_alone_is_judged(place: str, sign: str) -> None:
    print_it = "print(loss(y, p, w, lam))"
    text = PROGRAM.format(
        cost="loss",
        term="",
        before=print_it if place == "before" else "pass",
        after=print_it if place == "after" else "pass",
        sign=sign,
        share="lam",
        moved="-=",
    )
    told = checked(text).functions[0]
    assert told.loss is not None
    assert told.loss.verdict == "right"
    assert told.gradients["dw"].verdict == ("right" if sign == "+" else "wrong")
    assert "in its gradients alone" in told.convention


def test_a_loss_of_all_that_the_step_has_made_leaves_the_term_to_the_steps() -> None:
    text = PROGRAM.format(
        cost="loss",
        term=" + lam / 2 * np.sum(w ** 2)",
        before="pass",
        after="print(loss(y, 1 / (1 + np.exp(-(X @ w))), w, lam))",
        sign="{sign}",
        share="lam",
        moved="-=",
    )
    assert checked(text.replace("{sign}", "+")).verdict == "right"
    assert checked(text.replace("{sign}", "-")).verdict == "wrong"
