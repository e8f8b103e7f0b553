"""The tensor's methods that reduce dimensions."""

from __future__ import annotations

from typing import Any

from . import extremes, reduce, statistics
from .methods_math import Method


class ReduceMethods:
    """What a tensor can do along its dimensions."""

    sum = Method(reduce)
    mean = Method(reduce)
    prod = Method(reduce)
    cumsum = Method(reduce)
    cumprod = Method(reduce)
    logsumexp = Method(reduce)
    var = Method(statistics)
    std = Method(statistics)
    norm = Method(statistics)
    count_nonzero = Method(statistics)
    bincount = Method(statistics)
    amax = Method(extremes)
    amin = Method(extremes)
    argmax = Method(extremes)
    argmin = Method(extremes)
    any = Method(extremes)
    all = Method(extremes)

    def max(self, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
        """Return the largest element, or the largest ones and their indices along `dim`; see `max`."""
        return extremes.max(self, dim, keepdim, other=other)

    def min(self, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
        """Return the smallest element, or the smallest ones and their indices along `dim`; see `min`."""
        return extremes.min(self, dim, keepdim, other=other)
