"""Dropout: in training, forget a random part of the activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..m01_tensor.dtypes import float32
from ..m01_tensor.op import Array, op
from ..m01_tensor.random import uniform_array
from ..m01_tensor.tensor import Tensor
from ..m01_tensor.views import write_in_place
from .module import Module


@op
def _dropout(input: Array, mask: Any) -> Array:
    """Return `input * mask`; like `mul`, but keeps the mask alone for the gradient."""
    return input * mask


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set each element to zero with probability `p`, and multiply the others by `1 / (1 - p)`.

    So the expected value stays what it was. `manual_seed` makes it repeatable.

    Args:
        input: any shape, floating-point.
        p: the probability of becoming zero.
        training: if False, the input itself is returned.
        inplace: put the result into the input's own memory.

    Raises:
        ValueError: `p` isn't between 0 and 1.
        RuntimeError: the input holds integers, which can't be multiplied by `1 / (1 - p)`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
    """
    _check_probability(p)
    if not isinstance(input, Tensor):
        raise TypeError(f"dropout(): argument 'input' must be a Tensor, not {type(input).__name__}")
    if not training or p == 0 or input.numel() == 0:
        return input
    if input.dtype.kind != "f" and p != 1:
        raise RuntimeError(f"result type float can't be cast to the desired output type {input.dtype}")
    mask = _mask(input.shape, p, input.dtype)
    return write_in_place(input, _dropout, mask) if inplace else _dropout(input, mask)


def _mask(shape: tuple[int, ...], p: float, dtype: Any) -> Any:
    """Draw 0 with probability `p`, else `1 / (1 - p)`."""
    if p == 1:
        return np.zeros(shape, dtype)
    mask = uniform_array(shape, float32, None)
    np.greater_equal(mask, p, mask)
    mask *= 1 / (1 - p)
    return mask.astype(dtype, copy=False)


def _check_probability(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


class Dropout(Module):
    """In training, set each element to zero with probability `p` and scale up the others.

    In evaluation, pass the input through. Input and output have the same shape, any shape.

    Args:
        p: the probability of becoming zero.
        inplace: put the result into the input's own memory.

    Raises:
        ValueError: `p` isn't between 0 and 1.

    Examples:
        >>> layer = tt.Dropout(0.5)
        >>> set(layer(tt.ones(1000)).tolist()) == {0.0, 2.0}
        True
        >>> layer.eval()(tt.ones(3))
        tensor([1., 1., 1.])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html (arXiv:1207.0580)
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        _check_probability(p)
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with some elements set to zero if `training`, else itself."""
        return dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"p={self.p}, inplace={self.inplace}"
