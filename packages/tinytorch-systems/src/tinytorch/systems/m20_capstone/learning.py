"""Training: one step after another, each the same whether or not the run was interrupted before it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from tinytorch.core import AdamW, Tensor, default_generator, from_numpy

from ..m16_acceleration import accelerate
from .errors import TinyGPTError
from .options import TinyGPTOptions
from .texts import Corpus
from .tinygpt import TinyGPT


class TinyGPTTraining:
    """A TinyGPT that learns from a text.

    The windows of a step are drawn from the seed and the step's number alone. So a run that goes on from a
    checkpoint does exactly what it would have done without the interruption.

    Args:
        gpt: what learns.
        corpus: what from.

    Attributes:
        step: how many steps are done.
        losses: the loss of each, in nats for each token.
        looks: pairs of a step and the loss on the held-out text, in nats for each character.

    Raises:
        TinyGPTError: the text has fewer tokens than one window.
    """

    def __init__(self, gpt: TinyGPT, corpus: Corpus) -> None:
        self.gpt = gpt
        self.corpus = corpus
        self.ids = np.array(gpt.tokenizer.encode(corpus.train))
        if len(self.ids) <= gpt.options.block_size:
            raise TinyGPTError(
                f"{corpus.name} has only {len(self.ids)} tokens to learn from, but a window is "
                f"{gpt.options.block_size} long: take a longer text or a shorter --context"
            )
        self.optimizer = make_optimizer(gpt.model, gpt.options)
        self.step = 0
        self.losses: list[float] = []
        self.looks: list[tuple[int, float]] = []

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the windows of a step and, for each token in them, the next one: two of shape (B, T)."""
        options = self.gpt.options
        random = np.random.default_rng([options.seed, step])
        starts = random.integers(0, len(self.ids) - options.block_size, (options.batch_size, 1))
        places = starts + np.arange(options.block_size)  # (B, T)
        return from_numpy(self.ids[places]), from_numpy(self.ids[places + 1])

    def learn(self) -> float:
        """Do one step and return its loss, in nats for each token.

        Raises:
            TinyGPTError: the loss is no number any more; the weights are as they were before the step.
        """
        gpt, options = self.gpt, self.gpt.options
        for group in self.optimizer.param_groups:
            group["lr"] = options.rate(self.step)
        gpt.model.train()
        try:
            _, loss = gpt.model(*self.batch(self.step))
            value: float = loss.item()
            if not math.isfinite(value):
                raise TinyGPTError(
                    f"the loss of step {self.step + 1} is {value}: training went astray; try a smaller --lr"
                )
            self.optimizer.zero_grad()
            loss.backward()
            clip([p.grad for p in gpt.model.parameters() if p.grad is not None], options.clip)
            self.optimizer.step()
        finally:
            gpt.model.eval()
        self.step += 1
        self.losses.append(value)
        return value

    def look(self, characters: int | None = None) -> float:
        """Return the loss on the held-out text, or on its first characters, and remember it."""
        loss = self.gpt.loss(self.corpus.test[:characters])
        self.looks.append((self.step, loss))
        return loss

    def run(self, until: int | None = None) -> Iterator[float]:
        """Do all steps that are left, or those until a given one, and give the loss of each."""
        last = self.gpt.options.steps if until is None else until
        while self.step < last:
            yield self.learn()

    # ---- what a checkpoint holds -----------------------------------------------------------------------

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return all that going on needs: arrays by name (its own, not copies), and what JSON can hold."""
        arrays = {f"model.{name}": array for name, array in self.gpt.weights().items()}
        for number, state in self.optimizer.state_dict()["state"].items():
            arrays |= {f"optimizer.{number}.{name}": kept.numpy() for name, kept in state.items()}
        return arrays, {
            "step": self.step,
            "losses": self.losses,
            "looks": self.looks,
            "random": default_generator.get_state(),
        }

    def restore(self, arrays: dict[str, Any], facts: dict[str, Any]) -> None:
        """Go on from what `state` returned.

        Raises:
            TinyGPTError: it is of another network.
        """
        self.gpt.set_weights(
            {name.removeprefix("model."): x for name, x in arrays.items() if name.startswith("model.")}
        )
        state: dict[int, dict[str, Any]] = {}
        for name, array in arrays.items():
            if name.startswith("optimizer."):
                _, number, buffer = name.split(".")
                state.setdefault(int(number), {})[buffer] = from_numpy(np.array(array))
        groups = self.optimizer.state_dict()["param_groups"]
        try:
            self.optimizer.load_state_dict({"state": state, "param_groups": groups})
            default_generator.set_state(facts["random"])
        except (KeyError, ValueError, TypeError) as error:
            raise TinyGPTError(f"the checkpoint doesn't fit: {error}") from None
        self.step = facts["step"]
        self.losses = list(facts["losses"])
        self.looks = [(step, loss) for step, loss in facts["looks"]]


def make_optimizer(model: Any, options: TinyGPTOptions) -> AdamW:
    """Return AdamW with a decay for matrices alone: gains and biases may be as large as they need to be."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": options.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=options.lr, betas=(options.beta1, options.beta2))


def clip(gradients: list[Tensor], longest: float) -> None:
    """Shorten all gradients by one factor, so that together they aren't longer than that."""
    length = math.sqrt(sum(g.norm().item() ** 2 for g in gradients))
    if length > longest:
        for g in gradients:
            g.mul_(longest / length)


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Let matrix products use so many threads within this block."""
    with threadpool_limits(number):
        yield


@contextmanager
def kernels(wanted: bool, say: Callable[[str], None]) -> Iterator[None]:
    """Let compiled kernels do the work within this block, if that is wanted and they can be made."""
    if not wanted:
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is said here instead
        exchanged = accelerate()
    with exchanged:
        if exchanged.library is None:
            say(f"without compiled kernels: {exchanged.reason}")
        yield
