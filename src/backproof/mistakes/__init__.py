"""What people get wrong: one-edit mistakes of the derivations by hand, as data.

A mistake replaces one piece of text of one function in `backproof.reference`. The tables say which;
to add one, add a row to the table of its model. Nothing here needs JAX.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any, NamedTuple

from backproof.mistakes.activations import ACTIVATION_MISTAKES
from backproof.mistakes.deep import DEEP_MISTAKES
from backproof.mistakes.hidden_layer import HIDDEN_LAYER_MISTAKES
from backproof.mistakes.kinds import Mistake
from backproof.mistakes.losses import LOSS_MISTAKES
from backproof.mistakes.mlp import MLP_MISTAKES
from backproof.mistakes.regressions import REGRESSION_MISTAKES
from backproof.notation import ACTIVATIONS, MODELS, Model

__all__ = [
    "CATALOGUE",
    "Functions",
    "Mistake",
    "MistakeError",
    "activations",
    "apply",
    "by_name",
    "edited_source",
    "is_in_the_loss",
    "module_of",
    "of",
    "wrong_quantities",
]

CATALOGUE: tuple[Mistake, ...] = (
    *REGRESSION_MISTAKES,
    *MLP_MISTAKES,
    *HIDDEN_LAYER_MISTAKES,
    *DEEP_MISTAKES,
    *LOSS_MISTAKES,
    *ACTIVATION_MISTAKES,
)
_SHARED = ("activations", "losses")


class MistakeError(ValueError):
    """A mistake that cannot be made: the text it edits is not there, or not only once."""


class Functions(NamedTuple):
    """A derivation to try: both take the model's parameters in order, then x and y.

    `backward` returns the gradients in the order of the parameters, `loss` one number.
    """

    backward: Callable[..., Any]
    loss: Callable[..., Any]


def by_name(name: str) -> Mistake:
    """The mistake of that name."""
    for mistake in CATALOGUE:
        if mistake.name == name:
            return mistake
    raise KeyError(f"no mistake is called {name!r}; `mistakes.CATALOGUE` has them all")


def of(model_name: str) -> tuple[Mistake, ...]:
    """The mistakes that can be made in a model, a key of `notation.MODELS`."""
    if model_name not in MODELS:
        raise KeyError(f"model {model_name!r} is unknown; expected one of {', '.join(MODELS)}")
    return tuple(mistake for mistake in CATALOGUE if model_name in mistake.models)


def activations(mistake: Mistake, model_name: str) -> tuple[str, ...]:
    """The activations for which it is a mistake; a model without a hidden layer gives "sigmoid"."""
    if not MODELS[model_name].has_activation:
        return ("sigmoid",)
    return tuple(name for name in ACTIVATIONS if name not in mistake.right_for)


def wrong_quantities(mistake: Mistake, model_name: str) -> frozenset[str]:
    """The names of what comes out wrong: "dW1", ..., "loss"."""
    every = [f"d{name}" for name in MODELS[model_name].parameters]
    named = [every if name == "*" else [name] for name in mistake.gradients]
    return frozenset(name for names in named for name in names)


def is_in_the_loss(mistake: Mistake) -> bool:
    """Whether it leaves the backward pass right, and the loss is what does not match."""
    return _on_trial(mistake)[1] == "loss_long_way"


def module_of(mistake: Mistake) -> types.ModuleType:
    """The module of `backproof.reference` that it edits."""
    return importlib.import_module(f"backproof.reference.{mistake.module}")


def edited_source(mistake: Mistake) -> str:
    """The source of the mistake's module, with the mistake in it.

    Raises:
        MistakeError: unless the text to replace stands in the function exactly once.
    """
    module = module_of(mistake)
    whole = inspect.getsource(module)
    function = inspect.getsource(getattr(module, mistake.function))
    times = function.count(mistake.old)
    if times != 1:
        raise MistakeError(
            f"{mistake.name}: {mistake.old!r} stands {times} times in "
            f"reference/{mistake.module}.py, {mistake.function}; expected exactly once"
        )
    return whole.replace(function, function.replace(mistake.old, mistake.new))


def apply(mistake: Mistake | None, model_name: str, activation: str = "sigmoid") -> Functions:
    """The derivation of a model with the mistake made in it, or as it stands if None.

    Args:
        mistake: one of `of(model_name)`.
        model_name: a key of `notation.MODELS`.
        activation: of the hidden layers.

    Raises:
        MistakeError: if the text to replace is not there exactly once.
    """
    model = MODELS[model_name]
    if mistake is not None and model_name not in mistake.models:
        raise MistakeError(f"{mistake.name} is no mistake of {model_name}: see `mistakes.of`")
    derivation = _derivation(mistake, _derivation_of(model))
    backward, loss = _on_trial(mistake)
    return Functions(
        _flat(getattr(derivation, backward), model, activation),
        _flat(getattr(derivation, loss), model, activation),
    )


def _derivation_of(model: Model) -> str:
    if model.depth == 1:
        return model.name
    return "mlp" if model.depth == 2 else "deep_mlp"


def _on_trial(mistake: Mistake | None) -> tuple[str, str]:
    """Which of the derivation's functions the mistake shows in: a backward pass and a loss."""
    if mistake is None:
        return "backward", "loss"
    if mistake.module == "losses":
        gradient = mistake.function.endswith("_gradient") or "through" in mistake.function
        return ("backward_long_way", "loss") if gradient else ("backward", "loss_long_way")
    if mistake.function == "backward_long_way":
        return "backward_long_way", "loss"
    return "backward", "loss_long_way" if mistake.function == "loss_long_way" else "loss"


@functools.cache
def _derivation(mistake: Mistake | None, module: str) -> types.ModuleType:
    """The model's module and those it uses, executed anew with the mistake in one of them."""
    package = f"backproof.reference.{mistake.name if mistake else 'right'}"
    made: dict[str, types.ModuleType] = {}
    try:
        for name in (*_SHARED, module):
            made[name] = types.ModuleType(f"{package}.{name}")
            made[name].__package__ = package
            sys.modules[f"{package}.{name}"] = made[name]
        parent = sys.modules[package] = types.ModuleType(package)
        parent.__dict__.update(made, __path__=[])
        for name, empty in made.items():
            exec(compile(_source(mistake, name), f"<{package}.{name}>", "exec"), empty.__dict__)
    finally:
        for name in (package, *(f"{package}.{name}" for name in made)):
            sys.modules.pop(name, None)
    return made[module]


def _source(mistake: Mistake | None, module: str) -> str:
    if mistake is not None and mistake.module == module:
        return edited_source(mistake)
    return inspect.getsource(importlib.import_module(f"backproof.reference.{module}"))


def _flat(function: Callable[..., Any], model: Model, activation: str) -> Callable[..., Any]:
    """`function` of the parameters in order, then x and y, whatever way it takes them itself."""
    if model.depth == 1:
        return function
    options = {"activation": activation, "output": model.output}
    if model.depth == 2:
        return functools.partial(function, **options)

    def of_pairs(*arrays: Any) -> Any:
        *parameters, x, y = arrays
        pairs = list(zip(parameters[::2], parameters[1::2], strict=True))
        answer = function(pairs, x, y, **options)
        if isinstance(answer, list):
            return tuple(gradient for layer in answer for gradient in layer)
        return answer

    return of_pairs
