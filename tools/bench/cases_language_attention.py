"""Benchmarks of attention and embeddings alone: what a GPT of learner's size asks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness import Case

Step = Callable[[], Any]


def library(name: str) -> tuple[Any, Any]:
    """Return the library and its functional forms of attention and embedding."""
    if name == "torch":
        import torch
        from torch.nn import functional as F

        return torch, F
    import tinytorch.core as lib
    from tinytorch.language import functional as F

    return lib, F


def attention(name: str, batch: int, heads: int, length: int, width: int, training: bool) -> Step:
    """Build causal self-attention from packed queries, keys and values to joined heads, as in GPT."""
    import numpy as np

    lib, F = library(name)
    rng = np.random.default_rng(0)
    whole = heads * width
    qkv = lib.from_numpy(rng.standard_normal((batch, length, 3 * whole), dtype=np.float32))
    g = lib.from_numpy(rng.standard_normal((batch, length, whole), dtype=np.float32))
    if training:
        qkv.requires_grad_()
    if name == "torch":

        def attend() -> Any:
            parts = qkv.split(whole, 2)
            q, k, v = (x.view(batch, length, heads, width).transpose(1, 2) for x in parts)
            out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return out.transpose(1, 2).reshape(batch, length, whole)

    else:
        from tinytorch.language.m12_attention import packed_attention

        def attend() -> Any:
            return packed_attention(qkv, heads, is_causal=True)

    def step() -> None:
        qkv.grad = None
        out = attend()
        if training:
            out.backward(g)

    return step


def lookup(name: str, rows: int, width: int, tokens: int) -> Step:
    """Build an embedding, forward and backward, of random tokens."""
    import numpy as np

    lib, F = library(name)
    rng = np.random.default_rng(0)
    table = lib.from_numpy(rng.standard_normal((rows, width), dtype=np.float32)).requires_grad_()
    g = lib.from_numpy(rng.standard_normal((tokens, width), dtype=np.float32))
    ids = lib.from_numpy(rng.integers(0, rows, tokens))

    def step() -> None:
        table.grad = None
        F.embedding(ids, table).backward(g)

    return step


def pair(build: Callable[..., Step], *options: Any) -> Mapping[str, Callable[[], Step]]:
    """Return both contestants."""
    return {name: lambda name=name: build(name, *options) for name in ("tinytorch", "torch")}


CASES = [
    Case("attention 12 x 64 tokens, 4 heads of 32: training", pair(attention, 12, 4, 64, 32, True)),
    Case("attention 8 x 128 tokens, 6 heads of 32: training", pair(attention, 8, 6, 128, 32, True)),
    Case("attention 1 x 1024 tokens, 4 heads of 32: forward", pair(attention, 1, 4, 1024, 32, False)),
    Case("attention 1 x 1024 tokens, 4 heads of 32: training", pair(attention, 1, 4, 1024, 32, True)),
    Case("attention 1 x 4096 tokens, 4 heads of 32: training", pair(attention, 1, 4, 4096, 32, True)),
    Case(
        "attention 1 x 4096 tokens, 4 heads of 32: peak memory",
        pair(attention, 1, 4, 4096, 32, True),
        limits={"torch": 1.3},
        kind="memory",
        threads=(1,),
    ),
    Case("embedding of 65 rows, 768 tokens: training", pair(lookup, 65, 128, 768)),
    Case("embedding of 50257 rows, 1024 tokens: training", pair(lookup, 50257, 768, 1024)),
]
