"""What attention may be given, and the errors for what it may not."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Tensor, float32

from .tiles import broadcast

NAME = "scaled_dot_product_attention()"


def check_arguments(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any,
    dropout_p: Any,
    is_causal: Any,
    scale: Any,
    enable_gqa: Any,
) -> None:
    """Raise an error if an argument is of a wrong type, or of a dtype that doesn't fit."""
    given = {"query": query, "key": key, "value": value}
    tensors = dict(given) if attn_mask is None else {**given, "attn_mask": attn_mask}
    for name, x in tensors.items():
        if not isinstance(x, Tensor):
            raise TypeError(f"{NAME}: argument '{name}' must be Tensor, not {type(x).__name__}")
    for name, x in {"is_causal": is_causal, "enable_gqa": enable_gqa}.items():
        if not isinstance(x, bool):
            raise TypeError(f"{NAME}: argument '{name}' must be bool, not {type(x).__name__}")
    for name, x in {"dropout_p": dropout_p, "scale": 1.0 if scale is None else scale}.items():
        if not isinstance(x, (int, float, np.integer, np.floating)):
            raise TypeError(f"{NAME}: argument '{name}' must be float, not {type(x).__name__}")
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"{NAME}: dropout probability has to be between 0 and 1, but got {dropout_p}")
    if attn_mask is not None and is_causal:
        raise RuntimeError(
            f"{NAME}: attn_mask should not be set when is_causal=True; "
            "put the causal mask into attn_mask, or leave one of them out"
        )
    if any(x.ndim < 2 for x in given.values()):
        raise RuntimeError(
            f"{NAME}: query, key and value must be at least 2 dimensional, but have "
            f"{query.ndim}, {key.ndim} and {value.ndim} dimensions"
        )
    dtypes = [x.dtype for x in given.values()]
    if len(set(dtypes)) > 1 or dtypes[0].kind != "f":
        raise RuntimeError(
            f"{NAME}: query, key, and value must have the same floating-point dtype, "
            f"but have {dtypes[0]}, {dtypes[1]} and {dtypes[2]}"
        )
    if enable_gqa and min(x.ndim for x in given.values()) < 3:
        raise IndexError(f"{NAME}: with enable_gqa, the third dimension from the end counts heads: give one")


class _Shapes:
    """Says three shapes when it is asked, which costs as much as a small attention."""

    def __init__(self, *tensors: Tensor) -> None:
        self.tensors = tensors

    def __str__(self) -> str:
        names = "query", "key", "value"
        return ", ".join(f"{name} {x.shape}" for name, x in zip(names, self.tensors, strict=True))


def check_shapes(query: Tensor, key: Tensor, value: Tensor, enable_gqa: bool) -> tuple[int, ...]:
    """Return the shape of the weights, (*, L, S), or raise an error if the shapes don't fit."""
    shapes = _Shapes(query, key, value)
    if query.shape[-1] != key.shape[-1]:
        raise RuntimeError(
            f"{NAME}: query and key must have the same last dimension, "
            f"but it is {query.shape[-1]} and {key.shape[-1]}: {shapes}"
        )
    if key.shape[-2] != value.shape[-2]:
        raise RuntimeError(
            f"{NAME}: there must be a value for each key, "
            f"but there are {key.shape[-2]} keys and {value.shape[-2]} values: {shapes}"
        )
    leads = [x.shape[:-2] for x in (query, key, value)]
    if enable_gqa:
        heads, shared = query.shape[-3], key.shape[-3]
        if heads != shared and (not shared or heads % shared or value.shape[-3] != shared):
            raise RuntimeError(
                f"{NAME}: the number of heads in key and value must divide the number of heads in query, "
                f"but these are {shared}, {value.shape[-3]} and {heads}: {shapes}"
            )
        leads[1:] = [(*lead[:-1], heads) for lead in leads[1:]]
    try:
        lead = broadcast(*leads)
    except ValueError:
        hint = "" if enable_gqa else "; fewer heads of keys than of queries need enable_gqa=True"
        raise RuntimeError(f"{NAME}: the first dimensions can't be broadcast: {shapes}{hint}") from None
    return (*lead, query.shape[-2], key.shape[-2])


def check_mask(attn_mask: Tensor, query: Tensor, shape: tuple[int, ...]) -> None:
    """Raise an error if a mask doesn't fit weights of this shape."""
    dtype = attn_mask.dtype
    if dtype.kind != "b" and dtype not in (float32, query.dtype):
        raise RuntimeError(
            f"{NAME}: attn_mask must be bool, float32, or of the query's dtype {query.dtype}, but is {dtype}"
        )
    if attn_mask.ndim < min(2, query.ndim - 1):
        raise IndexError(
            f"{NAME}: attn_mask must have the dimensions of queries and keys, but its shape is "
            f"{attn_mask.shape}"
        )
    try:
        fits = np.broadcast_shapes(attn_mask.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"{NAME}: an attn_mask of shape {attn_mask.shape} can't be broadcast to {shape}, "
            "the shape of the weights"
        )


def check_packed(qkv: Any, num_heads: int, num_kv_heads: int) -> int:
    """Return the width of a head of `packed_attention`, or raise an error if something doesn't fit."""
    name = "packed_attention()"
    if not isinstance(qkv, Tensor):
        raise TypeError(f"{name}: argument 'qkv' must be Tensor, not {type(qkv).__name__}")
    if num_heads < 1 or num_kv_heads < 1 or num_heads % num_kv_heads:
        raise RuntimeError(
            f"{name}: num_kv_heads must divide num_heads, but they are {num_kv_heads} and {num_heads}"
        )
    parts = num_heads + 2 * num_kv_heads
    if qkv.ndim != 3 or qkv.shape[-1] % parts:
        raise RuntimeError(
            f"{name}: expected a shape (N, T, width) whose width is a multiple of "
            f"num_heads + 2 * num_kv_heads = {parts}, but got {qkv.shape}"
        )
    if qkv.dtype.kind != "f":
        raise RuntimeError(f"{name}: expected floating-point numbers, but got {qkv.dtype}")
    return int(qkv.shape[-1] // parts)
