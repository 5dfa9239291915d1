import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.grading.assignment import Assignment, Function
from backproof.grading.edges import EACH, at_edge, names, slopes
from backproof.grading.exam import exam
from backproof.grading.forms import Quantity
from backproof.grading.marking import marks
from backproof.grading.quantities import drawn, known, layouts
from backproof.grading.rehearsal import rehearsed
from backproof.grading.solution import solution
from backproof.notation import MODELS
from backproof.reading.told import Unreadable
from grading.papers import answered, marked

EDGES = [
    (name, activation, edge)
    for name in ("logistic_regression", "softmax_regression", "mlp", "mlp3_softmax")
    for activation in ("relu", "tanh")
    for edge in names(MODELS[name], activation)
]


@settings(max_examples=12)
@given(st.sampled_from(EDGES[:4]), st.integers(0, 2**32), st.integers(0, 7), st.booleans())
def test_a_case_is_at_its_edge_and_otherwise_as_it_was(told, seed, place, agreeing) -> None:
    is_at_its_edge(*told, seed, place, agreeing)


@pytest.mark.nightly  # every model's quantities are compiled
@given(st.sampled_from(EDGES), st.integers(0, 2**32), st.integers(0, 7), st.booleans())
def test_a_case_of_any_model_is_at_its_edge(told, seed, place, agreeing) -> None:
    is_at_its_edge(*told, seed, place, agreeing)


def is_at_its_edge(name, activation, edge, seed, place, agreeing) -> None:
    model = MODELS[name]
    (case,) = drawn(model, 1, seed)
    moved = at_edge(edge, case, model, activation, place=place, agreeing=agreeing)
    one = known(model, [moved], activation)[0]
    v = one.values
    z = [v[f"z{layer}" if model.depth > 1 else "z"] for layer in range(1, model.depth + 1)]
    kept = {"one_example": model.parameters, "one_label": [*model.parameters, "x"]}
    for tensor in kept.get(edge, ["x"] if edge != "kink" else []):
        assert np.array_equal(moved.arrays[tensor], case.arrays[tensor])
    if edge == "one_example":
        assert one.sizes["n"] == 1
    elif edge == "one_label":
        assert (np.ptp(v["y"], axis=1) == 0.0).all()
    elif edge == "zero_weights":
        assert all(not v[parameter].any() for parameter in model.parameters)
    elif edge == "saturated":
        least = 750.0 if place % 2 else 50.0
        assert all(np.abs(layer).min() >= least for layer in z[:-1])
        lead = np.abs(z[-1]) if len(z[-1]) == 1 else np.diff(np.sort(z[-1], axis=0), axis=0)[-1]
        assert lead.min() >= least
        if len(z[-1]) == 1:
            assert (z[-1][0, 0] > 0.0) == bool(place & 2)
        if agreeing:
            assert v["loss"] < 1e-20
            # What an unstable form gives instead, infinity or the log of a guard, is 16 and more.
            assert one.bounds["loss"] < 1.0
    else:
        assert all((layer == 0.0).any() for layer in z[:-1])


def test_an_edge_is_of_the_models_that_have_it() -> None:
    assert "kink" in names(MODELS["mlp"], "relu")
    assert "kink" not in names(MODELS["mlp"], "tanh")
    assert "kink" not in names(MODELS["logistic_regression"], "relu")
    assert names(MODELS["linear_regression"], "relu") == ("one_example", "zero_weights")
    assert slopes("relu") == (0.0, 0.5, 1.0)
    assert slopes("leaky_relu") == (0.01, 0.0, 0.5, 1.0)


LOGISTIC = layouts(MODELS["logistic_regression"])
X, Y, YHAT = (Quantity(one, LOGISTIC[one]) for one in ("x", "y", "yhat"))
LOSS = {
    "returns": Quantity("loss", ""),
    "points": {"loss": 2.0, "edge_cases": 1.0},
}


def paper(*functions: Function, name: str = "logistic_regression", activation: str = "sigmoid"):
    return exam(Assignment("T", MODELS[name], activation, functions, "digest", cases=8))


def loss(*edges: str) -> Function:
    return Function("loss", (Y, YHAT), **LOSS, edges=edges)


NAIVE = "-np.mean(y * np.log(p{0}) + (1 - y) * np.log(1 - p{0}))"
CLIPPED = "-np.mean(y * np.log(np.clip(p, {0}, 1)) + (1 - y) * np.log(1 - np.clip(p, 0, 1 - {0})))"


def of_loss(body: str, *edges: str, bare: str = ""):
    asked = paper(loss(*edges))
    head = "import numpy as np\n\ndef loss(y, p):\n    return "
    without = answered(asked, head + bare + "\n") if bare else ()
    found = marks(asked, answered(asked, head + body + "\n"), frozenset({"loss"}), without)
    return {one.part: one for one in found}


def test_a_loss_that_is_nan_where_it_saturates_loses_the_edge_and_nothing_else() -> None:
    found = of_loss(NAIVE.format(""), "saturated", "one_label")
    assert {one: mark.points for one, mark in found.items()} == {"loss": 2.0, "edge_cases": 0.0}
    first, second = found["edge_cases"].because
    assert first == {"code": "edge_cases", "cases": "saturated"}
    assert second == {"code": "not_finite"}
    assert found["edge_cases"].case is not None


@pytest.mark.parametrize("guard", ["1e-15", "1e-12", "1e-7"])
@pytest.mark.parametrize("form", ["clip", "added"])
def test_a_guard_keeps_the_loss_finite_and_is_no_mistake(guard: str, form: str) -> None:
    text, bare = CLIPPED.format(guard), CLIPPED.format("0.0")
    if form == "added":
        text, bare = NAIVE.format(f" + {guard}").replace("1 - p +", "1 - p * 1 +"), NAIVE.format("")
    found = of_loss(text, "saturated", bare=bare)
    assert {one: mark.verdict for one, mark in found.items()} == {
        "loss": "right",
        "edge_cases": "right",
    }


def test_a_large_guard_is_none() -> None:
    text, bare = NAIVE.format(" + 1e-3").replace("1 - p +", "1 - p * 1 +"), NAIVE.format("")
    assert of_loss(text, "saturated", bare=bare)["edge_cases"].points == 0.0


def test_what_saturates_tells_a_wrong_gradient_from_a_right_one() -> None:
    """Labels are on either side, unless it is the loss that is asked for."""
    returns = {"dw": Quantity("dw", "1 d")}
    points = {"dw": 1.0, "edge_cases": 1.0}
    asked = paper(Function("f", (X, Y, YHAT), returns, points, edges=("saturated",)))
    right = "def f(x, y, p):\n    return {'dw': (p - y) @ x.T / y.shape[1]}\n"
    assert {one.verdict for one in marked(asked, right)} == {"right"}
    for wrong in (right.replace("p - y", "y - p"), right.replace("p - y", "0 * y")):
        assert {one.verdict for one in marked(asked, wrong)} == {"wrong"}


def test_one_example_is_left_out_of_the_other_cases_where_it_is_listed() -> None:
    text = "import numpy as np\n\ndef loss(y, p):\n    p, y = np.squeeze(p), np.squeeze(y)\n"
    text += f"    assert y.ndim\n    return {NAIVE.format('')}\n"
    apart = {one.part: one for one in marked(paper(loss("one_example")), text)}
    assert (apart["loss"].points, apart["edge_cases"].points) == (2.0, 0.0)
    assert apart["edge_cases"].because[0]["cases"] == "one_example"
    (whole,) = marked(paper(Function("loss", (Y, YHAT), LOSS["returns"], {"loss": 2.0})), text)
    assert whole.points == 0.0


MLP = layouts(MODELS["mlp"])
BACK = Function(
    "relu_backward",
    (Quantity("da1", MLP["da1"]), Quantity("z1", MLP["z1"])),
    Quantity("dz1", MLP["dz1"]),
    {"dz1": 1.0, "edge_cases": 1.0},
    edges=("kink",),
)


@pytest.mark.parametrize(
    ("slope", "verdict"),
    [
        ("(z > 0)", "right"),
        ("(z >= 0)", "right"),
        ("(0.5 * (1 + np.sign(z)))", "right"),
        ("(np.maximum(z, 0) / z)", "wrong"),
        ("np.where(z > 0, 1, np.where(z < 0, 0, 7))", "wrong"),
        ("np.where(z == 0, np.arange(z.size).reshape(z.shape) % 2, z > 0)", "wrong"),
    ],
)
def test_a_kink_has_any_slope_but_one_only(slope: str, verdict: str) -> None:
    asked = paper(BACK, name="mlp", activation="relu")
    text = f"import numpy as np\n\ndef relu_backward(da, z):\n    return da * {slope}\n"
    plain, edge = marked(asked, text)
    assert (plain.verdict, edge.verdict) == ("right", verdict)


def test_what_ends_at_an_edge_costs_the_edge_alone() -> None:
    asked = paper(loss("one_example"))
    text = f"import numpy as np\n\ndef loss(y, p):\n    return {NAIVE.format('')}\n"
    answers = answered(asked, text)
    kept = [
        None if place in asked.edges else one
        for (_, place), one in zip(asked.asked, answers, strict=True)
    ]
    plain, edge = marks(asked, kept, frozenset({"loss"}), (), {"loss": "time"})
    assert (plain.verdict, edge.verdict) == ("right", "missing")
    assert edge.because == ({"code": "edge_cases", "cases": "one_example"}, {"code": "time"})


@pytest.mark.nightly
def test_each_edge_is_tried_on_cases_of_its_own() -> None:
    asked = paper(loss("saturated", "one_label"), BACK_OF_LOGISTIC)
    assert (
        sorted(asked.edges.values())
        == ["one_example"] * EACH + ["one_label"] * EACH + ["saturated"] * EACH
    )
    assert len({call.frame for call in asked.calls}) == len(asked.calls)


BACK_OF_LOGISTIC = Function(
    "gradient",
    (X, Y),
    Quantity("dw", "1 d"),
    {"dw": 1.0, "edge_cases": 1.0},
    edges=("one_example",),
)


@pytest.mark.parametrize(
    ("name", "activation"),
    [
        ("logistic_regression", "sigmoid"),
        pytest.param("mlp", "relu", marks=pytest.mark.nightly),
        pytest.param("mlp_softmax", "tanh", marks=pytest.mark.nightly),
    ],
)
def test_a_right_program_is_right_at_all_edges_and_mistakes_are_found(name, activation) -> None:
    model = MODELS[name]
    own = layouts(model)
    parameters = [Quantity(one, own[one]) for one in model.parameters]
    gradients = tuple(Quantity(f"d{one}", own[one]) for one in model.parameters)
    edges = names(model, activation)
    x, y, yhat = (Quantity(one, own[one]) for one in ("x", "y", "yhat"))
    points = {**{one.symbol: 1.0 for one in gradients}, "edge_cases": 1.0}
    functions = (
        Function("forward", (*parameters, x), yhat, {"yhat": 1.0, "edge_cases": 1.0}, edges=edges),
        Function("loss", (yhat, y), LOSS["returns"], LOSS["points"], edges=edges),
        Function("backward", (*parameters, x, y), gradients, points, edges=edges),
    )
    told = Assignment("T", model, activation, functions, "digest", cases=12)
    assert [one for one in marked(exam(told), solution(told)) if one.verdict != "right"] == []
    try:
        found = rehearsed(told)
    except Unreadable as error:
        pytest.skip(str(error))
    assert found.sound, found.text
