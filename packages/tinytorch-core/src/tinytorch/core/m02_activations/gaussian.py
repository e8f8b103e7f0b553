"""GELU and its slopes, in pieces that stay in the processor's cache.

Both take a dozen simple steps. Done on a whole array, each would go through memory; in pieces only the input
and the results do, and there are no temporaries but two of a piece's length. The slopes are computed with
the values, because most of the work is the same.

GELU is `x * p`, where p is the probability of a normal number below x: `(1 + erf(x / sqrt(2))) / 2`, or in
the approximation `(1 + tanh(u)) / 2` with u a cubic.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..m01_tensor.error_function import erf_piece

PIECE = 2**15  # numbers: 128 KiB of float32
LINEAR = math.sqrt(2 / math.pi)  # of the cubic ...
CUBIC = LINEAR * 0.044715
FLAT_FROM = 20.0  # the approximation is 0 or x from here on, to the last digit


def gelu_array(x: Any, exact: bool, with_slopes: bool) -> tuple[Any, Any]:
    """Return GELU of each element and, if asked for, its derivative there, else None."""
    flat = x.reshape(-1)
    values = np.empty_like(flat)
    slopes = np.empty_like(flat) if with_slopes else None
    room = np.empty((2, min(PIECE, flat.size)), x.dtype)
    probability, slope = (_erf_probability, _erf_slope) if exact else (_tanh_probability, _tanh_slope)
    for start in range(0, flat.size, PIECE):
        part, p = flat[start : start + PIECE], values[start : start + PIECE]
        tmp, more = room[:, : part.size]
        probability(part, p, tmp)
        if slopes is not None:
            slope(part, p, slopes[start : start + PIECE], tmp, more)
        p *= part
    return values.reshape(x.shape), None if slopes is None else slopes.reshape(x.shape)


def _erf_probability(x: Any, p: Any, tmp: Any) -> None:
    np.multiply(x, math.sqrt(0.5), tmp)
    erf_piece(tmp, p)
    p += 1
    p *= 0.5


def _erf_slope(x: Any, p: Any, out: Any, tmp: Any, more: Any) -> None:
    """Put p + x * density(x) into `out`."""
    np.multiply(x, x, out)
    out *= -0.5
    np.exp(out, out)
    out *= 1 / math.sqrt(2 * math.pi)
    out *= x
    out += p


def _tanh_probability(x: Any, p: Any, tmp: Any) -> None:
    np.multiply(x, x, p)
    p *= CUBIC
    p += LINEAR
    p *= x
    np.tanh(p, p)
    p += 1
    p *= 0.5


def _tanh_slope(x: Any, p: Any, out: Any, tmp: Any, more: Any) -> None:
    """Put p + x * dp/dx into `out`, where dp/dx = 2 * p * (1 - p) * du/dx."""
    np.minimum(x, FLAT_FROM, out=tmp)  # else the product below could be 0 times infinity
    np.maximum(tmp, -FLAT_FROM, out=tmp)
    np.multiply(tmp, tmp, more)
    more *= 6 * CUBIC
    more += 2 * LINEAR
    more *= tmp
    np.subtract(1, p, out)
    out *= more
    out += 1
    out *= p
