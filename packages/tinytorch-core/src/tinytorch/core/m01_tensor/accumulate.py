"""Adding many values into few places: what the gradient of taking the same place repeatedly needs.

NumPy's `np.add.at` does it, but for rows of a matrix five to ten times slower than what is here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_SHORT = 32  # rows shorter than this are added number by number


def add_rows(target: Any, rows: Any, values: Any) -> None:
    """Do `target[rows[i]] += values[i]` for all i, in order.

    Args:
        target: contiguous array of shape (M, R), changed in place.
        rows: N integers from 0 to M-1, with repetitions.
        values: array of shape (N, R).
    """
    width = target.shape[1]
    if width == 0 or rows.size == 0:
        return
    if width < _SHORT:
        places = rows[:, None] * width + np.arange(width)
        np.add.at(target.reshape(-1), places.reshape(-1), values.reshape(-1))
        return
    # In round k each row gets its k-th value, so no row occurs twice within a round.
    order = rows.argsort(kind="stable")
    grouped = rows[order]
    first = np.flatnonzero(np.concatenate(([True], grouped[1:] != grouped[:-1])))
    repeats = np.diff(first, append=rows.size)
    round_of = np.arange(rows.size) - np.repeat(first, repeats)
    by_round = order[round_of.argsort(kind="stable")]
    start = 0
    for size in np.bincount(round_of):
        turn = by_round[start : start + size]
        target[rows[turn]] += values[turn]
        start += size


def rows_of(indices: Any, shape: tuple[int, ...]) -> tuple[Any, list[int], int]:
    """Number the places that integer arrays point at, as if the indexed dimensions were one.

    Args:
        indices: arrays and `slice(None)` by dimension, as for `index`.
        shape: the shape of what is indexed.

    Returns:
        The row numbers, of the shape to which the arrays broadcast; the indexed dimensions; and where
        the dimensions of the row numbers stand in the result of indexing.
    """
    axes = [i for i, x in enumerate(indices) if isinstance(x, np.ndarray)]
    rows: Any = 0
    for axis in axes:
        n, x = shape[axis], indices[axis]
        rows = rows * n + np.where(x < 0, x + n, x).astype(np.int64, copy=False)
    adjacent = axes[-1] - axes[0] == len(axes) - 1
    return rows, axes, axes[0] if adjacent else 0


def add_at(shape: tuple[int, ...], indices: Any, values: Any) -> Any:
    """Return zeros of a shape to which `values` have been added where integer arrays point."""
    rows, axes, place = rows_of(indices, shape)
    rest = [i for i in range(len(shape)) if i not in axes]
    order = [*axes, *rest]
    laid = np.zeros([shape[i] for i in order], values.dtype)
    k = rows.ndim
    values = np.moveaxis(values, range(place, place + k), range(k))
    count = int(np.prod([shape[i] for i in axes], dtype=np.int64))
    width = int(np.prod([shape[i] for i in rest], dtype=np.int64))
    add_rows(laid.reshape(count, width), rows.reshape(-1), values.reshape(rows.size, width))
    return laid if order == sorted(order) else laid.transpose(np.argsort(order))


def last_writers(indices: Any, shape: tuple[int, ...]) -> tuple[Any, int]:
    """Tell which of the assignments `x[indices] = values` survive: for each place the last one.

    Returns:
        A bool array of the shape to which the index arrays broadcast, and where its dimensions stand
        in the values.
    """
    rows, axes, place = rows_of(indices, shape)
    numbers = np.arange(rows.size).reshape(rows.shape)
    last = np.zeros(int(np.prod([shape[i] for i in axes], dtype=np.int64)), np.int64)
    last[rows.reshape(-1)] = numbers.reshape(-1)
    return last[rows] == numbers, place
