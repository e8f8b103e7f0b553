"""Resampling along one dimension: from where each new position takes its value, and how that is done.

A way of resampling is a list of taps: for each new position an old position and a weight. The nearest pixel
is one tap, linear interpolation has two, cubic four. The gradient goes back the same way: each old position
collects, weighted, what the new positions took from it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Taps = list[tuple[Any, Any]]  # old positions (new length,), which never decrease, and weights or None

CUBIC = -0.75  # PyTorch's choice among the cubics of Keys, 1981: how far they overshoot
SHORT = 128  # old positions up to which a product with a matrix is faster than taking single elements


def forth(x: Any, axis: int, taps: Taps) -> Any:
    """Return `x` resampled along a dimension."""
    if x.shape[axis] <= SHORT and x.dtype.kind == "f":
        out = _product(x, axis, _matrix(taps, x.shape[axis], x.dtype))
        if np.isfinite(out.sum()):
            return out
        # An infinity or nan, times the zeros of the matrix, has spread to where it doesn't belong.
    total: Any = None
    for positions, weights in taps:
        piece = _weighted(np.take(x, positions, axis), weights, axis)
        total = piece if total is None else np.add(total, piece, out=total)
    return total


def back(g: Any, axis: int, taps: Taps, old: int) -> Any:
    """Return the gradient of what was resampled, from that of the result."""
    if old <= SHORT:
        out = _product(g, axis, _matrix(taps, old, g.dtype).T)
        if np.isfinite(out.sum()):
            return out
    out = np.zeros((*g.shape[:axis], old, *g.shape[axis + 1 :]), g.dtype)
    for positions, weights in taps:
        # Equal positions stand next to each other: the sum of each run goes where it came from.
        starts = np.flatnonzero(np.diff(positions, prepend=-1))
        place = (slice(None),) * axis + (positions[starts],)
        out[place] += np.add.reduceat(_weighted(g, weights, axis), starts, axis)
    return out


def _matrix(taps: Taps, old: int, dtype: Any) -> Any:
    """Return the weights as a matrix (old length, new length), most of it zeros."""
    new = len(taps[0][0])
    matrix = np.zeros((old, new), dtype)
    for positions, weights in taps:
        matrix[positions, np.arange(new)] += 1 if weights is None else weights.astype(dtype)
    return matrix


def _product(x: Any, axis: int, matrix: Any) -> Any:
    """Multiply along a dimension: (..., old, ...) and (old, new) to (..., new, ...)."""
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    lead, rest = math.prod(before), math.prod(after)
    if rest == 1:
        out = x.reshape(lead, x.shape[axis]) @ matrix
    else:
        out = matrix.T @ x.reshape(lead, x.shape[axis], rest)
    return out.reshape(*before, matrix.shape[1], *after)


def _weighted(x: Any, weights: Any, axis: int) -> Any:
    if weights is None:
        return x
    return x * weights.astype(x.dtype).reshape(-1, *[1] * (x.ndim - axis - 1))


def taps_along(mode: str, old: int, new: int, align_corners: bool, scale: float | None, dtype: Any) -> Taps:
    """Return where each of `new` positions takes its value from, of `old` ones, and with what weights.

    Args:
        mode: how, as in `interpolate`.
        old: the length before.
        new: the length after.
        align_corners: whether first and last positions are the same in both.
        scale: the factor that the user asked for; None: the ratio of the lengths.
        dtype: of the image; positions are computed in it, and what is nearest in float32, as PyTorch does.
    """
    nearest = mode.startswith("nearest")
    number = np.float64 if dtype == np.float64 and not nearest else np.float32
    step = number(1 / scale) if scale is not None and scale > 0 else number(old) / number(new)
    ahead: Any = np.arange(new, dtype=number)
    if nearest:
        shift = number(0.5) if mode == "nearest-exact" else number(0)
        positions = np.floor((ahead + shift) * step).astype(np.int64)
        return [(np.minimum(positions, old - 1), None)]
    if align_corners:
        ahead = ahead * (number(old - 1) / number(new - 1) if new > 1 else number(0))
    else:
        ahead = (ahead + number(0.5)) * step - number(0.5)
    if mode == "bicubic":
        first = np.floor(ahead).astype(np.int64)
        weights = _cubic(ahead - first)
        return [(np.clip(first + i - 1, 0, old - 1), w) for i, w in enumerate(weights)]
    ahead = np.maximum(ahead, 0)
    first = np.minimum(ahead.astype(np.int64), old - 1)
    part = np.minimum(ahead - first, 1)
    return [(first, 1 - part), (np.minimum(first + 1, old - 1), part)]


def _cubic(part: Any) -> list[Any]:
    """Return the weights of four pixels, for a position `part` of the way between the middle two."""

    def near(x: Any) -> Any:  # at most 1 away
        return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1

    def far(x: Any) -> Any:  # between 1 and 2 away
        return ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC

    return [far(part + 1), near(part), near(1 - part), far(2 - part)]
