"""The computational graph: the forward pass builds it, `backward` walks it in reverse.

    x, y, z = variable(-2.0, "x"), variable(5.0, "y"), variable(-4.0, "z")
    q = (x + y).named("q")
    f = (q * z).named("f")
    backward(f)
    f.value, x.gradient, y.gradient, z.gradient     # -12, -4, -4, 3
    numbering(f)                                    # {"f": 1, "z": 2, "q": 3, "y": 4, "x": 5}

A node stores its partial result (`value`) and knows its local gradients: for each of its inputs,
the function that takes dL/d(node) back to dL/d(input). Values are arrays of float32, float64 or
long double; as everywhere, matrices have examples as columns. The walk and its order are explained
in `graph.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from .activations import ACTIVATIONS, Array

Axis: TypeAlias = int | tuple[int, ...] | None


class Edge(NamedTuple):
    """An argument of a node: the `input`, and `back`, from dL/d(node) to dL/d(input)."""

    input: Node
    back: Callable[[Array], Array]


class Node:
    """A function of its inputs, evaluated: a `value`, and the edges to the inputs.

    Edges are kept in the order in which the depth-first traversal visits them. `gradient` is dL/d
    of this node, of the value's shape and dtype, once `backward(L)` has run.
    """

    __slots__ = ("edges", "gradient", "name", "needs_gradient", "value")
    __array_ufunc__ = None  # so that array * node calls Node.__rmul__, once, on the whole array

    def __init__(self, value: Array, edges: tuple[Edge, ...], needs_gradient: bool) -> None:
        self.value = value
        self.edges = edges
        self.needs_gradient = needs_gradient
        self.gradient: Array | None = None
        self.name = ""

    def named(self, name: str) -> Node:
        """Give this node the name it has in the figure, and return it."""
        self.name = name
        return self

    def __repr__(self) -> str:
        return f"Node({self.name or 'unnamed'}, {_describe(self.value)})"

    def __add__(self, other: Operand) -> Node:
        return _add(self, _operand(other, self))

    def __radd__(self, other: Operand) -> Node:
        return _add(_operand(other, self), self)

    def __sub__(self, other: Operand) -> Node:
        return _subtract(self, _operand(other, self))

    def __rsub__(self, other: Operand) -> Node:
        return _subtract(_operand(other, self), self)

    def __mul__(self, other: Operand) -> Node:
        return _multiply(self, _operand(other, self))

    def __rmul__(self, other: Operand) -> Node:
        return _multiply(_operand(other, self), self)

    def __truediv__(self, other: Operand) -> Node:
        return _divide(self, _operand(other, self))

    def __rtruediv__(self, other: Operand) -> Node:
        return _divide(_operand(other, self), self)

    def __pow__(self, other: Operand) -> Node:
        return _power(self, _operand(other, self))

    def __rpow__(self, other: Operand) -> Node:
        return _power(_operand(other, self), self)

    def __matmul__(self, other: Operand) -> Node:
        return _matrix_product(self, _operand(other, self))

    def __rmatmul__(self, other: Operand) -> Node:
        return _matrix_product(_operand(other, self), self)

    def __neg__(self) -> Node:
        return _node(-self.value, Edge(self, lambda d: -d))

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Node:
        """Add up along `axis` (along all of them without one)."""
        return _sum(self, axis, keepdims)

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Node:
        """Average along `axis`: the sum divided by how many there are."""
        total = _sum(self, axis, keepdims)
        return total / (self.value.size / max(total.value.size, 1))

    def max(self, axis: Axis = None, keepdims: bool = False) -> Node:
        """Take the largest along `axis`. Of equal largest ones, each gets an equal share of dL."""
        return _max(self, axis, keepdims)


Operand: TypeAlias = Node | ArrayLike


def variable(value: ArrayLike, name: str = "") -> Node:
    """Make an input that wants its gradient: a parameter, or a variable of f(x, y, z)."""
    return Node(_floating(value), (), needs_gradient=True).named(name)


def constant(value: ArrayLike, name: str = "") -> Node:
    """Make an input that wants none (data such as x and y). The backward pass never goes there."""
    return Node(_floating(value), (), needs_gradient=False).named(name)


# The backward pass.


def backward_order(output: Node) -> list[Node]:
    """List the nodes that need a gradient: the depth-first post-order from `output`, reversed.

    A node comes after everything that uses it, so when its turn comes its gradient is complete.
    The traversal keeps its own stack instead of calling itself: a graph may be deeper than Python's
    recursion limit.
    """
    post_order: list[Node] = []
    seen = {output}
    stack = [(output, iter(output.edges))] if output.needs_gradient else []
    while stack:
        node, edges = stack[-1]
        for edge in edges:
            if edge.input.needs_gradient and edge.input not in seen:
                seen.add(edge.input)
                stack.append((edge.input, iter(edge.input.edges)))
                break
        else:
            post_order.append(node)
            stack.pop()
    return post_order[::-1]


def backward(output: Node) -> None:
    """Set `gradient` to d(output)/d(node) on every node that `output` depends on.

    `output` is one number (of any shape with one entry). Step 1 is d(output)/d(output) = 1; then
    each node, once, hands its gradient to its inputs, where the shares of all who use an input add
    up. Gradients of an earlier call are replaced.
    """
    if output.value.size != 1:
        raise ValueError(
            f"backward() starts from one number, got {_describe(output.value)}: "
            "reduce it first, with .sum() or .mean()"
        )
    if not output.needs_gradient:
        raise ValueError("backward() found no variable: this output depends on constants only")
    order = backward_order(output)
    gradients = {node: np.zeros_like(node.value) for node in order}
    gradients[output] = np.ones_like(output.value)
    for node in order:
        node.gradient = gradients[node]
        for edge in node.edges:
            if edge.input.needs_gradient:
                share = _unbroadcast(edge.back(node.gradient), edge.input.value)
                gradients[edge.input] = np.asarray(gradients[edge.input] + share)


def numbering(output: Node) -> dict[str, int]:
    """Number the named nodes 1, 2, 3, ... in the order of the backward pass, as in the figures.

    A figure draws z = W x + b as one node, the code as two operations: name the nodes the figure
    shows, and the others go uncounted.
    """
    names = [node.name for node in backward_order(output) if node.name]
    return {name: number for number, name in enumerate(names, start=1)}


def _unbroadcast(gradient: Array, like: Array) -> Array:
    """Undo broadcasting: an entry that was used many times gets the sum of what came back."""
    gradient = np.asarray(gradient, dtype=like.dtype)
    if gradient.shape == like.shape:
        return gradient
    extra = gradient.ndim - like.ndim
    stretched = [axis + extra for axis, size in enumerate(like.shape) if size == 1]
    gradient = np.sum(gradient, axis=(*range(extra), *stretched), keepdims=True)
    return np.reshape(gradient, like.shape)


# The operations, each with its local gradients. The edges of a matrix product come in the order
# (signal, weight), all others from left to right: this is what gives the lecture's numbers.


def _add(left: Node, right: Node) -> Node:
    return _node(left.value + right.value, Edge(left, lambda d: d), Edge(right, lambda d: d))


def _subtract(left: Node, right: Node) -> Node:
    return _node(left.value - right.value, Edge(left, lambda d: d), Edge(right, lambda d: -d))


def _multiply(left: Node, right: Node) -> Node:
    u, v = left.value, right.value
    return _node(u * v, Edge(left, lambda d: d * v), Edge(right, lambda d: d * u))


def _divide(left: Node, right: Node) -> Node:
    u, v = left.value, right.value
    ratio = u / v
    return _node(ratio, Edge(left, lambda d: d / v), Edge(right, lambda d: -d * ratio / v))


def _power(left: Node, right: Node) -> Node:
    """u^p, with d/du = p u^(p-1) (0 for p = 0, whatever u) and d/dp = u^p log u (0 for u = 0)."""
    u, p = left.value, right.value
    power = u**p
    return _node(
        power,
        Edge(left, lambda d: d * (p * u ** np.where(p == 0, 1, p - 1))),
        Edge(right, lambda d: d * (power * np.log(np.where(u == 0, 1, u)))),
    )


def _matrix_product(left: Node, right: Node) -> Node:
    """Z = U V: dU = dZ V^T and dV = U^T dZ, the one way in which the shapes fit."""
    U, V = left.value, right.value
    if U.ndim != 2 or V.ndim != 2 or U.shape[1] != V.shape[0]:
        raise ValueError(
            f"@ multiplies matrices of shapes (rows, inner) and (inner, columns), got "
            f"{_describe(U)} @ {_describe(V)}: write a vector as a matrix of one column or one row"
        )
    return _node(U @ V, Edge(right, lambda d: U.T @ d), Edge(left, lambda d: d @ V.T))


def _sum(node: Node, axis: Axis, keepdims: bool) -> Node:
    u = node.value
    total = np.sum(u, axis=axis, keepdims=keepdims)
    kept = np.sum(u, axis=axis, keepdims=True).shape
    return _node(total, Edge(node, lambda d: np.broadcast_to(np.reshape(d, kept), u.shape)))


def _max(node: Node, axis: Axis, keepdims: bool) -> Node:
    """Any split of dL among equal largest entries is a subgradient; equal shares is ours."""
    u = node.value
    largest = np.max(u, axis=axis, keepdims=True)
    is_largest = (u == largest).astype(u.dtype)
    shares = is_largest / np.sum(is_largest, axis=axis, keepdims=True)
    value = np.max(u, axis=axis, keepdims=keepdims)
    return _node(value, Edge(node, lambda d: np.reshape(d, largest.shape) * shares))


def exp(node: Node) -> Node:
    """e^z, which is its own local gradient."""
    e = np.exp(node.value)
    return _node(e, Edge(node, lambda d: d * e))


def log(node: Node) -> Node:
    """The natural logarithm, with local gradient 1/z."""
    z = node.value
    return _node(np.log(z), Edge(node, lambda d: d / z))


def activate(activation: str, node: Node) -> Node:
    """a = g(z) for any name of `activations.ACTIVATIONS`, with local gradient g'(z)."""
    g, g_prime = ACTIVATIONS[activation]
    z = node.value
    return _node(g(z), Edge(node, lambda d: d * g_prime(z)))


def _node(value: ArrayLike, *edges: Edge) -> Node:
    return Node(np.asarray(value), edges, any(edge.input.needs_gradient for edge in edges))


def _operand(value: Operand, beside: Node) -> Node:
    """An operand as a node: a plain number or integers take the dtype of the node beside them."""
    if isinstance(value, Node):
        return value
    if isinstance(value, int | float) or not np.issubdtype(np.asarray(value).dtype, np.inexact):
        return Node(np.asarray(value, dtype=beside.value.dtype), (), needs_gradient=False)
    return constant(value)


def _floating(value: ArrayLike) -> Array:
    array = np.array(value)
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(f"a node holds real floating-point numbers, got {_describe(array)}")
    return array


def _describe(array: Array) -> str:
    return f"{array.dtype}[{','.join(map(str, array.shape))}]"
