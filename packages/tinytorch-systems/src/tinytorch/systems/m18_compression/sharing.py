"""Weight sharing: a layer has a few values in a codebook, and for each weight the number of its value."""

from __future__ import annotations

from typing import Any

from tinytorch.core import Module, Parameter, Tensor, from_numpy

from .clustering import kmeans
from .codes import from_codebook, pack
from .masking import find_parameter, pruned_by
from .models import prunable
from .scores import array_of, check_scores


class Sharing:
    """The hooks of a shared parameter: it is there while `forward` runs, and only then takes memory.

    Args:
        name: the parameter's name.
        shape: its shape.
        bits: how many a number in the codebook takes.
    """

    def __init__(self, name: str, shape: tuple[int, ...], bits: int) -> None:
        self.name, self.shape, self.bits = name, shape, bits
        self.handles: tuple[Any, ...] = ()

    def attach(self, module: Module, codebook: Tensor, indices: Tensor) -> None:
        """Put a codebook and packed numbers in the place of a module's parameter."""
        delattr(module, self.name)
        module.register_parameter(f"{self.name}_codebook", Parameter(codebook))
        module.register_buffer(f"{self.name}_indices", indices)
        self.handles = (
            module.register_forward_pre_hook(self.before),
            module.register_forward_hook(self.after),
        )
        module.__dict__.setdefault("_shared", {})[self.name] = self

    def weight(self, module: Module) -> Tensor:
        """Return the parameter: the gradient of a codebook's value is the sum over its weights."""
        codebook, packed = (getattr(module, f"{self.name}_{part}") for part in ("codebook", "indices"))
        values: Tensor = from_codebook(codebook, packed, self.bits, self.shape)
        return values

    def before(self, module: Module, inputs: Any) -> None:
        """Make the parameter."""
        setattr(module, self.name, self.weight(module))

    def after(self, module: Module, inputs: Any, output: Any) -> None:
        """Let it go."""
        delattr(module, self.name)


def share_weights(model: Module, bits: int = 4, name: str = "weight") -> Module:
    """Let the weights of each layer share 2**bits values, found by k-means.

    Each layer gets a parameter `weight_codebook` with its values and a buffer `weight_indices` with a number
    of `bits` bits for each weight, packed; `weight` itself exists only while the layer computes. The values
    can be trained: the gradient of one is the sum of its weights' gradients. Make a new optimizer, since the
    parameters are others.

    Args:
        model: is changed: all weights that are `prunable`, or, if it is a single layer, this layer's.
        bits: from 1 to 8.
        name: which parameter.

    Returns:
        The model.

    Raises:
        ValueError: `bits` is out of range, weights are NaN, are pruned without being final, are shared
            already, or there is none.
        AttributeError: a layer has no such parameter.

    Source: Han, Mao and Dally, "Deep compression", 2015 (arXiv:1510.00149)
    """
    if isinstance(bits, bool) or not isinstance(bits, int) or not 1 <= bits <= 8:
        raise ValueError(f"bits={bits} must be an int from 1 to 8")
    layers = [module for module, _ in prunable(model)]
    if not layers and not list(model.children()):
        layers = [model]
    if not layers:
        raise ValueError(
            f"{type(model).__name__} has no weights of its own to share; are they shared already?"
        )
    for layer in layers:  # look at all before any is changed
        if pruned_by(layer, name) is not None:
            raise ValueError(f"{type(layer).__name__}.{name} is pruned; call finish_pruning(model) first")
        if name in layer.__dict__.get("_shared", {}):
            raise ValueError(
                f"{type(layer).__name__}.{name} is shared already; unshare_weights(model) undoes it"
            )
        check_scores(array_of(find_parameter(layer, name)), f"{type(layer).__name__}.{name}")
    for layer in layers:
        _share(layer, name, bits)
    return model


def _share(layer: Module, name: str, bits: int) -> None:
    parameter = find_parameter(layer, name)
    values = array_of(parameter)
    codebook, codes = kmeans(values.ravel(), 2**bits)
    codebook = from_numpy(codebook.astype(values.dtype))
    Sharing(name, values.shape, bits).attach(layer, codebook, from_numpy(pack(codes, bits)))


def unshare_weights(model: Module) -> Module:
    """Make the weights of shared layers parameters again, with the values that they had.

    Returns:
        The model.
    """
    for layer in model.modules():
        for name, sharing in layer.__dict__.pop("_shared", {}).items():
            values = array_of(sharing.weight(layer))
            for handle in sharing.handles:
                handle.remove()
            delattr(layer, f"{name}_codebook")
            delattr(layer, f"{name}_indices")
            layer.register_parameter(name, Parameter(from_numpy(values)))
    return model
