"""The backend in PyTorch, eager, where it is installed: its own automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from torch.nn import functional

from backproof.notation import Model
from backproof.reading.told import Unreadable
from backproof.runs.arrays import as_numpy
from backproof.runs.backends import Advanced, Parameters, Prepared, Problem

_ACTIVATE: Final[dict[str, Callable[[Any], Any]]] = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    # Not functional.softplus, which is z itself from 20 on.
    "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)),
    "gelu": functional.gelu,
    "gelu_tanh": lambda z: functional.gelu(z, approximate="tanh"),
}
_PRECISIONS: Final = {"highest": "highest", "high": "high", "default": "medium"}


def prepare(problem: Problem) -> Prepared:
    """A loop of PyTorch's eager operations."""
    if problem.devices not in (None, 1):
        raise Unreadable(f"--devices {problem.devices}: several are for --backend jax")
    device = _device(problem.device)
    x, y = (_tensor(value, device) for value in (problem.x, problem.y))
    rate = _tensor(np.asarray(problem.learning_rate).astype(problem.x.dtype), device)

    def advance(parameters: Parameters, start: int, stop: int) -> Advanced:
        held = {name: _tensor(value, device) for name, value in parameters.items()}
        losses, norms, gradients = [], [], dict[str, Any]()
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision(_PRECISIONS[problem.precision])
        try:
            for t in range(start, stop):
                batch = problem.batch(t)
                if batch is None:
                    x_t, y_t = x, y
                else:
                    indices = torch.as_tensor(batch.astype(np.int64), device=device)
                    x_t, y_t = x[:, indices], y[:, indices]
                leaves = [value.detach().requires_grad_() for value in held.values()]
                loss = _loss(problem.model, problem.activation, leaves, x_t, y_t)
                found = torch.autograd.grad(loss, leaves)
                gradients = dict(zip(held, found, strict=True))
                held = {name: held[name] - rate * gradients[name] for name in held}
                losses.append(loss.detach())
                squares = [torch.sum(torch.square(dp.double())) for dp in found]
                norms.append(torch.sqrt(torch.stack(squares).sum()))
        finally:
            torch.set_float32_matmul_precision(before)
        return Advanced(
            {name: as_numpy(name, value) for name, value in held.items()},
            {name: as_numpy(name, value) for name, value in gradients.items()},
            np.asarray(torch.stack(losses).double().cpu()),
            np.asarray(torch.stack(norms).cpu()),
        )

    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "eager"
    return Prepared(advance, f"{device.type} ({name})", _in_fact(problem, device.type))


def _device(asked: str | None) -> torch.device:
    if asked in (None, "cpu"):
        return torch.device("cpu")
    if asked == "gpu" and torch.cuda.is_available():
        return torch.device("cuda")
    raise Unreadable(f"--device {asked}: PyTorch has none here")


def _tensor(value: np.ndarray, device: torch.device) -> torch.Tensor:
    if value.dtype.name == "bfloat16":  # for which they share no name; this is exact
        return torch.tensor(value.astype(np.float32), device=device).to(torch.bfloat16)
    return torch.tensor(np.ascontiguousarray(value), device=device)


def _loss(
    model: Model, activation: str, parameters: list[torch.Tensor], x: torch.Tensor, y: torch.Tensor
) -> torch.Tensor:
    a = z = x
    for layer in range(model.depth):
        z = parameters[2 * layer] @ a + parameters[2 * layer + 1]
        a = _ACTIVATE[activation](z) if layer < model.depth - 1 else z
    if model.output == "sigmoid":
        return functional.binary_cross_entropy_with_logits(z, y)
    if model.output == "softmax":
        return -(y * torch.log_softmax(z, dim=0)).sum(dim=0).mean()
    return 0.5 * torch.square(z - y).mean()


def _in_fact(problem: Problem, device: str) -> str:
    if problem.dtype != "float32" or problem.precision == "highest":
        return problem.dtype
    return "tf32" if device == "cuda" and problem.precision == "high" else "unknown"
