"""Whole numbers of few bits: which ones there are, and how those of four bits lie in bytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np


@dataclass(frozen=True)
class QuantizedDtype:
    """A kind of whole number that real numbers are rounded to.

    Attributes:
        name: as in PyTorch.
        bits: how many a number takes in memory, 8 or 4.
        low: the smallest number.
        high: the largest number.
    """

    name: str
    bits: int
    low: int
    high: int

    def __repr__(self) -> str:
        return self.name

    def __deepcopy__(self, memo: dict[int, Any]) -> QuantizedDtype:
        return self  # there is only one of each, so that `is` tells them apart

    @property
    def numpy(self) -> Any:
        """The NumPy dtype that holds one number: int8 or uint8."""
        return np.dtype(np.int8 if self.low < 0 else np.uint8)

    @property
    def stored(self) -> Any:
        """The NumPy dtype of the bytes that they are stored in."""
        return self.numpy if self.bits == 8 else np.dtype(np.uint8)

    @property
    def middle(self) -> int:
        """The whole number that stands for zero when both signs reach equally far."""
        return (self.low + self.high + 1) // 2


qint8 = QuantizedDtype("qint8", 8, -128, 127)
"""Eight bits, from -128 to 127 (torch.qint8)."""
quint8 = QuantizedDtype("quint8", 8, 0, 255)
"""Eight bits, from 0 to 255 (torch.quint8)."""
qint4x2 = QuantizedDtype("qint4x2", 4, -8, 7)
"""Four bits, from -8 to 7, two numbers to a byte."""
quint4x2 = QuantizedDtype("quint4x2", 4, 0, 15)
"""Four bits, from 0 to 15, two numbers to a byte (torch.quint4x2)."""

DTYPES = {dtype.name: dtype for dtype in (qint8, quint8, qint4x2, quint4x2)}
ALIASES = {"int8": qint8, "uint8": quint8, "int4": qint4x2, "uint4": quint4x2}


def as_quantized_dtype(dtype: Any) -> QuantizedDtype:
    """Return the dtype that is meant by itself, by its name, or by a name like "int8".

    Raises:
        TypeError: there is none such.
    """
    if isinstance(dtype, QuantizedDtype):
        return dtype
    found = {**DTYPES, **ALIASES}.get(dtype) if isinstance(dtype, str) else None
    if found is None:
        raise TypeError(
            f"a quantized dtype is one of {', '.join(DTYPES)} (or int8, int4, uint8, uint4), not {dtype!r}"
        )
    return found


def pack(numbers: Any, dtype: QuantizedDtype) -> Any:
    """Return whole numbers as they are stored: of eight bits as they are, of four two to a byte, flat.

    The first of two stands in the lower half of its byte. An odd count leaves the last upper half empty.
    """
    if dtype.bits == 8:
        return np.ascontiguousarray(numbers, dtype.numpy).reshape(numbers.shape)
    flat = numbers.reshape(-1).astype(np.uint8)  # a negative one as its two's complement
    flat &= 15
    packed = flat[0::2].copy()
    packed[: flat.size // 2] |= flat[1::2] << 4
    return packed


def unpack(packed: Any, dtype: QuantizedDtype, count: int) -> Any:
    """Return `count` whole numbers, int8 or uint8, from where `pack` put them; flat if of four bits."""
    if dtype.bits == 8:
        return packed
    pairs = _pairs(dtype).take(packed)
    return pairs.view(dtype.numpy)[:count]


@cache
def _pairs(dtype: QuantizedDtype) -> Any:
    """Return what each of the 256 bytes means: two numbers, seen as one of 16 bits to be copied at once."""
    byte = np.arange(256)
    halves = np.stack([byte & 15, byte >> 4], axis=1)  # (256, 2)
    if dtype.low < 0:
        halves = (halves ^ 8) - 8  # 8 to 15 are -8 to -1
    return np.ascontiguousarray(halves.astype(dtype.numpy)).view(np.uint16)[:, 0]
