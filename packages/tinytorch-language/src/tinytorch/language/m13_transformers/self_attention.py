"""Attention of a sequence to itself, with one projection for queries, keys and values, as in GPT-2."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from tinytorch.core import Dropout, Linear, Module, Tensor, from_numpy

from ..m11_embeddings import RotaryEmbedding
from ..m12_attention import packed_attention, scaled_dot_product_attention


class LayerCache(Protocol):
    """What a layer of attention remembers of the positions that it has seen: the seam for a KV cache.

    `length` is how many they are. `extend` takes keys and values of new positions, each of shape
    (B, num_kv_heads, T, head_dim), and returns those of all positions, old and new. A cache that forgets has
    a `window` too: each position sees itself and the `window - 1` before it, and `extend` returns those that
    one of the new positions sees.

    The sequence of the caches of all blocks may know more than they do (see `tinytorch.systems.KVCache`):

    - `hidden(model, ids, key_padding_mask)` does the work of `GPT.hidden`, its own way;
    - `resume(model, ids, length)` is called before writing begins: it forgets what isn't of the prompt, and
      raises an error if `length` tokens in all are more than it can hold.
    """

    length: int

    def extend(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Append keys and values; return all."""


class SelfAttention(Module):
    """Let each position of a sequence gather from the others what it asks for.

    The projections are called `c_attn` (queries, keys and values in one) and `c_proj`, as in GPT-2.

    Args:
        embed_dim: the features of a position.
        num_heads: the heads, each `embed_dim // num_heads` wide.
        num_kv_heads: heads of keys and values, each shared by several of queries; left out, as many.
        dropout: the probability for attention's weights, and for the output's features.
        bias: whether the projections have biases.
        rotary: turn queries and keys by their positions.
        is_causal: each position sees itself and those before it alone.
        dtype: of the parameters; left out, the default dtype.

    Raises:
        ValueError: the heads don't divide the width, or those of the keys don't divide those of the queries.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        *,
        num_kv_heads: int | None = None,
        dropout: float = 0.0,
        bias: bool = True,
        rotary: bool = False,
        is_causal: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        check_heads(embed_dim, num_heads, kv_heads)
        self.num_heads = num_heads
        self.num_kv_heads = kv_heads
        self.head_dim = embed_dim // num_heads
        self.is_causal = is_causal
        self.dropout = dropout
        self.c_attn = Linear(embed_dim, (num_heads + 2 * kv_heads) * self.head_dim, bias=bias, dtype=dtype)
        self.c_proj = Linear(embed_dim, embed_dim, bias=bias, dtype=dtype)
        self.resid_dropout = Dropout(dropout)
        self.rotary = RotaryEmbedding(self.head_dim) if rotary else None

    def forward(
        self,
        x: Tensor,
        attn_mask: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
        cache: LayerCache | None = None,
    ) -> Tensor:
        """Return (B, T, embed_dim).

        Args:
            x: (B, T, embed_dim); with a cache, the new positions alone.
            attn_mask: as of `scaled_dot_product_attention`: True (or a number that is added) where a query
                (row) may look at a key (column); broadcasts to (B, num_heads, T, S).
            key_padding_mask: as of `MultiheadAttention`: (B, S), True where a key is only padding.
            cache: keys and values of the positions before.
        """
        B, T, _ = x.shape
        H, K, D = self.num_heads, self.num_kv_heads, self.head_dim
        past = 0 if cache is None else cache.length
        window = getattr(cache, "window", None)
        qkv = self.c_attn(x)  # (B, T, (H + 2 * K) * D)
        dropout = self.dropout if self.training else 0.0
        if not dropout and all(x is None for x in (attn_mask, key_padding_mask, cache, self.rotary)):
            packed = packed_attention(qkv, H, K, is_causal=self.is_causal)  # (B, T, H * D)
            fast: Tensor = self.resid_dropout(self.c_proj(packed))
            return fast
        q, k, v = qkv.split([H * D, K * D, K * D], dim=-1)  # (B, T, heads * D)
        q = q.view(B, T, H, D).transpose(1, 2)  # (B, H, T, D)
        k = k.view(B, T, K, D).transpose(1, 2)  # (B, K, T, D)
        v = v.view(B, T, K, D).transpose(1, 2)  # (B, K, T, D)
        if self.rotary is not None:
            q, k = self.rotary(q, past), self.rotary(k, past)
        if cache is not None:
            k, v = cache.extend(k, v)  # (B, K, S, D), S = past + T
        plain = attn_mask is None and key_padding_mask is None and not past and (window or T) >= T
        mask = None if plain else self._merged(attn_mask, key_padding_mask, T, k.shape[2], window)
        out = scaled_dot_product_attention(
            q,
            k,
            v,
            mask,
            dropout_p=dropout,
            is_causal=self.is_causal and plain,
            enable_gqa=K != H,
        )  # (B, H, T, D)
        out = out.transpose(1, 2).reshape(B, T, H * D)
        result: Tensor = self.resid_dropout(self.c_proj(out))
        return result

    def _merged(
        self, mask: Tensor | None, padding: Tensor | None, T: int, S: int, window: int | None
    ) -> Tensor | None:
        """Return one mask for all reasons why a position may not look at another; S are to be seen."""
        allowed = None
        if self.is_causal and T > 1:  # a single new position may look at all that were before
            seen = np.tri(T, S, S - T, dtype=bool)  # (T, S)
            if window is not None:
                seen &= ~np.tri(T, S, S - T - window, dtype=bool)
            allowed = from_numpy(seen)
        if padding is not None:
            if padding.dtype.kind != "b" or padding.ndim != 2:
                raise ValueError(
                    f"key_padding_mask must be bools of shape (B, S), True where a key is only padding; "
                    f"got {padding.dtype} of shape {padding.shape}"
                )
            if window is not None:
                padding = padding[:, -S:]  # what came before is forgotten
            real = ~padding[:, None, None, :]  # (B, 1, 1, S)
            allowed = real if allowed is None else allowed & real
        if mask is None or allowed is None:
            return allowed if mask is None else mask
        return mask & allowed if mask.dtype.kind == "b" else mask.masked_fill(~allowed, float("-inf"))

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"num_heads={self.num_heads}, num_kv_heads={self.num_kv_heads}, is_causal={self.is_causal}"


def check_heads(embed_dim: int, num_heads: int, num_kv_heads: int) -> None:
    """Raise a ValueError unless heads divide the width, and those of the keys those of the queries."""
    if num_heads < 1 or num_kv_heads < 1 or embed_dim < 1:
        raise ValueError(
            f"width and numbers of heads must be at least 1, got {embed_dim}, {num_heads} and {num_kv_heads}"
        )
    if embed_dim % num_heads:
        raise ValueError(
            f"{num_heads} heads can't share a width of {embed_dim}: it isn't a multiple of {num_heads}"
        )
    if num_heads % num_kv_heads:
        raise ValueError(
            f"{num_kv_heads} heads of keys can't be shared by {num_heads} of queries: "
            f"{num_heads} isn't a multiple of {num_kv_heads}"
        )
