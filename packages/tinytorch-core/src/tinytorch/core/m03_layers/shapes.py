"""Layers that change the shape, or nothing."""

from __future__ import annotations

from typing import Any

from ..m01_tensor import flatten, unflatten
from ..m01_tensor.tensor import Tensor
from .module import Module


class Flatten(Module):
    """Join the dimensions from `start_dim` to `end_dim` into one; by default all but the batch.

    Args:
        start_dim: the first dimension to join.
        end_dim: the last one.

    Examples:
        >>> tt.Flatten()(tt.zeros(32, 1, 28, 28)).shape
        (32, 784)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, C * H * W) for (N, C, H, W), say."""
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split the dimension `dim` into several.

    Args:
        dim: the dimension to split.
        unflattened_size: their lengths; one of them may be -1.

    Raises:
        TypeError: `dim` or an element of `unflattened_size` isn't an int.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...] | list[int]) -> None:
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(f"dim must be int, but found type {type(dim).__name__}")
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found type {type(unflattened_size).__name__}"
            )
        for position, n in enumerate(unflattened_size):
            if not isinstance(n, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, "
                    f"but found element of type {type(n).__name__} at pos {position}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, 2, 5) for (N, 10), say."""
        return unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Identity(Module):
    """Return the input as it is; takes, and forgets, any arguments, to stand in for any layer.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Return `input`."""
        return input
