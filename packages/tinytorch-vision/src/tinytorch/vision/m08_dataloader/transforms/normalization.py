"""Giving every channel about the same mean and spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tinytorch.core import Module, Tensor, from_numpy


def normalize(tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """Return `(tensor - mean) / std`, channel by channel.

    Args:
        tensor: a float image (C, H, W), or a batch (..., C, H, W).
        mean: the mean of each channel.
        std: the standard deviation of each channel.
        inplace: whether to change the tensor itself.

    Raises:
        TypeError: not a Tensor (make one with `to_tensor`), or one of integers.
        ValueError: fewer than three dimensions, or a standard deviation of 0.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.normalize.html
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            f"Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = {tensor.shape}"
        )
    means, stds = (_per_channel(values, tensor.dtype) for values in (mean, std))
    if not stds.all():
        raise ValueError(
            f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero."
        )
    if inplace:
        return tensor.sub_(from_numpy(means)).div_(from_numpy(stds))
    result: Tensor = (tensor - from_numpy(means)) / from_numpy(stds)
    return result


def _per_channel(values: Any, dtype: Any) -> np.ndarray:
    """Return a number per channel as an array (C, 1, 1)."""
    numbers = np.asarray(values, dtype)
    return numbers.reshape(-1, 1, 1) if numbers.ndim == 1 else numbers


class Normalize(Module):
    """Subtracts a mean from each channel and divides by a standard deviation; see `functional.normalize`.

    Args:
        mean: the mean of each channel.
        std: the standard deviation of each channel.
        inplace: whether to change the tensor itself.

    Examples:
        >>> vision.transforms.Normalize(mean=[0.5], std=[0.25])(tt.ones(1, 1, 2))
        tensor([[[2., 2.]]])

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        """Return the normalised image or batch."""
        return normalize(tensor, self.mean, self.std, self.inplace)

    batched = forward

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"
