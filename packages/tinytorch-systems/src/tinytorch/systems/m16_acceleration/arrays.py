"""What kernels ask of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

FLOAT32 = np.dtype(np.float32)
INT64 = np.dtype(np.int64)


def ready(x: Any) -> bool:
    """Tell whether a kernel can take the array as it is: float32, without gaps, and not empty."""
    if x.dtype is not FLOAT32:
        return False
    flags = x.flags
    return bool(flags.c_contiguous and flags.aligned and x.size)


def whole(x: Any) -> Any:
    """Return a gradient without gaps."""
    return x if x.flags.c_contiguous else np.ascontiguousarray(x)


def once(compute: Any) -> Any:
    """Return functions for the parts of a result that is computed when the first of them is asked for."""
    made: list[Any] = []

    def part(i: int) -> Any:
        if not made:
            made.extend(compute())
        return made[i]

    return part
