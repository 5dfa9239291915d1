"""What is handed to an optimiser is what its place says, however it is written down."""

import ast

from hypothesis import given
from hypothesis import strategies as st

from backproof.reading.optimisers import handed

NAMES = st.sampled_from(["f", "cost", "objetivo", "self.cost", "net.loss_of"])
WRAPPED = st.sampled_from(["{}", "lambda t: {}(t, X, y)", "partial({}, X=X, y=y)"])
WAYS = [  # the call, whether the first function gives gradients too, whether there is a second
    ("minimize({f}, theta, (X, y), 'CG', {g})", False, True),
    ("opt.minimize(fun={f}, x0=theta, args=(X, y), jac={g})", False, True),
    ("scipy.optimize.minimize({f}, theta, jac=True, method='L-BFGS-B')", True, False),
    ("minimize({f}, theta)", False, False),
    ("minimize({f}, theta, jac='2-point')", False, False),
    ("fmin_cg({f}, theta, fprime={g}, args=(X, y), maxiter=50)", False, True),
    ("fmin_bfgs(f={f}, x0=theta, fprime={g})", False, True),
    ("opt.fmin_tnc(func={f}, x0=theta, fprime={g}, args=(X, y))", False, True),
    ("fmin_tnc({f}, theta, {g}, (X, y))", False, True),
    ("fmin_l_bfgs_b({f}, theta, args=(X, y))", True, False),
    ("fmin_l_bfgs_b({f}, theta, approx_grad=True)", False, False),
]


@given(way=st.sampled_from(WAYS), first=NAMES, wrapped=WRAPPED)
def test_what_gives_what_is_told_by_its_place(
    way: tuple[str, bool, bool], first: str, wrapped: str
) -> None:
    call, both, slope = way
    text = f"best = {call.format(f=wrapped.format(first), g=wrapped.format('slope_of'))}"
    told = handed(ast.parse(text))
    own = first.split(".")[-1]
    assert told.losses == (frozenset() if both else {own})
    assert told.gradients == ({own} if both else {"slope_of"} if slope else frozenset())


def test_other_calls_hand_over_nothing() -> None:
    told = handed(ast.parse("train(cost, theta, grad)\nminimize()\nminimise(cost, theta)"))
    assert not told.losses
    assert not told.gradients
