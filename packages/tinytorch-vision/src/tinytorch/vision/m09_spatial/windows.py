"""Windows that slide over images: their geometry, and views of all of them at once.

A window of a kernel's size stands at every `stride`-th place of the padded image, its elements `dilation`
apart. NumPy can show all windows as one array without copying any of them, because going to the next
element, the next window, the next channel is each a step of a fixed length in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import as_strided

Ints: TypeAlias = int | Sequence[int]  # one number for all dimensions, or one for each


class Window(NamedTuple):
    """The geometry of a sliding window in two dimensions, (height, width) each."""

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)  # padding above and to the left
    after: tuple[int, int] = (0, 0)  # padding below and to the right
    dilation: tuple[int, int] = (1, 1)

    @property
    def span(self) -> tuple[int, int]:
        """How many elements lie between a window's first and last, both included."""
        (h, w), (dh, dw) = self.kernel, self.dilation
        return dh * (h - 1) + 1, dw * (w - 1) + 1

    def places(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return at how many places the window stands in an image of this size: the size of the output."""
        h, w = (
            (n + before + after - span) // stride + 1
            for n, before, after, span, stride in zip(
                size, self.before, self.after, self.span, self.stride, strict=True
            )
        )
        return h, w


def ints(value: Any, n: int, function: str, argument: str) -> tuple[int, ...]:
    """Return `n` numbers from one, or from a sequence of one or `n`.

    Raises:
        TypeError: not whole numbers.
        RuntimeError: another number of them.
    """
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    for x in values:
        if not isinstance(x, (int, np.integer)) or isinstance(x, bool):
            raise TypeError(
                f"{function}(): argument '{argument}' must be an int or a tuple of {n} ints, not {value!r}"
            )
    if len(values) not in (1, n):
        raise RuntimeError(
            f"{function}(): expected {argument} to be a single integer value or a list of {n} values, "
            f"but got {argument}={list(values)}"
        )
    return tuple(int(x) for x in values) * (n // len(values))


def strided(x: Any, shape: Sequence[int], strides: Sequence[int], start: int = 0) -> Any:
    """Return a view of the memory of `x`, which has no gaps, from its element `start` on.

    It is `as_strided`, but several times faster, and it looks whether the view stays inside.
    """
    return np.ndarray(shape, x.dtype, x, start * x.itemsize, strides)


def padded(x: Any, before: Sequence[int], after: Sequence[int], value: Any = 0) -> Any:
    """Return images (..., H, W) with `value` around them; a negative width cuts off."""
    if not any(before) and not any(after):
        return x
    h, w = (n + b + a for n, b, a in zip(x.shape[-2:], before, after, strict=True))
    top, left = (max(b, 0) for b in before)
    inside = x[..., max(-before[0], 0) :, max(-before[1], 0) :]
    inside = inside[..., : h - top, : w - left]
    out = np.full((*x.shape[:-2], h, w), value, x.dtype)
    out[..., top : top + inside.shape[-2], left : left + inside.shape[-1]] = inside
    return out


def sliding(x: Any, window: Window) -> Any:
    """Return a view of all windows of padded images: (..., H, W) to (..., KH, KW, OH, OW)."""
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    oh, ow = window._replace(before=(0, 0), after=(0, 0)).places(x.shape[-2:])
    *outer, down, right = x.strides
    strides = (*outer, dh * down, dw * right, sh * down, sw * right)
    return as_strided(x, (*x.shape[:-2], kh, kw, oh, ow), strides)


def add_windows(columns: Any, window: Window, size: tuple[int, int]) -> Any:
    """Add all windows up where they stand, the reverse of `sliding`: (..., KH, KW, OH, OW) to (..., H, W).

    Places that belong to several windows get the sum, the padding is cut off.
    """
    (sh, sw), (dh, dw) = window.stride, window.dilation
    (top, left), (bottom, right) = window.before, window.after
    *outer, kh, kw, oh, ow = columns.shape
    out = np.zeros((*outer, size[0] + top + bottom, size[1] + left + right), columns.dtype)
    for i in range(kh):
        for j in range(kw):
            y, x = i * dh, j * dw
            out[..., y : y + sh * oh : sh, x : x + sw * ow : sw] += columns[..., i, j, :, :]
    return out[..., top : top + size[0], left : left + size[1]]
