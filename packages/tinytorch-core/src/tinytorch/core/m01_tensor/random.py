"""Random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .convert import as_size
from .creation import Size, _dtype, _finish
from .tensor import Tensor


class Generator:
    """A source of random numbers."""

    def __init__(self) -> None:
        self.numpy = np.random.Generator(np.random.PCG64(0))

    def manual_seed(self, seed: int) -> Generator:
        """Start anew from a seed."""
        self.numpy = np.random.Generator(np.random.PCG64(seed))
        return self


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Start the default generator anew from a seed."""
    return default_generator.manual_seed(seed)


def randn(*sizes: Size, size: Size = None, generator: Generator | None = None, dtype: Any = None,
          requires_grad: bool = False) -> Tensor:
    """Return numbers from the standard normal distribution."""
    g = (generator or default_generator).numpy
    return _finish(g.standard_normal(as_size(sizes, "randn", size)).astype(_dtype(dtype)), requires_grad)


def rand(*sizes: Size, size: Size = None, generator: Generator | None = None, dtype: Any = None,
          requires_grad: bool = False) -> Tensor:
    """Return numbers from the standard normal distribution."""
    g = (generator or default_generator).numpy
    return _finish(g.random(as_size(sizes, "rand", size)).astype(_dtype(dtype)), requires_grad)
