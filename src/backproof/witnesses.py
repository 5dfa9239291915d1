"""What is true of a batch of cases: loss and gradients with their error bounds.

The first witness is JAX in reverse mode, run by the interpreter that carries the error bounds; JAX
in forward mode checks it inside the same program. Cases of any shape are padded with zeros to one
of a few buckets, masked and batched, so that a handful of programs serves them all and the
persistent compilation cache carries those over to the next process.

Both modes of JAX share one primal, so two witnesses stand outside of it: the derivation by hand
in `backproof.reference`, in long double, and finite differences of its loss. `dissent` asks all of
them about one case.
"""

from __future__ import annotations

import concurrent.futures
import functools
import hashlib
import importlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from backproof import models, program_cache
from backproof.cases import Arrays, Case
from backproof.error_bounds import FORMATS, bounded
from backproof.notation import LARGEST, MODELS, Model, slope_below
from backproof.rounding_rules import Format

# Bucket: the largest size of an axis, and how many cases are evaluated together.
BUCKETS: Mapping[int, int] = {16: 64, LARGEST: 8}
_FEW_PARAMETERS = 64
_STEP_SIZES = (1e-8, 1e-4, 1e-2, 1.0)
# The direction of the forward-mode witness.
_SIGNS = np.random.default_rng(0).random(LARGEST * LARGEST) < 0.5


class Truth(NamedTuple):
    """Of one case: each quantity's float64 value and its error bound at the precision judged.

    Keys are "loss" and the gradients, "dW1" and so on. `agrees` is whether forward mode does.
    """

    values: dict[str, NDArray[np.float64]]
    bounds: dict[str, NDArray[np.float64]]
    agrees: bool


def truths(
    model: Model,
    cases: Sequence[Case],
    activation: str = "sigmoid",
    precision: str = "float64",
    kink: float | None = None,
) -> list[Truth]:
    """The truth of each case, with bounds for code that rounds to `precision`.

    Args:
        model: the member of the family.
        cases: of any sizes up to 64.
        activation: a name of `notation.ACTIVATIONS`; ignored by models without a hidden layer.
        precision: a key of `error_bounds.FORMATS`.
        kink: g'(0), where the activation has a kink; None: as the reference.
    """
    judged, own = FORMATS[precision], FORMATS["float64"]
    slope = (slope_below(activation) or 0.0) if kink is None else kink
    fmt = np.array([judged.u + own.u, judged.smallest + own.smallest])
    results: list[Truth | None] = [None] * len(cases)
    by_bucket = _by_bucket(cases)
    programs = {bucket: _program(model, activation, bucket) for bucket in by_bucket}

    def evaluate(bucket: int, chunk: Sequence[int]) -> None:
        program = programs[bucket].result()
        padded = _pad(model, [cases[place] for place in chunk], bucket)
        with program_cache.float64_on_cpu():
            answer = jax.tree.map(np.asarray, program(padded, np.float64(slope), fmt, _SIGNS))
        for row, place in enumerate(chunk):
            results[place] = _unpad(model, cases[place], row, *answer)

    chunks = [
        (bucket, places[i : i + BUCKETS[bucket]])
        for bucket, places in by_bucket.items()
        for i in range(0, len(places), BUCKETS[bucket])
    ]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:  # XLA frees Python's lock
        list(pool.map(lambda chunk: evaluate(*chunk), chunks))
    return [truth for truth in results if truth is not None]


def prepare(model: Model, activation: str) -> None:
    """Start to load or compile the program that most cases need, and come back at once."""
    _program(model, activation, min(BUCKETS))


def _by_bucket(cases: Sequence[Case]) -> dict[int, list[int]]:
    places: dict[int, list[int]] = {}
    for place, case in enumerate(cases):
        largest = max(max(array.shape) for array in case.arrays.values())
        places.setdefault(min(b for b in BUCKETS if b >= largest), []).append(place)
    return places


def _pad(model: Model, cases: Sequence[Case], bucket: int) -> dict[str, NDArray]:
    """Zeros around each tensor, and masks that say which examples and classes are real."""
    batch = BUCKETS[bucket]
    sizes = dict.fromkeys(model.axes, bucket)
    padded = {tensor: np.zeros((batch, *model.shape(tensor, sizes))) for tensor in model.layouts}
    padded["examples"] = np.zeros((batch, bucket))
    padded["classes"] = np.zeros((batch, bucket if model.output_axis == "k" else 1))
    # The rows that no case fills need one real example, or their mean is 0 / 0.
    padded["examples"][len(cases) :, 0] = 1.0
    padded["classes"][len(cases) :, 0] = 1.0
    for row, case in enumerate(cases):
        for tensor, array in case.arrays.items():
            rows, columns = array.shape
            padded[tensor][row, :rows, :columns] = array
        classes, examples = case.arrays[model.target].shape
        padded["examples"][row, :examples] = 1.0
        padded["classes"][row, :classes] = 1.0
    return padded


def _unpad(
    model: Model,
    case: Case,
    row: int,
    values: Mapping[str, NDArray],
    bounds: Mapping[str, NDArray],
    agrees: NDArray,
) -> Truth:
    # Copies, because a view keeps the padded batch alive.
    own_values = {"loss": values["loss"][row]}
    own_bounds = {"loss": bounds["loss"][row]}
    for name in model.parameters:
        rows, columns = case.arrays[name].shape
        own_values[f"d{name}"] = values[name][row, :rows, :columns].copy()
        own_bounds[f"d{name}"] = bounds[name][row, :rows, :columns].copy()
    return Truth(own_values, own_bounds, bool(agrees[row]))


_compiling = concurrent.futures.ThreadPoolExecutor(len(BUCKETS))
_programs: dict[tuple[Model, str, int], concurrent.futures.Future[Callable[..., Any]]] = {}
_programs_lock = threading.Lock()


def _program(
    model: Model, activation: str, bucket: int
) -> concurrent.futures.Future[Callable[..., Any]]:
    """The program of a bucket, compiled once in a thread of its own."""
    key = (model, activation if model.has_activation else "identity", bucket)
    with _programs_lock:
        if key not in _programs:
            _programs[key] = _compiling.submit(_compiled, *key)
        return _programs[key]


def _compiled(model: Model, activation: str, bucket: int) -> Callable[..., Any]:
    """From the cache folder if it is there.

    JAX's own cache saves compiling; tracing and lowering take as long again, so the lowered program
    is kept as well (`jax.export`), under a name that changes with JAX and with this package.
    """
    folder = program_cache.use()
    path = folder / f"{model.name}-{activation}-{bucket}-{_fingerprint()}.stablehlo"
    example = (_pad(model, [], bucket), np.float64(0.0), np.zeros(2), _SIGNS)

    def lowered() -> jax.export.Exported:
        traced = jax.jit(_batch(model, activation))
        return jax.export.export(traced, platforms=["cpu"])(*example)

    def compiled(exported: jax.export.Exported) -> Callable[..., Any]:
        program = jax.jit(exported.call, compiler_options=program_cache.QUICKLY)
        program_cache.compile_once(lambda: jax.tree.map(np.asarray, program(*example)))
        return program

    with program_cache.float64_on_cpu():
        return program_cache.compiled(path, lowered, compiled)


@functools.cache
def _fingerprint() -> str:
    digest = hashlib.sha256(jax.__version__.encode())
    here = Path(__file__).parent
    named = [here / f"{name}.py" for name in ("error_bounds", "models", "notation", "witnesses")]
    for source in [*named, *sorted(here.glob("rounding*.py"))]:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _batch(model: Model, activation: str) -> Callable[..., Any]:
    """From a batch of padded tensors, g'(0) and (u, smallest) to values, bounds and agreement."""

    def one(tensors: dict[str, Array], kink: Array, fmt: Array, signs: Array) -> Any:
        padding = models.Padding(tensors["examples"], tensors["classes"])
        parameters = {name: tensors[name] for name in model.parameters}

        def losses(parameters: models.Parameters) -> tuple[Array, Array]:
            if model.piece is not None:  # zeros arrive at what is padding
                arriving = tensors[model.target]
                loss = models.contracted(model, parameters, arriving, activation, kink)
                return loss, loss
            x, y = tensors["x"], tensors["y"]
            return models.losses(model, parameters, x, y, activation, kink, padding)

        def all_values(parameters: models.Parameters) -> Any:
            (loss, long_way), gradients = jax.value_and_grad(losses, has_aux=True)(parameters)
            return {"loss": loss, "long way": long_way, **gradients}

        precision = Format(fmt[0], fmt[1])
        values, bounds = bounded(all_values, precision, parameters)
        bounds["loss"] = jnp.maximum(bounds["loss"], bounds.pop("long way"))
        del values["long way"]
        agrees = _forward_agrees(lambda p: losses(p)[0], parameters, values, bounds, signs)
        return values, bounds, agrees

    return jax.vmap(one, in_axes=(0, None, None, None))


def _forward_agrees(
    loss: Callable[[models.Parameters], Array],
    parameters: models.Parameters,
    values: Mapping[str, Array],
    bounds: Mapping[str, Array],
    signs: Array,
) -> Array:
    """Forward mode along one direction of 1 and -1 against the gradient of reverse mode."""
    direction = {
        name: jnp.where(signs[: value.size].reshape(value.shape), 1.0, -1.0)
        for name, value in parameters.items()
    }
    _, along = jax.jvp(loss, (parameters,), (direction,))
    dot = sum(jnp.sum(values[name] * direction[name]) for name in parameters)
    # Forward mode rounds about as often as reverse mode, and the dot product once a term.
    room = sum(jnp.sum(4.0 * bounds[name] + 1e-13 * jnp.abs(values[name])) for name in parameters)
    return (jnp.abs(along - dot) <= room) | ~jnp.isfinite(room)


# --- the witnesses that share nothing with JAX -------------------------------------------------


def reference(
    model: Model, arrays: Arrays, activation: str = "sigmoid", precision: str = "longdouble"
) -> dict[str, NDArray]:
    """Loss and gradients by the hand derivation, computed in `precision`.

    Raises:
        ImportError: if the model has no module in `backproof.reference`.
    """
    if model.piece is not None:
        return _piece(model, {n: a.astype(precision) for n, a in arrays.items()}, activation)
    derivation, options = _derivation(model, activation)
    cast = {name: array.astype(precision) for name, array in arrays.items()}
    parameters = [cast[name] for name in model.parameters]
    if derivation.__name__.endswith("deep_mlp"):
        pairs = list(zip(parameters[::2], parameters[1::2], strict=True))
        arguments: list[Any] = [pairs, cast["x"], cast["y"]]
        crossing = model.output in ("sigmoid", "softmax")  # the others have the long way only
        backward = derivation.backward if crossing else derivation.backward_long_way
        layers = backward(*arguments, **options)
        gradients = [gradient for layer in layers for gradient in layer]
    else:
        arguments = [*parameters, cast["x"], cast["y"]]
        gradients = derivation.backward(*arguments, **options)
    named = {f"d{name}": g for name, g in zip(model.parameters, gradients, strict=True)}
    return {"loss": np.asarray(derivation.loss(*arguments, **options)), **named}


def _piece(model: Model, arrays: Arrays, activation: str) -> dict[str, NDArray]:
    layers = importlib.import_module("backproof.reference.deep_mlp")
    arriving = arrays[model.target]
    if model.piece == "activation":
        z, gradients = (
            arrays["Z"],
            {"dZ": layers.activation_backward(arriving, arrays["Z"], activation)},
        )
    else:
        W, a_previous = arrays["W"], arrays["A_prev"]
        z = W @ a_previous + arrays["b"]
        dz = (
            layers.activation_backward(arriving, z, activation)
            if model.has_activation
            else arriving
        )
        dW, db, da_previous = layers.linear_backward(dz, W, a_previous)
        gradients = {"dA_prev": da_previous, "dW": dW, "db": db}
    given = layers.ACTIVATIONS[activation].g(z) if model.has_activation else z
    return {"loss": np.sum(arriving * given), **gradients}


def _derivation(model: Model, activation: str) -> tuple[Any, dict[str, str]]:
    if model.depth == 1 and model.name in MODELS:
        return importlib.import_module(f"backproof.reference.{model.name}"), {}
    module = "mlp" if model.name in ("mlp", "mlp_softmax") else "deep_mlp"
    options = {"activation": activation, "output": model.output}
    return importlib.import_module(f"backproof.reference.{module}"), options


def finite_difference(
    f: Callable[[Any], Any], point: Any, direction: Any, u: float
) -> tuple[float, float]:
    """The derivative of f at `point` along `direction`, and an estimate of its error.

    Two central differences, at steps h and h / 2, and their extrapolation (Richardson); the
    difference between the two, and f's rounding over h, bound the error. Steps are tried at the
    size of the point and at sizes about 1, times u^(1/5), which balances the two errors of the
    extrapolated value; the step with the least error is kept.

    Args:
        f: a function of a NumPy array giving a number.
        point: where, of any floating dtype.
        direction: which way, of the same shape.
        u: unit roundoff of f.
    """
    middle = abs(f(point))

    def at_step(h: Any) -> tuple[float, float]:
        def central(step: Any) -> Any:
            return (f(point + step * direction) - f(point - step * direction)) / (2 * step)

        wide, narrow = central(h), central(h / 2)
        best = (4 * narrow - wide) / 3
        size = np.max(np.abs(point), initial=0.0)
        noise = 64 * u * (middle / h + abs(best) * (1 + size / h))
        return float(best), float(abs(narrow - wide) + noise)

    sizes = {max(float(np.max(np.abs(point), initial=0.0)), min(_STEP_SIZES)), *_STEP_SIZES}
    steps = [np.asarray(point).dtype.type(2.0 ** np.round(np.log2(s * u**0.2))) for s in sizes]
    with np.errstate(all="ignore"):  # an estimate that overflows is infinite, and not the least
        tried = [at_step(h) for h in steps]
    return min(tried, key=lambda answer: answer[1] if np.isfinite(answer[1]) else np.inf)


def dissent(model: Model, case: Case, truth: Truth, activation: str = "sigmoid") -> str | None:
    """Why the witnesses do not agree about this case, or None if they do.

    Asked before anything is called wrong: what they disagree about stays undecided. `truth` has to
    have been computed at precision "float64" and with g'(0) = 0, which is the reference's choice.
    """
    if not truth.agrees:
        return "JAX in forward mode and in reverse mode differ by more than their rounding"
    with np.errstate(all="ignore"):
        by_hand = reference(model, case.arrays, activation)
        for name, value in truth.values.items():
            apart = np.abs(by_hand[name] - value)
            if not np.all((apart <= 2.0 * truth.bounds[name]) | ~np.isfinite(truth.bounds[name])):
                return f"JAX and the derivation by hand differ in {name}"
        if slope_below(activation) is not None and is_at_kink(model, case, activation):
            return None  # there differences give neither slope
        return _difference_dissent(model, case, truth, activation)


def is_at_kink(model: Model, case: Case, activation: str) -> bool:
    """Whether some gradient depends on what g'(0) is taken for."""
    zero, one = (truths(model, [case], activation, kink=kink)[0] for kink in (0.0, 1.0))
    return any(not np.array_equal(zero.values[name], one.values[name]) for name in zero.values)


def _difference_dissent(model: Model, case: Case, truth: Truth, activation: str) -> str | None:
    """Finite differences: entry by entry up to 64 parameters, along one direction above."""
    exact = {name: array.astype(np.longdouble) for name, array in case.arrays.items()}
    u = float(FORMATS["longdouble"].u)
    for name in model.parameters:

        def loss(value: Any, name: str = name) -> Any:
            return reference(model, {**exact, name: value}, activation)["loss"]

        point, gradient = exact[name], truth.values[f"d{name}"]
        if point.size <= _FEW_PARAMETERS:
            directions = list(np.eye(point.size).reshape(-1, *point.shape))
        else:
            directions = [np.random.default_rng(0).choice([-1.0, 1.0], size=point.shape)]
        for direction in directions:
            slope, error = finite_difference(loss, point, direction, u)
            room = error + float(np.sum(truth.bounds[f"d{name}"] * np.abs(direction)))
            # A loss that overflows says nothing either way.
            if not abs(slope - float(np.sum(gradient * direction))) <= 8.0 * room and np.isfinite(
                slope
            ):
                return f"finite differences of the loss differ from d{name}"
    return None
