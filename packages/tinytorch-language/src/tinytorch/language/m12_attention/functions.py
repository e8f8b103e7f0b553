"""Scaled dot-product attention, as PyTorch has it."""

from __future__ import annotations

import math
from typing import Any

from tinytorch.core import Tensor, functional as F, ones

from .plain import attend


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return `softmax(scale * query @ key.T + attn_mask) @ value`: for each query a mean of the values.

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

    Source: Vaswani et al., "Attention is all you need", 2017;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """
    if attn_mask is not None and is_causal:
        raise RuntimeError(
            "scaled_dot_product_attention(): attn_mask should not be set when is_causal=True; "
            "put the causal mask into attn_mask, or leave one out"
        )
    if enable_gqa:
        key, value = _repeated(query, key), _repeated(query, value)
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1]) if query.shape[-1] else 1.0
    dropout: Any = None
    if dropout_p:
        shape = (*query.shape[:-1], key.shape[-2])
        dropout = F.dropout(ones(shape, dtype=query.dtype), dropout_p)
    return attend(query, key, value, attn_mask, dropout, is_causal, scale)


def _repeated(query: Tensor, x: Tensor) -> Tensor:
    """Repeat each head of `x` as often as `query` has heads for it."""
    heads, groups = query.shape[-3], x.shape[-3]
    if heads == groups:
        return x
    *batch, length, width = x.shape
    x = x.unsqueeze(-3).expand(*batch, heads // groups, length, width)
    return x.reshape(*batch[:-1], heads, length, width)
