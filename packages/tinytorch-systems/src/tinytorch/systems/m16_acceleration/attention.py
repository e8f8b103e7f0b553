"""Attention by the compiled kernels: fused, without the matrix of scores."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from .arrays import FLOAT32, once, ready, whole
from .kernel import Kernel
from .library import Library

Steps = ctypes.c_int64 * 32


def kernels(lib: Library) -> list[Kernel]:
    """Return the kernels of attention."""

    def forward(q: Any, k: Any, v: Any, out: Any, scale: float, is_causal: bool) -> Any:
        """Write the attention of heads in five dimensions, (N, K, G, length, width); return its sums."""
        sums = np.empty(q.shape[:4], FLOAT32)
        lib.attention_forward(out, sums, q, k, v, steps(q, k, v, out), *sizes(q, k, v), scale, is_causal)
        return sums

    def backward(g: Any, out: Any, sums: Any, heads: Any, wanted: Any, scale: float, is_causal: bool) -> None:
        at = steps(*heads, out, g, *wanted)
        lib.attention_backward(*wanted, g, out, sums, *heads, at, *sizes(*heads), scale, is_causal)

    def attend_packed(qkv: Any, num_heads: int, num_kv_heads: int, is_causal: bool, scale: float) -> Any:
        if not ready(qkv):
            return NotImplemented
        q, k, v = pieces(qkv, num_heads, num_kv_heads)
        out = np.empty((*qkv.shape[:2], num_heads * q.shape[-1]), FLOAT32)
        sums = forward(q, k, v, by_heads(out, num_heads, num_kv_heads), scale, is_causal)
        return out, {"sums": sums}

    def attend_packed_rule(
        g: Any,
        out: Any,
        qkv: Any,
        num_heads: int,
        num_kv_heads: int,
        is_causal: bool,
        scale: float,
        sums: Any,
    ) -> Any:
        def for_qkv() -> Any:
            d = np.empty(qkv.shape, FLOAT32)
            shared = num_heads, num_kv_heads
            given, made = by_heads(whole(g), *shared), by_heads(out, *shared)
            heads, wanted = pieces(qkv, *shared), pieces(d, *shared)
            backward(given, made, sums, heads, wanted, scale, is_causal)
            return d

        return for_qkv

    def attend(query: Any, key: Any, value: Any, mask: Any, keep: Any, is_causal: bool, scale: float) -> Any:
        if mask is not None or keep is not None or not all(plain(x) for x in (query, key, value)):
            return NotImplemented
        if query.shape[:-3] != key.shape[:-3] or key.shape[:-2] != value.shape[:-2]:
            return NotImplemented
        if query.shape[-3] % key.shape[-3]:
            return NotImplemented
        q, k, v = in_heads(query, key), in_heads(key, key), in_heads(value, key)
        out = np.empty((*query.shape[:-1], value.shape[-1]), FLOAT32)
        sums = forward(q, k, v, in_heads(out, key), scale, is_causal)
        return out, {"sums": sums}

    def attend_rule(
        g: Any, out: Any, query: Any, key: Any, value: Any, is_causal: bool, scale: float, sums: Any
    ) -> Any:
        def compute() -> Any:
            wanted = [np.empty(x.shape, FLOAT32) for x in (query, key, value)]
            heads = [in_heads(x, key) for x in (query, key, value)]
            parts = [in_heads(x, key) for x in wanted]
            backward(in_heads(whole(g), key), in_heads(out, key), sums, heads, parts, scale, is_causal)
            return wanted

        part = once(compute)
        return lambda: part(0), lambda: part(1), lambda: part(2), None

    return [
        Kernel("attend_packed", attend_packed, attend_packed_rule),
        Kernel("attend", attend, attend_rule),
    ]


def plain(x: Any) -> bool:
    """Tell whether heads can be read as they lie: at least three dimensions, the last without gaps."""
    if x.ndim < 3 or x.dtype is not FLOAT32 or not x.size or not x.flags.aligned:
        return False
    return x.strides[-1] == x.itemsize and all(s >= 0 for s in x.strides) and (x.ndim <= 4 or x.flags.forc)


def in_heads(x: Any, key: Any) -> Any:
    """View (*, heads, length, width) as (N, K, G, length, width), where K counts the key's heads."""
    *batch, heads, length, width = x.shape
    k = key.shape[-3]
    n = int(np.prod(batch))
    return x.reshape(n, k, heads // k, length, width)


def by_heads(x: Any, num_heads: int, num_kv_heads: int) -> Any:
    """View (N, T, heads * width) as (N, K, G, T, width)."""
    n, t, width = x.shape
    shape = n, t, num_kv_heads, num_heads // num_kv_heads, width // num_heads
    return x.reshape(shape).transpose(0, 2, 3, 1, 4)


def pieces(qkv: Any, num_heads: int, num_kv_heads: int) -> tuple[Any, Any, Any]:
    """View queries, keys and values in five dimensions."""
    width = qkv.shape[-1] // (num_heads + 2 * num_kv_heads)
    a, b = num_heads * width, (num_heads + num_kv_heads) * width
    return (
        by_heads(qkv[..., :a], num_heads, num_kv_heads),
        by_heads(qkv[..., a:b], num_kv_heads, num_kv_heads),
        by_heads(qkv[..., b:], num_kv_heads, num_kv_heads),
    )


def steps(*arrays: Any) -> Any:
    """Return how far it is, in numbers, from one image, head, query head and position to the next."""
    return Steps(*[s // 4 for x in arrays for s in x.strides[:4]])


def sizes(q: Any, k: Any, v: Any) -> tuple[int, ...]:
    """Return the sizes that the kernels are told."""
    n, heads, group, queries, width = q.shape
    return n, heads, group, queries, k.shape[3], width, v.shape[-1]
