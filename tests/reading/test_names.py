import pytest

from backproof.notation import MODELS
from backproof.reading import names


@pytest.mark.parametrize(
    ("listed", "tensors"),
    [
        (["W1", "b1", "W2", "b2", "x", "y"], ["W1", "b1", "W2", "b2", "x", "y"]),
        (["X", "Y", "w1", "w2", "bias1", "bias_2"], ["x", "y", "W1", "W2", "b1", "b2"]),
        (["W_0", "b_0", "W_1", "b_1"], ["W1", "b1", "W2", "b2"]),
        (["weights", "bias", "X_train", "labels"], ["W", "b", "x", "y"]),
        (["theta", "b", "X", "t"], ["W", "b", "x", "y"]),
        (["W_hidden", "b_hidden", "W_out", "b_out"], ["W1", "b1", "W2", "b2"]),
        (["hidden_weights", "output_bias"], ["W1", "b2"]),
    ],
)
def test_names_of_tensors(listed, tensors):
    assert names.bind(listed) == (dict(zip(listed, tensors, strict=True)), ())


def test_a_tensor_claimed_twice_is_nobodys():
    assert names.bind(["w", "b", "x", "X", "y"]) == ({"w": "W", "b": "b", "y": "y"}, ("x", "X"))


@pytest.mark.parametrize("name", ["cache", "z1", "a1", "lr", "yhat", "theta1", "m", "dW1", "grads"])
def test_other_names_are_no_tensor(name):
    assert names.bind([name]) == ({}, ())


@pytest.mark.parametrize(
    "name",
    ["dW1", "dw1", "dW_1", "grad_W1", "gradW1", "dL_dW1", "dLdW1", "W1_grad", "gW1", "dJ_dw1"],
)
def test_names_of_gradients(name):
    assert names.gradients_in([name], MODELS["mlp"]) == {name: "dW1"}


@pytest.mark.parametrize("name", ["dz1", "dA1", "dx", "delta2", "W1", "d", "grads", "decay"])
def test_other_names_are_no_gradient(name):
    assert names.gradients_in([name], MODELS["mlp"]) == {}


def test_gradients_take_the_names_of_the_model():
    assert names.gradients_in(["dW", "db"], MODELS["logistic_regression"]) == {
        "dW": "dw",
        "db": "db",
    }
    assert names.gradients_in(["dw1", "db1"], MODELS["softmax_regression"]) == {
        "dw1": "dW",
        "db1": "db",
    }


@pytest.mark.parametrize(
    "name",
    ["backward", "backprop", "back_propagation", "backward_propagation", "propagate", "gradient",
     "gradients", "grad", "compute_gradients", "loss_and_grads", "computeGradients"],
)  # fmt: skip
def test_usual_names_of_a_backward_pass(name):
    assert names.is_backward(name)


@pytest.mark.parametrize(
    "name", ["forward", "sigmoid", "train", "loss", "relu_backward", "predict"]
)
def test_other_functions(name):
    assert not names.is_backward(name)


@pytest.mark.parametrize(
    "name",
    ["loss", "cost", "compute_loss", "J", "bce", "cal_loss", "funcao_custo", "Kostenfunktion"],
)
def test_names_of_the_loss(name):
    assert names.is_loss(name)


@pytest.mark.parametrize("name", ["val_loss", "test_cost", "function", "calc", "accuracy"])
def test_what_is_measured_elsewhere_is_no_loss_of_the_training(name):
    assert not names.is_loss(name)
