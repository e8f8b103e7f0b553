"""Which entries of a tensor go: how many, and the least important ones first."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
from tinytorch.core import Tensor


def check_amount(amount: Any) -> None:
    """Raise an error unless `amount` is a share from 0 to 1 or a number of things.

    Raises:
        TypeError: it is neither a float nor an int.
        ValueError: it is out of range, or the share is 1, which would leave nothing.
    """
    if isinstance(amount, (bool, np.bool_)) or not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount!r}. Must be int or float.")
    if isinstance(amount, numbers.Integral):
        if amount < 0:
            raise ValueError(f"amount={amount} is a number of things to prune, so it can't be negative")
    elif not 0 <= float(amount) <= 1:  # NaN too
        raise ValueError(f"amount={amount} is a share, so it must be from 0 up to, but not including, 1")
    elif amount == 1:
        raise all_pruned(amount, "everything")


def all_pruned(amount: Any, what: str) -> ValueError:
    """Return the error for pruning all that there is."""
    return ValueError(
        f"amount={amount} would prune {what}, and a layer without weights computes nothing; prune less. "
        "If zeros are what you want, give them as a mask to custom_from_mask"
    )


def how_many(amount: Any, size: int, what: str = "parameters") -> int:
    """Return how many of `size` things a share or a number is.

    Raises:
        ValueError: it is more than there are, or all of them.
    """
    count = int(amount) if isinstance(amount, numbers.Integral) else round(float(amount) * size)
    if count > size:
        raise ValueError(
            f"amount={amount} should be smaller than the number of {what} that are left to prune, {size}"
        )
    if count == size and size:
        raise all_pruned(amount, f"all {size} {what} that are left")
    return count


def check_scores(scores: Any, where: str) -> None:
    """Raise an error if an importance is NaN, which can't be compared.

    Raises:
        ValueError: one is.
    """
    if scores.dtype.kind == "f" and np.isnan(scores).any():
        count = int(np.isnan(scores).sum())
        raise ValueError(
            f"{where} has {count} NaN among its {scores.size} values, so they can't be put in order; "
            "find out where training went wrong before you prune"
        )


def smallest(scores: Any, count: int) -> Any:
    """Return a bool for each of `scores`, (n), True for the `count` smallest.

    Among equal ones at the edge those that come first are taken, so that the result is always the same.
    """
    chosen = np.zeros(scores.size, bool)
    if count:
        edge = np.partition(scores, count - 1)[count - 1]  # faster than sorting everything
        chosen[scores < edge] = True
        chosen[np.flatnonzero(scores == edge)[: count - int(chosen.sum())]] = True
    return chosen


def norms(t: Any, n: Any, dim: int) -> Any:
    """Return the norm of each slice along `dim` of an array: (t.shape[dim]).

    Args:
        t: an array of two or more dimensions.
        n: as PyTorch's `norm` takes it: a number, inf, -inf, or "fro", which is 2.
        dim: which dimension the slices are numbered by.

    Raises:
        ValueError: the norm is unknown.
    """
    if n == "fro":
        n = 2
    if isinstance(n, bool) or not isinstance(n, numbers.Real) or math.isnan(n):
        raise ValueError(
            f'n={n!r} must be a number, inf, -inf or "fro": the norm that channels are judged by'
        )
    rows = np.moveaxis(t, dim, 0).reshape(t.shape[dim], -1)
    return np.linalg.norm(rows.astype(np.float64), float(n), axis=1)


def array_of(t: Tensor) -> Any:
    """Return a tensor's values, whether or not it requires a gradient."""
    return t.detach().numpy()
