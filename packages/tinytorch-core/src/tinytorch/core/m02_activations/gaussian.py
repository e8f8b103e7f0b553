"""GELU and its slopes, in pieces that stay in the processor's cache.

Both take a dozen simple steps. Done on a whole array, each would go through memory; in pieces only the input
and the results do, and several threads can share them. The slopes are computed with the values, because most
of the work is the same.

GELU is `x * p`, where p is the probability of a normal number below x: `(1 + erf(x / sqrt(2))) / 2`, or in
the approximation `(1 + tanh(u)) / 2` with u a cubic.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from ..m01_tensor.error_function import FLOAT32, erf_piece, polynomial
from ..m01_tensor.threads import number_of_threads, share

PIECE = 2**16  # numbers: 256 KiB of float32
LINEAR = math.sqrt(2 / math.pi)  # of the cubic ...
CUBIC = LINEAR * 0.044715
ERF_OF_ROOT = [c * 0.5**k * math.sqrt(0.5) for k, c in enumerate(FLOAT32)]
FLAT_FROM = 20.0  # the approximation is 0 or x from here on, to the last digit


def gelu_array(x: Any, exact: bool, with_slopes: bool) -> tuple[Any, Any]:
    """Return GELU of each element and, if asked for, its derivative there, else None."""
    flat = x.reshape(-1)
    values = np.empty_like(flat)
    slopes = np.empty_like(flat) if with_slopes else None

    def piece(start: int, stop: int) -> None:
        part, p = flat[start:stop], values[start:stop]
        tmp = np.empty_like(part)
        (_erf_probability if exact else _tanh_probability)(part, p, tmp)
        if slopes is not None:
            (_erf_slope if exact else _tanh_slope)(part, p, slopes[start:stop], tmp)
        p *= part

    n = flat.size
    threads = number_of_threads() if n >= 2 * PIECE else 1
    # Threads that wait for Python's lock often lose more than they gain: fewer, longer steps are better.
    length = PIECE if threads == 1 else min(max(PIECE, -(-n // threads)), 4 * PIECE)
    tasks = [partial(piece, start, min(start + length, n)) for start in range(0, n, length)]
    if threads == 1:
        for task in tasks:
            task()
    else:
        share(tasks)
    return values.reshape(x.shape), None if slopes is None else slopes.reshape(x.shape)


def _erf_probability(x: Any, p: Any, tmp: Any) -> None:
    """Put the probability into `p`, and x * x into `tmp`."""
    if x.dtype == np.float32:  # as in error_function.py, for x / sqrt(2) in one go
        np.multiply(x, x, tmp)
        polynomial(tmp, ERF_OF_ROOT, p)
        p *= x
        np.tanh(p, p)
    else:
        np.multiply(x, math.sqrt(0.5), tmp)
        erf_piece(tmp, p)
        np.multiply(x, x, tmp)
    p += 1
    p *= 0.5


def _erf_slope(x: Any, p: Any, out: Any, tmp: Any) -> None:
    """Put p + x * density(x) into `out`; `tmp` is x * x."""
    np.multiply(tmp, -0.5, out)
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


def _tanh_slope(x: Any, p: Any, out: Any, tmp: Any) -> None:
    """Put p + x * dp/dx into `out`, where dp/dx = 2 * p * (1 - p) * du/dx."""
    np.minimum(x, FLAT_FROM, out=tmp)  # else the product below could be 0 times infinity
    np.maximum(tmp, -FLAT_FROM, out=tmp)
    np.multiply(tmp, tmp, out)
    out *= 6 * CUBIC
    out += 2 * LINEAR
    out *= tmp
    np.subtract(1, p, tmp)
    out *= tmp
    out += 1
    out *= p
