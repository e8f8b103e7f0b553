"""Observers that keep some of the numbers, to leave out the rare or to find the least error."""

from __future__ import annotations

from typing import Any

import numpy as np

from .calibration import best_range
from .dtypes import quint8
from .observers import EPS, MinMaxObserver

KEPT = 2**16  # numbers that are kept


class _Sampling(MinMaxObserver):
    """What observers share that need the numbers themselves: evenly spaced ones of all that were seen."""

    method: str

    def __init__(
        self,
        dtype: Any = quint8,
        qscheme: str = "per_tensor_affine",
        quant_min: int | None = None,
        quant_max: int | None = None,
        eps: float = EPS,
    ) -> None:
        super().__init__(dtype, qscheme, quant_min, quant_max, eps)
        self.percentile = 100.0
        self._sample = np.empty(0, np.float32)
        self._every = 1

    def look(self, x: Any) -> None:
        """Keep every so manieth number; when they are too many, keep half of them, of the future ones too."""
        super().look(x)
        sample = np.concatenate([self._sample, x.reshape(-1)[:: self._every].astype(np.float32)])
        while sample.size > KEPT:
            sample = sample[::2]
            self._every *= 2
        self._sample = sample.copy()

    def ends(self) -> tuple[Any, Any]:
        """Return where the range begins and ends that suits the numbers best."""
        rows = self._sample[None]
        symmetric = self.qscheme.endswith("symmetric")
        low, high = best_range(rows, self.dtype, symmetric, self.method, self.percentile)
        return low[0], high[0]

    def reset_min_max_vals(self) -> None:
        """Forget everything."""
        super().reset_min_max_vals()
        self._sample, self._every = np.empty(0, np.float32), 1


class PercentileObserver(_Sampling):
    """Leave out the few largest numbers, so that the others get finer steps.

    Args:
        percentile: how many percent are inside at each end.
        dtype: as of `MinMaxObserver`.
        qscheme: as of `MinMaxObserver`.
        quant_min: as of `MinMaxObserver`.
        quant_max: as of `MinMaxObserver`.
        eps: as of `MinMaxObserver`.
    """

    method = "percentile"

    def __init__(
        self,
        percentile: float = 99.9,
        dtype: Any = quint8,
        qscheme: str = "per_tensor_affine",
        quant_min: int | None = None,
        quant_max: int | None = None,
        eps: float = EPS,
    ) -> None:
        super().__init__(dtype, qscheme, quant_min, quant_max, eps)
        self.percentile = percentile


class MSEObserver(_Sampling):
    """Take the range whose rounding has the smallest mean squared error.

    Args:
        dtype: as of `MinMaxObserver`.
        qscheme: as of `MinMaxObserver`.
        quant_min: as of `MinMaxObserver`.
        quant_max: as of `MinMaxObserver`.
        eps: as of `MinMaxObserver`.
    """

    method = "mse"
