"""Masks: which position may look at which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tinytorch.core import Tensor, from_numpy, get_default_dtype


def causal_mask(size: int, *, dtype: Any = None) -> Tensor:
    """Return the mask that hides the future: 0 where a query may look, -inf above the diagonal.

    It is added to the scores, so it means the same in `scaled_dot_product_attention` and in
    `MultiheadAttention`, whose masks of bools mean opposite things.

    Args:
        size: the length of the sequence.
        dtype: left out, the default dtype.

    Returns:
        (size, size).

    Examples:
        >>> language.causal_mask(3)
        tensor([[0., -inf, -inf],
                [0., 0., -inf],
                [0., 0., 0.]])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Transformer.html
    (generate_square_subsequent_mask)
    """
    mask = np.full((size, size), -np.inf, get_default_dtype() if dtype is None else dtype)
    return from_numpy(np.triu(mask, 1))


def padding_mask(lengths: Tensor | Sequence[int], size: int | None = None) -> Tensor:
    """Return where sequences of these lengths are only padding: True from `lengths[n]` on.

    This is the `key_padding_mask` of `MultiheadAttention`. For `scaled_dot_product_attention`, whose True
    means to take part, it is `~padding_mask(lengths)[:, None, None, :]`.

    Args:
        lengths: the number of real tokens of each sequence, (N).
        size: the length that they are padded to; left out, the largest of them.

    Returns:
        (N, size), bool.

    Raises:
        ValueError: a length is negative or larger than `size`.

    Examples:
        >>> language.padding_mask([1, 3])
        tensor([[False,  True,  True],
                [False, False, False]])
    """
    counts = np.asarray(lengths.numpy() if isinstance(lengths, Tensor) else lengths)
    if counts.ndim != 1 or (counts.size and counts.dtype.kind not in "iu"):
        raise ValueError(f"padding_mask(): lengths must be integers in one dimension, not {lengths!r}")
    longest = int(counts.max(initial=0))
    if size is None:
        size = longest
    if counts.size and (counts.min() < 0 or longest > size):
        raise ValueError(
            f"padding_mask(): lengths must be between 0 and size={size}, but they go from "
            f"{counts.min()} to {longest}"
        )
    return from_numpy(np.arange(size) >= counts[:, None])
