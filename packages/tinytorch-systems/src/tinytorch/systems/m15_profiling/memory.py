"""How many bytes the tensors' arrays hold: each block of memory once, however many views look at it."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np


class _Block(weakref.ref[Any]):
    """A block of memory, by the array that owns it."""

    __slots__ = ("fresh", "key", "size")
    key: int
    size: int
    fresh: bool


class Memory:
    """Counts the memory of arrays that it has been shown, until they are gone.

    NumPy's arrays know who owns their memory, so views cost nothing. Nothing is kept alive: the blocks are held
    by weak references, which tell when an array goes.

    Attributes:
        live: bytes of the blocks that were made while watching and are still there.
        peak: the most that `live` has been.
        found: bytes of the blocks that had been there before (inputs, parameters), as far as they are known.
    """

    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}
        self.live = self.peak = self.found = 0

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
        while isinstance(base := array.base, np.ndarray):
            array = base
        key = id(array)
        known = self._blocks.get(key)
        if known is not None and known() is array:
            return 0
        block = _Block(array, self._gone)
        block.key, block.size, block.fresh = key, array.nbytes, fresh
        self._blocks[key] = block
        if not fresh:
            self.found += block.size
            return 0
        self.live += block.size
        self.peak = max(self.peak, self.live)
        return block.size

    def _gone(self, block: Any) -> None:
        if self._blocks.get(block.key) is block:
            del self._blocks[block.key]
            if block.fresh:
                self.live -= block.size
            else:
                self.found -= block.size

    def forget(self) -> None:
        """Stop counting: what goes from now on isn't noted."""
        self._blocks.clear()
