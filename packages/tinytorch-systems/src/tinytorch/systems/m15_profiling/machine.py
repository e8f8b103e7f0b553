"""What this machine can do at best: products per second, and bytes to and from memory per second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from tinytorch.core import number_of_threads, share

from .text import amount

SIDE = 1024  # of the matrices: large enough that the product is all that counts
LONG = 2**23  # numbers in each array of the sum: 32 MiB of float32, more than caches hold


@dataclass(frozen=True)
class MachinePeaks:
    """The two roofs.

    Attributes:
        flops_per_second: the most floating-point operations in a product of matrices.
        bytes_per_second: the most bytes between memory and processor.
        dtype: of the numbers in both.

    Examples:
        >>> systems.MachinePeaks(100e9, 10e9).ridge
        10.0
    """

    flops_per_second: float
    bytes_per_second: float
    dtype: str = "float32"

    @property
    def ridge(self) -> float:
        """Operations per byte from which on computing, and no longer memory, sets the limit."""
        return self.flops_per_second / self.bytes_per_second

    def attainable(self, intensity: float) -> float:
        """Return the most operations per second with so many operations per byte."""
        return min(self.flops_per_second, intensity * self.bytes_per_second)

    def __str__(self) -> str:
        return (
            f"{amount(self.flops_per_second)}FLOP/s in products of {self.dtype}, "
            f"{amount(self.bytes_per_second)}B/s from memory, ridge at {self.ridge:.1f} FLOP/B"
        )


def measure_machine(seconds: float = 1.0, dtype: Any = "float32") -> MachinePeaks:
    """Measure both roofs, with as many threads as the framework uses; the best of many runs counts.

    Products are NumPy's of square matrices; memory is read and written by `c = a + b` on arrays that no cache
    holds, 3 * nbytes each time.

    Args:
        seconds: how long, about.
        dtype: a floating-point dtype.

    Raises:
        ValueError: not a positive time.
        TypeError: not a floating-point dtype.

    Examples:
        >>> machine = systems.measure_machine(0.01)
        >>> machine.flops_per_second > machine.bytes_per_second / 12  # a sum can't use all of the processor
        True
    """
    if not seconds > 0:
        raise ValueError(f"measure_machine: seconds must be positive, not {seconds}")
    kind = np.dtype(dtype)
    if kind.kind != "f":
        raise TypeError(f"measure_machine: dtype must be a floating-point one, not {kind}")
    a = np.ones((SIDE, SIDE), kind)
    out = np.empty_like(a)
    product = 2 * SIDE**3 / _best(lambda: np.matmul(a, a, out=out), seconds / 2)
    x, y, z = (np.ones(LONG, kind) for _ in range(3))
    size = -(-LONG // number_of_threads())
    parts = [slice(i, i + size) for i in range(0, LONG, size)]
    tasks = [partial(np.add, x[part], y[part], z[part]) for part in parts]
    bandwidth = 3 * x.nbytes / _best(lambda: share(tasks), seconds / 2)
    return MachinePeaks(product, bandwidth, kind.name)


def _best(work: Callable[[], Any], seconds: float) -> float:
    """Return the shortest time of a call, of as many as fit, but three at least."""
    work()
    best, begin, runs = float("inf"), perf_counter(), 0
    while runs < 3 or perf_counter() - begin < seconds:
        start = perf_counter()
        work()
        best = min(best, perf_counter() - start)
        runs += 1
    return best
