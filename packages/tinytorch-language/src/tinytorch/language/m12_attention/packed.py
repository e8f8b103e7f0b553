"""Attention of a sequence to itself, with queries, keys and values side by side in one tensor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from tinytorch.core import Array, Tensor, float16, float32, op

from . import blockwise, plain
from .shapes import check_packed
from .tiles import LONG, Heads


def packed_attention(
    qkv: Tensor,
    num_heads: int,
    num_kv_heads: int | None = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Return the attention of a sequence to itself, given queries, keys and values side by side.

    It is what a projection to queries, keys and values gives, and what the next projection takes. The result
    is that of `scaled_dot_product_attention`; as one operation, though, it spares the copies from the three
    gradients to that of `qkv`.

    Args:
        qkv: (N, T, (num_heads + 2 * num_kv_heads) * width): the queries of all heads, then keys, then values.
        num_heads: the heads of the queries.
        num_kv_heads: the heads of keys and values, which divide `num_heads`; left out, as many.
        is_causal: position i looks at the positions 0 to i alone.
        scale: the factor of the scores; left out, `1 / sqrt(width)`.

    Returns:
        (N, T, num_heads * width).

    Raises:
        RuntimeError: the heads don't divide what they must, or the shape or dtype is wrong.
    """
    shared = num_heads if num_kv_heads is None else num_kv_heads
    width = check_packed(qkv, num_heads, shared)
    if scale is None:
        scale = 1 / math.sqrt(width) if width else 1.0
    if qkv.dtype == float16:  # sums of products and of exponentials need more digits
        out: Tensor = attend_packed(qkv.to(float32), num_heads, shared, is_causal, scale).to(float16)
        return out
    return attend_packed(qkv, num_heads, shared, is_causal, scale)


@op
def attend_packed(qkv: Array, num_heads: int, num_kv_heads: int, is_causal: bool, scale: float) -> Array:
    """Return the attention of the three parts of `qkv`, (N, T, (num_heads + 2 * num_kv_heads) * width)."""
    heads = unpacked(qkv, num_heads, num_kv_heads)
    n, t = qkv.shape[:2]
    width = heads.q.shape[-1]
    out = np.empty((n, t, num_heads * width), qkv.dtype)
    room = by_heads(out, num_kv_heads, num_heads // num_kv_heads, width)
    method = blockwise if t > LONG else plain
    return out, {"kept": method.forward(heads, None, is_causal, scale, room)}


def by_heads(x: Any, k: int, g: int, width: int) -> Any:
    """View (N, T, k * g * width) as (N, k, g, T, width)."""
    n, t = x.shape[:2]
    return x.reshape(n, t, k, g, width).transpose(0, 2, 3, 1, 4)


def pieces(qkv: Any, num_heads: int, num_kv_heads: int) -> tuple[Any, Any, Any]:
    """View queries, keys and values in five dimensions."""
    width = qkv.shape[-1] // (num_heads + 2 * num_kv_heads)
    a, b = num_heads * width, (num_heads + num_kv_heads) * width
    q = by_heads(qkv[..., :a], num_kv_heads, num_heads // num_kv_heads, width)
    return q, by_heads(qkv[..., a:b], num_kv_heads, 1, width), by_heads(qkv[..., b:], num_kv_heads, 1, width)


def unpacked(qkv: Any, num_heads: int, num_kv_heads: int) -> Heads:
    """View `qkv` as the heads that attention works on."""
    many, few = (len(qkv), num_heads), (len(qkv), num_kv_heads)
    return Heads(*pieces(qkv, num_heads, num_kv_heads), None, many, few)


@attend_packed.backward
def attend_packed_backward(
    g: Any,
    out: Any,
    qkv: Any,
    num_heads: Any,
    num_kv_heads: Any,
    is_causal: Any,
    scale: Any,
    kept: Any,
) -> Any:
    def for_qkv() -> Any:
        heads = unpacked(qkv, num_heads, num_kv_heads)
        d = np.empty(qkv.shape, qkv.dtype)
        width, k = heads.q.shape[-1], num_kv_heads
        g_, out_ = (by_heads(x, k, num_heads // k, width) for x in (g, out))
        dq, dk, dv = pieces(d, num_heads, num_kv_heads)
        if isinstance(kept, plain.Kept):
            plain.backward(heads, g_, out_, None, scale, kept, dq, dk, dv)
        else:
            blockwise.backward(heads, g_, out_, kept, None, is_causal, scale, dq, dk, dv)
        return d

    return for_qkv
