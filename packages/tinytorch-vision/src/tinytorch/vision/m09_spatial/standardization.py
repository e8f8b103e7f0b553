"""The two operations of all normalisations: with the input's own statistics, and with given ones."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from tinytorch.core import Array, op

from .statistics import Pool, column, dots, rows, sums


@op
def standardized(
    input: Array, weight: Array | None, bias: Array | None, pool: Pool, eps: float, keep: Any = None
) -> Array:
    """Return `(input - mean) / sqrt(variance + eps) * weight + bias` with the input's own statistics.

    Args:
        input: (N, C, ...).
        weight: (C,), or nothing.
        bias: (C,), or nothing.
        pool: averages those cells of a table (N, C) that share their mean and variance.
        eps: added to the variance.
        keep: is called with the tables of means and of variances, for who wants to remember them.
    """
    x = rows(input)
    length = max(1, x.shape[2])
    mean = pool(sums(x)) / length
    out = x - column(mean)
    # Of what is centred already: a mean of squares minus a square of the mean would lose all its digits.
    variance = pool(dots(out, out)) / length
    rstd = 1 / np.sqrt(variance + eps)
    if keep is not None:
        keep(mean, variance)
    out *= column(rstd if weight is None else rstd * weight)
    if bias is not None:
        out += column(bias)
    return out.astype(input.dtype, copy=False).reshape(input.shape), {"mean": mean, "rstd": rstd}


@standardized.backward
def standardized_backward(g: Any, input: Any, weight: Any, pool: Any, mean: Any, rstd: Any) -> Any:
    dy = rows(g)
    length = max(1, dy.shape[2])

    @cache
    def centred() -> Any:
        return rows(input) - column(mean)

    @cache
    def total() -> Any:
        return sums(dy)

    @cache
    def product() -> Any:
        return dots(dy, centred())

    def for_input() -> Any:
        # The mean and the variance depend on every value too: what they take away is the mean of dy, and
        # the part of dy that points along the centred values.
        scale = 1 if weight is None else weight
        along = pool(product() * scale) / length * rstd**2
        d = centred() * column(-along * rstd)
        d -= column(pool(total() * scale) / length * rstd)
        d += dy * column(rstd * scale)
        return d.reshape(input.shape)

    def for_weight() -> Any:
        return (product() * rstd).sum(axis=0)

    def for_bias() -> Any:
        return total().sum(axis=0)

    return for_input, for_weight, for_bias


@op
def rescaled(
    input: Array, weight: Array | None, bias: Array | None, mean: Any, variance: Any, eps: float
) -> Array:
    """Return `(input - mean) / sqrt(variance + eps) * weight + bias` with given statistics of the channels.

    Args:
        input: (N, C, ...).
        weight: (C,), or nothing.
        bias: (C,), or nothing.
        mean: (C,), an array.
        variance: (C,), an array.
        eps: added to the variance.
    """
    x = rows(input)
    rstd = 1 / np.sqrt(variance.astype(x.dtype, copy=False) + eps)
    mean = mean.astype(x.dtype, copy=False)
    scale = rstd if weight is None else rstd * weight
    shift = -mean * scale if bias is None else bias - mean * scale
    out = x * column(scale)
    out += column(shift)
    return out.astype(input.dtype, copy=False).reshape(input.shape), {"rstd": rstd}


@rescaled.backward
def rescaled_backward(g: Any, input: Any, weight: Any, mean: Any, rstd: Any) -> Any:
    dy = rows(g)

    def for_input() -> Any:
        return (dy * column(rstd if weight is None else rstd * weight)).reshape(input.shape)

    def for_weight() -> Any:
        return dots(dy, rows(input) - column(mean)).sum(axis=0) * rstd

    def for_bias() -> Any:
        return sums(dy).sum(axis=0)

    return for_input, for_weight, for_bias
