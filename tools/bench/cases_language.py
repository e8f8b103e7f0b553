"""Benchmarks of tinytorch.language's Transformers: training steps, long sequences, memory, and curves.

Both sides are the same GPT, of nanoGPT's making: PyTorch's with its fused attention, ours as users get it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness import Case

Step = Callable[[], Any]
VOCABULARY = 65


@dataclass(frozen=True)
class Size:
    """How large the model and its batch are."""

    layers: int
    heads: int
    width: int
    context: int
    batch: int


SMALL = Size(4, 4, 128, 64, 12)
WIDE = Size(6, 6, 192, 128, 8)
LONG = Size(4, 4, 128, 1024, 1)


def ours(size: Size, gelu: str) -> tuple[Any, Any]:
    """Return our GPT and the library that it is made with."""
    import tinytorch.core as lib
    from tinytorch.language import GPT, GPTConfig

    mlp = "gelu" if gelu == "none" else "gelu_tanh"
    sizes = (size.context, VOCABULARY, size.layers, size.heads, size.width)
    return GPT(GPTConfig(*sizes, mlp=mlp)), lib


def theirs(size: Size, gelu: str) -> tuple[Any, Any]:
    """Return PyTorch's GPT and PyTorch."""
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
            self.gelu = nn.GELU(gelu)

        def forward(self, x: Any) -> Any:
            B, T, _ = x.shape
            q, k, v = (
                z.view(B, T, size.heads, -1).transpose(1, 2) for z in self.c_attn(self.ln_1(x)).split(d, 2)
            )
            found = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.attn_proj(found.transpose(1, 2).contiguous().view(B, T, d))
            return x + self.mlp_proj(self.gelu(self.c_fc(self.ln_2(x))))

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wte, self.wpe = nn.Embedding(VOCABULARY, d), nn.Embedding(size.context, d)
            self.h = nn.ModuleList(Block() for _ in range(size.layers))
            self.ln_f, self.lm_head = nn.LayerNorm(d), nn.Linear(d, VOCABULARY, bias=False)
            self.lm_head.weight = self.wte.weight

        def forward(self, ids: Any, targets: Any = None) -> Any:
            x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
            for block in self.h:
                x = block(x)
            logits = self.lm_head(self.ln_f(x))
            if targets is None:
                return logits
            return logits, F.cross_entropy(logits.view(-1, VOCABULARY), targets.view(-1))

    return GPT(), torch


def built(library: str, size: Size, gelu: str) -> tuple[Any, Any, Any, Any]:
    """Return a model, its library, ids and targets."""
    import numpy as np

    model, lib = (theirs if library == "torch" else ours)(size, gelu)
    ids, targets = np.random.default_rng(0).integers(0, VOCABULARY, (2, size.batch, size.context))
    return model, lib, lib.from_numpy(ids), lib.from_numpy(targets)


def training(library: str, size: Size, gelu: str = "none") -> Step:
    """Build a training step: forward, backward, AdamW."""
    model, lib, ids, targets = built(library, size, gelu)
    make: Any = lib.optim.AdamW if library == "torch" else lib.AdamW
    optimizer = make(model.parameters(), lr=1e-3)

    def step() -> None:
        optimizer.zero_grad()
        model(ids, targets)[1].backward()
        optimizer.step()

    return step


def forward(library: str, size: Size, gelu: str = "none") -> Step:
    """Build a forward pass without gradients."""
    model, lib, ids, _ = built(library, size, gelu)

    def step() -> None:
        with lib.no_grad():
            model(ids)

    return step


def pair(make: Callable[..., Step], *arguments: Any) -> dict[str, Callable[[], Step]]:
    """Return both contestants."""
    return {
        "tinytorch": lambda: make("tinytorch", *arguments),
        "torch": lambda: make("torch", *arguments),
    }


def memory(name: str, size: Size) -> Case:
    """Return the case of a training's peak memory."""
    name = f"{name}: peak memory of the training"
    return Case(name, pair(training, size), limits={"torch": 1.3}, kind="memory", threads=(1,))


def curve(name: str, size: Size) -> Case:
    """Return a point of a curve, which has no limit."""
    return Case(f"curve, {name} tokens: training step", pair(training, size))


LENGTHS = tuple(Size(2, 4, 128, T, max(1, 512 // T)) for T in (32, 128, 512, 2048))
WIDTHS = tuple(Size(2, 4, d, 64, 8) for d in (32, 64, 128, 256, 512))
TANH = "GPT 4 x 128, 12 x 64 tokens, GELU by tanh: training step"
CASES = [
    Case("GPT 4 x 128, 12 x 64 tokens: training step", pair(training, SMALL), limits={"torch": 0.95}),
    Case(TANH, pair(training, SMALL, "tanh"), limits={"torch": 0.95}),
    Case("GPT 6 x 192, 8 x 128 tokens: training step", pair(training, WIDE), limits={"torch": 1.0}),
    Case("GPT 4 x 128, 1 x 1024 tokens: forward", pair(forward, LONG), limits={"torch": 1.0}),
    memory("GPT 4 x 128, 12 x 64 tokens", SMALL),
    memory("GPT 6 x 192, 8 x 128 tokens", WIDE),
    memory("GPT 4 x 128, 1 x 1024 tokens", LONG),
    *(curve(f"length {s.context}: GPT 2 x 128, {s.batch} x {s.context}", s) for s in LENGTHS),
    *(curve(f"width {s.width}: GPT 2 x {s.width}, 8 x 64", s) for s in WIDTHS),
]
