"""k-means of numbers on a line, where everything is sorted and so everything is fast."""

from __future__ import annotations

from typing import Any

import numpy as np


def kmeans(values: Any, k: int, iterations: int = 100) -> tuple[Any, Any]:
    """Return up to `k` values that stand for all, and for each value which of them is nearest.

    The start is evenly spaced, because large weights are few but matter most (Han et al., "Deep compression",
    arXiv:1510.00149). Clusters are intervals on a line, so a step needs only the sums up to each border.

    Args:
        values: (n), numbers.
        k: how many values there may be. If `values` has no more different ones, nothing is lost.
        iterations: after how many steps to stop at the latest.

    Returns:
        The centers, (k) or fewer, in order, and (n) numbers of centers.
    """
    if values.size == 0:
        return np.zeros(1), np.zeros(0, np.int64)
    ordered = np.sort(values.astype(np.float64))
    different = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]
    centers = different if different.size <= k else fitted(ordered, k, iterations)
    return centers, np.searchsorted((centers[1:] + centers[:-1]) / 2, values)


def fitted(ordered: Any, k: int, iterations: int) -> Any:
    """Return `k` centers of sorted numbers, in order."""
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    squares = np.concatenate([[0.0], np.cumsum(ordered * ordered)])
    centers = np.linspace(ordered[0], ordered[-1], k)
    for _ in range(iterations):
        inner = np.searchsorted(ordered, (centers[1:] + centers[:-1]) / 2)
        borders = np.concatenate([[0], inner, [ordered.size]])
        counts, total = np.diff(borders), np.diff(sums[borders])
        full = counts > 0
        moved = np.where(full, total / np.maximum(counts, 1), centers)
        if (
            not full.all()
        ):  # put empty ones into the intervals where most is lost, as far as these can be split
            lost = np.where(counts > 1, np.diff(squares[borders]) - total * moved, -np.inf)
            worst = np.argsort(-lost, kind="stable")[: int((~full).sum())]
            first, last = ordered[borders[worst]], ordered[borders[worst + 1] - 1]
            moved[~full] = (
                moved[worst] + np.where(last - moved[worst] > moved[worst] - first, last, first)
            ) / 2
            moved = np.sort(moved)
        if np.array_equal(moved, centers):
            break
        centers = moved
    return centers
