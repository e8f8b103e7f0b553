"""Which range to cut into steps: all of it, or less of it with finer steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import QuantizedDtype
from .ranges import scale_and_zero_point, to_steps

METHODS = ("minmax", "percentile", "mse")
SHARES = np.concatenate([np.linspace(1, 0.3, 15), np.geomspace(0.27, 0.01, 12)])  # that "mse" tries


def best_range(
    rows: Any, dtype: QuantizedDtype, symmetric: bool, method: str = "minmax", percentile: float = 99.9
) -> tuple[Any, Any]:
    """Return where the range of each row begins and ends.

    Args:
        rows: (n, m), finite.
        dtype: what the numbers are rounded to.
        symmetric: whether zero is to be in the middle.
        method: "minmax" for all numbers; "percentile" leaves out the largest ones; "mse" takes the share of
            the full range whose rounding has the smallest mean squared error.
        percentile: how many percent are inside at each end.

    Returns:
        Two arrays (n).

    Raises:
        ValueError: the method is unknown, or the percentile isn't one.
    """
    if method not in METHODS:
        raise ValueError(f"calibration must be one of {', '.join(METHODS)}, not {method!r}")
    if not 50 < percentile <= 100:
        raise ValueError(f"percentile must be above 50 and at most 100, but it is {percentile}")
    if not rows.shape[1]:
        return np.zeros(len(rows)), np.zeros(len(rows))
    if method == "percentile":
        low = np.percentile(rows, 100 - percentile, axis=1, method="lower")
        high = np.percentile(rows, percentile, axis=1, method="higher")
        return low.astype(np.float64), high.astype(np.float64)
    low, high = rows.min(axis=1).astype(np.float64), rows.max(axis=1).astype(np.float64)
    if method == "minmax":
        return low, high
    return _least_error(rows, low, high, dtype, symmetric)


def _least_error(rows: Any, low: Any, high: Any, dtype: QuantizedDtype, symmetric: bool) -> tuple[Any, Any]:
    largest = np.maximum(np.maximum(-low, high), np.finfo(np.float64).tiny)
    x = rows / largest[:, None]  # so that no square overflows
    low, high = low / largest, high / largest
    least = np.full(len(rows), np.inf)
    best = np.ones(len(rows))
    for share in SHARES:
        scale, zero = scale_and_zero_point(share * low, share * high, dtype, symmetric)
        steps = to_steps(x, scale[:, None], zero[:, None], dtype)
        steps -= zero[:, None]
        steps *= scale[:, None]
        steps -= x
        error = np.vecdot(steps, steps)
        better = error < least
        least[better], best[better] = error[better], share
    return best * low * largest, best * high * largest
