"""Matrix products of the kinds that convolutions are made of, in pieces that are multiplied fastest.

OpenBLAS on AVX-512 multiplies small matrices as they lie, in the thread that asks for it; larger ones it
copies into another order first, and shares them among threads of its own. These go on spinning for a while
and are in the way of ours. So everything is cut into small products, which NumPy goes through
in one call, and the threads are ours: each has its own images.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from tinytorch.core import number_of_threads, share, small_is_fast

PIECE = 1_000_000  # multiplications up to which OpenBLAS takes matrices as they lie
ROWS = (32, 16)  # of the left matrix, if all of them leave fewer columns than that for a piece
FEWEST = 16  # columns that a piece must have
PARTS = 2  # of the batch for each thread: one more evens out their speeds; each makes memory of its own


def pieces(m: int, depth: int) -> tuple[int, int]:
    """Return how many rows of (m, depth) and how many columns of (depth, n) to multiply at a time.

    Zero columns mean that it isn't worth it.
    """
    if not small_is_fast() or not m or not depth:
        return m, 0
    for rows in (m, *ROWS):
        columns = PIECE // (rows * depth)
        if m % rows == 0 and columns >= FEWEST:
            return rows, columns // FEWEST * FEWEST
    return m, 0


def evened(length: int, most: int) -> tuple[int, int]:
    """Return into how many pieces of at most `most` columns to cut `length`, and their even length."""
    if not most or length <= most:
        return 1, length
    count = -(-length // most)
    piece = -(-length // count)
    return count, min(most, -(-piece // FEWEST) * FEWEST)


def multiply(a: Any, b: Any, out: Any) -> None:
    """Write a @ b to `out`: (..., M, D) and (..., D, L) to (..., M, L), the dimensions before broadcast."""
    m, depth = a.shape[-2:]
    length = b.shape[-1]
    rows, most = pieces(m, depth)
    count, piece = evened(length, most)
    if rows == m and count == 1:
        np.matmul(a, b, out=out)
        return
    whole = length // piece
    _multiply_pieces(a, b, out, rows, whole, piece)
    if whole * piece < length:
        rest = slice(whole * piece, None)
        _multiply_pieces(a, b[..., rest], out[..., rest], rows, 1, length - whole * piece)


def _multiply_pieces(a: Any, b: Any, out: Any, rows: int, count: int, piece: int) -> None:
    """Multiply `rows` rows by `piece` columns at a time, all in one call."""
    m, depth = a.shape[-2:]
    length = count * piece
    left = a.reshape(*a.shape[:-2], m // rows, 1, rows, depth)
    columns = b[..., :length].reshape(*b.shape[:-1], count, piece).swapaxes(-3, -2)
    result = out[..., :length].reshape(*out.shape[:-2], m // rows, rows, count, piece).swapaxes(-3, -2)
    np.matmul(left, columns[..., None, :, :, :], out=result)


def multiply_transposed(a: Any, b: Any) -> Any:
    """Return a @ b.T, which adds up over the long side: (..., M, L) and (..., N, L) to (..., M, N)."""
    m, n, length = a.shape[-2], b.shape[-2], a.shape[-1]
    if not small_is_fast() or not m * n:
        return np.matmul(a, b.swapaxes(-1, -2))
    m_piece, n_piece = part(m), part(n)
    most = PIECE // (m_piece * n_piece)
    left = a.reshape(*a.shape[:-2], m // m_piece, 1, m_piece, length)
    right = b.reshape(*b.shape[:-2], 1, n // n_piece, n_piece, length).swapaxes(-1, -2)
    total: Any = None
    for i in range(0, length, most):
        product = np.matmul(left[..., i : i + most], right[..., i : i + most, :])
        total = product if total is None else np.add(total, product, out=total)
    return total.swapaxes(-2, -3).reshape(*total.shape[:-4], m, n)


def part(n: int) -> int:
    """Return of how many rows a product with a transposed factor is made, whose result must be small."""
    return next((rows for rows in ROWS if n > rows and n % rows == 0), n)


def each(n: int, at_once: int, work: Callable[[int, int], None]) -> None:
    """Call `work(first, last)` for parts of `n` images, on several threads if products are ours to share."""
    threads = number_of_threads() if small_is_fast() else 1
    if threads == 1 or n <= at_once:
        if n:
            work(0, n)
        return
    size = -(-n // (PARTS * threads))
    share([partial(work, i, min(i + size, n)) for i in range(0, n, size)])
