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

from typing import Any

import numpy as np
from tinytorch.core import Array, op

from .blocks import blocks, cut, kept, mask_of, offset_of
from .kernels import (
    bounded,
    clear,
    clear_future,
    exponentials,
    for_shared,
    inverse,
    product,
    scaled_transpose,
    with_column,
    with_row,
)
from .tiles import (
    Heads,
    empty_result,
    for_each,
    gradients,
    in_heads,
    like_queries,
)

NEVER = 1e30  # the logarithm of the sum of a query that saw nothing, so that all its weights are 0


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
    log_sums = forward(heads, dropout, is_causal, scale, out)
    return out.reshape(*heads.many, *out.shape[-2:]), {"log_sums": log_sums}


def forward(heads: Heads, dropout: Any, is_causal: bool, scale: float, out: Any) -> Any:
    """Compute the attention of all heads, into `out`; return the logarithms of the sums of exponentials."""
    log_sums = np.empty((*heads.q.shape[:-1], 1), heads.q.dtype)
    shape = cut(heads, is_causal)

    def unit(_: int, at: Any) -> None:
        q, result, logs = heads.q[at], out[at], log_sums[at]
        kt = scaled_transpose(heads.k[at], scale)
        safe = bounded(q, heads.k[at], scale)
        v1 = with_column(heads.v[at], 1)  # so that the product with the weights gives their sum as well
        room = shape.room(q)
        for tile in shape.tiles:
            rows = slice(tile.start, tile.stop)
            shift: Any = None
            total: Any = None
            for columns in blocks(tile, shape.columns):
                e = product(q[..., rows, :], kt[..., columns], room.take(rows, columns))
                offset = offset_of(tile, columns, is_causal)
                off = exponentials(e, mask_of(heads, at, rows, columns), offset, safe)
                if dropout is None:
                    part = product(e, v1[..., columns, :])
                else:
                    sums = e.sum(axis=-1)
                    e *= kept(e, at, rows, columns, dropout)
                    part = product(e, v1[..., columns, :])
                    part[..., -1] = sums
                shift, total = (off, part) if total is None else merged(shift, total, off, part)
            sums = total[..., -1:]
            inverses = np.empty_like(sums)
            inverse(sums, inverses, positive=False)
            np.multiply(total[..., :-1], inverses, out=result[..., rows, :])
            np.log(sums, out=logs[..., rows, :])
            if shift is not None:
                logs[..., rows, :] += shift
            logs[..., rows, :][sums == 0] = NEVER

    for_each(shape.units, unit)
    return log_sums


def merged(shift: Any, total: Any, off: Any, part: Any) -> Any:
    """Merge what two blocks of keys gave: what was taken off their scores, and the sums of what is left.

    The last column of `total` and `part` is the sum of the exponentials, the others that of them times the
    values.
    """
    if shift is None and off is None:
        return None, np.add(total, part, total)
    # A block in which a query saw nothing must not decide what is taken off its scores.
    old, new = (
        np.where(sums[..., -1:] > 0, 0 if x is None else x, -np.inf)
        for x, sums in ((shift, total), (off, part))
    )
    both = np.maximum(old, new)
    both[both == -np.inf] = 0
    total *= np.exp(old - both)
    part *= np.exp(new - both)
    return both, np.add(total, part, total)


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
    def for_inputs(heads: Heads, *wanted: Any) -> None:
        results = like_queries(g, heads), like_queries(out, heads), log_sums
        backward(heads, *results, dropout, is_causal, scale, *wanted)

    return *gradients(query, key, value, mask, for_inputs), None


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
    """Compute the gradients of all heads, into `dq`, `dk` and `dv`."""
    shape = cut(heads, is_causal)

    def unit(_: int, at: Any) -> None:
        q, k = heads.q[at], heads.k[at]
        dq[at], dk[at], dv[at] = 0, 0, 0
        # One more column in each factor, so that one product gives the scores less the logarithms of their
        # sums, and another g @ v.T less the sums of g * out.
        q1 = with_column(q, -log_sums[at])
        kt = with_row(k, scale, 1)
        g1 = with_column(g[at], -np.vecdot(g[at], out[at])[..., None])
        vt = with_row(heads.v[at], scale, scale)
        for_p, for_ds = shape.room(q), shape.room(q)
        for tile in shape.tiles:
            rows = slice(tile.start, tile.stop)
            for columns in blocks(tile, shape.columns):
                p = product(q1[..., rows, :], kt[..., columns], for_p.take(rows, columns))
                room = for_ds.take(rows, columns)
                weights(p, mask_of(heads, at, rows, columns), offset_of(tile, columns, is_causal))
                if dropout is None:
                    ds, used = product(g1[..., rows, :], vt[..., columns], room), p
                else:
                    keep = kept(p, at, rows, columns, dropout)
                    ds = product(g1[..., rows, :-1], vt[..., :-1, columns], room)
                    used = p * keep
                    ds *= keep
                    ds += scale * g1[..., rows, -1:]
                ds *= p
                dq[at][..., rows, :] += product(ds, k[..., columns, :])
                dk[at][..., columns, :] += for_shared(ds.swapaxes(-1, -2), q[..., rows, :])
                dv[at][..., columns, :] += for_shared(used.swapaxes(-1, -2), g1[..., rows, :-1])

    for_each(shape.units, unit)


def weights(scores: Any, mask: Any, offset: int | None) -> None:
    """Replace scores, less the logarithm of their sum, by the weights."""
    if mask is not None and mask.dtype.kind != "b":
        scores += mask
    if offset is not None or mask is not None:
        np.minimum(
            scores, 0, out=scores
        )  # no weight is above 1, but the exponential of what is hidden may be
    np.exp(scores, scores)
    if mask is not None and mask.dtype.kind == "b":
        clear(scores, mask)
    if offset is not None:
        clear_future(scores, offset)
