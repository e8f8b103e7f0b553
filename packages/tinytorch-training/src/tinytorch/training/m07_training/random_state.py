"""The state of every generator of random numbers that a training run may use."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from tinytorch.core import default_generator, manual_seed


def seed_everything(seed: int) -> int:
    """Seed Python's, NumPy's and TinyTorch's default generators, and return the seed.

    Args:
        seed: from 0 to 2**32 - 1, which is as far as NumPy's global generator goes.

    Raises:
        ValueError: the seed is out of range.

    Examples:
        >>> training.seed_everything(42)
        42
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"the seed must be from 0 to 2**32 - 1, got {seed}")
    random.seed(seed)
    np.random.seed(seed)
    manual_seed(seed)
    return seed


def random_state() -> dict[str, Any]:
    """Return where these generators stand."""
    numpy: Any = np.random.get_state(legacy=False)
    return {
        "python": random.getstate(),
        "numpy": {**numpy, "state": dict(numpy["state"])},
        "tinytorch": default_generator.get_state(),
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Let these generators stand where they stood."""
    version, internal, spare = state["python"]
    random.setstate((version, tuple(internal), spare))
    np.random.set_state(state["numpy"])
    default_generator.set_state(state["tinytorch"])


@contextmanager
def same_random_state_afterwards() -> Iterator[None]:
    """Draw within this block what you like: afterwards the generators stand where they stood."""
    before = random_state()
    try:
        yield
    finally:
        set_random_state(before)
