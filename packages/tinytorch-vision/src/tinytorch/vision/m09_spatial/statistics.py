"""Sums over the pixels of each channel, and which channels share a mean.

All normalisations see their input as (N, C, L): N images of C channels of L pixels. What is added up over
the pixels is a table (N, C). The normalisations differ in nothing but which cells of that table belong
together, and `pool` averages those: batch normalisation takes the column of each channel, group
normalisation the channels of a group within an image, instance normalisation each cell by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Pool = Callable[[Any], Any]  # (N, C) to what broadcasts to (N, C)


def rows(x: Any) -> Any:
    """Return (N, C, ...) as (N, C, L), in the dtype in which it is added up: float16 in float32."""
    if x.dtype.itemsize == 2:
        x = x.astype(np.float32)
    return np.ascontiguousarray(x).reshape(*x.shape[:2], math.prod(x.shape[2:]))


def sums(x: Any) -> Any:
    """Return the sum of each row: (N, C, L) to (N, C)."""
    n, channels, length = x.shape
    if length == 1:
        return x[:, :, 0]
    # A product with ones, because BLAS adds up several times faster than np.sum.
    return (x.reshape(n * channels, length) @ np.ones(length, x.dtype)).reshape(n, channels)


def dots(x: Any, y: Any) -> Any:
    """Return the sum of the products of each row of `x` with that of `y`: twice (N, C, L) to (N, C)."""
    if x.shape[2] == 1:
        return x[:, :, 0] * y[:, :, 0]
    return np.vecdot(x, y)


def over_batch(table: Any) -> Any:
    """Average over the images: (N, C) to (1, C)."""
    return table.sum(axis=0, keepdims=True) / max(1, len(table))  # of an empty batch: 0


def over_groups(groups: int) -> Pool:
    """Return a function that averages over the channels of each of so many groups, and keeps (N, C)."""

    def pool(table: Any) -> Any:
        n, channels = table.shape
        if groups == channels:
            return table
        size = channels // groups
        return np.repeat(table.reshape(n, groups, size).mean(axis=2), size, axis=1)

    return pool


def column(values: Any) -> Any:
    """Return a table, or a vector over the channels, so that it broadcasts over pixels: (..., C, 1)."""
    return values[..., None]
