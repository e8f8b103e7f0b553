"""From real numbers to quantized tensors: with steps that are given, or that are chosen to fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Tensor

from .calibration import best_range
from .dtypes import QuantizedDtype, as_quantized_dtype, pack, qint8
from .quantized_tensor import Layout, QuantizedTensor
from .ranges import scale_and_zero_point, to_steps


def quantize_per_tensor(input: Tensor, scale: float, zero_point: int, dtype: Any = qint8) -> QuantizedTensor:
    """Round to (q - zero_point) * scale with one scale for all numbers.

    Args:
        input: any shape, floating-point.
        scale: the length of a step.
        zero_point: the whole number that stands for zero.
        dtype: `qint8`, `quint8`, `qint4x2` or `quint4x2`.

    Raises:
        ValueError: the input has NaN or an infinity, the scale isn't positive, or the dtype lacks the
            zero-point.

    Examples:
        >>> q = systems.quantize_per_tensor(tt.tensor([-1.0, 0.2, 1.0]), scale=0.5, zero_point=0)
        >>> q.dequantize()
        tensor([-1.,  0.,  1.])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.quantize_per_tensor.html
    """
    x = checked(input)
    kind = as_quantized_dtype(dtype)
    return rounded(x, Layout(x.shape, kind), as_scale(scale, x), np.asarray(zero_point))


def quantize_per_channel(
    input: Tensor, scales: Any, zero_points: Any, axis: int, dtype: Any = qint8
) -> QuantizedTensor:
    """Round with a scale and a zero-point for each index of a dimension.

    Args:
        input: any shape, floating-point.
        scales: (channels).
        zero_points: (channels), whole numbers.
        axis: the dimension of the channels.
        dtype: as of `quantize_per_tensor`.

    Raises:
        ValueError: as of `quantize_per_tensor`, or there are more or fewer scales than channels.
        IndexError: there is no such dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.quantize_per_channel.html
    """
    x = checked(input)
    layout = Layout(x.shape, as_quantized_dtype(dtype), as_axis(axis, x.ndim))
    scale, zero = as_scale(scales, x), np.asarray(zero_points)
    if scale.shape != layout.scales or zero.shape != layout.scales:
        raise ValueError(
            f"quantize_per_channel(): {layout.scales[0]} channels need as many scales and zero-points, "
            f"got shapes {scale.shape} and {zero.shape}"
        )
    return rounded(x, layout, scale, zero)


def quantize_tensor(
    input: Tensor,
    dtype: Any = qint8,
    *,
    axis: int | None = None,
    group_size: int | None = None,
    symmetric: bool = True,
    calibration: str = "minmax",
    percentile: float = 99.9,
) -> QuantizedTensor:
    """Round to steps that are chosen to fit the numbers.

    With "minmax" no number is further than half a step from what comes back.

    Args:
        input: any shape, floating-point.
        dtype: as of `quantize_per_tensor`.
        axis: let each index of this dimension have its own scale; None for one scale.
        group_size: divide each row (index of dimension 0) into groups of so many numbers with own scales.
        symmetric: zero is the middle of the whole numbers, and there is no zero-point; else the range is used
            from its smallest to its largest number.
        calibration: "minmax", "percentile" or "mse".
        percentile: how many percent "percentile" has inside at each end.

    Raises:
        ValueError: the input has NaN or an infinity, or an option is out of range.
        TypeError: the input isn't a floating-point tensor.

    Examples:
        >>> x = tt.randn(64, 64)
        >>> q = systems.quantize_tensor(x, axis=0)
        >>> q.nbytes < x.nbytes / 3.5, bool((q.dequantize() - x).abs().max() < 0.03)
        (True, True)
    """
    x = checked(input)
    layout = layout_of(x.shape, as_quantized_dtype(dtype), axis, group_size)
    return rounded(x, layout, *grid(x, layout, symmetric, calibration, percentile))


def layout_of(
    shape: tuple[int, ...], dtype: QuantizedDtype, axis: int | None, group_size: int | None
) -> Layout:
    """Return the layout that options mean.

    Raises:
        ValueError: there can't be such groups.
        IndexError: there is no such dimension.
    """
    if group_size is None:
        return Layout(shape, dtype, None if axis is None else as_axis(axis, len(shape)))
    if group_size < 1 or axis not in (None, 0) or not shape:
        raise ValueError(
            f"group_size must be at least 1, and groups are made of the rows of dimension 0; "
            f"got group_size={group_size}, axis={axis}, shape {shape}"
        )
    return Layout(shape, dtype, 0, group_size)


def grid(
    x: Any, layout: Layout, symmetric: bool, calibration: str = "minmax", percentile: float = 99.9
) -> tuple[Any, Any]:
    """Return the scales that suit an array, as they are stored, and the zero-points, or None if symmetric.

    Many scales take two bytes each, where float16 can hold them; a single one takes four.
    """
    ends = _ranges(x, layout, symmetric, calibration, percentile)
    low, high = (end.reshape(layout.scales) for end in ends)
    stored = "float64" if x.dtype == np.float64 else "float32"
    scale, zero = scale_and_zero_point(low, high, layout.dtype, symmetric, stored=stored)
    if layout.axis is not None and stored == "float32" and fits_half(scale):
        stored = "float16"
        scale, zero = scale_and_zero_point(low, high, layout.dtype, symmetric, stored=stored)
    return scale.astype(stored), None if symmetric else zero


def as_scale(scale: Any, x: Any) -> Any:
    """Return given scales in the dtype that suits an array."""
    with np.errstate(over="ignore", under="ignore"):  # what doesn't fit becomes infinite or 0, and is refused
        return np.asarray(scale, np.float64).astype(np.float64 if x.dtype == np.float64 else np.float32)


def fits_half(scale: Any) -> bool:
    """Tell whether float16 holds all scales to three digits."""
    return bool(scale.size) and float(scale.min()) >= 2**-14 and float(scale.max()) <= 2**15


def checked(input: Any) -> Any:
    """Return a tensor's array after checking that it holds finite real numbers.

    Raises:
        TypeError: it isn't a floating-point tensor.
        ValueError: it has NaN or an infinity.
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"only a Tensor can be quantized, not {type(input).__name__}")
    x = input.detach().numpy()
    if x.dtype.kind != "f":
        raise TypeError(f"only floating-point numbers can be quantized, not {x.dtype}")
    finite = np.isfinite(x)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"NaN and infinities can't be quantized: there is {x[place]} at {list(place)} "
            f"({x.size - np.count_nonzero(finite)} of {x.size} numbers)"
        )
    return x.astype(np.float32) if x.dtype == np.float16 else x


def as_axis(axis: int, ndim: int) -> int:
    """Return a dimension counted from the start.

    Raises:
        IndexError: there is no such dimension.
    """
    if not -ndim <= axis < ndim:
        raise IndexError(f"axis {axis} is out of range for a tensor of {ndim} dimensions")
    return axis % ndim


def _ranges(x: Any, layout: Layout, symmetric: bool, method: str, percentile: float) -> tuple[Any, Any]:
    """Return where the range of each scale begins and ends."""
    options = (layout.dtype, symmetric, method, percentile)
    if layout.axis is None:
        return best_range(x.reshape(1, -1), *options)
    rows = np.moveaxis(x, layout.axis, 0).reshape(x.shape[layout.axis], -1 if x.size else 0)
    if not layout.group:
        return best_range(rows, *options)
    whole = rows.shape[1] // layout.group * layout.group
    parts = [best_range(rows[:, :whole].reshape(-1, layout.group), *options)] if whole else []
    ends = [[end.reshape(len(rows), -1) for end in part] for part in parts]
    if whole < rows.shape[1]:
        ends.append([end.reshape(-1, 1) for end in best_range(rows[:, whole:], *options)])
    if not ends:
        return np.zeros(layout.scales), np.zeros(layout.scales)
    low, high = (np.concatenate(side, axis=1) for side in zip(*ends, strict=True))
    return low, high


def rounded(x: Any, layout: Layout, scale: Any, zero: Any) -> QuantizedTensor:
    """Return an array, rounded to a grid.

    Raises:
        ValueError: a scale or zero-point is impossible.
    """
    dtype = layout.dtype
    if not (scale > 0).all() or not np.isfinite(scale).all():
        raise ValueError("a scale must be positive and finite")
    if zero is not None:
        if zero.dtype.kind not in "iu" or ((zero < dtype.low) | (zero > dtype.high)).any():
            raise ValueError(f"a zero-point of {dtype!r} is a whole number from {dtype.low} to {dtype.high}")
        zero = None if (zero == dtype.middle).all() else zero.astype(dtype.numpy)
    wide = layout.spread(scale.astype(np.float64))
    offset = dtype.middle if zero is None else layout.spread(zero.astype(np.float64))
    numbers = to_steps(x, wide, offset, dtype)
    return QuantizedTensor(layout, pack(numbers.astype(dtype.numpy), dtype), scale, zero)
