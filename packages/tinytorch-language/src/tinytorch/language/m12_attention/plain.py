"""Attention that keeps its weights for the backward pass: the fast way for short sequences."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from tinytorch.core import Array, op

from .tiles import (
    Heads,
    Tile,
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
    with_row,
)

ROWS = 32  # queries in a causal tile: fewer skip more of what the mask hides, but make more calls


class Kept:
    """What the forward pass keeps for the backward pass."""

    def __init__(self, heads: Heads, is_causal: bool) -> None:
        queries, keys = heads.q.shape[3], heads.k.shape[3]
        rows = min(ROWS if is_causal else queries, max(queries, 1))
        self.plan = tiles(queries, keys, max(rows, 1), is_causal)
        self.units = units(heads, rows * keys)
        # Of each unit and tile the exponentials, before they are divided by their sums; one piece of memory
        # for all, because what helper threads ask for is given back to the system again and again.
        n, k, g = heads.q.shape[:3]
        shapes = [(len(range(n)[a]), len(range(k)[b]), g) for a, b in self.units]
        each = sum((tile.stop - tile.start) * tile.end for tile in self.plan)
        room = np.empty(n * k * g * each, heads.q.dtype)
        self.exps: list[list[Any]] = []
        start = 0
        for shape in shapes:
            self.exps.append([])
            for tile in self.plan:
                wanted = (*shape, tile.stop - tile.start, tile.end)
                stop = start + prod(wanted)
                self.exps[-1].append(room[start:stop].reshape(wanted))
                start = stop
        self.inverses = np.empty((*heads.q.shape[:-1], 1), heads.q.dtype)  # of these sums


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
    kept = Kept(heads, is_causal)
    out = empty_result((*heads.q.shape[:-1], value.shape[-1]), query.dtype)
    forward(heads, _in_heads(keep, heads), is_causal, scale, kept, out)
    return out.reshape(*heads.many, *out.shape[-2:]), {"kept": kept}


def _in_heads(keep: Any, heads: Heads) -> Any:
    return keep and (keep[0], like_queries(keep[1], heads))


def forward(heads: Heads, keep: Any, is_causal: bool, scale: float, kept: Kept, out: Any) -> None:
    """Compute the attention of all units, into `out`."""

    def unit(i: int, at: Any) -> None:
        q, v, result, inverses = (x[at] for x in (heads.q, heads.v, out, kept.inverses))
        mask = None if heads.mask is None else heads.mask[at]
        kt = scaled_transpose(heads.k[at], scale)
        for tile, e in zip(kept.plan, kept.exps[i], strict=True):
            rows = slice(tile.start, tile.stop)
            np.matmul(q[..., rows, :], kt[..., : tile.end], out=e)
            offset = tile.start if is_causal and tile.start + 1 < tile.end else None
            exponentials(e, None if mask is None else mask[..., rows, : tile.end], offset)
            factor = inverses[..., rows, :]
            factor[...] = inverse(row_sums(e))
            if keep is not None:
                e = e * keep[1][at][..., rows, : tile.end]
                factor = factor * keep[0]
            np.matmul(e, v[..., : tile.end, :], out=result[..., rows, :])
            result[..., rows, :] *= factor

    for_each(kept.units, unit)


@attend.backward
def attend_backward(
    g: Any, out: Any, query: Any, key: Any, value: Any, keep: Any, scale: Any, kept: Any
) -> Any:
    made: list[Any] = []

    def part(i: int) -> Any:
        if not made:
            heads = in_heads(query, key, value, None)
            wide = [empty_result(x.shape, x.dtype) for x in (heads.q, heads.k, heads.v)]
            backward(
                heads,
                like_queries(g, heads),
                like_queries(out, heads),
                _in_heads(keep, heads),
                scale,
                kept,
                *wide,
            )
            leads = heads.many, heads.few, heads.few
            made.extend(d.reshape(*lead, *d.shape[-2:]) for lead, d in zip(leads, wide, strict=True))
        return made[i]

    def for_mask() -> Any:
        heads = in_heads(query, key, value, None)
        d = np.zeros((*heads.q.shape[:-1], key.shape[-2]), g.dtype)

        def unit(i: int, at: Any) -> None:
            for tile, _, _, ds in scores_backward(
                heads, like_queries(g, heads), like_queries(out, heads), _in_heads(keep, heads), 1.0, kept, i
            ):
                d[at][..., tile.start : tile.stop, : tile.end] = ds

        for_each(kept.units, unit)
        return d.reshape(*heads.many, *d.shape[-2:])

    return lambda: part(0), lambda: part(1), lambda: part(2), for_mask


def backward(
    heads: Heads, g: Any, out: Any, keep: Any, scale: float, kept: Kept, dq: Any, dk: Any, dv: Any
) -> None:
    """Compute the gradients of all units, into `dq`, `dk` and `dv`."""

    def unit(i: int, at: Any) -> None:
        q, k = heads.q[at], heads.k[at]
        last = True
        for tile, e, gn, ds in scores_backward(heads, g, out, keep, scale, kept, i):
            rows, columns = slice(tile.start, tile.stop), slice(tile.end)
            np.matmul(ds, k[..., columns, :], out=dq[at][..., rows, :])
            into(dk[at], ds.swapaxes(-1, -2), q[..., rows, :], columns, last)
            into(dv[at], e.swapaxes(-1, -2), gn, columns, last)
            last = False

    for_each(kept.units, unit)


def scores_backward(
    heads: Heads, g: Any, out: Any, keep: Any, scale: float, kept: Kept, i: int
) -> Iterator[tuple[Tile, Any, Any, Any]]:
    """Yield the tiles of unit i, the last first, each with its weights, their gradients' gradient XXX."""
    at = kept.units[i]
    g, out, inverses, v = g[at], out[at], kept.inverses[at], heads.v[at]
    width = v.shape[-1]
    # With P = e * inv the rule of softmax is ds = P * (g @ v.T - sum(g * out)). Divided by the sums once, in g,
    # and with the sum as one more column of it, that is one product and one multiplication by e.
    gn = np.empty((*g.shape[:-1], width + 1), g.dtype)
    np.multiply(g, inverses, out=gn[..., :width])
    sums = row_sums(gn[..., :width] * out)
    np.negative(sums, out=gn[..., width:])
    vt = with_row(v, scale, scale)
    for tile, e in zip(reversed(kept.plan), reversed(kept.exps[i]), strict=True):
        rows, columns = slice(tile.start, tile.stop), slice(tile.end)
        if keep is None:
            ds = gn[..., rows, :] @ vt[..., columns]
            ds *= e
            yield tile, e, gn[..., rows, :width], ds
        else:
            factor, where = keep[0], keep[1][at][..., rows, columns]
            ds = (gn[..., rows, :width] * factor) @ vt[..., :width, columns]
            ds *= where
            ds += gn[..., rows, width:] * scale
            ds *= e
            yield tile, e * where, gn[..., rows, :width] * factor, ds


def into(total: Any, a: Any, b: Any, columns: slice, first: bool) -> None:
    """Add the product to the first rows of `total`, or put it there; heads that share a key are summed."""
    if first and a.shape[2] == 1 and columns.stop == total.shape[-2]:
        np.matmul(a, b, out=total)
        return
    d = for_shared(a, b)
    if first:
        total[..., columns.stop :, :] = 0
        total[..., columns, :] = d
    else:
        total[..., columns, :] += d
