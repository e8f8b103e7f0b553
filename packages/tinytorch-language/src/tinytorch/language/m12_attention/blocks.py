"""How queries and keys are cut into blocks, and what mask and dropout say about one."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .kernels import BLOCK, PRODUCT
from .tiles import Heads, Tile, threads, tiles, units

ROWS, COLUMNS = 128, 512  # queries and keys in a block


class Cut(NamedTuple):
    """How queries, keys and heads are cut."""

    tiles: list[Tile]
    columns: int  # keys in a block
    units: list[tuple[slice, slice]]
    size: int  # scores of one head in a block, at most

    def room(self, q: Any) -> Room:
        """Return memory for the scores of one block of the heads of `q`."""
        return Room(q, self.size)


def cut(heads: Heads, is_causal: bool) -> Cut:
    """Cut as many queries and keys for a block as the products' speed allows."""
    queries, keys = heads.q.shape[3], heads.k.shape[3]
    rows = ROWS
    while rows > 32 and rows * BLOCK * (max(heads.q.shape[-1], heads.v.shape[-1]) + 1) > PRODUCT:
        rows //= 2
    # Threads would wait for each other between short calls; a single one gains more from the cache.
    columns = min(COLUMNS if threads(heads) == 1 else 2 * COLUMNS, max(keys, 1))
    size = rows * columns
    return Cut(tiles(queries, keys, rows, is_causal), columns, units(heads, size), size)


class Room:
    """Memory for the scores of one block, used for all blocks of a unit."""

    def __init__(self, q: Any, size: int) -> None:
        self.lead = q.shape[:-2]
        self.memory = np.empty(prod(self.lead) * size, q.dtype)

    def take(self, rows: slice, columns: slice) -> Any:
        """Return an array for these rows and columns."""
        shape = (*self.lead, rows.stop - rows.start, columns.stop - columns.start)
        return self.memory[: prod(shape)].reshape(shape)


def blocks(tile: Tile, width: int) -> Iterator[slice]:
    """Cut the keys of a tile into blocks."""
    for start in range(0, max(tile.end, 1), width):  # one without keys, if there are none
        yield slice(start, min(start + width, tile.end))


def offset_of(tile: Tile, columns: slice, is_causal: bool) -> int | None:
    """Return the diagonal above which a block is hidden, or None if nothing of it is."""
    return tile.start - columns.start if is_causal and columns.stop > tile.start + 1 else None


def mask_of(heads: Heads, at: Any, rows: slice, columns: slice) -> Any:
    """Return the mask of a block."""
    return None if heads.mask is None else heads.mask[at][..., rows, columns]


def kept(like: Any, at: Any, rows: slice, columns: slice, dropout: tuple[float, int]) -> Any:
    """Return which weights of a block are kept by dropout, times 1 / (1 - p): the same at every call.

    The numbers are drawn for each head and COLUMNS keys on their own, so that they don't depend on how the
    work is shared out.
    """
    p, seed = dropout
    mask = np.empty(like.shape, np.float32)
    for start in range(columns.start, columns.stop, COLUMNS):
        part = mask[..., start - columns.start :][..., :COLUMNS]
        for i in range(like.shape[0]):
            for j in range(like.shape[1]):
                place = seed, at[0].start + i, (at[1].start or 0) + j, rows.start, start
                rng = np.random.Generator(np.random.SFC64(place))
                part[i, j] = rng.random(part[i, j].shape, np.float32)
    np.greater_equal(mask, p, mask)
    mask *= 1 / (1 - p) if p < 1 else 0
    return mask
