"""From the range of real numbers to a scale and a zero-point.

A quantized number q stands for (q - zero_point) * scale. The scale is the length of a step; the zero-point is
the whole number that stands for 0, which must be hit exactly: padding, ReLU and dropout make many zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import QuantizedDtype

# Bits of a scale, and the exponent of the smallest number, by the dtype that it is stored in. A scale of 16
# bits times a whole number of 8 is exact in float32, so what comes back is exactly on the grid.
PRECISION = {"float16": (11, -24), "float32": (16, -149), "float64": (16, -1074)}


def scale_and_zero_point(
    low: Any, high: Any, dtype: QuantizedDtype, symmetric: bool, eps: float = 0.0, stored: str = "float32"
) -> tuple[Any, Any]:
    """Return the scale and the zero-point of ranges.

    Args:
        low: the smallest number of each range, any shape.
        high: the largest, of the same shape.
        dtype: what numbers are rounded to.
        symmetric: let zero be the middle of the whole numbers, so that there is no zero-point to store.
        eps: the smallest scale.
        stored: the dtype that the scale will be stored in; it is rounded up to what that can hold.

    Returns:
        Both of the shape of `low`: the scale in float64, the zero-point in int64.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.observer.MinMaxObserver.html
    """
    low = np.minimum(np.asarray(low, np.float64), 0)  # zero belongs to every range
    high = np.maximum(np.asarray(high, np.float64), 0)
    steps = dtype.high - dtype.low
    if symmetric:
        scale = np.maximum(-low, high) / (steps / 2)
        zero_point = np.full(scale.shape, dtype.middle)
    else:
        scale = high / steps - low / steps  # the difference itself may overflow
    scale = round_up(np.maximum(scale, eps), stored)
    if not symmetric:
        zero_point = np.clip(dtype.low - np.rint(low / scale), dtype.low, dtype.high).astype(np.int64)
    return scale, zero_point


def round_up(scale: Any, stored: str) -> Any:
    """Return scales, none smaller than it was, that a dtype holds exactly; 1 where it was 0."""
    bits, smallest = PRECISION[stored]
    _, exponent = np.frexp(scale)
    unit = np.maximum(exponent - bits, smallest)
    rounded = np.ldexp(np.ceil(np.ldexp(scale, -unit)), unit)
    return np.where(scale == 0, 1.0, rounded)


def to_steps(x: Any, scale: Any, zero_point: Any, dtype: QuantizedDtype) -> Any:
    """Return the nearest whole number of each real one, within the dtype's range, in float64.

    In float64, because a quotient that is rounded to float32 may fall on the wrong side of a half.
    """
    with np.errstate(over="ignore"):  # far outside is clipped
        steps = np.asarray(np.divide(x, scale, dtype=np.float64))
    np.rint(steps, out=steps)
    steps += zero_point
    return np.clip(steps, dtype.low, dtype.high, out=steps)
