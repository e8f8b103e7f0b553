"""How many bytes the tensors' arrays hold: each block of memory once, however many views look at it."""

from __future__ import annotations

import tracemalloc
import weakref
from typing import Any

import numpy as np
from tinytorch.core import Tensor

from .events import PLAIN

_tracing: Memory | None = None  # who watches temporary arrays


class Memory:
    """Counts the memory of arrays that it has been shown, until they are gone.

    NumPy's arrays know who owns their memory, so views cost nothing. Nothing is kept alive: the blocks are
    held by weak references, which tell when an array goes.

    Attributes:
        blocks: by the id of the array that owns a block: a reference, the bytes, whether it is fresh.
        live: bytes of the blocks that were made while watching and are still there.
        peak: the most that `live` has been.
        found: bytes of the blocks that had been there before (inputs, parameters), as far as they are known.
    """

    def __init__(self) -> None:
        self.blocks: dict[int, tuple[weakref.ref[Any], int, bool]] = {}
        self.live = self.peak = self.found = 0
        self._before = 0  # what is traced besides the tensors
        self._started = False

    def see(self, array: Any, fresh: bool) -> int:
        """Note an array.

        Args:
            array: any array; anything else is passed over.
            fresh: whether it was made just now, rather than found.

        Returns:
            The bytes that are new in the count.
        """
        if not isinstance(array, np.ndarray):
            return 0
        base = array.base
        while base is not None and isinstance(base, np.ndarray):
            array, base = base, base.base
        key = id(array)
        if key in self.blocks:  # an entry goes with its array, so another one's number it can't be
            return 0
        size: int = array.nbytes
        self.blocks[key] = weakref.ref(array, lambda _: self._gone(key)), size, fresh
        if not fresh:
            self.found += size
            return 0
        self.live += size
        if self.live > self.peak:
            self.peak = self.live
        return size

    def see_all(self, value: Any) -> int:
        """Note the arrays, made just now, in anything that an operation saved for its rule."""
        kind = value.__class__
        if kind is np.ndarray:
            return self.see(value, True)
        if kind in PLAIN:
            return 0
        if kind is list or kind is tuple:
            return sum([self.see_all(x) for x in value])
        if isinstance(value, Tensor):  # which somebody else has made
            return 0
        if hasattr(value, "__dict__"):
            return sum([self.see_all(x) for x in vars(value).values()])
        return 0

    def _gone(self, key: int) -> None:
        _, size, fresh = self.blocks.pop(key)
        if fresh:
            self.live -= size
        else:
            self.found -= size

    # Temporary arrays: what an operation makes and drops again is known to Python's tracemalloc alone.

    def trace(self) -> None:
        """Begin to watch temporary arrays.

        Raises:
            RuntimeError: somebody else is at it.
        """
        global _tracing
        if _tracing is not None:
            raise RuntimeError("only one profile at a time can watch temporary arrays")
        _tracing = self
        self._started = not tracemalloc.is_tracing()
        if self._started:
            tracemalloc.start()
        self.begin()

    def begin(self) -> None:
        """Note how much there is before an operation."""
        tracemalloc.reset_peak()
        self._before = tracemalloc.get_traced_memory()[0] - self.live

    def highest(self) -> int:
        """Return the most bytes since then, those of arrays that are gone again included."""
        most = max(self.live, tracemalloc.get_traced_memory()[1] - self._before)
        self.peak = max(self.peak, most)
        return most

    def forget(self) -> None:
        """Stop counting: what goes from now on isn't noted."""
        global _tracing
        self.blocks.clear()
        if _tracing is self:
            _tracing = None
            if self._started:
                tracemalloc.stop()
