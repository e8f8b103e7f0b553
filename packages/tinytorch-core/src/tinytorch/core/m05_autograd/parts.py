"""Gradients that are zero nearly everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np


class Part:
    """The gradient of a tensor of which a part was taken: `values` at an index, zero everywhere else.

    A rule may return it in place of an array. When a tensor is taken to pieces (by `split`, `unbind`, or a
    loop over its rows), the engine adds the pieces' gradients into one array, whereas each as an
    array of its own would cost as much as the whole tensor.

    Args:
        shape: the shape of the tensor.
        index: a NumPy index in which no place occurs twice.
        values: the gradient of the part.
    """

    __slots__ = ("index", "shape", "values")
    base = None  # nobody else's memory

    def __init__(self, shape: tuple[int, ...], index: Any, values: Any) -> None:
        self.shape = shape
        self.index = index
        self.values = values

    def whole(self) -> Any:
        """Return the gradient as an array."""
        full = np.zeros(self.shape, self.values.dtype)
        full[self.index] = self.values
        return full

    def add_to(self, gradient: Any) -> None:
        """Add it to an array, in place."""
        gradient[self.index] += self.values
