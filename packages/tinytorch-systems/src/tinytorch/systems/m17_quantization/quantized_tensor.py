"""A tensor of whole numbers of eight or four bits, with the scales that give them a meaning."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from tinytorch.core import Tensor, from_numpy

from .calibration import best_range
from .dtypes import QuantizedDtype, as_quantized_dtype, pack, qint8, unpack
from .ranges import scale_and_zero_point, to_steps

LARGE = {dtype: float(np.finfo(dtype).max) / 512 for dtype in (np.float32, np.float64)}


class Layout(NamedTuple):
    """What a quantized tensor's bytes mean.

    Attributes:
        shape: of the tensor.
        dtype: of its whole numbers.
        axis: None: one scale for all. Otherwise one for each index of this dimension.
        group: a row (all that has one index of dimension 0) is divided into groups of so many numbers, each
            with a scale of its own; 0: it isn't.
    """

    shape: tuple[int, ...]
    dtype: QuantizedDtype
    axis: int | None = None
    group: int = 0

    @property
    def numel(self) -> int:
        """How many numbers there are."""
        return math.prod(self.shape)

    @property
    def packed(self) -> tuple[int, ...]:
        """The shape of what is stored: of four bits flat, two to a byte."""
        return self.shape if self.dtype.bits == 8 else ((self.numel + 1) // 2,)

    @property
    def scales(self) -> tuple[int, ...]:
        """The shape of the scales: (), (channels), or (channels, groups)."""
        if self.axis is None:
            return ()
        channels = self.shape[self.axis]
        if not self.group:
            return (channels,)
        return channels, -(-math.prod(self.shape[1:]) // self.group)

    def spread(self, values: Any) -> Any:
        """Return scales or zero-points in a shape that broadcasts with the tensor's."""
        if self.axis is None:
            return values.reshape(())
        if not self.group:
            shape = [1] * len(self.shape)
            shape[self.axis] = -1
            return values.reshape(shape)
        length = math.prod(self.shape[1:])
        return np.repeat(values, self.group, axis=1)[:, :length].reshape(self.shape)


class QuantizedTensor:
    """Whole numbers of few bits in memory, and the scales (and zero-points) that turn them back.

    Each stands for (q - zero_point) * scale. `nbytes` is what all of it takes. The methods have PyTorch's
    names.

    Args:
        layout: shape, dtype, and what shares a scale.
        data: the whole numbers: of eight bits in the tensor's shape, of four bits flat, two to a byte.
        scale: of the layout's shape `scales`, floating-point.
        zero_point: of the same shape, whole numbers; None where zero is the dtype's middle.

    Raises:
        ValueError: shapes or dtypes don't go together.

    Source: https://docs.pytorch.org/docs/stable/quantization.html
    """

    def __init__(self, layout: Layout, data: Any, scale: Any, zero_point: Any = None) -> None:
        if data.shape != layout.packed or scale.shape != layout.scales:
            raise ValueError(
                f"{layout} needs data of shape {layout.packed} and scales of shape {layout.scales}, "
                f"but they have {data.shape} and {scale.shape}"
            )
        self.layout = layout
        self.data = data
        self.scale = scale
        self.zero_point = zero_point

    @classmethod
    def trusted(cls, layout: Layout, data: Any, scale: Any, zero_point: Any) -> QuantizedTensor:
        """Make one of parts that go together for certain, in less time."""
        result = cls.__new__(cls)
        result.layout, result.data, result.scale, result.zero_point = layout, data, scale, zero_point
        return result

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of its dimensions."""
        return self.layout.shape

    @property
    def ndim(self) -> int:
        """How many dimensions it has."""
        return len(self.layout.shape)

    @property
    def dtype(self) -> QuantizedDtype:
        """The kind of its whole numbers."""
        return self.layout.dtype

    @property
    def nbytes(self) -> int:
        """The bytes of its whole numbers, scales and zero-points."""
        zero = 0 if self.zero_point is None else self.zero_point.nbytes
        return int(self.data.nbytes + self.scale.nbytes + zero)

    def numel(self) -> int:
        """Return how many numbers it has."""
        return self.layout.numel

    def ints(self) -> Any:
        """Return the whole numbers as an array, int8 or uint8; of eight bits, the very memory."""
        if self.layout.dtype.bits == 8:
            return self.data
        return unpack(self.data, self.dtype, self.layout.numel).reshape(self.shape)

    def int_repr(self) -> Tensor:
        """Return a copy of the whole numbers: int8 or uint8, of the tensor's shape."""
        return from_numpy(self.ints().copy())

    def dequantize(self) -> Tensor:
        """Return the real numbers: float64 if the scale is, else float32."""
        return from_numpy(self.floats())

    def floats(self) -> Any:
        """Return the real numbers as an array."""
        return to_reals(
            self.ints(), self.layout.spread(self.scale), self._spread_zero(), self.layout.dtype.middle
        )

    def rows(self, ids: Any) -> Any:
        """Return the real numbers of some rows, (*, *shape[1:]) for ids (*), without unpacking the others."""
        length = math.prod(self.shape[1:])
        if self.dtype.bits == 8:
            numbers = self.data.reshape(self.shape[0], length)[ids]
        else:
            place = ids[..., None] * length + np.arange(length)
            halves = self.data[place >> 1] >> ((place & 1) << 2).astype(np.uint8) & 15
            if self.dtype.low < 0:
                halves = (halves ^ 8).astype(np.int8) - np.int8(8)  # 8 to 15 are -8 to -1
            numbers = halves
        chosen = [_of_rows(self.layout, x, ids, length) for x in (self.scale, self.zero_point)]
        real = to_reals(numbers, chosen[0], chosen[1], self.dtype.middle)
        return real.reshape(*ids.shape, *self.shape[1:])

    def q_scale(self) -> float:
        """Return the scale of a tensor that has one."""
        self._need(None, "q_scale")
        return float(self.scale)

    def q_zero_point(self) -> int:
        """Return the zero-point of a tensor that has one scale."""
        self._need(None, "q_zero_point")
        return self.dtype.middle if self.zero_point is None else int(self.zero_point)

    def q_per_channel_scales(self) -> Tensor:
        """Return the scales, (channels) or (channels, groups)."""
        self._need(0, "q_per_channel_scales")
        return from_numpy(self.scale.astype(np.float64))

    def q_per_channel_zero_points(self) -> Tensor:
        """Return the zero-points, int64, of the shape of the scales."""
        self._need(0, "q_per_channel_zero_points")
        if self.zero_point is None:
            return from_numpy(np.full(self.scale.shape, self.dtype.middle, np.int64))
        return from_numpy(self.zero_point.astype(np.int64))

    def q_per_channel_axis(self) -> int:
        """Return the dimension whose indices have scales of their own."""
        self._need(0, "q_per_channel_axis")
        assert self.layout.axis is not None
        return self.layout.axis

    def qscheme(self) -> str:
        """Say what shares a scale: "per_tensor_affine", "per_channel_symmetric", "per_group_affine", ..."""
        shared = "tensor" if self.layout.axis is None else "group" if self.layout.group else "channel"
        return f"per_{shared}_{'symmetric' if self.zero_point is None else 'affine'}"

    def __repr__(self) -> str:
        text = f"QuantizedTensor(shape={self.shape}, dtype={self.dtype!r}, {self.qscheme()}"
        if self.layout.group:
            text += f", group={self.layout.group}"
        return f"{text}, nbytes={self.nbytes})"

    def _spread_zero(self) -> Any:
        return None if self.zero_point is None else self.layout.spread(self.zero_point)

    def _need(self, axis: int | None, name: str) -> None:
        if (axis is None) != (self.layout.axis is None):
            other = "one scale for all" if self.layout.axis is None else "a scale for each channel"
            raise RuntimeError(f"{name}(): this tensor has {other}; qscheme() says {self.qscheme()}")


def to_reals(numbers: Any, scale: Any, zero_point: Any, middle: int) -> Any:
    """Return (numbers - zero_point) * scale; without a zero-point, `middle` stands for zero."""
    dtype = np.float64 if scale.dtype == np.float64 else np.float32
    real = numbers.astype(dtype)
    if zero_point is not None:
        real -= zero_point
    elif middle:
        real -= middle
    largest = float(scale if scale.ndim == 0 else scale.max(initial=0))
    if largest > LARGE[dtype]:  # the last step may lead beyond the last number
        with np.errstate(over="ignore"):
            real *= scale
        return np.clip(real, np.finfo(dtype).min, np.finfo(dtype).max, out=real)
    real *= scale
    return real


def _of_rows(layout: Layout, values: Any, ids: Any, length: int) -> Any:
    """Return the scales or zero-points of some rows, to broadcast with (*, length)."""
    if values is None or layout.axis is None:
        return values
    if layout.axis:
        flat = np.broadcast_to(layout.spread(values), layout.shape).reshape(layout.shape[0], length)
        return flat[ids]
    chosen = values[ids]
    return np.repeat(chosen, layout.group, axis=-1)[..., :length] if layout.group else chosen[..., None]


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
