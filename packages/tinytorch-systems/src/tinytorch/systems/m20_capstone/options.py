"""What a TinyGPT is made of, and how it is trained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from tinytorch.language import GPTConfig

from .errors import TinyGPTError

RANGES = {  # smallest and largest; a typo in a size shouldn't ask for all of the memory
    "vocab_size": (256, 50_000),
    "block_size": (2, 4096),
    "n_layer": (1, 48),
    "n_head": (1, 64),
    "n_embd": (8, 2048),
    "batch_size": (1, 1024),
    "steps": (1, 10_000_000),
    "warmup": (0, 10_000_000),
    "seed": (0, 2**32 - 1),
    "threads": (1, 256),
}
KINDS = ("bpe", "char")


@dataclass(frozen=True)
class TinyGPTOptions:
    """The sizes of a TinyGPT and the recipe of its training; all that decides what comes out of it.

    Args:
        tokenizer: "bpe" for byte pairs that are learnt from the text, "char" for its characters.
        vocab_size: how many byte pairs at most, the 256 bytes among them; no matter with characters.
        block_size: the context: how many tokens the model sees at once.
        n_layer: blocks.
        n_head: heads of attention in each.
        n_embd: features of a position.
        batch_size: windows of the text in a step.
        steps: how often the weights change.
        warmup: steps in which the learning rate rises to `lr`; after them it falls in a straight line to
            `last_lr` at the end.
        lr: the highest learning rate.
        last_lr: the last one.
        weight_decay: of the matrices.
        beta1: how long AdamW remembers gradients.
        beta2: how long it remembers their squares.
        clip: the longest gradient.
        seed: of the first weights and of all batches.
        threads: of the matrix products. The last bits of a sum depend on it, so it is part of the recipe.
        accelerate: let compiled kernels do the work; so do the last bits on these.

    Raises:
        TinyGPTError: an option is out of range, or sizes don't go together.
    """

    tokenizer: str = "bpe"
    vocab_size: int = 1024
    block_size: int = 128
    n_layer: int = 3
    n_head: int = 4
    n_embd: int = 128
    batch_size: int = 6
    steps: int = 1000
    warmup: int = 50
    lr: float = 3e-3
    last_lr: float = 0.0
    weight_decay: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.99
    clip: float = 1.0
    seed: int = 0
    threads: int = 1
    accelerate: bool = False

    def __post_init__(self) -> None:
        if self.tokenizer not in KINDS:
            raise TinyGPTError(f"the tokenizer is {' or '.join(KINDS)}, not {self.tokenizer!r}")
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise TinyGPTError(f"{name} is a whole number from {least} to {most}, not {value!r}")
        if not isinstance(self.accelerate, bool):
            raise TinyGPTError(f"accelerate is True or False, not {self.accelerate!r}")
        for name in ("lr", "last_lr", "weight_decay", "clip", "beta1", "beta2"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
                raise TinyGPTError(f"{name} is a number from 0 on, not {value!r}")
        if not (self.beta1 < 1 and self.beta2 < 1 and self.clip > 0):
            raise TinyGPTError("beta1 and beta2 are below 1, and clip is above 0")
        if self.n_embd % self.n_head or self.n_embd // self.n_head % 2:
            raise TinyGPTError(
                f"{self.n_head} heads can't share {self.n_embd} features: n_embd must be a multiple of "
                f"2 * n_head, which is {2 * self.n_head}"
            )

    def config(self, vocab_size: int) -> GPTConfig:
        """Return the sizes of the network for a vocabulary of so many tokens."""
        sizes = (self.block_size, vocab_size, self.n_layer, self.n_head, self.n_embd)
        return GPTConfig(*sizes, rotary=True)

    def rate(self, step: int) -> float:
        """Return the learning rate of a step: up in a straight line, then down in another."""
        if step < self.warmup:
            return self.lr * (step + 1) / self.warmup
        left = (self.steps - step) / max(1, self.steps - self.warmup)
        return self.last_lr + (self.lr - self.last_lr) * left

    def to_json(self) -> dict[str, Any]:
        """Return all options by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Undo `to_json`.

        Raises:
            TinyGPTError: a name is missing or unknown, or a value is out of range.
        """
        names = [field.name for field in fields(cls)]
        if not isinstance(data, Mapping) or set(data) != set(names):
            odd = sorted(set(data) ^ set(names)) if isinstance(data, Mapping) else names
            raise TinyGPTError(f"these options are missing or unknown: {', '.join(map(str, odd))}")
        return cls(**data)

    def differences(self, other: TinyGPTOptions) -> list[str]:
        """Say in what another recipe differs: `steps is 2000 there, 4000 here`."""
        mine, theirs = self.to_json(), other.to_json()
        return [
            f"{name} is {theirs[name]} there, {mine[name]} here"
            for name in mine
            if mine[name] != theirs[name]
        ]
