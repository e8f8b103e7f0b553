"""Rotation and other affine maps: where in the image does each pixel of the result come from?

For every pixel of the result, the inverse of the map gives a position in the image, in general between
pixels. Its value is that of the nearest pixel, or a mean of the four around it, weighted by nearness.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np
from tinytorch.core import Tensor, float32, from_numpy, index_select, tensor, where

from .arguments import InterpolationMode, interpolation_mode
from .images import any_image, get_dimensions

_MODES = ("nearest", "bilinear")


def rotate(
    img: Any,
    angle: float,
    interpolation: Any = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Any = None,
) -> Any:
    """Rotate an image counter-clockwise.

    Args:
        img: the image or batch.
        angle: in degrees.
        interpolation: nearest or bilinear.
        expand: make the result so large that the whole rotated image fits in.
        center: (x, y) of the point that stays in place, from the upper left corner; the middle if not given.
        fill: the value outside of the image, one for all channels or one for each; 0 if not given.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an unknown mode, or a number of fill values that isn't the number of channels.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.rotate.html
    """
    mode = interpolation_mode(interpolation, _MODES)
    if not isinstance(angle, (int, float)):
        raise TypeError(f"Argument angle should be int or float, got {type(angle).__name__}")
    matrix = inverse_matrix(from_middle(img, center), -angle, (0.0, 0.0), 1.0, (0.0, 0.0))
    _, height, width = get_dimensions(img)
    size = _expanded(matrix, height, width) if expand else (height, width)
    return warp(img, np.array([matrix]), mode.value, fill, size)


def affine(
    img: Any,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Any,
    interpolation: Any = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[float] | None = None,
) -> Any:
    """Rotate, move, scale and shear an image.

    Args:
        img: the image or batch.
        angle: of the rotation, in degrees, clockwise.
        translate: how far to the right and how far down, in pixels, after the rotation.
        scale: how much larger.
        shear: in degrees, clockwise: along x, or along x and along y.
        interpolation: nearest or bilinear.
        fill: the value outside of the image, one for all channels or one for each; 0 if not given.
        center: (x, y) of the point that rotation, scaling and shear leave in place, from the upper left
            corner; the middle if not given.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a scale that isn't positive, an unknown mode, or a wrong number of values.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.affine.html
    """
    mode = interpolation_mode(interpolation, _MODES)
    if not isinstance(angle, (int, float)):
        raise TypeError(f"Argument angle should be int or float, got {type(angle).__name__}")
    if not isinstance(translate, (list, tuple)):
        raise TypeError("Argument translate should be a sequence")
    if len(translate) != 2:
        raise ValueError("Argument translate should be a sequence of length 2")
    if scale <= 0.0:
        raise ValueError(f"Argument scale should be positive, got {scale}")
    if not isinstance(shear, (Number, list, tuple)):
        raise TypeError("Shear should be either a single value or a sequence of two values")
    shears = [shear, 0.0] if isinstance(shear, Number) else list(shear)
    if len(shears) == 1:
        shears *= 2
    if len(shears) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {shear}")
    matrix = inverse_matrix(from_middle(img, center), angle, translate, scale, shears)
    return warp(img, np.array([matrix]), mode.value, fill, tuple(get_dimensions(img)[1:]))


def from_middle(img: Any, center: Any) -> tuple[float, float]:
    """Return where a point, counted from the upper left corner, lies from the middle of the image."""
    if center is None:
        return 0.0, 0.0
    if not isinstance(center, (list, tuple)):
        raise TypeError("Argument center should be a sequence")
    _, height, width = get_dimensions(img)
    return center[0] - width * 0.5, center[1] - height * 0.5


def inverse_matrix(
    center: Sequence[float], angle: float, translate: Sequence[float], scale: float, shear: Sequence[float]
) -> list[float]:
    """Return the six numbers of the map from positions of the result to positions in the image.

    The map itself is: to the center, shear along x, then along y, scale, rotate, back from the center, move.
    """
    turn, x_shear, y_shear = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    cos, sin = math.cos(turn - y_shear) / math.cos(y_shear), math.sin(turn - y_shear) / math.cos(y_shear)
    a, b = cos, -cos * math.tan(x_shear) - math.sin(turn)
    c, d = sin, -sin * math.tan(x_shear) + math.cos(turn)
    # The determinant of [[a, b], [c, d]] is 1, so the inverse needs no division by it.
    inverse = [d / scale, -b / scale, 0.0, -c / scale, a / scale, 0.0]
    x, y = center[0] + translate[0], center[1] + translate[1]
    inverse[2] = center[0] - inverse[0] * x - inverse[1] * y
    inverse[5] = center[1] - inverse[3] * x - inverse[4] * y
    return inverse


def _expanded(matrix: Sequence[float], height: int, width: int) -> tuple[int, int]:
    """Return the height and width of the smallest image that the whole rotated image fits in."""
    corners = np.array(
        [[x, y, 1] for x in (-0.5 * width, 0.5 * width) for y in (-0.5 * height, 0.5 * height)]
    )
    theta = np.array(matrix, np.float32).reshape(2, 3)
    moved = corners.astype(np.float32) @ theta.T
    half = np.array([width * 0.5, height * 0.5], np.float32)
    tolerance = np.float32(1e-4)  # so that a hair's breadth doesn't cost a whole pixel
    ends = [np.trunc((end + half) / tolerance) * tolerance for end in (moved.max(0), moved.min(0))]
    new_width, new_height = (int(n) for n in np.ceil(ends[0]) - np.floor(ends[1]))
    return new_height, new_width


@any_image
def warp(img: Tensor, matrices: np.ndarray, mode: str, fill: Any, size: tuple[int, int]) -> Tensor:
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
    planes = _planes(floats, len(matrices))
    if mode == "nearest":
        out, coverage = _taken(planes, np.rint(x), np.rint(y), height, width)
    else:
        out, coverage = _blended(planes, x, y, height, width)
    out = _images(out, img.shape, len(matrices), size)
    if fills is not None:
        value = tensor([float(f) for f in fills], dtype=floats.dtype).view(-1, 1, 1)
        shape = (-1, 1, *size) if len(matrices) > 1 else size
        covered = from_numpy(coverage.astype(floats.dtype).reshape(shape))
        if img.ndim == 2:
            value = value[0]
        # The values at the border are means with zeros, and are weighted once more, as torchvision does.
        out = where(covered < 0.5, value, out) if mode == "nearest" else out * covered + (1 - covered) * value
    return (out.round() if dtype.kind in "iu" else out).to(dtype)


def _positions(
    matrices: np.ndarray, height: int, width: int, size: tuple[int, int], dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
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
        return planes.reshape(shape[1], maps, *size).movedim(0, 1)
    return planes.reshape(*shape[:-2], *size)


def _taken(
    planes: Tensor, x: np.ndarray, y: np.ndarray, height: int, width: int
) -> tuple[Tensor, np.ndarray]:
    """Return the pixels in columns `x` and rows `y`, 0 outside, and which of them lie inside."""
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    index = np.where(inside, y * width + x, 0).astype(np.int64) + np.arange(len(x))[:, None] * (
        height * width
    )
    pixels = index_select(planes, 1, from_numpy(index.reshape(-1)))
    return where(from_numpy(inside.reshape(-1)), pixels, tensor(0, dtype=planes.dtype)), inside


def _blended(
    planes: Tensor, x: np.ndarray, y: np.ndarray, height: int, width: int
) -> tuple[Tensor, np.ndarray]:
    """Return means of the four pixels around each position, and how much of their weight lies inside."""
    left, top = np.floor(x), np.floor(y)
    total: Any = 0
    coverage: Any = 0
    for column in (left, left + 1):
        for row in (top, top + 1):
            weight = (1 - abs(x - column)) * (1 - abs(y - row))
            pixels, inside = _taken(planes, column, row, height, width)
            total = total + pixels * from_numpy(weight.reshape(-1))
            coverage = coverage + weight * inside
    return total, coverage
