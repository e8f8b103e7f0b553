"""Scaled dot-product attention, as PyTorch has it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from tinytorch.core import Tensor, float16, float32, from_numpy, rand, randint

from .blockwise import attend_blockwise
from .plain import attend
from .shapes import check_arguments, check_mask, check_shapes
from .tiles import LONG


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return `softmax(scale * query @ key.T + attn_mask) @ value`: for each query a mean of the values.

    The dimensions before the last two are broadcast. For long sequences the weights are never all in memory
    at once, so that it grows with the length and not with its square.

    Args:
        query: (*, L, E).
        key: (*, S, E).
        value: (*, S, Ev).
        attn_mask: broadcasts to (*, L, S). Bools say which keys take part (True) in which query; floats are
            added to the scores. A query that may look at no key gives zeros.
        dropout_p: the probability with which a weight is set to zero; always, also in evaluation.
        is_causal: query i looks at the keys 0 to i alone.
        scale: the factor of the scores; left out, `1 / sqrt(E)`.
        enable_gqa: let the third dimension from the end, the heads, of `key` and `value` be a divisor of that
            of `query`: each of their heads serves several of its.

    Returns:
        (*, L, Ev).

    Raises:
        RuntimeError: shapes or dtypes don't go together, or a mask is given and `is_causal` too.
        IndexError: a mask of fewer than two dimensions, or `enable_gqa` without heads.
        TypeError: an argument of the wrong type.

    Examples:
        >>> q, k, v = (tt.randn(2, 4, 10, 16) for _ in range(3))  # (batch, heads, length, width)
        >>> language.functional.scaled_dot_product_attention(q, k, v, is_causal=True).shape
        (2, 4, 10, 16)

    Source: Vaswani et al., "Attention is all you need", 2017;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """
    check_arguments(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)
    if query.dtype == float16:  # sums of products and of exponentials need more digits
        query, key, value = (x.to(float32) for x in (query, key, value))
        mask = attn_mask.to(float32) if attn_mask is not None and attn_mask.dtype == float16 else attn_mask
        options: Any = {"scale": scale, "enable_gqa": enable_gqa}
        out = scaled_dot_product_attention(query, key, value, mask, dropout_p, is_causal, **options)
        half: Tensor = out.to(float16)
        return half
    if enable_gqa and key.shape[-3] != value.shape[-3]:
        key, value = (_for_all_heads(x, query.shape[-3]) for x in (key, value))
    shape = check_shapes(query, key, value, enable_gqa)
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1]) if query.shape[-1] else 1.0
    if attn_mask is not None:
        check_mask(attn_mask, query, shape)
        attn_mask, is_causal = _simplest(attn_mask, query.dtype, shape)
    learned = attn_mask is not None and attn_mask.requires_grad
    arguments = query, key, value, attn_mask
    if min(shape[-2:]) > LONG and not learned:
        seed = (dropout_p, int(randint(2**62, (1,)).item())) if dropout_p else None
        return attend_blockwise(*arguments, seed, is_causal, scale)
    keep = None
    if dropout_p:
        factor = 1 / (1 - dropout_p) if dropout_p < 1 else 0.0
        keep = factor, rand(shape, dtype=float32).numpy() >= dropout_p
    return attend(*arguments, keep, is_causal, scale)


def _simplest(mask: Tensor, dtype: Any, shape: tuple[int, ...]) -> tuple[Tensor | None, bool]:
    """Return the cheapest mask that means the same, and whether that is the causal one.

    A mask of 0 and -inf is one of bools; one that hides the future of a sequence from itself needs not even
    be looked at.
    """
    if mask.requires_grad:
        return mask.to(dtype), False
    array = mask.detach().numpy()
    if array.dtype.kind != "b":
        shown = array == 0
        if not np.all(shown | (array == -np.inf)):
            return mask.to(dtype), False
        array = shown
    queries, keys = shape[-2:]
    alone = array.shape[-2:] == (queries, keys) and array.size == queries * keys and queries > 1
    if alone and np.array_equal(array.reshape(queries, keys), np.tri(queries, keys, dtype=bool)):
        return None, True
    return from_numpy(array), False


def _for_all_heads(x: Tensor, heads: int) -> Tensor:
    """Repeat each head of `x` so that there are `heads` of them."""
    *batch, groups, length, width = x.shape
    if not groups or heads % groups:
        return x
    wide = x.unsqueeze(-3).expand(*batch, groups, heads // groups, length, width)
    return wide.reshape(*batch, heads, length, width)
