"""Where the arrays of a batch are made: in ordinary memory, or in a worker's shared memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Allocate = Callable[[tuple[int, ...], "np.dtype[Any]"], np.ndarray]


class _Place:
    allocate: Allocate | None = None


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    """Return an array to be filled with a batch; in a worker it needn't be copied on its way out."""
    allocate = _Place.allocate
    return np.empty(shape, dtype) if allocate is None else allocate(shape, dtype)


def allocate_with(allocate: Allocate) -> None:
    """Let batches be made in other memory from now on (in this process)."""
    _Place.allocate = staticmethod(allocate)
