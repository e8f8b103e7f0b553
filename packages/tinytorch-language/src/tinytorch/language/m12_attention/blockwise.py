"""Attention without the matrix of scores: block by block, as FlashAttention does it.

Of a softmax over many keys one can do some keys at a time. Of each block of keys one keeps, for each query,
the largest score m, the sum of exp(score - m), and the mean that these weights make of the values, not yet
divided. Two blocks are merged by bringing both to the larger m. Only the logarithm of the whole sum is kept
for the backward pass, which makes the weights again from the scores; so memory grows with the length of
the sequence, not with its square.

Source: Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018 (arXiv:1805.02867); Dao et
al., "FlashAttention", 2022 (arXiv:2205.14135).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from tinytorch.core import Array, op

from .tiles import (
    Heads,
    Tile,
    clear,
    clear_future,
    empty_result,
    exponentials,
    for_each,
    for_shared,
    in_heads,
    inverse,
    like_queries,
    row_sums,
    scaled_transpose,
    tiles,
    units,
    with_column,
    with_row,
)

ROWS, COLUMNS = 128, 256  # queries and keys in a block


@op
def attend_blockwise(
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    dropout: tuple[float, int] | None,
    is_causal: bool,
    scale: float,
) -> Array:
    """Return `softmax(scale * query @ key.T + mask) @ value`, without making the matrix of weights.

    Shapes: query (*, L, E), key (*, S, E), value (*, S, Ev), mask (*, L, S); result (*, L, Ev). The third
    dimension from the end, the heads, may be a multiple in `query`. `dropout` is None, or the probability
    with which a weight is set to zero and the seed that says which. The mask has no gradient here.
    """
    heads = in_heads(query, key, value, mask)
    out = empty_result((*heads.q.shape[:-1], value.shape[-1]), query.dtype)
    log_sums = np.empty((*heads.q.shape[:-1], 1), query.dtype)
    plan = tiles(query.shape[-2], key.shape[-2], ROWS, is_causal)

    def unit(_: int, at: Any) -> None:
        q, v, result = heads.q[at], heads.v[at], out[at]
        kt = scaled_transpose(heads.k[at], scale)
        for tile in plan:
            rows = slice(tile.start, tile.stop)
            total: Any = None
            for columns in blocks(tile):
                e = np.matmul(q[..., rows, :], kt[..., columns])
                offset = offset_of(tile, columns, is_causal)
                shift = exponentials(e, mask_of(heads, at, rows, columns), offset)
                sums = row_sums(e)
                if dropout is not None:
                    e *= kept(e, at, rows, columns, dropout)
                part = shift, sums, e @ v[..., columns, :]
                total = part if total is None else merged(total, part)
            shift, sums, mean = total
            np.multiply(mean, inverse(sums), out=result[..., rows, :])
            logs = log_sums[at][..., rows, :]
            np.log(sums, out=logs)
            if shift is not None:
                logs += shift
            logs[sums == 0] = np.inf  # so that all weights of a query that looked at nothing are 0

    for_each(units(heads, ROWS * min(COLUMNS, key.shape[-2])), unit)
    return out.reshape(*heads.many, *out.shape[-2:]), {"log_sums": log_sums}


def blocks(tile: Tile) -> Iterator[slice]:
    """Cut the keys of a tile into blocks."""
    for start in range(0, tile.end, COLUMNS):
        yield slice(start, min(start + COLUMNS, tile.end))


def offset_of(tile: Tile, columns: slice, is_causal: bool) -> int | None:
    """Return the diagonal above which a block is hidden, or None if nothing of it is."""
    return tile.start - columns.start if is_causal and columns.stop > tile.start + 1 else None


def mask_of(heads: Heads, at: Any, rows: slice, columns: slice) -> Any:
    """Return the mask of a block."""
    return None if heads.mask is None else heads.mask[at][..., rows, columns]


def kept(like: Any, at: Any, rows: slice, columns: slice, dropout: tuple[float, int]) -> Any:
    """Return which weights of a block are kept by dropout, times 1 / (1 - p): the same at every call."""
    p, seed = dropout
    mask = np.empty(like.shape, np.float32)
    for i in range(like.shape[0]):
        for j in range(like.shape[1]):  # head by head, so that it doesn't depend on how they are shared out
            place = (at[0].start + i, (at[1].start or 0) + j, rows.start, columns.start)
            np.random.Generator(np.random.SFC64((seed, *place))).random(out=mask[i, j], dtype=np.float32)
    np.greater_equal(mask, p, mask)
    mask *= 1 / (1 - p) if p < 1 else 0
    return mask


def merged(a: Any, b: Any) -> Any:
    """Merge what two blocks of keys gave: what was taken off the scores, the sums, and the means."""
    if a[0] is None and b[0] is None:
        return None, np.add(a[1], b[1], a[1]), np.add(a[2], b[2], a[2])
    # A block in which a query saw nothing must not decide what is taken off its scores.
    shifts = [np.where(sums > 0, 0 if shift is None else shift, -np.inf) for shift, sums, _ in (a, b)]
    shift = np.maximum(*shifts)
    shift[shift == -np.inf] = 0
    factors = [np.exp(x - shift) for x in shifts]
    sums, means = (a[i] * factors[0] + b[i] * factors[1] for i in (1, 2))
    return shift, sums, means


@attend_blockwise.backward
def attend_blockwise_backward(
    g: Any,
    out: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    dropout: Any,
    is_causal: Any,
    scale: Any,
    log_sums: Any,
) -> Any:
    made: list[Any] = []

    def part(i: int) -> Any:
        if not made:
            heads = in_heads(query, key, value, mask)
            wide = [empty_result(x.shape, x.dtype) for x in (heads.q, heads.k, heads.v)]
            results = like_queries(g, heads), like_queries(out, heads), log_sums
            backward(heads, *results, dropout, is_causal, scale, *wide)
            leads = heads.many, heads.few, heads.few
            made.extend(d.reshape(*lead, *d.shape[-2:]) for lead, d in zip(leads, wide, strict=True))
        return made[i]

    return lambda: part(0), lambda: part(1), lambda: part(2), None


def backward(
    heads: Heads,
    g: Any,
    out: Any,
    log_sums: Any,
    dropout: Any,
    is_causal: bool,
    scale: float,
    dq: Any,
    dk: Any,
    dv: Any,
) -> None:
    """Compute the gradients of all units, into `dq`, `dk` and `dv`."""
    queries, keys = heads.q.shape[3], heads.k.shape[3]
    plan = tiles(queries, keys, ROWS, is_causal)

    def unit(_: int, at: Any) -> None:
        q, k = heads.q[at], heads.k[at]
        dq[at], dk[at], dv[at] = 0, 0, 0
        # One more column in each factor, so that one product gives scores - log_sums and another g @ v.T - D.
        qn = with_column(q, -log_sums[at])
        kt = with_row(k, scale, 1)
        gn = with_column(g[at], -row_sums(g[at] * out[at]))
        vt = with_row(heads.v[at], scale, scale)
        for tile in plan:
            rows = slice(tile.start, tile.stop)
            for columns in blocks(tile):
                p = qn[..., rows, :] @ kt[..., columns]
                weights(p, mask_of(heads, at, rows, columns), offset_of(tile, columns, is_causal))
                if dropout is None:
                    ds, used = gn[..., rows, :] @ vt[..., columns], p
                else:
                    keep = kept(p, at, rows, columns, dropout)
                    ds, used = gn[..., rows, :-1] @ vt[..., :-1, columns], p * keep
                    ds *= keep
                    ds += scale * gn[..., rows, -1:]
                ds *= p
                dq[at][..., rows, :] += ds @ k[..., columns, :]
                dk[at][..., columns, :] += for_shared(ds.swapaxes(-1, -2), q[..., rows, :])
                dv[at][..., columns, :] += for_shared(used.swapaxes(-1, -2), gn[..., rows, :-1])

    for_each(units(heads, ROWS * min(COLUMNS, keys)), unit)


def weights(scores: Any, mask: Any, offset: int | None) -> None:
    """Replace scores, less the logarithm of their sum, by the weights."""
    if mask is not None and mask.dtype.kind != "b":
        scores += mask
    np.exp(scores, scores)
    if mask is not None and mask.dtype.kind == "b":
        clear(scores, mask)
    if offset is not None:
        clear_future(scores, offset)
