"""How attention is cut into tiles: some heads at a time, some queries at a time.

The scores of one tile fit the processor's cache, where softmax goes over them several times; tiles of
different heads are work for different threads; and under a causal mask the keys beyond a tile's last query
are left out, which saves nearly half of the work.

All arrays here have five dimensions: (N, K, G, length, width), where K counts the heads of keys and values,
and G the query heads that share one of them. For keys and values G is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import ceil, prod
from typing import Any, NamedTuple

import numpy as np
from tinytorch.core import number_of_threads, share

TILE = 2**17  # scores in a tile: 512 KiB of float32; twice that if threads would else wait for each other
LONG = 512  # queries and keys from which making the weights twice costs less than keeping them
WORTH_SHARING = 2**18  # scores for each thread from which waking it costs less than it helps


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


def broadcast(shape: tuple[int, ...], *others: tuple[int, ...]) -> tuple[int, ...]:
    """Return the common shape, at once if it is the same for all, as it mostly is."""
    return shape if all(x == shape for x in others) else np.broadcast_shapes(shape, *others)


def in_heads(query: Any, key: Any, value: Any, mask: Any) -> Heads:
    """Give the arrays their five dimensions, without copying what has at most four."""
    batch = broadcast(query.shape[:-3], key.shape[:-3], value.shape[:-3])
    heads, shared = query.shape[-3:-2], broadcast(key.shape[-3:-2], value.shape[-3:-2])
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
    if x.shape[:-2] != heads.many:
        x = np.broadcast_to(x, (*heads.many, *x.shape[-2:]))
    return x.reshape(*heads.q.shape[:3], *x.shape[-2:])


def empty_result(x: Any, dtype: Any) -> Any:
    """Return room for an array in five dimensions of which one position's heads lie side by side.

    So (N, heads, L, width) becomes (N, L, heads * width) without copying, which is what comes next.
    """
    n, k, g, length, width = x
    return np.empty((n, length, k, g, width), dtype).transpose(0, 2, 3, 1, 4)


def gradients(query: Any, key: Any, value: Any, mask: Any, compute: Callable[..., None]) -> Any:
    """Return the functions of a rule that give the gradients of queries, keys and values.

    The first to be called calls `compute(heads, dq, dk, dv)`, which fills in all three.
    """
    made: list[Any] = []

    def part(i: int) -> Any:
        if not made:
            heads = in_heads(query, key, value, mask)
            wide = [empty_result(x.shape, x.dtype) for x in (heads.q, heads.k, heads.v)]
            compute(heads, *wide)
            leads = heads.many, heads.few, heads.few
            made.extend(d.reshape(*lead, *d.shape[-2:]) for lead, d in zip(leads, wide, strict=True))
        return made[i]

    return lambda: part(0), lambda: part(1), lambda: part(2)


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
    most = TILE if threads(heads) == 1 else 2 * TILE
    size = min(most // max(per_head * g, 1), ceil(n * k / threads(heads)))
    return list(_cut(n, k, max(size, 1)))


def threads(heads: Heads) -> int:
    """Return how many threads the work is worth."""
    scores = prod(heads.q.shape[:-1]) * heads.k.shape[-2]
    worth: int = scores // WORTH_SHARING
    return max(1, min(number_of_threads(), worth))


def for_each(units: list[tuple[slice, slice]], work: Callable[[int, Any], None]) -> None:
    """Call `work(i, units[i])` for each unit, on several threads."""
    if len(units) == 1:
        work(0, units[0])
    else:
        share([partial(work, i, at) for i, at in enumerate(units)])


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
