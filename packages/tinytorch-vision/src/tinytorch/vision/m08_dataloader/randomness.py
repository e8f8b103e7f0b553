"""Random numbers that depend on the seed and on the batch, not on who loads it."""

from __future__ import annotations

import random
from types import TracebackType
from typing import Any

import numpy as np
from tinytorch.core import default_generator

_LIMIT = 2**64
_numpy: Any = np.random  # whose types lack what exchanges its bit generator


def seed_all(seed: int) -> None:
    """Seed the default generator of tensors, NumPy's global one and that of `random`."""
    seed %= _LIMIT
    default_generator.manual_seed(seed)
    np.random.seed([seed % 2**32, seed // 2**32])
    random.seed(seed)


class Drawing:
    """While it is entered, the three global generators draw from a seed; afterwards they are as before.

    Entered again, it goes on where it was left (for streams) if it was made with `keep`, and otherwise
    starts anew. A loader without workers loads each batch inside one, so that the batch gets the random
    numbers that it would get in a worker, and the training those that it would get beside workers.
    """

    def __init__(self, seed: int, keep: bool = False) -> None:
        self.seed = seed
        self.keep = keep
        self.numpy: Any = np.random.MT19937(0)
        self.state: tuple[dict[str, Any], Any] | None = None
        self.outside: list[tuple[dict[str, Any], Any, Any]] = []

    def __enter__(self) -> None:
        source = vars(default_generator)
        # Exchanging NumPy's bit generator costs a hundredth of storing and restoring its state.
        self.outside.append((source.copy(), random.getstate(), _numpy.get_bit_generator()))
        _numpy.set_bit_generator(self.numpy)
        if self.state is None:
            seed_all(self.seed)
        else:
            source.update(self.state[0])
            random.setstate(self.state[1])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        source = vars(default_generator)
        if self.keep:
            self.state = source.copy(), random.getstate()
        tensors, builtin, numpy = self.outside.pop()
        source.update(tensors)
        random.setstate(builtin)
        _numpy.set_bit_generator(numpy)
