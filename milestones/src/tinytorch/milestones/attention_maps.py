"""Who looks at whom: the weights of attention, which the layers keep to themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tinytorch.core import Tensor, from_numpy, no_grad
from tinytorch.language import GPT, SelfAttention


@no_grad()
def weights_of(attention: SelfAttention, x: Tensor) -> NDArray[np.float32]:
    """Return who looks at whom: (B, heads, T, T), each row adding up to 1, for an input (B, T, width)."""
    B, T, C = x.shape
    q, k, _ = (
        z.view(B, T, attention.num_heads, attention.head_dim).transpose(1, 2)  # (B, heads, T, head_dim)
        for z in attention.c_attn(x).split(C, dim=-1)
    )
    if attention.rotary is not None:
        q, k = attention.rotary(q), attention.rotary(k)
    scores = q @ k.transpose(-2, -1) / math.sqrt(attention.head_dim)  # (B, heads, T, T)
    if attention.is_causal:
        future = from_numpy(np.triu(np.ones((T, T), dtype=bool), 1))
        scores = scores.masked_fill(future, -math.inf)
    weights: NDArray[np.float32] = scores.softmax(dim=-1).numpy()
    return weights


@no_grad()
def look_inside(net: GPT, ids: Sequence[int]) -> NDArray[np.float32]:
    """Return what each head of each layer looks at while it reads a text: (layers, heads, T, T)."""
    parts = net.transformer
    x = parts["wte"](from_numpy(np.array([ids])))  # (1, T, width)
    if "wpe" in parts:
        x = x + parts["wpe"].weight[: len(ids)]
    maps = []
    for block in parts["h"]:
        maps.append(weights_of(block.attn, block.ln_1(x))[0])
        x = block(x)
    return np.stack(maps)
