"""What all losses share: the checks of their arguments, and how many losses become one number."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..m01_tensor.op import Array
from ..m01_tensor.tensor import Tensor


def reduced(losses: Array, reduction: str) -> Array:
    """Reduce an array of losses as `reduction` says: "none", "sum" or "mean" (nan for no losses)."""
    if reduction == "none":
        return losses
    dtype = losses.dtype
    if dtype == np.float16:  # a sum of 100 losses soon leaves its range, although their mean doesn't
        losses = losses.astype(np.float32)
    total = np.add.reduce(losses, axis=None, dtype=None if dtype.kind == "f" else np.int64)
    if reduction == "mean":
        total = total / losses.size
    return total.astype(dtype) if dtype == np.float16 else total


def check_reduction(reduction: str, *further: str) -> None:
    """Raise PyTorch's error if `reduction` isn't one that the loss has."""
    known = ("none", "mean", "sum", *further)
    if reduction not in known:
        raise ValueError(
            f"{reduction} is not a valid value for reduction (expected one of {', '.join(known)})"
        )


def check_tensors(name: str, **given: Any) -> None:
    """Raise a TypeError that names the first of the loss's arguments that isn't a Tensor."""
    for argument, value in given.items():
        if not isinstance(value, Tensor):
            raise TypeError(f"{name}(): argument '{argument}' must be a Tensor, not {type(value).__name__}")


def check_float(name: str, dtype: np.dtype[Any]) -> None:
    """Raise PyTorch's exception if a loss that needs floating-point values is given others."""
    if dtype.kind != "f":
        raise NotImplementedError(f"{name}() is not implemented for {dtype}, only for floating-point dtypes")


def warn_if_shapes_differ(input: Tensor, target: Tensor) -> None:
    """Warn that two different shapes will be broadcast, which is seldom what was meant."""
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). "
            "This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=4,  # the line that calls the loss
        )
