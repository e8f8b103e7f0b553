"""How attention is cut into tiles: some heads at a time, some queries at a time.

The scores of one tile fit the processor's cache, where softmax goes over them several times; tiles of
different heads are work for different threads; and under a causal mask the keys beyond a tile's last query
are left out, which saves nearly half of the work.

All arrays here have five dimensions: (N, K, G, length, width), where K counts the heads of keys and values,
and G the query heads that share one of them. For keys and values G is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from math import ceil, prod
from typing import Any, NamedTuple

import numpy as np
from tinytorch.core import number_of_threads, share

TILE = 2**17  # scores in a tile: 512 KiB of float32
WORTH_SHARING = 2**16  # scores from which the work is worth waking another thread
_BITS = {4: np.dtype(np.int32), 8: np.dtype(np.int64)}
SAFE = 40.0  # exp of scores up to this size, and sums and products of such, are in a float32's range


class Heads(NamedTuple):
    """Queries, keys, values and mask in five dimensions."""

    q: Any  # (N, K, G, L, E)
    k: Any  # (N, K, 1, S, E)
    v: Any  # (N, K, 1, S, Ev)
    mask: Any  # (N, K, G, L, S), mostly with strides 0; or None
    many: tuple[int, ...]  # the dimensions before the last two, of queries and result
    few: tuple[int, ...]  # of keys and values


class Tile(NamedTuple):
    """Some queries, and the keys that they look at: those below `end`."""

    start: int
    stop: int
    end: int


def in_heads(query: Any, key: Any, value: Any, mask: Any) -> Heads:
    """Give the arrays their five dimensions, without copying what has at most four."""
    batch = np.broadcast_shapes(query.shape[:-3], key.shape[:-3], value.shape[:-3])
    heads, shared = query.shape[-3:-2], np.broadcast_shapes(key.shape[-3:-2], value.shape[-3:-2])
    if len(heads) != len(shared):
        heads, shared = heads or (1,), shared or (1,)
    if heads == (1,):
        heads = shared
    n, k = prod(batch), prod(shared)
    g = prod(heads) // k if k else 1

    def shaped(x: Any, lead: tuple[int, ...], k: int, g: int) -> Any:
        if x.shape[:-2] != lead:
            x = np.broadcast_to(x, (*lead, *x.shape[-2:]))
        return x.reshape(n, k, g, *x.shape[-2:])

    many, few = (*batch, *heads), (*batch, *shared)
    q, k_, v = shaped(query, many, k, g), shaped(key, few, k, 1), shaped(value, few, k, 1)
    if mask is not None:
        mask = shaped(np.broadcast_to(mask, (*many, query.shape[-2], key.shape[-2])), many, k, g)
    return Heads(q, k_, v, mask, many, few)


def like_queries(x: Any, heads: Heads) -> Any:
    """Give an array of the result's shape its five dimensions."""
    return np.broadcast_to(x, (*heads.many, *x.shape[-2:])).reshape(*heads.q.shape[:3], *x.shape[-2:])


def empty_result(x: Any, dtype: Any) -> Any:
    """Return room for an array in five dimensions of which one position's heads lie side by side.

    So (N, heads, L, width) becomes (N, L, heads * width) without copying, which is what comes next.
    """
    n, k, g, length, width = x
    return np.empty((n, length, k, g, width), dtype).transpose(0, 2, 3, 1, 4)


def tiles(queries: int, keys: int, rows: int, is_causal: bool) -> list[Tile]:
    """Cut the queries into tiles of `rows`."""
    found = []
    for start in range(0, queries, rows):
        stop = min(start + rows, queries)
        found.append(Tile(start, stop, min(stop, keys) if is_causal else keys))
    return found


def units(heads: Heads, per_head: int) -> list[tuple[slice, slice]]:
    """Cut batch and heads into units of work: pairs of slices of the first two dimensions.

    A unit's tiles have about TILE scores, if those of one head have `per_head`; and there is one for each
    thread if that is worth it.
    """
    n, k, g = heads.q.shape[:3]
    total = n * k * g * heads.q.shape[3] * heads.k.shape[3]
    threads = min(number_of_threads(), max(1, total // WORTH_SHARING))
    size = min(TILE // max(per_head * g, 1), ceil(n * k / threads))
    return list(_cut(n, k, max(size, 1)))


def for_each(units: list[tuple[slice, slice]], work: Callable[..., Any]) -> list[Any]:
    """Call `work(i, units[i])` for each unit, on several threads; return what each call gave."""
    results: list[Any] = [None] * len(units)

    def do(i: int) -> None:
        results[i] = work(i, units[i])

    if len(units) == 1:
        do(0)
    else:
        share([partial(do, i) for i in range(len(units))])
    return results


def _cut(n: int, k: int, size: int) -> Iterator[tuple[slice, slice]]:
    """Cut n * k heads into parts of about `size`: of whole rows if it is a row or more."""
    if size >= k:
        rows = max(size // max(k, 1), 1)
        for i in range(0, n, rows):
            yield slice(i, i + rows), slice(None)
    else:
        for i in range(n):
            for j in range(0, k, size):
                yield slice(i, i + 1), slice(j, j + size)


def exponentials(scores: Any, mask: Any, offset: int | None) -> Any:
    """Replace scores by their exponentials, 0 where a mask hides them; return what was taken off first.

    Softmax stays the same if a number is taken off all scores of a query. Scores of a common size need
    none, and that they have it is seen faster than each query's maximum: then None is returned.

    Args:
        scores: those of a tile.
        mask: of bools, or to be added, or None.
        offset: hide what lies above this diagonal of the tile; None if nothing does.
    """
    added = mask is not None and mask.dtype.kind != "b"
    if scores.size and not added and in_range(scores):
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
        np.copyto(scores, -np.inf, where=~np.tri(*scores.shape[-2:], offset, dtype=bool))
    largest = np.maximum.reduce(scores, axis=-1, keepdims=True, initial=-np.inf)
    largest[largest == -np.inf] = 0  # a query that may look at nothing
    scores -= largest
    np.exp(scores, scores)
    return largest


def in_range(scores: Any) -> bool:
    """Tell whether no score is too large, nor too small, for its exponential to be used as it is."""
    flat = scores.reshape(-1)
    return bool(np.maximum.reduce(flat) <= SAFE and np.minimum.reduce(flat) >= -SAFE)


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


def scaled_transpose(x: Any, scale: float) -> Any:
    """Return `scale * x` with the last two dimensions swapped, in their new order in memory.

    OpenBLAS multiplies small matrices half as fast again if the second one isn't a transposed view.
    """
    *batch, length, width = x.shape
    return np.multiply(
        x.swapaxes(-1, -2), x.dtype.type(scale), out=np.empty((*batch, width, length), x.dtype)
    )


def with_row(x: Any, scale: float, last: float) -> Any:
    """Return `scale * x` transposed as by `scaled_transpose`, with one more row of the number `last`."""
    *batch, length, width = x.shape
    out = np.empty((*batch, width + 1, length), x.dtype)
    np.multiply(x.swapaxes(-1, -2), x.dtype.type(scale), out=out[..., :width, :])
    out[..., width, :] = last
    return out


def with_column(x: Any, last: Any) -> Any:
    """Return `x` with one more column, `last`."""
    out = np.empty((*x.shape[:-1], x.shape[-1] + 1), x.dtype)
    out[..., :-1] = x
    out[..., -1:] = last
    return out


def for_shared(a: Any, b: Any) -> Any:
    """Return `a @ b`, summed over the query heads that share a head of keys and values."""
    d = a @ b
    return d if d.shape[2] == 1 else d.sum(axis=2, keepdims=True)


def row_sums(x: Any) -> Any:
    """Return the sums over the last dimension, which stays with length 1; as a product, which is faster."""
    return x @ np.ones((x.shape[-1], 1), x.dtype)


def inverse(totals: Any) -> Any:
    """Return 1 / totals, and 0 for a query that looked at nothing."""
    return np.divide(1, totals, out=np.zeros_like(totals), where=totals != 0)
