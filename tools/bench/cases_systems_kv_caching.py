"""Writing with a KV cache: beside writing without one, and beside PyTorch with the same preallocated cache.

PyTorch's model is written as one is for this purpose: keys and values of all positions lie in tensors that
are made once, each step runs the modules on the new token, with its fused attention, and draws the next one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cases_language import VOCABULARY, Size, Step
from harness import Case

WRITING = Size(4, 4, 128, 256, 1)  # 256 tokens, one sequence


def ours(size: Size, **options: Any) -> Any:
    """Return our GPT."""
    from tinytorch.language import GPT, GPTConfig

    sizes = (size.context, VOCABULARY, size.layers, size.heads, size.width)
    return GPT(GPTConfig(*sizes, **options)).eval()


def theirs(size: Size) -> Any:
    """Return PyTorch's GPT, which takes the cache of each layer and how many positions it holds."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    d = size.width

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.ln_1, self.ln_2 = nn.LayerNorm(d), nn.LayerNorm(d)
            self.c_attn, self.attn_proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
            self.c_fc, self.mlp_proj = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)
            self.gelu = nn.GELU("tanh")

        def forward(self, x: Any, keys: Any, values: Any, past: int) -> Any:
            B, T, _ = x.shape
            q, k, v = (
                z.view(B, T, size.heads, -1).transpose(1, 2) for z in self.c_attn(self.ln_1(x)).split(d, 2)
            )
            stop = past + T
            keys[:, :, past:stop] = k
            values[:, :, past:stop] = v
            found = F.scaled_dot_product_attention(q, keys[:, :, :stop], values[:, :, :stop], is_causal=T > 1)
            x = x + self.attn_proj(found.transpose(1, 2).contiguous().view(B, T, d))
            return x + self.mlp_proj(self.gelu(self.c_fc(self.ln_2(x))))

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wte, self.wpe = nn.Embedding(VOCABULARY, d), nn.Embedding(size.context, d)
            self.h = nn.ModuleList(Block() for _ in range(size.layers))
            self.ln_f, self.lm_head = nn.LayerNorm(d), nn.Linear(d, VOCABULARY, bias=False)
            self.lm_head.weight = self.wte.weight

        def forward(self, ids: Any, cache: Any, past: int) -> Any:
            x = self.wte(ids) + self.wpe(torch.arange(past, past + ids.shape[1]))
            for block, (keys, values) in zip(self.h, cache, strict=True):
                x = block(x, keys, values, past)
            return self.lm_head(self.ln_f(x[:, -1]))

    return GPT().eval()


def writing(library: str, size: Size, prompt: int = 1) -> Step:
    """Build the writing of a whole context after a prompt, token by token."""
    if library == "torch":
        import torch

        model = theirs(size)
        shape = (size.batch, size.heads, size.context, size.width // size.heads)

        @torch.no_grad()
        def write() -> None:
            cache = [(torch.zeros(shape), torch.zeros(shape)) for _ in range(size.layers)]
            ids = torch.zeros(size.batch, prompt, dtype=torch.int64)
            new, past = ids, 0
            while ids.shape[1] < size.context:
                logits = model(new, cache, past)
                past += new.shape[1]
                new = torch.multinomial(torch.softmax(logits, -1), 1)
                ids = torch.cat([ids, new], 1)

        return write
    mine = ours(size)
    start = [[0] * prompt] * size.batch
    return lambda: mine.generate(start, size.context - prompt, use_cache=library == "tinytorch")


def pair(size: Size, peer: str, prompt: int = 1) -> dict[str, Any]:
    """Return both contestants."""
    return {name: lambda name=name: writing(name, size, prompt) for name in ("tinytorch", peer)}


def a_token(length: int, cached: bool) -> Step:
    """Build one step at some length: the forward pass of the new token, or of all."""
    import numpy as np
    import tinytorch.core as lib
    from tinytorch.systems import KVCache

    model = ours(replace(WRITING, context=4096))
    ids = lib.from_numpy(np.zeros((1, length), np.int64))
    cache = KVCache(model)
    with lib.no_grad():
        if cached and length > 1:
            model(ids[:, :-1], cache=cache)

    def step() -> None:
        with lib.no_grad():
            if cached:
                cache.truncate(length - 1)
                model(ids[:, -1:], cache=cache)
            else:
                model.lm_head(model.hidden(ids)[:, -1])

    return step


def curve(length: int) -> Case:
    """Return a point of the curves: what the token at some position costs with and without a cache."""
    contestants = {"tinytorch": lambda: a_token(length, True), "uncached": lambda: a_token(length, False)}
    return Case(f"curve, GPT 4 x 128, position {length}: the next token", contestants, threads=(1,))


NAME = "KV cache, GPT 4 x 128"
CASES = [
    Case(f"{NAME}: 256 tokens", pair(WRITING, "torch"), limits={"torch": 0.7}),
    Case(f"{NAME}: 256 tokens, 8 sequences", pair(replace(WRITING, batch=8), "torch"), limits={"torch": 0.7}),
    Case(f"{NAME}: 64 tokens after 192", pair(WRITING, "torch", 192), limits={"torch": 0.7}),
    Case(f"{NAME}: 256 tokens beside no cache", pair(WRITING, "uncached"), limits={"uncached": 0.2}),
    *(curve(length) for length in (16, 64, 256, 1024, 4096)),
]
