"""A tensor of whole numbers of eight or four bits, with the scales that give them a meaning."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from tinytorch.core import Tensor, from_numpy

from .dtypes import QuantizedDtype, unpack

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
        numbers, spread, middle = self.ints(), self.layout.spread, self.dtype.middle
        group = self.layout.group
        if group and numbers.size and numbers.size == self.scale.size * group:  # all groups are whole
            blocks = numbers.reshape(*self.scale.shape, group)  # (channels, groups, group)
            zero = None if self.zero_point is None else self.zero_point[..., None]
            return to_reals(blocks, self.scale[..., None], zero, middle).reshape(self.shape)
        zero = None if self.zero_point is None else spread(self.zero_point)
        return to_reals(numbers, spread(self.scale), zero, middle)

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

    def _need(self, axis: int | None, name: str) -> None:
        if (axis is None) != (self.layout.axis is None):
            other = "one scale for all" if self.layout.axis is None else "a scale for each channel"
            raise RuntimeError(f"{name}(): this tensor has {other}; qscheme() says {self.qscheme()}")


def to_reals(numbers: Any, scale: Any, zero_point: Any, middle: int) -> Any:
    """Return (numbers - zero_point) * scale; without a zero-point, `middle` stands for zero."""
    dtype = np.float64 if scale.dtype == np.float64 else np.float32
    real, scale = numbers.astype(dtype), scale.astype(dtype, copy=False)
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
