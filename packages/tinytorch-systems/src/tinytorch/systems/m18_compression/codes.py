"""Numbers of a few bits without gaps between them, and the values of a codebook that they stand for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from tinytorch.core import Array, op


def pack(codes: Any, bits: int) -> Any:
    """Return numbers below 2**bits, (n), one after the other without gaps: (n * bits / 8), uint8."""
    planes = np.unpackbits(codes.astype(np.uint8)[:, None], axis=1)[:, 8 - bits :]  # (n, bits)
    return np.packbits(planes.ravel())


def unpack(packed: Any, bits: int, n: int) -> Any:
    """Return the `n` numbers that `pack` packed: (n), uint8."""
    if bits == 8:
        return packed[:n]
    if bits == 4:  # the usual case, a few times faster
        out = np.empty((packed.size, 2), np.uint8)
        out[:, 0], out[:, 1] = packed >> 4, packed & 15
        return out.ravel()[:n]
    planes = np.unpackbits(packed, count=n * bits).reshape(n, bits)
    codes = planes[:, 0].copy()
    for i in range(1, bits):
        codes <<= 1
        codes |= planes[:, i]
    return codes


@op
def from_codebook(codebook: Array, packed: Array, bits: int, shape: tuple[int, ...]) -> Array:
    """Return the values that packed numbers stand for.

    Args:
        codebook: (k), k at most 2**bits.
        packed: the numbers, as `pack` returns them: uint8.
        bits: how many a number takes.
        shape: of the result.
    """
    if bits != 4:
        return codebook[unpack(packed, bits, math.prod(shape))].reshape(shape)
    full = np.resize(codebook, 16)  # a byte is two numbers: look up two values at once
    pairs = np.stack([np.repeat(full, 16), np.tile(full, 16)], axis=1)  # (256, 2)
    return pairs[packed].ravel()[: math.prod(shape)].reshape(shape)


@from_codebook.backward
def from_codebook_backward(g: Any, codebook_shape: Any, packed: Any, bits: Any, shape: Any) -> Any:
    def gradient() -> Any:
        codes = unpack(packed, bits, math.prod(shape))
        sums = np.bincount(codes, weights=g.ravel(), minlength=codebook_shape[0])
        return sums.astype(g.dtype)  # for each value the sum over its weights

    return gradient, None
