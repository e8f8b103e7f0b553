"""The parameters that an optimizer is given, and the flat arrays that its steps are done on."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..m01_tensor.tensor import Tensor, wrap
from .options import State


def named_parameters(params: Any) -> tuple[list[Tensor], list[str]]:
    """Return the tensors of a group and, if they came as pairs with their names, the names."""
    if isinstance(params, Tensor):
        params = [params]
    if isinstance(params, (set, frozenset)):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of "
            "tensors in sets will change between runs. Please use a list instead."
        )
    items = list(params)
    names = [item[0] for item in items if isinstance(item, tuple)]
    if names and len(names) < len(items):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    tensors = [item[1] if isinstance(item, tuple) else item for item in items]
    for p in tensors:
        if not isinstance(p, Tensor):
            raise TypeError(
                f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}"
            )
        if not p.is_leaf:
            raise ValueError("can't optimize a non-leaf Tensor")
    if len({id(p) for p in tensors}) < len(tensors):
        warnings.warn(
            "optimizer contains a parameter group with duplicate parameters; the repetitions are left out",
            stacklevel=5,  # the line that makes the optimizer
        )
        first = {id(p): i for i, p in reversed(list(enumerate(tensors)))}
        names = [names[i] for i in sorted(first.values())] if names else []
        tensors = [tensors[i] for i in sorted(first.values())]
    return tensors, names


def flat_gradient(p: Tensor) -> Any:
    """Return the gradient of a parameter as a flat array of the parameter's dtype."""
    assert p.grad is not None
    g = p.grad.array
    values = p.array
    if g.shape != values.shape:
        raise RuntimeError(f"a gradient has shape {g.shape}, but its parameter has shape {values.shape}")
    return g.reshape(-1) if g.dtype is values.dtype else g.reshape(-1).astype(values.dtype)


def flat_buffer(state: State, name: str, p: Tensor) -> Any:
    """Return an array that is kept for a parameter, flat; make it of zeros if there is none yet."""
    kept = state.get(name)
    if kept is None:
        kept = state[name] = wrap(np.zeros(p.array.shape, p.array.dtype))
    elif kept.array.dtype != p.array.dtype:  # the model was converted meanwhile
        kept.array = kept.array.astype(p.array.dtype)
    return kept.array.reshape(-1)
