"""Looking up the pixels of a warped image: where in the image does each of them come from?

For every pixel of the result, the inverse of the map gives a position in the image, in general between
pixels. Its value is that of the nearest pixel, or a mean of the four around it, weighted by nearness.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from tinytorch.core import Array, Tensor, float32, from_numpy, index_select, pad, tensor, where

from .images import any_image, get_dimensions


@any_image
def warp(img: Tensor, matrices: Array, mode: str, fill: Any, size: tuple[int, int]) -> Tensor:
    """Return the image or batch as seen through one map for all, or through one map for each image.

    Args:
        img: (..., C, H, W); with several maps (N, C, H, W).
        matrices: (1, 6) or (N, 6), see `inverse_matrix`.
        mode: nearest or bilinear.
        fill: the value outside; None, a number, or one for each channel.
        size: height and width of the result.
    """
    dtype = img.dtype
    channels, height, width = get_dimensions(img)
    fills = [fill] if isinstance(fill, (int, float)) else fill
    if fills is not None and len(fills) not in (1, channels):
        raise ValueError(
            "The number of elements in 'fill' cannot broadcast to match the number of "
            f"channels of the image ({len(fills)} != {channels})"
        )
    floats = img if dtype.name in ("float32", "float64") else img.to(float32)
    x, y = _positions(matrices, height, width, size, floats.dtype)
    planes = _planes(pad(floats, (1, 2, 1, 2)), len(matrices))
    look_up = _nearest if mode == "nearest" else _blended
    out, coverage = look_up(planes, x, y, height, width)
    out = _images(out, img.shape, len(matrices), size)
    if fills is not None:
        value = tensor([float(f) for f in fills], dtype=floats.dtype).view(-1, 1, 1)
        shape = (-1, 1, *size) if len(matrices) > 1 else size
        covered = from_numpy(coverage.reshape(shape))
        value = value[0] if img.ndim == 2 else value
        # The values at the border are means with zeros, and are weighted once more, as torchvision does.
        out = where(covered < 0.5, value, out) if mode == "nearest" else out * covered + (1 - covered) * value
    result: Tensor = (out.round() if dtype.kind in "iu" else out).to(dtype)
    return result


Take = Callable[[int, int], Tensor]


def _positions(
    matrices: Array, height: int, width: int, size: tuple[int, int], dtype: Any
) -> tuple[Array, Array]:
    """Return for each map and each pixel of the result the column and the row in the image, (N, pixels).

    The detour over coordinates from -1 to 1 is PyTorch's, and so is its rounding: it decides which pixel is
    the nearest one where two are equally near.
    """
    across = np.linspace(-size[1] * 0.5 + 0.5, size[1] * 0.5 - 0.5, size[1], dtype=dtype)[None, None, :]
    down = np.linspace(-size[0] * 0.5 + 0.5, size[0] * 0.5 - 0.5, size[0], dtype=dtype)[None, :, None]
    theta = matrices.astype(dtype).reshape(-1, 2, 3, 1, 1)
    positions = []
    for row, length in ((0, width), (1, height)):
        a, b, c = (theta[:, row, i] / dtype.type(0.5 * length) for i in range(3))
        normal = across * a + down * b + c
        positions.append((((normal + 1) * dtype.type(length) - 1) / 2).reshape(len(matrices), -1))
    return positions[0], positions[1]


def _planes(img: Tensor, maps: int) -> Tensor:
    """Return the images as rows of pixels: a row for each plane, or (several maps) for each channel."""
    if maps > 1:
        img = img.movedim(1, 0)
        return img.reshape(img.shape[0], -1)
    return img.reshape(-1, img.shape[-2] * img.shape[-1])


def _images(planes: Tensor, shape: Sequence[int], maps: int, size: tuple[int, int]) -> Tensor:
    """Undo `_planes` for rows of the new size."""
    if maps > 1:
        planes = planes.reshape(shape[1], maps, *size)
        return planes.movedim(0, 1)
    return planes.reshape(*shape[:-2], *size)


def _take(planes: Tensor, column: Array, row: Array, height: int, width: int) -> Take:
    """Return what gives the pixels so many columns to the right and so many rows down of these positions.

    The planes have a border of zeros, one pixel at the left and top, two at the right and bottom. Positions
    reach from -1 to the width or height: all that lie farther outside see zeros, too.
    """
    stride = width + 3
    start = np.arange(len(column))[:, None] * ((height + 3) * stride)
    index = (start + (row + 1) * stride + column + 1).astype(np.int64).reshape(-1)
    return lambda right, down: index_select(planes, 1, from_numpy(index + (down * stride + right)))


def _nearest(planes: Tensor, x: Array, y: Array, height: int, width: int) -> tuple[Tensor, Array]:
    """Return the pixels nearest to the positions, and 1 for each that lies inside, 0 outside."""
    column, row = np.rint(x).clip(-1, width), np.rint(y).clip(-1, height)
    inside = _inside(column, width) & _inside(row, height)
    return _take(planes, column, row, height, width)(0, 0), inside.astype(x.dtype)


def _blended(planes: Tensor, x: Array, y: Array, height: int, width: int) -> tuple[Tensor, Array]:
    """Return means of the four pixels around each position, and how much of their weight lies inside."""
    x, y = x.clip(-1, width), y.clip(-1, height)
    column, row = np.floor(x), np.floor(y)
    right, below = x - column, y - row
    left, above = column + 1 - x, row + 1 - y
    take = _take(planes, column, row, height, width)
    total: Any = 0
    for dx, dy, weight in (
        (0, 0, left * above),
        (1, 0, right * above),
        (0, 1, left * below),
        (1, 1, right * below),
    ):
        total = total + take(dx, dy) * from_numpy(weight.reshape(-1))
    across = left * _inside(column, width) + right * _inside(column + 1, width)
    down = above * _inside(row, height) + below * _inside(row + 1, height)
    return total, across * down


def _inside(position: Array, length: int) -> Array:
    return (position >= 0) & (position < length)
