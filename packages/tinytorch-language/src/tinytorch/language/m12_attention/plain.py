"""Attention that keeps its weights for the backward pass: the fast way for short sequences."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from tinytorch.core import Array, op

from .kernels import bounded, exponentials, for_shared, inverse, product, scaled_transpose, with_row
from .tiles import (
    TILE,
    Heads,
    Tile,
    empty_result,
    for_each,
    gradients,
    in_heads,
    like_queries,
    threads,
    tiles,
    units,
)

ROWS = 32  # queries in a causal tile: fewer skip more of what the mask hides, but make more calls
FEW = 16  # queries for which copying the keys into a better order costs more than it gains
WORTH_A_CALL = 2**16  # scores that a tile has if there are several threads: shorter calls wait for each other


class Kept:
    """What the forward pass keeps for the backward pass."""

    def __init__(self, heads: Heads, is_causal: bool) -> None:
        queries, keys = heads.q.shape[3], heads.k.shape[3]
        rows = max(min(queries, max(ROWS, TILE // max(keys, 1))), 1)
        if is_causal:
            count = prod(heads.q.shape[:3]) // threads(heads)
            least = WORTH_A_CALL // max(count * keys, 1) if threads(heads) > 1 else 0
            rows = min(rows, max(ROWS, min(least, 4 * ROWS)))
        self.plan = tiles(queries, keys, rows, is_causal)
        self.units = units(heads, rows * keys)
        self.inverses = np.empty((*heads.q.shape[:-1], 1), heads.q.dtype)  # of the sums of exponentials
        # Of each unit and tile the exponentials, before they are divided by their sums; one piece of memory
        # for all, because what helper threads ask for is given back to the system again and again.
        n, k, g = heads.q.shape[:3]
        each = sum((tile.stop - tile.start) * tile.end for tile in self.plan)
        room = np.empty(n * k * g * each, heads.q.dtype)
        self.exps: list[list[Any]] = []
        for a, b in self.units:
            of_unit = []
            for tile in self.plan:
                shape = len(range(n)[a]), len(range(k)[b]), g, tile.stop - tile.start, tile.end
                of_unit.append(room[: prod(shape)].reshape(shape))
                room = room[prod(shape) :]
            self.exps.append(of_unit)


@op
def attend(
    query: Array, key: Array, value: Array, mask: Array | None, keep: Any, is_causal: bool, scale: float
) -> Array:
    """Return `softmax(scale * query @ key.T + mask) @ value`, with weights set to 0 where `keep` says.

    Shapes: query (*, L, E), key (*, S, E), value (*, S, Ev), mask (*, L, S); result (*, L, Ev). The third
    dimension from the end, the heads, may be a multiple in `query`. `keep` is None, or a factor for the
    weights that are kept and an array of bools (*, L, S) that says which.
    """
    heads = in_heads(query, key, value, mask)
    out = empty_result((*heads.q.shape[:-1], value.shape[-1]), query.dtype)
    kept = forward(heads, _in_heads(keep, heads), is_causal, scale, out)
    return out.reshape(*heads.many, *out.shape[-2:]), {"kept": kept}


def _in_heads(keep: Any, heads: Heads) -> Any:
    return keep and (keep[0], like_queries(keep[1], heads))


def forward(heads: Heads, keep: Any, is_causal: bool, scale: float, out: Any) -> Kept:
    """Compute the attention of all heads, into `out`."""
    kept = Kept(heads, is_causal)

    def unit(i: int, at: Any) -> None:
        q, v, result, inverses = (x[at] for x in (heads.q, heads.v, out, kept.inverses))
        mask = None if heads.mask is None else heads.mask[at]
        if q.shape[-2] < FEW:
            q, kt = q * q.dtype.type(scale), heads.k[at].swapaxes(-1, -2)
        else:
            kt = scaled_transpose(heads.k[at], scale)
        safe = bounded(q, heads.k[at], scale)
        ones = np.ones((v.shape[-2], 1), v.dtype)
        for tile, e in zip(kept.plan, kept.exps[i], strict=True):
            rows, columns = slice(tile.start, tile.stop), slice(tile.end)
            product(q[..., rows, :], kt[..., columns], e)
            offset = tile.start if is_causal and tile.start + 1 < tile.end else None
            exponentials(e, None if mask is None else mask[..., rows, columns], offset, safe)
            factor = inverses[..., rows, :]
            inverse(e @ ones[columns], factor, mask is None and tile.end > 0)
            if keep is not None:
                e = e * keep[1][at][..., rows, columns]
                factor = factor * keep[0]
            np.multiply(product(e, v[..., columns, :]), factor, out=result[..., rows, :])

    for_each(kept.units, unit)
    return kept


@attend.backward
def attend_backward(
    g: Any, out: Any, query: Any, key: Any, value: Any, keep: Any, scale: Any, kept: Any
) -> Any:
    def results(heads: Heads) -> tuple[Any, Any, Any]:
        return like_queries(g, heads), like_queries(out, heads), _in_heads(keep, heads)

    def for_inputs(heads: Heads, *wanted: Any) -> None:
        backward(heads, *results(heads), scale, kept, *wanted)

    def for_mask() -> Any:
        heads = in_heads(query, key, value, None)
        d = np.zeros((*heads.q.shape[:-1], key.shape[-2]), g.dtype)

        def unit(i: int, at: Any) -> None:
            for tile, _, _, ds in scores_backward(heads, *results(heads), 1.0, kept, i):
                d[at][..., tile.start : tile.stop, : tile.end] = ds

        for_each(kept.units, unit)
        return d.reshape(*heads.many, *d.shape[-2:])

    # Behind a lambda: what the function of an input without gradient holds itself may be changed in place.
    return *gradients(query, key, value, None, for_inputs), lambda: for_mask()


def backward(
    heads: Heads, g: Any, out: Any, keep: Any, scale: float, kept: Kept, dq: Any, dk: Any, dv: Any
) -> None:
    """Compute the gradients of all heads, into `dq`, `dk` and `dv`."""

    def unit(i: int, at: Any) -> None:
        q, k = heads.q[at], heads.k[at]
        last = True
        for tile, e, gn, ds in scores_backward(heads, g, out, keep, scale, kept, i):
            rows, columns = slice(tile.start, tile.stop), slice(tile.end)
            product(ds, k[..., columns, :], dq[at][..., rows, :])
            _into(dk[at], ds.swapaxes(-1, -2), q[..., rows, :], columns, last)
            _into(dv[at], e.swapaxes(-1, -2), gn, columns, last)
            last = False
        if last:  # without queries, nobody asked
            dk[at], dv[at] = 0, 0

    for_each(kept.units, unit)


def scores_backward(
    heads: Heads, g: Any, out: Any, keep: Any, scale: float, kept: Kept, i: int
) -> Iterator[tuple[Tile, Any, Any, Any]]:
    """Yield the tiles of unit i, the last first: each with its exponentials, g and the scores' gradient.

    With P = e / sum the rule of softmax is ds = P * (g @ v.T - rows' sums of g * out). Dividing g by the sums
    instead of P, and taking the second term as one more column of it, leaves a product and a multiplication.
    """
    at = kept.units[i]
    g, out, v = g[at], out[at], heads.v[at]
    width = v.shape[-1]
    gn = np.empty((*g.shape[:-1], width + 1), g.dtype)
    np.multiply(g, kept.inverses[at], out=gn[..., :width])
    np.negative(np.vecdot(gn[..., :width], out), out=gn[..., width])
    vt = with_row(v, scale, scale)
    for tile, e in zip(reversed(kept.plan), reversed(kept.exps[i]), strict=True):
        rows, columns = slice(tile.start, tile.stop), slice(tile.end)
        if keep is None:
            ds = product(gn[..., rows, :], vt[..., columns])
            ds *= e
            yield tile, e, gn[..., rows, :width], ds
        else:
            shown = keep[1][at][..., rows, columns]
            gk = keep[0] * gn[..., rows, :width]
            ds = product(gk, vt[..., :width, columns])
            ds *= shown
            ds += scale * gn[..., rows, width:]
            ds *= e
            yield tile, e * shown, gk, ds


def _into(total: Any, a: Any, b: Any, columns: slice, first: bool) -> None:
    """Add the product to the first rows of `total`, or put it there."""
    if first and a.shape[2] == 1 and columns.stop == total.shape[-2]:
        product(a, b, total)
        return
    d = for_shared(a, b)
    if first:
        total[..., columns.stop :, :] = 0
        total[..., columns, :] = d
    else:
        total[..., columns, :] += d
