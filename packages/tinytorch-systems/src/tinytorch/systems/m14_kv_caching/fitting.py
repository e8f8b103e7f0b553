"""What a cache may be asked to be, given the model that it is for."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import float16, float32, get_default_dtype
from tinytorch.language import GPT, GPTConfig


def dtypes(model: GPT | GPTConfig, dtype: Any) -> tuple[Any, Any]:
    """Return what keys and values are computed and stored in."""
    given = None if dtype is None else np.dtype(dtype)
    if given is not None and given.kind != "f":
        raise TypeError(
            f"KVCache: dtype must be float16, float32 or float64, not {given}; for eight bits say "
            f"quantized=True"
        )
    if isinstance(model, GPT):
        compute = next((p.dtype for p in model.parameters()), get_default_dtype())
    else:
        compute = float32 if given is None or given == float16 else given
    if given is not None and given != compute and given != float16:
        raise TypeError(
            f"KVCache: the model computes in {compute}, so dtype must be {compute}, or float16 to store "
            f"less, not {given}; or convert the model with to({given})"
        )
    return compute, compute if given is None else given


def longest(config: GPTConfig, max_length: int | None, window: int | None) -> int | None:
    """Return how many positions there may be."""
    endless = window is not None and config.rotary
    if max_length is None:
        return None if endless else config.block_size
    if max_length < 1:
        raise ValueError(f"KVCache: max_length must be at least 1, but it is {max_length}")
    if max_length > config.block_size and not endless:
        how = "give it a window" if config.rotary else "a window needs rotary positions to go on longer"
        raise ValueError(
            f"KVCache: max_length is {max_length}, but the model sees {config.block_size} positions at once "
            f"(block_size): make it {config.block_size} at most; {how}"
        )
    return max_length


def shapes(model: GPT | GPTConfig) -> list[tuple[int, int]]:
    """Return for each layer how many heads of keys it has, and how wide they are.

    A model's layers know it better than its config: some heads of some may have been pruned.
    """
    config = model.config if isinstance(model, GPT) else model
    heads = config.n_head if config.n_kv_head is None else config.n_kv_head
    planned = heads, config.n_embd // config.n_head
    if not isinstance(model, GPT):
        return [planned] * config.n_layer
    parts = [getattr(block, "attn", None) for block in model.transformer["h"]]
    return [
        (getattr(part, "num_kv_heads", planned[0]), getattr(part, "head_dim", planned[1])) for part in parts
    ]


def described(layers: list[tuple[int, int]], config: GPTConfig) -> str:
    """Return in words what a cache is for."""
    kinds = dict.fromkeys(f"{heads} heads of keys {width} wide" for heads, width in layers)
    positions = "rotary" if config.rotary else "learned"
    return (
        f"{len(layers)} layers of {' or '.join(kinds)}, {positions} positions, block_size {config.block_size}"
    )
