"""Which devices compute a run, and how several of them share each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array

from backproof.notation import Model
from backproof.tensors import choice, whole

T = TypeVar("T")
_KINDS = ("cpu", "gpu", "tpu")
_ROW = "devices"  # the mesh's one axis
_placed: Any = lax.with_sharding_constraint  # JAX does not type these two
_spec: Any = PartitionSpec


def device_of(device: str | jax.Device | None) -> jax.Device | None:
    """The device, itself or the first of its kind; ValueError where there is none."""
    if device is None or isinstance(device, jax.Device):
        return device
    return _of_kind(device, jax.local_devices)[0]


def several(kind: str | None, count: int | None) -> list[jax.Device]:
    """So many devices of a kind, or of JAX's own choice; ValueError where there are fewer.

    Of one process it is one device unless more are asked for; of several that were joined by
    `jax.distributed` it is always all devices of all processes, as each has to compute a part.
    """
    found = jax.devices() if kind is None else _of_kind(kind, jax.devices)
    if jax.process_count() > 1:
        if count not in (None, len(found)):
            raise ValueError(
                f"devices={count}: the {jax.process_count()} processes have {len(found)} devices, "
                "and use all of them: leave it out"
            )
        return found
    count = 1 if count is None else whole("devices", count)
    if count > len(found):
        raise ValueError(f"devices={count}: only {len(found)} here: {_listed(found)}")
    return found[:count]


class Sharing(NamedTuple):
    """Devices, and the axis of the notation of which each has a part.

    Where it is n, every device has all parameters and takes some of the examples; where it is the
    first hidden axis, every device takes all examples and has some of the hidden units, with the
    weights to and from them. The compiler puts in what they have to tell each other (GSPMD, Xu et
    al. 2021): the sums of the gradients, or of z of the next layer.
    """

    mesh: Mesh
    axis: str

    def of(self, layout: str) -> NamedSharding:
        """Where a tensor of that layout lies: cut along the axis if it has it, and else whole."""
        cut = (_ROW if axis == self.axis else None for axis in layout.split())
        return NamedSharding(self.mesh, _spec(*cut))

    def cut(self, tensors: Mapping[str, Array], layouts: Mapping[str, str]) -> dict[str, Array]:
        """Inside of a program: the tensors, each where it is to lie."""
        return {name: _placed(value, self.of(layouts[name])) for name, value in tensors.items()}

    def gathered(self, tree: T) -> T:
        """Inside of a program: all arrays of a tree, each whole on every device."""
        everywhere: T = _placed(tree, self.of(""))
        return everywhere

    def placed(self, value: np.ndarray, layout: str) -> Array:
        """An array that every process has, on the devices; whole where it cannot be cut evenly."""
        sharding = self.of(layout)
        try:
            sharding.shard_shape(value.shape)
        except ValueError:
            sharding = self.of("")
        return jax.make_array_from_callback(value.shape, sharding, lambda index: value[index])


def share(
    model: Model, sizes: Mapping[str, int], examples: int, devices: Sequence[jax.Device]
) -> Sharing:
    """Cut what takes more numbers: the examples of a step, so many, or the parameters."""
    parameters = sum(math.prod(model.shape(name, sizes)) for name in model.parameters)
    of_an_example = sum(math.prod(model.shape(name, {**sizes, "n": 1})) for name in ("x", "y"))
    hidden = [axis for axis in model.hidden_axes[:1] if sizes[axis] >= len(devices)]
    larger = parameters > examples * of_an_example
    return Sharing(Mesh(np.array(devices), (_ROW,)), hidden[0] if hidden and larger else "n")


def _of_kind(kind: str, find: Callable[..., list[jax.Device]]) -> list[jax.Device]:
    choice("device", kind, _KINDS)
    try:
        return find(backend=kind)
    except RuntimeError:  # how JAX says that there is none of this kind
        advice = "leave it out, or install backproof's extra for it: cuda, rocm or tpu"
        here = _listed(jax.local_devices())
        raise ValueError(f"device={kind!r}: not here, only {here}; {advice}") from None


def _listed(devices: Sequence[jax.Device]) -> str:
    return ", ".join(map(str, devices))
