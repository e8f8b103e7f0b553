"""Rotation and other affine maps, as functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np

from .arguments import InterpolationMode, interpolation_mode
from .images import get_dimensions
from .sampling import warp

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
    shears: list[Any] = [shear, 0.0] if isinstance(shear, Number) else list(shear)
    if len(shears) == 1:
        shears *= 2
    if len(shears) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {shear}")
    matrix = inverse_matrix(from_middle(img, center), angle, translate, scale, shears)
    _, height, width = get_dimensions(img)
    return warp(img, np.array([matrix]), mode.value, fill, (height, width))


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
