"""How many bytes the tensors' arrays hold: each block of memory once, however many views look at it."""

from __future__ import annotations

import tracemalloc
import weakref
from typing import Any

import numpy as np
from tinytorch.core import Tensor

from .events import PLAIN

_tracing: Memory | None = None  # who watches temporary arrays


class Block(weakref.ref[Any]):
    """A weak reference to the array that owns a block of memory, with its size, and whether it is fresh."""

    __slots__ = ("fresh", "key", "size")
    key: int
    size: int
    fresh: bool


class Memory:
    """Counts the memory of arrays that it has been shown, until they are gone.

    NumPy's arrays know who owns their memory, so views cost nothing. Nothing is kept alive: the blocks are
    held by weak references, which tell when an array goes. What they tell is only put down, which is cheap;
    `settle()` takes it into account.

    Attributes:
        blocks: by the id of the array that owns a block.
        live: bytes of the blocks that were made while watching and are still there.
        peak: the most that `live` has been.
        found: bytes of the blocks that had been there before (inputs, parameters), as far as they are known.
    """

    def __init__(self) -> None:
        self.blocks: dict[int, Block] = {}
        self._gone: list[Block] = []
        self._note = self._gone.append
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
        if array.__class__ is not np.ndarray and not isinstance(array, np.ndarray):
            return 0
        base = array.base
        while base is not None and isinstance(base, np.ndarray):
            array, base = base, base.base
        if self._gone:
            self.settle()
        key = id(array)
        if key in self.blocks:  # an entry goes with its array, so another one's number it can't be
            return 0
        size: int = array.nbytes
        self.blocks[key] = block = Block(array, self._note)
        block.key, block.size, block.fresh = key, size, fresh
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
        if kind is list or kind is tuple:  # mostly a shape
            return sum([self.see_all(x) for x in value if x.__class__ not in PLAIN])
        if isinstance(value, Tensor):  # which somebody else has made
            return 0
        if hasattr(value, "__dict__"):
            return sum([self.see_all(x) for x in vars(value).values()])
        return 0

    def settle(self) -> None:
        """Take off what has gone since the last time."""
        while self._gone:
            block = self._gone.pop()
            del self.blocks[block.key]
            if block.fresh:
                self.live -= block.size
            else:
                self.found -= block.size

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
        self.settle()
        tracemalloc.reset_peak()
        self._before = tracemalloc.get_traced_memory()[0] - self.live

    def highest(self) -> int:
        """Return the most bytes since then, those of arrays that are gone again included."""
        self.settle()
        most = max(self.live, tracemalloc.get_traced_memory()[1] - self._before)
        self.peak = max(self.peak, most)
        return most

    def forget(self) -> None:
        """Stop counting: what goes from now on isn't noted."""
        global _tracing
        self.settle()
        self.blocks.clear()
        if _tracing is self:
            _tracing = None
            if self._started:
                tracemalloc.stop()
