"""GELU and its derivative, in pieces that stay in the processor's cache.

Both take a dozen simple steps. Done on a whole array, each would go through memory; in pieces only the input
and the result do, and there are no temporaries but two of a piece's length.

Everything is built on one S-shaped curve from -1 to 1: `tanh(u)` with u a cubic in the approximation,
`erf(x / sqrt(2))` in the exact function. GELU is `x * (1 + curve(x)) / 2`.
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


def gelu_array(x: Any, exact: bool) -> Any:
    """Return GELU of each element."""
    flat = x.reshape(-1)
    out = np.empty_like(flat)
    room = np.empty(min(PIECE, flat.size), x.dtype)
    for start in range(0, flat.size, PIECE):
        part, result = flat[start : start + PIECE], out[start : start + PIECE]
        if exact:
            _erf_curve(part, result, room[: part.size])
        else:
            _tanh_curve(part, result, room[: part.size])
        result += 1
        result *= part
        result *= 0.5
    return out.reshape(x.shape)


def gelu_slopes(g: Any, x: Any, exact: bool) -> Any:
    """Return the derivative of GELU at each element of `x`, times `g`."""
    flat, flat_g = x.reshape(-1), g.reshape(-1)
    out = np.empty_like(flat)
    room, more = np.empty((2, min(PIECE, flat.size)), x.dtype)
    for start in range(0, flat.size, PIECE):
        part, result = flat[start : start + PIECE], out[start : start + PIECE]
        (_exact_slopes if exact else _tanh_slopes)(part, result, room[: part.size], more[: part.size])
        result += 1
        result *= 0.5
        result *= flat_g[start : start + PIECE]
    return out.reshape(x.shape)


def _exact_slopes(x: Any, out: Any, tmp: Any, more: Any) -> None:
    """Put 2 * (d/dx GELU) - 1 into `out`: curve(x) + 2 * x * density(x)."""
    _erf_curve(x, out, tmp)
    np.multiply(x, x, tmp)
    tmp *= -0.5
    np.exp(tmp, tmp)
    tmp *= 2 / math.sqrt(2 * math.pi)
    tmp *= x
    out += tmp


def _tanh_slopes(x: Any, out: Any, tmp: Any, more: Any) -> None:
    """Put 2 * (d/dx GELU) - 1 into `out`: t + (1 - t**2) * x * du/dx with t = tanh(u)."""
    np.minimum(x, FLAT_FROM, out=more)  # else the product below could be infinity times 0
    np.maximum(more, -FLAT_FROM, out=more)
    _tanh_curve(more, out, tmp)
    tmp *= 3 * CUBIC
    tmp += LINEAR
    tmp *= more  # x * du/dx
    np.multiply(out, out, more)
    np.subtract(1, more, more)
    tmp *= more
    out += tmp


def _tanh_curve(x: Any, out: Any, square: Any) -> None:
    """Put tanh(u) into `out`, and x**2 into `square`."""
    np.multiply(x, x, square)
    np.multiply(square, CUBIC, out)
    out += LINEAR
    out *= x
    np.tanh(out, out)


def _erf_curve(x: Any, out: Any, tmp: Any) -> None:
    """Put erf(x / sqrt(2)) into `out`."""
    np.multiply(x, math.sqrt(0.5), tmp)
    erf_piece(tmp, out)
