"""Milestone 05, 2017: the Transformer.

Vaswani et al. showed that attention alone, without recurrence, reads and writes language. Here a small GPT
learns to write plays, character by character, from nine of Shakespeare's; with `--data` from your own text,
with `--full` for longer. First, `attention_proof.py` shows that attention does what it is said to do.

Needs modules "tokenization", "attention" and "transformers".
Run it: `python -m tinytorch.milestones.transformer_2017`

Source: A. Vaswani et al., Attention is all you need, 2017. https://arxiv.org/abs/1706.03762;
the recipe of `--full` is nanoGPT's for a CPU: https://github.com/karpathy/nanoGPT
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tinytorch.core import AdamW, Generator, Tensor, from_numpy, manual_seed, no_grad
from tinytorch.language import GPT, CharTokenizer, GPTConfig

from .attention_maps import look_inside
from .attention_proof import HELD_OUT, THRESHOLD, prove
from .command import script
from .data import Text
from .outcome import Check, Options, Outcome
from .progress import Progress


@dataclass(frozen=True)
class Recipe:
    """Sizes of the network, and how it is trained."""

    layers: int = 4
    heads: int = 4
    width: int = 128
    context: int = 64  # characters that it sees at once
    batch: int = 12
    iterations: int = 2000
    warm_up: int = 100
    rate: float = 1e-3
    last_rate: float = 1e-4
    rotary: bool = False  # turn queries and keys by their places, rather than learn a vector for each place
    threshold: float = 1.93  # for the plays


FULL = Recipe()
QUICK = Recipe(layers=3, iterations=700, warm_up=50, rate=3e-3, rotary=True, threshold=2.12)
DECAY = 0.1  # of the matrices
BETAS = (0.9, 0.99)
CLIP = 1.0  # the longest gradient
LOOKS = 20  # tests along the way
LOOKED_AT = 64  # windows of the test text, each time
SAMPLES = (0, 1, 4)  # looks after which it writes something
WRITTEN = 150, 600  # characters, along the way and at the end
TEMPERATURE, TOP_K = 0.8, 20


# ---- Net -----------------------------------------------------------------------------------------------


class Net(GPT):
    """A GPT of characters: blocks of attention and MLP, and the token embedding as the last layer, too."""

    def __init__(self, letters: int, recipe: Recipe) -> None:
        sizes = (recipe.context, letters, recipe.layers, recipe.heads, recipe.width)
        super().__init__(GPTConfig(*sizes, rotary=recipe.rotary))


# ---- train ---------------------------------------------------------------------------------------------


def rate_at(i: int, iterations: int, recipe: Recipe) -> float:
    """Return the learning rate: up in a straight line, then down along half a cosine."""
    if i < recipe.warm_up:
        return recipe.rate * (i + 1) / recipe.warm_up
    along = (i - recipe.warm_up) / max(1, iterations - recipe.warm_up)
    return recipe.last_rate + (recipe.rate - recipe.last_rate) * (1 + math.cos(math.pi * along)) / 2


def make_optimizer(net: Net, recipe: Recipe) -> AdamW:
    """Return AdamW with a decay for matrices alone: gains and biases may be as large as they need to be."""
    matrices = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    return AdamW(groups, lr=recipe.rate, betas=BETAS)


def train(net: Net, optimizer: AdamW, ids: Tensor, next_ids: Tensor, rate: float) -> float:
    """Do one step.

    Args:
        net: the network.
        optimizer: what changes its parameters.
        ids: (B, T), characters.
        next_ids: (B, T), the character after each.
        rate: the learning rate.

    Returns:
        The loss: how surprised it was by the next characters.
    """
    for group in optimizer.param_groups:
        group["lr"] = rate
    _, loss = net(ids, next_ids)
    optimizer.zero_grad()
    loss.backward()
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    length = math.sqrt(sum(g.norm().item() ** 2 for g in gradients))
    if length > CLIP:
        for g in gradients:
            g.mul_(CLIP / length)
    optimizer.step()
    result: float = loss.item()
    return result


# ---- test ----------------------------------------------------------------------------------------------


@no_grad()
def test(net: Net, text: NDArray[np.int64], windows: int | None) -> float:
    """Return the mean loss over a text, cut into windows side by side; all, or so many of them."""
    T = net.config.block_size
    starts = np.arange(0, len(text) - T, T)
    if windows is not None:
        starts = starts[np.linspace(0, len(starts) - 1, min(windows, len(starts))).astype(int)]
    total = 0.0
    for i in range(0, len(starts), 32):
        places = starts[i : i + 32, None] + np.arange(T)  # (up to 32, T)
        _, loss = net(from_numpy(text[places]), from_numpy(text[places + 1]))
        total += loss.item() * len(places)
    return total / len(starts)


def write(net: Net, tokenizer: CharTokenizer, count: int, seed: int) -> str:
    """Let the network write so many characters, after an empty line or the first character that it knows."""
    prompt = tokenizer.encode("\n" if "\n" in tokenizer.itos else tokenizer.itos[0])
    ids = net.generate(
        prompt, count, temperature=TEMPERATURE, top_k=TOP_K, generator=Generator().manual_seed(seed)
    )
    return tokenizer.decode(ids.tolist()[1:])


# ---- main ----------------------------------------------------------------------------------------------


def learn(data: Text, recipe: Recipe, iterations: int, seed: int, progress: Progress) -> dict[str, Any]:
    """Train a network from start to end and note what it reaches and writes along the way."""
    manual_seed(seed)
    random = np.random.default_rng(seed)
    tokenizer = CharTokenizer.train([data.train, data.test])
    train_ids, test_ids = (np.array(tokenizer.encode(part)) for part in (data.train, data.test))
    net = Net(len(tokenizer.itos), recipe)
    optimizer = make_optimizer(net, recipe)
    curve = [(0, test(net, test_ids, LOOKED_AT))]
    samples = [(0, write(net, tokenizer, WRITTEN[0], seed))]
    losses: list[float] = []
    every = max(1, iterations // LOOKS)
    seconds = 0.0
    for i in progress(range(iterations), "training"):
        began = time.perf_counter()
        starts = random.integers(0, len(train_ids) - recipe.context, (recipe.batch, 1))
        places = starts + np.arange(recipe.context)  # (batch, context)
        ids, next_ids = from_numpy(train_ids[places]), from_numpy(train_ids[places + 1])
        losses.append(train(net, optimizer, ids, next_ids, rate_at(i, iterations, recipe)))
        seconds += time.perf_counter() - began
        if (i + 1) % every == 0:
            curve.append((i + 1, test(net, test_ids, LOOKED_AT)))
            progress.note(f"loss {np.mean(losses[-every:]):.3f}  test {curve[-1][1]:.3f}")
            if (i + 1) // every in SAMPLES:
                samples.append((i + 1, write(net, tokenizer, WRITTEN[0], seed)))
    began = time.perf_counter()
    samples.append((iterations, write(net, tokenizer, WRITTEN[1], seed)))
    writing = time.perf_counter() - began
    return {
        "net": net,
        "tokenizer": tokenizer,
        "losses": losses,
        "curve": curve,
        "samples": samples,
        "test_loss": test(net, test_ids, None),
        "speed": {
            "training_tokens_per_second": round(
                len(losses) * recipe.batch * recipe.context / max(seconds, 1e-9)
            ),
            "writing_tokens_per_second": round(WRITTEN[1] / writing),
        },
    }


def main(options: Options, progress: Progress) -> Outcome:
    """Prove that attention works, then train a network to write."""
    data = options.text()
    recipe = FULL if options.full else QUICK
    pass_length = max(1, len(data.train) // (recipe.batch * recipe.context))
    most = recipe.iterations if options.epochs is None else options.epochs * pass_length
    iterations = min(recipe.iterations, most)
    share = min(1.0, most / recipe.iterations)
    proofs = {task: prove(task, share, options.seed, progress) for task in ("reverse", "sort")}
    run = learn(data, recipe, iterations, options.seed, progress)
    net, tokenizer = run["net"], run["tokenizer"]
    singles, pairs = data.without_context()
    opening = data.test[: recipe.context]
    return Outcome(
        epochs=-(-iterations // pass_length) if options.epochs is None else options.epochs,
        checks=[
            Check(
                "validation loss",
                run["test_loss"],
                at_most=recipe.threshold if data.embedded else singles,
                plain=True,
            ),
            Check("sequences reversed", proofs["reverse"]["accuracy"], at_least=THRESHOLD),
            Check("sequences sorted", proofs["sort"]["accuracy"], at_least=THRESHOLD),
        ],
        metrics={
            "test_loss": run["test_loss"],
            "held_out": HELD_OUT,
            "loss_of_singles": singles,
            "loss_of_pairs": pairs,
            "parameters": sum(p.numel() for p in net.parameters()),
            "recipe": vars(recipe) | {"iterations": iterations},
            "losses": [round(loss, 4) for loss in run["losses"]],
            "test_curve": run["curve"],
            "samples": run["samples"],
            "proofs": {task: {k: v for k, v in p.items() if k != "weights"} for task, p in proofs.items()},
        },
        data=data.facts(),
        show={
            "proofs": proofs,
            "text": opening,
            "maps": look_inside(net, tokenizer.encode(opening)),
            "letters": tokenizer.itos,
            "embeddings": net.transformer["wte"].weight.detach().numpy(),
            "threshold": recipe.threshold if data.embedded else None,
        },
        speed=run["speed"],
    )


if __name__ == "__main__":
    raise SystemExit(script("transformer", main))
