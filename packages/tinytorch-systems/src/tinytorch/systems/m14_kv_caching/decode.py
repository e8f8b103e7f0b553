"""A GPT's forward pass for a few new positions, on arrays.

For one new token, NumPy computes for some microseconds in each layer, and what a module, a tensor and an
operation do besides takes longer than that. So the layers that every GPT is made of are done here without
them. Whatever is in their place, or has a hook, is called as it is: a quantized layer, say, or one that a
profiler looks at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from tinytorch.core import Linear, Module, from_numpy, functional as F
from tinytorch.language import (
    GPT,
    MLP,
    Embedding,
    LayerNorm,
    RMSNorm,
    RotaryEmbedding,
    SelfAttention,
    SwiGLU,
    TransformerBlock,
)

from .layer import LayerMemory

LINEAR = math.sqrt(2 / math.pi)  # of the cubic in GELU's approximation ...
CUBIC = LINEAR * 0.044715
SMALL_RESULT = 1200  # numbers up to which OpenBLAS multiplies with a transposed matrix as it lies
_tables: WeakKeyDictionary[RotaryEmbedding, dict[Any, Any]] = WeakKeyDictionary()


def is_lean(model: GPT) -> bool:
    """Tell whether `decode` is right for the model: no dropout is at work, and numbers have digits enough."""
    if model.training and model.config.dropout:
        return False
    table = model.transformer["wte"]
    return not _is(table, Embedding) or table.weight.dtype.itemsize > 2


def is_plain(model: GPT) -> bool:
    """Tell whether all attention of the model is done here: then sequences may be of different lengths."""
    blocks = list(model.transformer["h"])
    return all(_is(b, TransformerBlock) and _is(b.attn, SelfAttention) and b.attn.is_causal for b in blocks)


def decode(model: GPT, ids: Any, start: Any, memories: Sequence[LayerMemory]) -> Any:
    """Return what the last block makes of new positions, as `GPT.hidden` does: a tensor (B, T, n_embd).

    Args:
        model: the GPT.
        ids: an array (B, T), int64.
        start: the position of the first of them, or one for each sequence: an array (B).
        memories: for each layer, keys and values of the positions before; the new ones are added.
    """
    parts = model.transformer
    B, T = ids.shape
    with np.errstate(all="ignore"):  # inf and nan are values like others
        x = embedded(parts["wte"], ids.reshape(-1))  # (B * T, n_embd): a row for each position
        if "wpe" in parts:
            x += embedded(parts["wpe"], positions(start, B, T))
        for block, memory in zip(parts["h"], memories, strict=True):
            x = through_block(block, x, B, T, start, memory)
        if "ln_f" in parts:
            x = normal(parts["ln_f"], x)
    return from_numpy(x.reshape(B, T, -1))


def positions(start: Any, B: int, T: int) -> Any:
    """Return the position of each row."""
    if isinstance(start, int):
        one = np.arange(start, start + T)
        return one if B == 1 else np.tile(one, B)
    return (start[:, None] + np.arange(T)).reshape(-1)


def _is(module: Any, kind: type[Module]) -> bool:
    """Tell whether a module is of exactly this kind, and nobody looks on."""
    return (
        module.__class__ is kind
        and not module._forward_hooks
        and not module._forward_pre_hooks
        and "forward" not in module.__dict__
    )


def embedded(module: Any, ids: Any) -> Any:
    """Look up rows."""
    if not _is(module, Embedding) or module.max_norm is not None:
        return module(from_numpy(ids)).numpy().copy()
    table = module.weight.array
    if ids.view(np.uint64).max(initial=0) >= len(table):  # negative ones are larger than all
        module(from_numpy(ids))  # says which one is wrong
    return table.take(ids, 0)


def linear(module: Any, x: Any) -> Any:
    """Apply a linear layer to rows; the result is an array of its own."""
    if not _is(module, Linear) or module.weight.array.dtype != x.dtype:
        return module(from_numpy(x)).numpy().copy()
    w = module.weight.array
    if len(x) > 1 and len(x) * len(w) > SMALL_RESULT:
        y = np.ascontiguousarray(np.dot(w, np.ascontiguousarray(x.T)).T)  # each weight is read once, in order
    else:
        y = np.dot(x, w.T)
    if module.bias is not None:
        y += module.bias.array
    return y


def normal(module: Any, x: Any) -> Any:
    """Normalize rows."""
    centred = _is(module, LayerNorm)
    if not (centred or _is(module, RMSNorm)) or module.eps is None or len(module.normalized_shape) != 1:
        return module(from_numpy(x)).numpy()
    rows, n = x.shape
    if rows == 1 and module.eps:  # with numbers in the place of arrays
        z = x - np.dot(x[0], _constant(1 / n, n, x.dtype)) if centred else x
        row = z[0]
        z = z * (1 / math.sqrt(float(np.dot(row, row)) / n + module.eps))
    else:
        z = x - (x @ _constant(1 / n, n, x.dtype))[:, None] if centred else x.copy()
        scale = np.vecdot(z, z)
        scale /= n
        scale += module.eps
        z /= np.sqrt(scale, scale)[:, None]
    if module.weight is not None:
        z *= module.weight.array
    if centred and module.bias is not None:
        z += module.bias.array
    return z


@lru_cache(maxsize=64)
def _constant(value: float, n: int, dtype: Any) -> Any:
    return np.full(n, value, dtype)


def through_block(block: Any, x: Any, B: int, T: int, start: Any, memory: LayerMemory) -> Any:
    """Let rows pass a block."""
    if not _is(block, TransformerBlock):
        return block(from_numpy(x.reshape(B, T, -1)), None, None, memory).numpy().reshape(B * T, -1)
    if block.norm_first:
        x = x + through_attention(block.attn, normal(block.ln_1, x), B, T, start, memory)
        x += through_mlp(block.mlp, normal(block.ln_2, x))
        return x
    x = normal(block.ln_1, x + through_attention(block.attn, x, B, T, start, memory))
    return normal(block.ln_2, x + through_mlp(block.mlp, x))


def through_attention(attn: Any, x: Any, B: int, T: int, start: Any, memory: LayerMemory) -> Any:
    """Let rows gather from what is remembered, and remember them."""
    if not _is(attn, SelfAttention) or not attn.is_causal:
        return attn(from_numpy(x.reshape(B, T, -1)), None, None, memory).numpy().reshape(B * T, -1)
    H, K, D = attn.num_heads, attn.num_kv_heads, attn.head_dim
    qkv = linear(attn.c_attn, x).reshape(B, T, H + 2 * K, D)
    turned = qkv[:, :, : H + K]
    if attn.rotary is not None:
        turned = turn(attn.rotary, turned, start)
    found = memory.attend(turned[:, :, :H], turned[:, :, H:], qkv[:, :, H + K :])  # (B, T, H * D)
    return linear(attn.c_proj, found.reshape(B * T, -1))


def turn(rotary: RotaryEmbedding, x: Any, start: Any) -> Any:
    """Turn queries and keys (B, T, heads, D) by their positions."""
    T, D = x.shape[1], x.shape[3]
    at = np.arange(start, start + T) if isinstance(start, int) else start[:, None] + np.arange(T)
    cos, sin = _turns(rotary, int(at.max(initial=0)) + 1, D, x.dtype)
    cos, sin = cos[at][..., None, :], sin[at][..., None, :]  # (T, 1, D / 2) or (B, T, 1, D / 2)
    pairs = rotary.dim // 2
    if rotary.interleaved:
        first, second = slice(0, 2 * pairs, 2), slice(1, 2 * pairs, 2)
    else:
        first, second = slice(0, pairs), slice(pairs, 2 * pairs)
    out = np.empty_like(x)
    a, b, c, d = x[..., first], x[..., second], out[..., first], out[..., second]
    np.multiply(a, cos, out=c)
    c -= b * sin
    np.multiply(b, cos, out=d)
    d += a * sin
    if 2 * pairs < D:
        out[..., 2 * pairs :] = x[..., 2 * pairs :]
    return out


def _turns(rotary: RotaryEmbedding, stop: int, width: int, dtype: Any) -> tuple[Any, Any]:
    """Return cosines and sines of the turns of all positions before `stop`: each (at least stop, pairs)."""
    tables = _tables.setdefault(rotary, {})
    known = tables.get(dtype)
    if known is None or len(known[0]) < stop:
        unit = np.zeros((max(2 * stop, 128), width), dtype)  # the pair (1, 0) turns into its cosine and sine
        pairs = rotary.dim // 2
        step = 2 if rotary.interleaved else 1
        unit[:, : step * pairs : step] = 1
        turned = rotary.forward(from_numpy(unit)).numpy()
        sines = turned[:, 1 : 2 * pairs : 2] if rotary.interleaved else turned[:, pairs : 2 * pairs]
        known = tables[dtype] = turned[:, : step * pairs : step].copy(), sines.copy()
    return known


def through_mlp(mlp: Any, x: Any) -> Any:
    """Let rows pass the second half of a block; the result is an array of its own."""
    if _is(mlp, SwiGLU):
        gate = linear(mlp.gate_proj, x)
        e = np.exp(-gate)
        e += 1
        gate /= e
        gate *= linear(mlp.up_proj, x)
        return linear(mlp.down_proj, gate)
    if not _is(mlp, MLP):
        return mlp(from_numpy(x)).numpy()
    return linear(mlp.c_proj, activated(mlp.activation, linear(mlp.c_fc, x)))


def activated(name: str, x: Any) -> Any:
    """Apply an activation, in place if that is possible."""
    if name == "gelu_tanh":
        p = x * x
        p *= CUBIC
        p += LINEAR
        p *= x
        np.tanh(p, p)
        p += 1
        p *= 0.5
        p *= x
        return p
    if name == "relu":
        return np.maximum(x, 0, out=x)
    if name == "silu":
        e = np.exp(-x)
        e += 1
        x /= e
        return x
    return F.gelu(from_numpy(x)).numpy()
