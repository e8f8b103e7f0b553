"""What attention does to the numbers of one tile, without temporaries and in the form that BLAS likes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

SAFE = 40.0  # exp of scores up to this size, and sums and products of such, are in a float32's range
PRODUCT = 1_000_000  # multiplications up to which OpenBLAS takes matrices as they lie, in one thread
BLOCK = 128  # rows or columns of a piece of a larger product
_BITS = {4: np.dtype(np.int32), 8: np.dtype(np.int64)}


def exponentials(scores: Any, mask: Any, offset: int | None, safe: bool) -> Any:
    """Replace scores by their exponentials, 0 where a mask hides them; return what was taken off first.

    Softmax stays the same if a number is taken off all scores of a query. Scores of a common size need
    none, and that they have it is seen faster than each query's maximum: then None is returned.

    Args:
        scores: those of a tile.
        mask: of bools, or to be added, or None.
        offset: hide what lies above this diagonal of the tile; None if nothing does.
        safe: it is known that the scores are of a common size.
    """
    added = mask is not None and mask.dtype.kind != "b"
    if scores.size and not added and (safe or in_range(scores)):
        np.exp(scores, scores)
        if mask is not None:
            np.multiply(scores, mask, out=scores)
        if offset is not None:
            clear_future(scores, offset)
        return None
    if added:
        scores += mask
    elif mask is not None:
        np.copyto(scores, -np.inf, where=~mask)
    if offset is not None:
        np.copyto(scores, -np.inf, where=np.logical_not(triangle(*scores.shape[-2:], offset, np.dtype(bool))))
    largest = np.maximum.reduce(scores, axis=-1, keepdims=True, initial=-np.inf)
    largest[largest == -np.inf] = 0  # a query that may look at nothing
    scores -= largest
    np.exp(scores, scores)
    return largest


def in_range(scores: Any) -> bool:
    """Tell whether no score is too large, nor too small, for its exponential to be used as it is."""
    flat = scores.reshape(-1)
    return bool(np.maximum.reduce(flat) <= SAFE and np.minimum.reduce(flat) >= -SAFE)


def bounded(q: Any, k: Any, scale: float) -> bool:
    """Tell whether the lengths of queries and keys alone keep all scores in range: |q.k| <= |q| |k|.

    For long sequences of narrow heads this is found sooner than by looking at all scores.
    """
    if k.shape[-2] < 4 * k.shape[-1] or not q.size:
        return False
    longest = np.vecdot(q, q).max() * np.vecdot(k, k).max()
    return bool(scale * scale * longest <= SAFE * SAFE)


def clear_future(x: Any, offset: int) -> None:
    """Set to zero, also infinities and nan, what lies above a diagonal: columns beyond row + offset."""
    rows, columns = x.shape[-2:]
    first = offset if columns > 4 * rows else 0  # whole rows are faster, if they aren't much longer
    corner = x[..., max(first, 0) :]
    clear(corner, triangle(*corner.shape[-2:], offset - max(first, 0), _BITS[x.dtype.itemsize]))


def clear(x: Any, mask: Any) -> None:
    """Set to zero, also infinities and nan, where a mask is 0 or False."""
    bits = x.view(_BITS[x.dtype.itemsize])  # as integers, because inf times 0 is nan
    np.multiply(bits, mask, out=bits)


@lru_cache(maxsize=64)
def triangle(rows: int, columns: int, offset: int, dtype: Any) -> Any:
    """Return 1 on and below a diagonal and 0 above it; it is kept, so must not be changed."""
    ones = np.tri(rows, columns, offset, dtype)
    ones.flags.writeable = False
    return ones


def scaled_transpose(x: Any, scale: float, more: int = 0) -> Any:
    """Return `scale * x` with the last two dimensions swapped, in their new order in memory.

    OpenBLAS multiplies small matrices half as fast again if the second one isn't a transposed view. There is
    room for `more` rows, and at the end of each row, because rows that start a power of two apart push each
    other out of the cache.
    """
    *batch, length, width = x.shape
    out = np.empty((*batch, width + more, length + 16), x.dtype)[..., :length]
    np.multiply(x.swapaxes(-1, -2), x.dtype.type(scale), out=out[..., :width, :])
    return out


def with_row(x: Any, scale: float, last: float) -> Any:
    """Return `scale * x` transposed as by `scaled_transpose`, with one more row of the number `last`."""
    out = scaled_transpose(x, scale, 1)
    out[..., -1, :] = last
    return out


def with_column(x: Any, last: Any) -> Any:
    """Return `x` with one more column, `last`."""
    out = np.empty((*x.shape[:-1], x.shape[-1] + 1), x.dtype)
    out[..., :-1] = x
    out[..., -1:] = last
    return out


def product(a: Any, b: Any, out: Any = None) -> Any:
    """Multiply as `matmul`, large matrices in pieces of a size at which OpenBLAS works in one thread.

    Otherwise it would wake threads of its own, though ours are at work already, for products too short for
    that. The pieces are one more dimension of the batch, so that all are done in one call.
    """
    rows, inner, columns = a.shape[-2], a.shape[-1], b.shape[-1]
    if rows * inner * columns <= PRODUCT or max(rows, inner, columns) < 2 * BLOCK:
        return np.matmul(a, b, out=out)
    if columns >= max(rows, inner):
        out = empty_product(a, b) if out is None else out
        whole = columns // BLOCK * BLOCK
        np.matmul(a[..., None, :, :], in_columns(b[..., :whole]), out=in_columns(out[..., :whole]))
        if whole < columns:
            np.matmul(a, b[..., whole:], out=out[..., whole:])
        return out
    if rows >= inner:
        out = empty_product(a, b) if out is None else out
        whole = rows // BLOCK * BLOCK
        np.matmul(in_rows(a[..., :whole, :]), b[..., None, :, :], out=in_rows(out[..., :whole, :]))
        if whole < rows:
            np.matmul(a[..., whole:, :], b, out=out[..., whole:, :])
        return out
    whole = inner // BLOCK * BLOCK
    pieces = np.matmul(in_columns(a[..., :whole]), in_rows(b[..., :whole, :]))
    out = np.add.reduce(pieces, axis=-3, out=out)
    if whole < inner:
        out += a[..., whole:] @ b[..., whole:, :]
    return out


def empty_product(a: Any, b: Any) -> Any:
    """Return room for `a @ b`."""
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return np.empty((*lead, a.shape[-2], b.shape[-1]), a.dtype)


def in_columns(x: Any) -> Any:
    """View (*, rows, m * BLOCK) as (*, m, rows, BLOCK)."""
    return x.reshape(*x.shape[:-1], x.shape[-1] // BLOCK, BLOCK).swapaxes(-2, -3)


def in_rows(x: Any) -> Any:
    """View (*, m * BLOCK, columns) as (*, m, BLOCK, columns)."""
    return x.reshape(*x.shape[:-2], x.shape[-2] // BLOCK, BLOCK, x.shape[-1])


def for_shared(a: Any, b: Any) -> Any:
    """Return `a @ b`, summed over the query heads that share a head of keys and values."""
    d = product(a, b)
    return d if d.shape[2] == 1 else d.sum(axis=2, keepdims=True)


def inverse(sums: Any, out: Any, positive: bool) -> None:
    """Put 1 / sums into `out`, and 0 for a query that looked at nothing, unless all sums are `positive`."""
    if positive:
        np.divide(1, sums, out=out)
    else:
        out[...] = 0
        np.divide(1, sums, out=out, where=sums != 0)
