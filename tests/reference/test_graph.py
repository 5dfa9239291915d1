from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backproof.reference import (
    deep_mlp,
    graph,
    linear_regression,
    logistic_regression,
    mlp,
    softmax_regression,
)
from backproof.reference.activations import ACTIVATIONS, Array
from backproof.reference.graph import (
    Node,
    activate,
    backward,
    backward_order,
    constant,
    exp,
    log,
    numbering,
    variable,
)

from .drawing import (
    DTYPES,
    Case,
    activations,
    assert_close,
    assert_gradients_of,
    cases,
    normal,
    outputs,
    quick,
    seeds,
    sizes,
)


def lecture_example() -> tuple[Node, ...]:
    x, y, z = variable(-2.0, "x"), variable(5.0, "y"), variable(-4.0, "z")
    q = (x + y).named("q")
    return (q * z).named("f"), x, y, z


def binary_cross_entropy(yhat: Node, y: Node) -> Node:
    return -(y * log(yhat) + (1 - y) * log(1 - yhat)).mean()


def softmax(z: Node) -> Node:
    e = exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def mlp_graph(case: Case, activation: str, output: str) -> tuple[Node, list[Node]]:
    parameters = [variable(p, name) for p, name in zip(case.parameters, NAMES, strict=True)]
    W1, b1, W2, b2 = parameters
    x, y = constant(case.x, "x"), constant(case.y, "y")
    z1 = (W1 @ x + b1).named("z1")
    a1 = activate(activation, z1).named("a1")
    z2 = (W2 @ a1 + b2).named("z2")
    if output == "softmax":
        yhat = softmax(z2).named("yhat")
        return (-(y * log(yhat)).sum() / case.x.shape[1]).named("L"), parameters
    yhat = activate("sigmoid", z2).named("yhat")
    return binary_cross_entropy(yhat, y).named("L"), parameters


NAMES = ("W1", "b1", "W2", "b2")


def test_the_lectures_example() -> None:
    f, x, y, z = lecture_example()
    backward(f)
    assert f.value == -12
    assert (x.gradient, y.gradient, z.gradient) == (-4, -4, 3)
    assert f.gradient == 1
    assert numbering(f) == {"f": 1, "z": 2, "q": 3, "y": 4, "x": 5}


def test_the_lectures_logistic_regression() -> None:
    w, b = variable([[0.0]], "w"), variable([[0.0]], "b")
    x, y = constant([[50.0]], "x"), constant([[1.0]], "y")
    z = (w @ x + b).named("z")
    yhat = (1 / (1 + exp(-z))).named("yhat")
    L = binary_cross_entropy(yhat, y).named("L")
    backward(L)
    assert yhat.value == 0.5
    assert round(float(L.value), 2) == 0.69
    assert (b.gradient, w.gradient) == (-0.5, -25)
    assert numbering(L) == {"L": 1, "yhat": 2, "z": 3, "b": 4, "w": 5}


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_the_numbers_of_the_mlps_figure(output: str) -> None:
    rng = np.random.default_rng(0)
    rows = 3 if output == "softmax" else 1
    shapes = ((4, 2), (4, 1), (rows, 4), (rows, 1))
    case = Case(tuple(normal(rng, *s) for s in shapes), normal(rng, 2, 5), np.ones((rows, 5)))
    L, _ = mlp_graph(case, "tanh", output)
    in_the_figure = ["L", "yhat", "z2", "b2", "W2", "a1", "z1", "b1", "W1"]
    assert numbering(L) == {name: i for i, name in enumerate(in_the_figure, start=1)}


@quick
@given(drawn=outputs.flatmap(lambda o: st.tuples(st.just(o), cases(2, o))), activation=activations)
def test_the_graph_agrees_with_the_derivation_of_the_mlp(
    drawn: tuple[str, Case], activation: str
) -> None:
    output, case = drawn
    yhat = mlp.forward(*case.parameters, case.x, activation, output)
    nearest = float(np.min(np.minimum(yhat, 1 - yhat if output == "sigmoid" else yhat)))
    if nearest < 1e-10:  # the graph goes the long way, which saturates
        return
    L, parameters = mlp_graph(case, activation, output)
    backward(L)
    arguments = (*case.parameters, case.x, case.y, activation, output)
    assert_close(L.value, mlp.loss(*arguments), 1e3 / nearest)
    for node, expected in zip(parameters, mlp.backward(*arguments), strict=True):
        assert node.gradient is not None
        assert_close(node.gradient, expected, 1e4 / nearest)


@quick
@given(case=cases(1, "identity"))
def test_the_graph_agrees_with_linear_regression(case: Case) -> None:
    w, b = (variable(p) for p in case.parameters)
    L = 0.5 * ((w @ case.x + b - case.y) ** 2).mean()
    backward(L)
    for node, expected in zip(
        (w, b), linear_regression.backward(*case.parameters, case.x, case.y), strict=True
    ):
        assert node.gradient is not None
        assert_close(node.gradient, expected)


@quick
@given(case=cases(1, "sigmoid"))
def test_the_graph_agrees_with_logistic_regression_from_logits(case: Case) -> None:
    w, b = (variable(p) for p in case.parameters)
    z = w @ case.x + b
    L = (case.y * activate("softplus", -z) + (1 - case.y) * activate("softplus", z)).mean()
    backward(L)
    for node, expected in zip(
        (w, b), logistic_regression.backward(*case.parameters, case.x, case.y), strict=True
    ):
        assert node.gradient is not None
        assert_close(node.gradient, expected)


@quick
@given(case=cases(1, "softmax"))
def test_the_graph_agrees_with_softmax_regression_from_logits(case: Case) -> None:
    W, b = (variable(p) for p in case.parameters)
    z = W @ case.x + b
    shifted = z - z.max(axis=0, keepdims=True)
    log_yhat = shifted - log(exp(shifted).sum(axis=0, keepdims=True))
    L = -(case.y * log_yhat).sum() / case.x.shape[1]
    backward(L)
    for node, expected in zip(
        (W, b), softmax_regression.backward(*case.parameters, case.x, case.y), strict=True
    ):
        assert node.gradient is not None
        assert_close(node.gradient, expected)


BINARY: dict[str, Callable] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}
BROADCASTS = [
    ((), ()),
    ((), (2, 3)),
    ((2, 3), (2, 3)),
    ((2, 1), (2, 3)),
    ((1, 3), (2, 1)),
    ((3,), (2, 3)),
    ((1, 1), (3,)),
]


@pytest.mark.parametrize("shapes", BROADCASTS, ids=str)
@pytest.mark.parametrize("symbol", BINARY)
@quick
@given(seed=seeds, swapped=st.booleans())
def test_arithmetic_with_broadcasting(
    symbol: str, shapes: tuple[tuple[int, ...], ...], seed: int, swapped: bool
) -> None:
    rng = np.random.default_rng(seed)
    shapes = shapes[::-1] if swapped else shapes
    # positive, so that powers and quotients are smooth
    u, v = (np.asarray(np.exp(normal(rng, *shape) / 2)) for shape in shapes)
    weights = rng.standard_normal(np.broadcast_shapes(*shapes))

    def output(u: Array, v: Array) -> tuple[Node, Node, Node]:
        left, right = variable(u), variable(v)
        return (BINARY[symbol](left, right) * weights).sum(), left, right

    f, left, right = output(u, v)
    backward(f)
    assert left.gradient is not None
    assert right.gradient is not None
    gradients = (left.gradient, right.gradient)
    assert_gradients_of(lambda u, v: output(u, v)[0].value, gradients, (u, v), seed)


REDUCTIONS = {
    "sum": lambda node, axis, keepdims: node.sum(axis, keepdims),
    "mean": lambda node, axis, keepdims: node.mean(axis, keepdims),
    "max": lambda node, axis, keepdims: node.max(axis, keepdims),
}


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@quick
@given(rows=sizes, columns=sizes, keepdims=st.booleans(), seed=seeds)
def test_reductions(
    reduction: str, axis: int | None, rows: int, columns: int, keepdims: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    u = np.reshape(rng.permutation(rows * columns), (rows, columns)).astype(np.longdouble)
    expected = getattr(np, reduction)(u, axis=axis, keepdims=keepdims)
    weights = rng.standard_normal(np.shape(expected))

    def output(u: Array) -> tuple[Node, Node]:
        node = variable(u)
        reduced = REDUCTIONS[reduction](node, axis, keepdims)
        np.testing.assert_array_equal(np.shape(reduced.value), np.shape(expected))
        return (reduced * weights).sum(), node

    f, node = output(u)
    assert_close(REDUCTIONS[reduction](variable(u), axis, keepdims).value, np.asarray(expected))
    backward(f)
    assert node.gradient is not None
    assert_gradients_of(lambda u: output(u)[0].value, (node.gradient,), (u,), seed)


@quick
@given(n=sizes, m=sizes, k=sizes, seed=seeds)
def test_matrix_product_exp_log_and_negation(n: int, m: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    U, V = normal(rng, n, m), normal(rng, m, k)

    def output(U: Array, V: Array) -> tuple[Node, Node, Node]:
        left, right = variable(U), variable(V)
        return log(1 + exp(-(left @ right))).sum(), left, right

    f, left, right = output(U, V)
    backward(f)
    assert left.gradient is not None
    assert right.gradient is not None
    gradients = (left.gradient, right.gradient)
    assert_gradients_of(lambda U, V: output(U, V)[0].value, gradients, (U, V), seed)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_know_their_derivative(name: str) -> None:
    z = variable(np.linspace(-3, 3, 10))
    backward(activate(name, z).sum())
    np.testing.assert_array_equal(z.gradient, ACTIVATIONS[name].derivative(z.value))


def test_fan_out_adds_up_and_each_node_is_visited_once() -> None:
    x = variable(2.0)
    square = x * x
    f = square * square + square / x + x  # x^4 + 2x
    backward(f)
    assert x.gradient == 4 * 8 + 2
    order = backward_order(f)
    assert len(order) == len(set(order)) == 6
    for position, node in enumerate(order):
        assert all(edge.input not in order[:position] for edge in node.edges)


def test_backward_twice_gives_the_same() -> None:
    f, x, _, _ = lecture_example()
    backward(f)
    backward(f)
    assert x.gradient == -4


def test_equal_largest_entries_share() -> None:
    u = variable([[2.0, 5.0, 5.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    backward(u.max(axis=1).sum())
    np.testing.assert_array_equal(u.gradient, [[0, 0.5, 0.5, 0], [0.25] * 4])


def test_powers_at_zero_and_of_negative_numbers() -> None:
    u = variable([-2.0, 0.0, 3.0])
    for exponent, expected in ((2, [-4, 0, 6]), (1, [1, 1, 1]), (0, [0, 0, 0]), (3, [12, 0, 27])):
        backward((u**exponent).sum())
        np.testing.assert_array_equal(u.gradient, expected)
    p = variable(2.0)
    backward(0.0**p + 1.0**p)
    assert p.gradient == 0


def test_a_node_may_stand_on_the_right_of_numbers_and_arrays() -> None:
    x = variable([[1.0, 2.0]])
    array = np.array([[3.0], [4.0]])
    for f, value, gradient in (
        (2 + x, [[3, 4]], [[1, 1]]),
        (2 - x, [[1, 0]], [[-1, -1]]),
        (2 * x, [[2, 4]], [[2, 2]]),
        (2 / x, [[2, 1]], [[-2, -0.5]]),
        (2**x, [[2, 4]], [[2 * np.log(2), 4 * np.log(2)]]),
        (array + x, [[4, 5], [5, 6]], [[2, 2]]),
        (array * x, [[3, 6], [4, 8]], [[7, 7]]),
        (np.float64(2) * x, [[2, 4]], [[2, 2]]),
        (array @ x, [[3, 6], [4, 8]], [[7, 7]]),
    ):
        assert isinstance(f, Node)
        np.testing.assert_array_equal(f.value, value)
        backward(f.sum())
        np.testing.assert_allclose(x.gradient, gradient, rtol=1e-15)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtype_is_kept_beside_plain_numbers(dtype: type[np.floating]) -> None:
    x = variable(np.array([[1, 2]], dtype=dtype))
    f = (2 * x + 1 / x - x**2 + np.arange(2) * x + np.float64(0.5)).mean().named("f")
    f = (f * 3 + x.max() + log(exp(activate("gelu", x))).sum()) / 7
    backward(f)
    assert {node.value.dtype for node in backward_order(f)} == {np.dtype(dtype)}
    assert all(node.gradient is not None for node in backward_order(f))
    assert {np.asarray(node.gradient).dtype for node in backward_order(f)} == {np.dtype(dtype)}


def test_a_gradient_has_the_dtype_of_its_value_even_beside_a_wider_array() -> None:
    x = variable(np.ones((1, 2), dtype=np.float32))
    backward((x * np.ones((1, 2))).sum())
    assert x.gradient is not None
    assert x.gradient.dtype == np.float32


def test_constants_get_no_gradient_and_no_number() -> None:
    w, x = variable(2.0, "w"), constant(3.0, "x")
    f = (w * x).named("f")
    backward(f)
    assert x.gradient is None
    assert numbering(f) == {"f": 1, "w": 2}


def test_a_graph_deeper_than_the_recursion_limit() -> None:
    x = variable(1.0)
    f = x
    for _ in range(20_000):
        f = f + 1
    backward(f)
    assert x.gradient == 1
    assert len(backward_order(f)) == 20_001


def test_a_deep_mlp_as_a_graph() -> None:
    rng = np.random.default_rng(2)
    widths = [3, 4, 2, 5, 1]
    layers = [
        (normal(rng, rows, columns), normal(rng, rows, 1)) for columns, rows in pairwise(widths)
    ]
    x, y = normal(rng, 3, 6), np.longdouble([[0, 1, 1, 0, 1, 0]])
    nodes = [(variable(W), variable(b)) for W, b in layers]
    a = constant(x)
    for W, b in nodes:
        a = activate("tanh" if W is not nodes[-1][0] else "sigmoid", W @ a + b)
    backward(binary_cross_entropy(a, constant(y)))
    for layer, expected in zip(nodes, deep_mlp.backward(layers, x, y, "tanh"), strict=True):
        for node, gradient in zip(layer, expected, strict=True):
            assert node.gradient is not None
            assert_close(node.gradient, gradient)


def test_what_cannot_be_done_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"one number, got float64\[2\]"):
        backward(variable([1.0, 2.0]) * 2)
    with pytest.raises(ValueError, match="depends on constants only"):
        backward(constant(1.0) * 2)
    with pytest.raises(ValueError, match=r"got float64\[2,2\] @ float64\[2\]: write a vector"):
        variable(np.eye(2)) @ np.ones(2)
    with pytest.raises(ValueError, match=r"got float64\[2,2\] @ float64\[3,1\]"):
        variable(np.eye(2)) @ np.ones((3, 1))
    with pytest.raises(TypeError, match="real floating-point numbers, got complex128"):
        variable(1j)
    assert graph.variable(3).value.dtype == np.float64
