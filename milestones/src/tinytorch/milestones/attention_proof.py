"""The proof for milestone 05 that attention does it: one layer learns to reverse and to sort.

At the i-th place the network has to say what stands at the i-th place from the end, or what is the i-th
smallest. Neither can be known from the token at the place itself: it has to be fetched from elsewhere, and
attention is the only part of the network that looks elsewhere.

Needs modules "attention" and "transformers". Source: A. Vaswani et al., Attention is all you need, 2017.
https://arxiv.org/abs/1706.03762
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tinytorch.core import (
    AdamW,
    Linear,
    Module,
    Tensor,
    arange,
    from_numpy,
    functional as F,
    manual_seed,
    no_grad,
)
from tinytorch.language import Embedding, LayerNorm, TransformerBlock

from .attention_maps import weights_of
from .progress import Progress

LENGTH = 10
DIGITS = 10
WIDTH = 64
HEADS = 4
BATCH = 64
RATE = 3e-3
WARM_UP = 50
ITERATIONS = {"reverse": 150, "sort": 600}
HELD_OUT = 1_000
THRESHOLD = 0.99


# ---- Net -----------------------------------------------------------------------------------------------


class Net(Module):
    """Tokens and places, one layer of attention and MLP, a score for each digit at each place."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = Embedding(DIGITS, WIDTH)
        self.places = Embedding(LENGTH, WIDTH)
        self.block = TransformerBlock(WIDTH, HEADS, mlp="relu", is_causal=False)
        self.norm = LayerNorm(WIDTH)
        self.output = Linear(WIDTH, DIGITS)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the scores: (B, LENGTH) -> (B, LENGTH, DIGITS)."""
        x = self.tokens(ids) + self.places(arange(LENGTH))  # (B, LENGTH, WIDTH)
        scores: Tensor = self.output(self.norm(self.block(x)))
        return scores


# ---- train ---------------------------------------------------------------------------------------------


def answer(task: str, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what is asked for: the sequences from back to front, or sorted."""
    return ids[:, ::-1].copy() if task == "reverse" else np.sort(ids, axis=1)


def draw(random: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Draw sequences of digits: (count, LENGTH)."""
    return random.integers(0, DIGITS, (count, LENGTH))


def train(net: Net, optimizer: AdamW, ids: Tensor, right: Tensor, rate: float) -> float:
    """Do one step with a batch (B, LENGTH) and return its loss."""
    optimizer.param_groups[0]["lr"] = rate
    loss = F.cross_entropy(net(ids).view(-1, DIGITS), right.view(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    result: float = loss.item()
    return result


# ---- test ----------------------------------------------------------------------------------------------


@no_grad()
def test(net: Net, ids: Tensor, right: Tensor) -> float:
    """Return the share of sequences that are right at every place."""
    share: float = (net(ids).argmax(dim=-1) == right).all(dim=1).float().mean().item()
    return share


# ---- main ----------------------------------------------------------------------------------------------


def prove(task: str, share: float, seed: int, progress: Progress) -> dict[str, Any]:
    """Train a network to reverse or to sort and test it on sequences that it never saw.

    Args:
        task: "reverse" or "sort".
        share: of the iterations to do; less than 1 to see how fast it learns.
        seed: where randomness starts.
        progress: shows how far it is.

    Returns:
        The "accuracy", its "curve", and of one sequence "ids", what it "said", and the "weights" of
        attention (HEADS, LENGTH, LENGTH).
    """
    manual_seed(seed)
    random = np.random.default_rng(seed)
    held_out = draw(random, HELD_OUT)
    place_value = 10 ** np.arange(LENGTH)  # a sequence as a number
    test_x, test_y = from_numpy(held_out), from_numpy(answer(task, held_out))
    net = Net()
    optimizer = AdamW(net.parameters(), lr=RATE, betas=(0.9, 0.99))
    iterations = round(share * ITERATIONS[task])
    curve = [(0, test(net, test_x, test_y))]
    for i in progress(range(iterations), f"proof: {task}"):
        rate = RATE * min(1, (i + 1) / WARM_UP) * (1 + math.cos(math.pi * i / iterations)) / 2
        ids = draw(random, BATCH)
        ids = ids[~np.isin(ids @ place_value, held_out @ place_value)]
        train(net, optimizer, from_numpy(ids), from_numpy(answer(task, ids)), rate)
        if (i + 1) % 25 == 0 or i + 1 == iterations:
            curve.append((i + 1, test(net, test_x, test_y)))
            progress.note(f"right {curve[-1][1]:.1%}")
    with no_grad():
        shown = test_x[:1]
        x = net.tokens(shown) + net.places(arange(LENGTH))
        said = net(shown).argmax(dim=-1)
        weights = weights_of(net.block.attn, net.block.ln_1(x))[0]
    return {
        "accuracy": curve[-1][1],
        "curve": curve,
        "ids": shown[0].tolist(),
        "said": said[0].tolist(),
        "weights": weights,
    }
