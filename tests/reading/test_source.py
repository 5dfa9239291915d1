import textwrap

import numpy as np
import pytest

from backproof.notation import MODELS
from backproof.reading.source import read, read_function, to_spec
from backproof.reading.told import Settings, Unreadable, derivation

SIGMOID = "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n"
SOFTMAX = """
def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0, keepdims=True)
"""


def mlp(hidden: str, output: str = "sigmoid(z2)", helpers: str = SIGMOID, returns: str = "") -> str:
    """A file with a backward pass of the MLP that applies `hidden` to z1."""
    returns = returns or "dW1, db1, dW2, db2"
    return (
        f"import numpy as np\n{helpers}\n"
        "def backward(W1, b1, W2, b2, x, y):\n"
        "    z1 = W1 @ x + b1\n"
        f"    a1 = {hidden}\n"
        "    z2 = W2 @ a1 + b2\n"
        f"    yhat = {output}\n"
        "    dz2 = (yhat - y) / x.shape[1]\n"
        "    dW2, db2 = dz2 @ a1.T, dz2.sum(axis=1, keepdims=True)\n"
        "    dz1 = W2.T @ dz2 * 1\n"
        "    dW1, db1 = dz1 @ x.T, dz1.sum(axis=1, keepdims=True)\n"
        f"    return {returns}\n"
    )


def single(output: str, helpers: str = "", doc: str = "", returns: str = "dw, db") -> str:
    return (
        f"import numpy as np\n{helpers}\n"
        f'def gradient(w, b, X, Y):\n    """{doc}"""\n'
        f"    p = {output}\n    dz = (p - Y) / X.shape[1]\n"
        f"    dw = np.dot(dz, X.T)\n    db = np.sum(dz)\n    return {returns}\n"
    )


@pytest.fixture
def only(write):
    """The one function found in a file with this text."""

    def found(text: str, settings: Settings = Settings()):  # noqa: B008 - a plain tuple
        (one,) = read(write(text), settings)
        return one

    return found


@pytest.mark.parametrize(
    ("hidden", "helpers", "activation"),
    [
        ("np.tanh(z1)", SIGMOID, "tanh"),
        ("sigmoid(z1)", SIGMOID, "sigmoid"),
        ("np.maximum(sigmoid(z1), 1e-12)", SIGMOID, "sigmoid"),
        ("np.maximum(0, z1)", SIGMOID, "relu"),
        ("np.maximum(z1, 0.0)", SIGMOID, "relu"),
        ("z1 * (z1 > 0)", SIGMOID, "relu"),
        ("np.where(z1 > 0, z1, 0)", SIGMOID, "relu"),
        ("np.clip(z1, 0, None)", SIGMOID, "relu"),
        ("np.where(z1 > 0, z1, 0.01 * z1)", SIGMOID, "leaky_relu"),
        ("np.maximum(0.01 * z1, z1)", SIGMOID, "leaky_relu"),
        ("np.log1p(np.exp(z1))", SIGMOID, "softplus"),
        ("np.logaddexp(0, z1)", SIGMOID, "softplus"),
        ("np.log(1 + np.exp(z1))", SIGMOID, "softplus"),
        ("0.5 * z1 * (1 + erf(z1 / np.sqrt(2)))", SIGMOID, "gelu"),
        ("0.5 * z1 * (1 + np.tanh(0.79788 * (z1 + 0.044715 * z1**3)))", SIGMOID, "gelu_tanh"),
        ("(np.exp(z1) - np.exp(-z1)) / (np.exp(z1) + np.exp(-z1))", SIGMOID, "tanh"),
        ("2 / (1 + np.exp(-2 * z1)) - 1", SIGMOID, "tanh"),
        ("2 * sigmoid(2 * z1) - 1", SIGMOID, "tanh"),
        ("act(z1)", SIGMOID + "def act(z):\n    return np.tanh(z)\n", "tanh"),
        ("act(z1)", SIGMOID + "def act(z):\n    return np.array([max(0, v) for v in z])\n", "relu"),
        (
            "g(z1)",
            SIGMOID + "def g(z):\n    a = z.copy()\n    a[a < 0] = 0\n    return a\n",
            "relu",
        ),
        ("leaky_relu(z1)", SIGMOID + "def leaky_relu(z):\n    return z\n", "leaky_relu"),
        ("sigmoid(z1)", "from scipy.special import expit as sigmoid\n", "sigmoid"),
        ("sig(z1)", "def sig(z): return 0.5 * (1 + np.tanh(z / 2))\nsigmoid = sig\n", "sigmoid"),
        (
            "1 / (1 + np.exp(-z1))",
            "def sigmoid(z): return np.exp(-np.logaddexp(0, -z))\n",
            "sigmoid",
        ),
    ],
)
def test_the_hidden_activation_is_read_from_the_code(only, hidden, helpers, activation):
    found = only(mlp(hidden, helpers=helpers))
    assert found.question is None
    assert (found.model, found.activation) == ("mlp", activation)
    assert found.why["activation"]
    assert [argument.tensor for argument in found.arguments] == ["W1", "b1", "W2", "b2", "x", "y"]
    assert found.layouts == MODELS["mlp"].layouts


@pytest.mark.parametrize(
    ("output", "helpers"),
    [
        ("softmax(z2)", SIGMOID + SOFTMAX),
        ("out(z2)", SOFTMAX.replace("softmax", "out")),
        ("np.exp(z2) / np.sum(np.exp(z2), axis=0)", ""),
    ],
)
def test_softmax_is_read_from_the_code(only, output, helpers):
    found = only(mlp("np.tanh(z1)", output, helpers))
    assert (found.model, found.activation, found.question) == ("mlp_softmax", "tanh", None)
    found = only(mlp("1 / (1 + np.exp(-z1))", output, helpers))
    assert (found.model, found.activation, found.question) == ("mlp_softmax", "sigmoid", None)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        (single("sigmoid(np.dot(w, X) + b)", SIGMOID), "logistic_regression"),
        (single("1.0 / (1.0 + np.exp(-(w @ X + b)))"), "logistic_regression"),
        (single("softmax(w @ X + b)", SOFTMAX), "softmax_regression"),
        (single("w @ X + b"), "linear_regression"),
    ],
)
def test_models_of_one_layer(only, text, model):
    found = only(text)
    assert (found.model, found.activation, found.question) == (model, None, None)


def test_derivatives_and_the_loss_are_no_evidence(only):
    text = mlp("np.tanh(z1)", helpers=SIGMOID + "def relu_prime(z):\n    return z > 0\n")
    text = text.replace("dz2 * 1", "dz2 * relu_prime(z1)").replace(
        "    dz2 =", "    loss = np.mean(np.logaddexp(0, z2) - y * z2)\n    dz2 ="
    )
    assert only(text).activation == "tanh"  # the relu there may be the mistake


def test_three_layers(only):
    text = (
        "import numpy as np\n" + SIGMOID + "def backprop(W1, b1, W2, b2, W3, b3, X, Y):\n"
        "    a1 = np.tanh(W1 @ X + b1)\n    a2 = np.tanh(W2 @ a1 + b2)\n"
        "    p = sigmoid(W3 @ a2 + b3)\n    return dW1, db1, dW2, db2, dW3, db3\n"
    )
    assert (only(text).model, only(text).activation) == ("mlp3", "tanh")
    four = text.replace("W3, b3, X", "W3, b3, W4, b4, X")
    assert "a network of 4 layers" in only(four).question


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (mlp("relu(np.tanh(z1))"), "may have tanh or relu; tell it with --activation"),
        (mlp("swish(z1) + sigmoid(z1)"), "which activation its hidden layers have could not"),
        (mlp("np.maximum(zeros, sigmoid(z1))"), "which activation its hidden layers have could"),
        (mlp("z1 ** 3"), "which activation its hidden layers have could not be read"),
        (mlp("np.tanh(z1)", "z2"), "which activation its output has could not be read"),
        (single("np.sign(w @ X + b)"), "which activation follows its one layer"),
        (single("np.tanh(w @ X + b)"), "one layer, but it applies tanh"),
        ("def backward(W1, W2, X, Y):\n    return dW1, dW2", "could not be read"),
        ("def backward(W1, b1, X, x, Y):\n    pass", "takes X and x, and which is which"),
        ("def backward(cache, Y):\n    pass", r"takes \(cache, Y\): none is called like a weight"),
        (mlp("np.tanh(z1)").replace("(W1,", "(cache, W1,"), "takes cache as well"),
        (mlp("np.tanh(z1)").replace("b1, W2, b2, x", "W2, b2, x"), "b1 of mlp is not among them"),
        (mlp("np.tanh(z1)", returns="W1, b1, W2, b2"), "returns the parameters themselves"),
        (mlp("np.tanh(z1)", returns="dW2, db2, foo, bar"), "which is dW1, db1"),
        (mlp("np.tanh(z1)", returns="loss, (dW2, db2, dW1, db1)"), "in order only"),
        (mlp("np.tanh(z1)").replace("    return dW1", "    dW1"), "has no return statement"),
    ],
)
def test_what_is_ambiguous_is_asked(only, text, words):
    import re

    found = only(text)
    assert found.question is not None
    assert re.search(words, found.question)
    with pytest.raises(ValueError, match=r"backward|gradient"):
        to_spec(found)


@pytest.mark.parametrize(
    ("returns", "places"),
    [
        ("dW1, db1, dW2, db2", ()),
        ("dW2, db2, dW1, db1", ("dW2", "db2", "dW1", "db1")),
        ("[dW2 / 1, db2.T, np.array(dW1), db1]", ("dW2", "db2", "dW1", "db1")),
        ("loss, dW1, db1, dW2, db2", ("loss", "dW1", "db1", "dW2", "db2")),
        ("dz2, dW2, db2, dz1, dW1, db1", ("", "dW2", "db2", "", "dW1", "db1")),
        ("float(cost), {'dW1': dW1}", ("loss", "*")),
        ("grads, cost", ("*", "loss")),
        ("{'dW1': dW1, 'db1': db1}", ()),
        ("dz1 @ x.T, dz1.sum(), dW2, db2", ()),
    ],
)
def test_returned_places_are_read_by_name(only, returns, places):
    found = only(mlp("np.tanh(z1)", returns=returns))
    assert found.question is None
    assert found.returns == places


def test_a_tuple_with_a_name_is_looked_up(only):
    text = mlp("np.tanh(z1)", returns="grads").replace(
        "    return", "    grads = (dW2, db2, dW1, db1)\n    return"
    )
    assert only(text).returns == ("dW2", "db2", "dW1", "db1")


def test_the_loss_beside_it(only):
    loss = "def compute_loss(W1, b1, W2, b2, x, y):\n    return 0.0\n"
    assert only(mlp("np.tanh(z1)", helpers=SIGMOID + loss)).loss == "compute_loss"
    of_outputs = "def compute_loss(yhat, y):\n    return 0.0\n"
    assert only(mlp("np.tanh(z1)", helpers=SIGMOID + of_outputs)).loss is None
    two = loss + loss.replace("compute_loss", "mse")
    assert only(mlp("np.tanh(z1)", helpers=SIGMOID + two)).loss is None
    inside = mlp("np.tanh(z1)", helpers=SIGMOID + loss, returns="loss, dW1, db1, dW2, db2")
    assert only(inside).loss is None


def test_docstrings_decide_only_where_the_code_does_not(only):
    assert only(single("predict(w, b, X)", doc="Logistic regression.")).model == (
        "logistic_regression"
    )
    found = only('"""An MLP with tanh units."""\n' + mlp("f(z1)"))
    assert (found.activation, found.why["activation"]) == ("tanh", "the docstring says tanh")
    found = only('"""An MLP with ReLU units."""\n' + mlp("np.tanh(z1)"))
    assert found.activation == "tanh"


def test_the_reduction_is_read_from_the_docstring(only):
    assert only(single("w @ X + b", doc="Of the mean squared error.")).reduction == "mean"
    assert only(single("w @ X + b", doc="Of the sum of squares.")).reduction == "sum"
    assert only(single("w @ X + b")).reduction is None


def test_what_is_told_is_believed(only):
    told = Settings(model="mlp", activation="relu", convention="rows, y=n", reduction="sum")
    found = only(mlp("f(z1)"), told)
    assert (found.model, found.activation, found.reduction) == ("mlp", "relu", "sum")
    assert found.layouts["x"] == "n d"
    assert set(found.why.values()) == {"told by the command line"}


def test_a_decorator_and_a_toml_file(write):
    text = "import backproof\n" + mlp("f(z1)").replace(
        "def backward", '@backproof.derivation(activation="gelu")\ndef backward'
    )
    path = write(text)
    (found,) = read(path)
    assert (found.activation, found.why["activation"]) == ("gelu", "told by the decorator")
    write('convention = "rows"\n[functions.backward]\nactivation = "tanh"\n', "homework.toml")
    (found,) = read(path)
    assert found.activation == "gelu"
    assert (found.layouts["x"], found.why["convention"]) == ("n d", "told by homework.toml")
    (found,) = read(path, Settings(activation="relu"))
    assert found.activation == "relu"


@pytest.mark.parametrize(
    ("decorator", "words"),
    [
        ('@backproof.derivation(activatoin="gelu")', "unknown key 'activatoin'; did you mean"),
        ('@backproof.derivation("mlp")', "takes arguments by name only"),
        ("@backproof.derivation", "needs arguments"),
        ("@backproof.derivation(model=MODEL)", "model is not a literal"),
        ('@backproof.derivation(convention="sideways")', "convention 'sideways' is unknown"),
    ],
)
def test_a_decorator_that_says_nonsense(write, decorator, words):
    text = mlp("np.tanh(z1)").replace("def backward", f"{decorator}\ndef backward")
    with pytest.raises(Unreadable, match=words):
        read(write(text))


def test_a_function_that_is_pointed_at(only):
    text = (
        "def f(p, q, r, s, inp, out, lr=0.1):\n    return a, b, c, d\n"
        "def backward(W1, b1, W2, b2, x, y):\n    return 0\n"
    )
    found = only(text, Settings(function="f", model="mlp", activation="tanh"))
    assert found.question is None
    assert [tuple(argument[:2]) for argument in found.arguments] == [
        ("p", "W1"), ("q", "b1"), ("r", "W2"), ("s", "b2"), ("inp", "x"), ("out", "y"),
    ]  # fmt: skip


def test_parameters_in_any_order_and_by_name_only(only):
    text = single("w @ X + b").replace("(w, b, X, Y)", "(X, Y, lam=0.0, *, b, w)")
    assert [tuple(argument) for argument in only(text).arguments] == [
        ("X", "x", False),
        ("Y", "y", False),
        ("lam", "penalty", False),
        ("b", "b", True),
        ("w", "w", True),
    ]


def test_all_that_may_be_meant_in_order_and_no_more(write):
    text = (
        single("w @ X + b")
        + mlp("np.tanh(z1)").replace("backward", "mlp_derivatives")
        + "def forward(w, b, X, Y):\n    return w @ X + b\n"
        + "def linear_backward(dZ, cache):\n    return dZ, dZ, dZ\n"
        + "class Net:\n    def backward(self, x, y):\n        pass\n"
        + "if __name__ == '__main__':\n    def backward(w, b, X, Y): pass\n"
    )
    assert [found.function for found in read(write(text))] == ["gradient", "mlp_derivatives"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "homework.py defines no function with def"),
        ("def backward(w, b:\n    pass", r"homework.py, line 1: .*\n +def backward\(w, b:"),
        ("x = 1\ndef f(:\n", "homework.py, line 2: invalid syntax\n +def f\\(:"),
        ("x = = 1", "homework.py, line 1: invalid syntax"),
        ("x = '\0'", "null bytes"),
        (
            "def train(): pass\nclass Net:\n    def fit(self): pass",
            r"known to be a backward pass: train, Net.fit\npoint at one with --function NAME --mod",
        ),
    ],
)
def test_files_in_which_nothing_can_be_read(write, text, words):
    with pytest.raises(Unreadable, match=words):
        read(write(text))


def test_files_that_are_none(write, tmp_path):
    with pytest.raises(Unreadable, match="there is no file"):
        read(tmp_path / "nothing.py")
    with pytest.raises(Unreadable, match=r"notes.txt is no .py or .ipynb file"):
        read(write("", "notes.txt"))
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(Unreadable, match="cannot be read"):
        read(tmp_path / "folder.py")
    latin = tmp_path / "latin.py"
    latin.write_bytes("# coding: utf-8\n# Übung".encode("latin-1"))
    with pytest.raises(Unreadable, match=r"latin.py is not in the encoding that it declares"):
        read(latin)
    latin.write_bytes(b"\xef\xbb\xbf" + single("w @ X + b").encode())
    assert read(latin)[0].model == "linear_regression"


def test_a_function_that_is_not_there_is_told_with_the_nearest(write):
    path = write(single("w @ X + b"))
    with pytest.raises(Unreadable, match=r"no function gradiant .*did you mean gradient"):
        read(path, Settings(function="gradiant"))
    write("[functions.grad]\nmodel = 'mlp'", "homework.toml")
    with pytest.raises(Unreadable, match="no function grad "):
        read(path)


def test_nothing_is_executed(write, tmp_path):
    path = write(single("w @ X + b") + f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    read(path)
    assert not (tmp_path / "ran").exists()


def test_a_function_at_hand():
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    @derivation(reduction="mean")
    def backward(w, b, x, y):
        """Of logistic regression."""
        dz = (sigmoid(w @ x + b) - y) / x.shape[1]
        return dz.sum(axis=1, keepdims=True), dz @ x.T

    found = read_function(backward, Settings(convention="rows"))
    assert (found.model, found.reduction) == ("logistic_regression", "mean")
    assert found.why["convention"] == "told by the arguments"


def test_a_function_at_hand_without_source():
    scope: dict = {"np": np}
    exec(textwrap.dedent(single("w @ X + b")), scope)
    told = Settings(model="linear_regression")
    found = read_function(scope["gradient"], told)
    assert found.question is None
    assert [argument.tensor for argument in found.arguments] == ["w", "b", "x", "y"]
    with pytest.raises(Unreadable, match="no signature"):
        read_function(type)
