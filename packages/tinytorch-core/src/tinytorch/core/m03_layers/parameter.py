"""Tensors that belong to a module: parameters, which are learned, and buffers, which aren't."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..m01_tensor.dtypes import get_default_dtype
from ..m01_tensor.tensor import Tensor


class Parameter(Tensor):
    """A tensor that a module registers as its parameter when it is assigned to an attribute.

    Operations with it give plain Tensors.

    Args:
        data: the values; their memory is shared. Left out: an empty tensor.
        requires_grad: whether operations with the parameter are recorded.

    Raises:
        TypeError: `data` isn't a Tensor.
        RuntimeError: a gradient is required, but the dtype isn't a floating-point one.

    Examples:
        >>> layer = tt.Module()
        >>> layer.scale = tt.Parameter(tt.ones(2))
        >>> [name for name, _ in layer.named_parameters()]
        ['scale']

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
    """

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        self.array = _memory("Parameter", data)
        if requires_grad:
            self.requires_grad_()

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A tensor that a module registers as its buffer when it is assigned to an attribute.

    Args:
        data: the values; their memory is shared. Left out: an empty tensor.
        persistent: whether it is part of the module's `state_dict`.

    Raises:
        TypeError: `data` isn't a Tensor.

    Examples:
        >>> layer = tt.Module()
        >>> layer.mean = tt.Buffer(tt.zeros(2))
        >>> list(layer.parameters()), list(layer.state_dict())
        ([], ['mean'])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html
    """

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        self.array = _memory("Buffer", data)
        self.persistent = persistent
        if data is not None and data.requires_grad:
            self.requires_grad_()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        copy = super().__deepcopy__(memo)
        copy.__dict__["persistent"] = self.persistent
        return copy


def _memory(what: str, data: Any) -> Any:
    if data is None:
        return np.empty(0, get_default_dtype())
    if not isinstance(data, Tensor):
        raise TypeError(f"{what} expected a Tensor, not {type(data).__name__}; make one with tensor(...)")
    return data.array
