"""How the keys, or the values, of a layer lie in memory: as they are, shortened, or in eight bits."""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS = 127  # of an int8 to each side of zero


class Store:
    """Room for the vectors of some positions, one for each head: (B, heads, capacity, width).

    What is written may be of a wider dtype; what is read is of the dtype that it is asked for.
    """

    parts: list[Any]  # arrays (B, heads, capacity, *)

    def __init__(self, batch: int, heads: int, capacity: int, width: int, dtype: Any) -> None:
        self.parts = [np.zeros((batch, heads, capacity, width), dtype)]

    @property
    def capacity(self) -> int:
        """How many positions there is room for."""
        return int(self.parts[0].shape[2])

    @property
    def nbytes(self) -> int:
        """How many bytes the arrays take."""
        return sum(part.nbytes for part in self.parts)

    def encoded(self, x: Any) -> list[Any]:
        """Return vectors (B, heads, T, width) in the form in which they are stored."""
        return [x]

    def decoded(self, parts: list[Any], dtype: Any) -> Any:
        """Return the vectors that are stored in some form."""
        (part,) = parts
        return part if part.dtype == dtype else part.astype(dtype)

    def write(self, x: Any, start: int) -> None:
        """Store the vectors of the positions from `start` on: (B, heads, T, width)."""
        stop = start + x.shape[2]
        for part, new in zip(self.parts, self.encoded(x)):
            part[:, :, start:stop] = new

    def write_rows(self, x: Any, rows: Any, starts: Any) -> None:
        """Store for some rows the vectors of one position each: (rows, heads, 1, width)."""
        for part, new in zip(self.parts, self.encoded(x), strict=True):
            part[rows, :, starts] = new[:, :, 0]

    def read(self, start: int, stop: int, dtype: Any) -> Any:
        """Return the vectors of some positions; it may be a view."""
        return self.decoded([part[:, :, start:stop] for part in self.parts], dtype)

    def move(self, start: int, stop: int) -> None:
        """Move some positions to the front."""
        for part in self.parts:
            part[:, :, : stop - start] = part[:, :, start:stop].copy()

    def grow(self, capacity: int, used: int) -> None:
        """Make room for more positions, keeping those in use."""
        for i, part in enumerate(self.parts):
            self.parts[i] = np.zeros((*part.shape[:2], capacity, part.shape[3]), part.dtype)
            self.parts[i][:, :, :used] = part[:, :, :used]

    def take(self, rows: Any, used: int) -> None:
        """Put other rows in the place of the present ones, each as often as it is named."""
        for i, part in enumerate(self.parts):
            if len(rows) != len(part):
                self.parts[i] = np.empty((len(rows), *part.shape[1:]), part.dtype)
            self.parts[i][:, :, :used] = part[rows, :, :used]

    def row(self, index: int) -> Store:
        """Return one row as a store of its own, in the same memory."""
        result = object.__new__(type(self))
        result.parts = [part[index : index + 1] for part in self.parts]
        return result


class Int8Store(Store):
    """Each vector as whole numbers from -127 to 127, and the size of a step: a number for each vector.

    A step is the largest feature over 127, so what is read is wrong by half a step at most.
    """

    def __init__(self, batch: int, heads: int, capacity: int, width: int, dtype: Any) -> None:
        shape = batch, heads, capacity
        self.parts = [np.zeros((*shape, width), np.int8), np.zeros((*shape, 1), dtype)]

    def encoded(self, x: Any) -> list[Any]:
        """Return whole numbers and steps."""
        dtype = self.parts[1].dtype
        with np.errstate(all="ignore"):
            step = np.abs(x).max(-1, keepdims=True).astype(dtype) / dtype.type(STEPS)
            wrong = ~np.isfinite(step)
            whole = np.rint(x / np.where(step == 0, 1, step))
            if wrong.any():  # what isn't a number must not become one
                step[wrong] = np.nan
                whole[np.broadcast_to(wrong, whole.shape)] = 0
        return [np.clip(whole, -STEPS, STEPS).astype(np.int8), step]

    def decoded(self, parts: list[Any], dtype: Any) -> Any:
        """Return the vectors, rounded to steps."""
        whole, step = parts
        return whole.astype(dtype) * step.astype(dtype, copy=False)
