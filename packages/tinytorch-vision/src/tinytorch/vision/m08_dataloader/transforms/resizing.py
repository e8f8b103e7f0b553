"""Resizing: every row and every column of the result is a weighted mean of the image's.

The weights of all rows make a matrix, and so do those of all columns: resizing is two matrix products.
With `antialias`, each result looks at all pixels that it covers; without, at its two (bilinear) or four
(bicubic) neighbours, however much the image shrinks, and fine patterns turn into wrong coarse ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from tinytorch.core import Array, Tensor, float32, from_numpy, index_select, matmul

from .arguments import InterpolationMode, interpolation_mode
from .geometry import crop
from .images import any_image, get_dimensions


def resize(
    img: Any,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """Resize an image.

    Args:
        img: the image or batch.
        size: (height, width); one number is for the smaller edge, and the other one follows.
        interpolation: nearest, nearest-exact, bilinear or bicubic.
        max_size: how long the longer edge may become if `size` is one number.
        antialias: average over all pixels that a result covers (bilinear and bicubic only); for arrays and
            Pillow images that is always done.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: not one or two numbers, a `max_size` that doesn't go with them, or an unknown mode.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.resize.html
    """
    mode = interpolation_mode(interpolation, ("nearest", "nearest-exact", "bilinear", "bicubic"))
    if not isinstance(size, (int, Sequence)):
        raise TypeError(f"Size should be int or sequence. Got {type(size)}")
    sizes = [size] if isinstance(size, int) else list(size)
    if len(sizes) not in (1, 2):
        raise ValueError(
            f"Size must be an int or a 1 or 2 element tuple/list, not a {len(sizes)} element tuple/list"
        )
    if max_size is not None and len(sizes) != 1:
        raise ValueError(
            "max_size should only be passed if size specifies the length of the smaller edge, "
            "i.e. size should be an int or a sequence of length 1."
        )
    _, height, width = get_dimensions(img)
    new = sizes if len(sizes) == 2 else _by_smaller_edge(height, width, sizes[0], max_size)
    if [height, width] == new:
        return img
    if min(height, width, *new) < 1:
        raise RuntimeError(f"an image of {height} x {width} can't be resized to {new[0]} x {new[1]}")
    if isinstance(img, Tensor):
        return _resized(img, new, mode.value, bool(antialias))
    # As Pillow does it: always with antialias, and the nearest pixel is the one in the middle.
    return _resized(img, new, "nearest-exact" if mode.value == "nearest" else mode.value, True)


def _by_smaller_edge(height: int, width: int, edge: int, max_size: int | None) -> list[int]:
    """Return the height and width that make the smaller edge as long as `edge`."""
    short, long = min(height, width), max(height, width)
    new_short, new_long = edge, int(edge * long / short)
    if max_size is not None:
        if max_size <= edge:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested "
                f"size for the smaller edge size = {edge}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return [new_long, new_short] if width <= height else [new_short, new_long]


@any_image
def _resized(img: Tensor, size: Sequence[int], mode: str, antialias: bool) -> Tensor:
    (height, width), (new_height, new_width) = img.shape[-2:], size
    if mode in ("nearest", "nearest-exact"):
        rows = _nearest(height, new_height, mode == "nearest-exact")
        columns = _nearest(width, new_width, mode == "nearest-exact")
        return index_select(index_select(img, -2, from_numpy(rows)), -1, from_numpy(columns))
    dtype = img.dtype
    floats = img if dtype.name in ("float32", "float64") else img.to(float32)
    if new_width != width:
        across = _matrix(width, new_width, mode, antialias, floats.dtype.name)
        floats = matmul(floats, from_numpy(across).transpose(0, 1))
    if new_height != height:
        floats = matmul(from_numpy(_matrix(height, new_height, mode, antialias, floats.dtype.name)), floats)
    if dtype.kind in "iu":
        floats = floats.round()
    if mode == "bicubic" and dtype == np.uint8:
        floats = floats.clamp(0, 255)  # its weights are partly negative, so the values may overshoot
    result: Tensor = floats.to(dtype)
    return result


def _nearest(old: int, new: int, exact: bool) -> Array:
    """Return for each position of the result the position in the image that it is taken from."""
    # In float32, as PyTorch does it, so that the same one of two equally near pixels is taken.
    scale = np.float32(old) / np.float32(new)
    positions = (np.arange(new, dtype=np.float32) + np.float32(0.5 if exact else 0)) * scale
    return np.minimum(np.floor(positions).astype(np.int64), old - 1)


@lru_cache(maxsize=32)
def _matrix(old: int, new: int, mode: str, antialias: bool, dtype: str) -> Array:
    """Return the weights (new, old) with which each result is made of the old values."""
    scale = old / new
    if not antialias:
        return _neighbours(old, new, scale, mode).astype(dtype)
    stretch = max(scale, 1.0)
    reach = stretch * (1 if mode == "bilinear" else 2)
    centers = scale * (np.arange(new)[:, None] + 0.5)
    positions = np.arange(old)[None, :]
    first = np.maximum((centers - reach + 0.5).astype(np.int64), 0)
    last = np.minimum((centers + reach + 0.5).astype(np.int64), old)
    kernel = _triangle if mode == "bilinear" else _cubic
    weights = kernel((positions - centers + 0.5) / stretch) * ((positions >= first) & (positions < last))
    return (weights / weights.sum(1, keepdims=True)).astype(dtype)


def _neighbours(old: int, new: int, scale: float, mode: str) -> Array:
    """Return the weights if only the nearest two or four pixels count; beyond the edge, it repeats."""
    centers = scale * (np.arange(new) + 0.5) - 0.5
    if mode == "bilinear":
        centers = np.maximum(centers, 0)
    floors = np.floor(centers).astype(np.int64)
    weights = np.zeros((new, old))
    for offset in (0, 1) if mode == "bilinear" else (-1, 0, 1, 2):
        distance = floors + offset - centers
        weight = _triangle(distance) if mode == "bilinear" else _cubic(distance, -0.75)
        np.add.at(weights, (np.arange(new), np.clip(floors + offset, 0, old - 1)), weight)
    return weights


def _triangle(x: Array) -> Array:
    return np.maximum(1 - abs(x), 0)


def _cubic(x: Array, a: float = -0.5) -> Array:
    """Keys' cubic convolution kernel; `a` is its slope at 1, for which -0.5 and -0.75 are in use."""
    x = abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """Cut a rectangle out of an image and resize it; see `crop` and `resize`."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)
