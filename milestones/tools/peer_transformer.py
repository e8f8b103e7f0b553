"""Train the GPT of milestone 05 in PyTorch, by the recipe of `--full`, on the same text.

    python milestones/tools/peer_transformer.py [--seed 0] [--iterations 2000]

prints the validation loss, which the milestone's must not exceed by more than 2%. It needs torch.
"""

from __future__ import annotations

import argparse
import gzip
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

LANGUAGE = Path(__file__).resolve().parents[2] / "packages/tinytorch-language/src/tinytorch/language"
PLAYS = next(LANGUAGE.glob("m*_tokenization")) / "data/plays.txt.gz"
LAYERS, HEADS, WIDTH, CONTEXT, BATCH = 4, 4, 128, 64, 12
RATE, LAST_RATE, WARM_UP, DECAY, CLIP = 1e-3, 1e-4, 100, 0.1, 1.0


class Block(nn.Module):
    """Attention and MLP, each behind a norm and around a residual path."""

    def __init__(self) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.c_attn, self.attn_proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.c_fc, self.mlp_proj = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (B, T, WIDTH) for (B, T, WIDTH)."""
        B, T, C = x.shape
        q, k, v = (
            z.view(B, T, HEADS, C // HEADS).transpose(1, 2) for z in self.c_attn(self.ln_1(x)).split(C, 2)
        )
        found = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_proj(found.transpose(1, 2).reshape(B, T, C))
        return x + self.mlp_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class GPT(nn.Module):
    """The model, with tied weights."""

    def __init__(self, vocab: int) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.h = nn.ModuleList(Block() for _ in range(LAYERS))
        self.ln_f = nn.LayerNorm(WIDTH)
        for name, p in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(p)
            elif p.ndim > 1:
                nn.init.normal_(p, 0.0, 0.02 / math.sqrt(2 * LAYERS) if "proj" in name else 0.02)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, T, vocab) for ids (B, T)."""
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        for block in self.h:
            x = block(x)
        return F.linear(self.ln_f(x), self.wte.weight)


@torch.no_grad()
def test(model: GPT, text: torch.Tensor) -> float:
    """Return the mean loss over all of a text, in windows side by side."""
    windows = len(text[:-1]) // CONTEXT
    x = text[: windows * CONTEXT].view(windows, CONTEXT)
    y = text[1 : windows * CONTEXT + 1].view(windows, CONTEXT)
    losses = [
        F.cross_entropy(model(a).flatten(0, 1), b.flatten(), reduction="sum")
        for a, b in zip(x.split(64), y.split(64))
    ]
    return float(sum(losses)) / y.numel()


def main() -> None:
    """Train and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--iterations", type=int, default=2000)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    data = np.frombuffer(gzip.decompress(PLAYS.read_bytes()), np.uint8)
    letters, ids = np.unique(data, return_inverse=True)
    text = torch.from_numpy(ids.astype(np.int64))
    cut = int(0.9 * len(text))
    train, val = text[:cut], text[cut:]
    model = GPT(len(letters))
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.99))
    began = time.perf_counter()
    for i in range(given.iterations):
        along = max(0.0, (i - WARM_UP) / (given.iterations - WARM_UP))
        rate = (
            RATE * (i + 1) / WARM_UP
            if i < WARM_UP
            else LAST_RATE + 0.5 * (1 + math.cos(math.pi * along)) * (RATE - LAST_RATE)
        )
        for group in optimizer.param_groups:
            group["lr"] = rate
        starts = torch.randint(len(train) - CONTEXT, (BATCH, 1)) + torch.arange(CONTEXT)
        loss = F.cross_entropy(model(train[starts]).flatten(0, 1), train[starts + 1].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        if (i + 1) % 250 == 0:
            sys.stdout.write(
                f"{i + 1} iterations, {time.perf_counter() - began:.0f} s: "
                f"validation loss {test(model, val):.4f}\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
