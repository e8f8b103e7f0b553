"""Functions that move pixels without computing new ones: flips, crops, borders, erased rectangles."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Tensor, cat, flip, from_numpy, index_select, pad as pad_tensor

from .arguments import pair
from .images import any_image, get_dimensions

_DOCS = "https://docs.pytorch.org/vision/stable/transforms.html"


@any_image
def hflip(img: Any) -> Any:
    """Mirror an image: left becomes right."""
    return flip(img, (-1,))


@any_image
def vflip(img: Any) -> Any:
    """Turn an image upside down, as a mirror below it would."""
    return flip(img, (-2,))


@any_image
def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """Cut a rectangle out of an image; what lies outside of the image is 0.

    Args:
        img: the image or batch.
        top: the first row.
        left: the first column.
        height: how many rows.
        width: how many columns.
    """
    rows, columns = img.shape[-2:]
    bottom, right = top + height, left + width
    inside = img[
        ..., _within(top, rows) : _within(bottom, rows), _within(left, columns) : _within(right, columns)
    ]
    missing_rows, missing_columns = height - inside.shape[-2], width - inside.shape[-1]
    if not missing_rows and not missing_columns:
        return inside
    above = min(max(-top, 0), missing_rows)
    before = min(max(-left, 0), missing_columns)
    return pad_tensor(inside, (before, missing_columns - before, above, missing_rows - above))


def _within(position: int, length: int) -> int:
    return min(max(position, 0), length)


def center_crop(img: Any, output_size: Any) -> Any:
    """Cut the middle out of an image; a smaller image gets a border of zeros first.

    Args:
        img: the image or batch.
        output_size: (height, width), or one number for both.
    """
    height, width = pair(output_size)
    _, rows, columns = get_dimensions(img)
    if width > columns or height > rows:
        more, taller = max(width - columns, 0), max(height - rows, 0)
        img = pad(img, [more // 2, taller // 2, (more + 1) // 2, (taller + 1) // 2])
        rows, columns = max(rows, height), max(columns, width)
        if (height, width) == (rows, columns):
            return img
    return crop(img, round((rows - height) / 2), round((columns - width) / 2), height, width)


def five_crop(img: Any, size: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Cut out the four corners and the middle: (top left, top right, bottom left, bottom right, centre).

    Raises:
        ValueError: the image is smaller than that.
    """
    height, width = pair(size)
    _, rows, columns = get_dimensions(img)
    if width > columns or height > rows:
        raise ValueError(f"Requested crop size {(height, width)} is bigger than input size {(rows, columns)}")
    lowest, rightmost = rows - height, columns - width
    return (
        crop(img, 0, 0, height, width),
        crop(img, 0, rightmost, height, width),
        crop(img, lowest, 0, height, width),
        crop(img, lowest, rightmost, height, width),
        center_crop(img, (height, width)),
    )


def ten_crop(img: Any, size: Any, vertical_flip: bool = False) -> tuple[Any, ...]:
    """Cut out the five pieces of `five_crop` from the image and from its mirror image."""
    mirrored = vflip(img) if vertical_flip else hflip(img)
    return five_crop(img, size) + five_crop(mirrored, size)


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """Put a border around an image.

    Args:
        img: the image or batch.
        padding: the width of the border: one for all sides, [left and right, top and bottom] or [left, top,
            right, bottom]. Negative widths cut off.
        fill: what a "constant" border holds. An array or a Pillow image may have one value per channel.
        padding_mode: "constant", "edge" (the last pixel again and again), "reflect" (a mirror image that
            doesn't repeat the edge) or "symmetric" (one that does).

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: another number of widths, or an unknown mode.
        RuntimeError: a border wider than the image can be reflected.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.pad.html
    """
    fill = 0 if fill is None else fill
    if not isinstance(padding, (int, tuple, list)):
        raise TypeError(
            f"Got inappropriate padding arg: {padding!r} is neither an int nor a sequence of ints"
        )
    if not isinstance(fill, (int, float) if isinstance(img, Tensor) else (int, float, tuple, list)):
        raise TypeError(f"Got inappropriate fill arg: {fill!r}; a tensor takes a number")
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    return _pad(img, _sides(padding), fill, padding_mode)


def _sides(padding: Any) -> tuple[int, int, int, int]:
    """Return the widths on the left, on the right, at the top and at the bottom."""
    if isinstance(padding, int):
        return (padding,) * 4
    if len(padding) == 1:
        return (padding[0],) * 4
    if len(padding) == 2:
        return padding[0], padding[0], padding[1], padding[1]
    if len(padding) == 4:
        return padding[0], padding[2], padding[1], padding[3]
    raise ValueError(
        f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(padding)} element tuple"
    )


@any_image
def _pad(img: Tensor, sides: tuple[int, int, int, int], fill: Any, mode: str) -> Tensor:
    if mode == "symmetric":
        return _symmetric(_symmetric(img, -1, *sides[:2]), -2, *sides[2:])
    if mode == "constant":
        if isinstance(fill, (tuple, list)) and len(fill) > 1:
            channels = [pad_tensor(img[..., c : c + 1, :, :], sides, value=x) for c, x in enumerate(fill)]
            return cat(channels, -3)
        value = fill[0] if isinstance(fill, (tuple, list)) else fill
        return pad_tensor(img, sides, value=value if img.dtype.kind in "fb" else int(value))
    # The tensor's own padding wants one or two dimensions before those that it pads.
    planes = img.reshape(-1, *img.shape[-2:])
    padded = pad_tensor(planes, sides, mode="replicate" if mode == "edge" else mode)
    return padded.reshape(*img.shape[:-2], *padded.shape[-2:])


def _symmetric(img: Tensor, dim: int, before: int, after: int) -> Tensor:
    """Mirror the edges along one dimension; negative widths cut off."""
    length = img.shape[dim]
    kept = np.arange(max(-before, 0), length - max(-after, 0))
    before, after = max(before, 0), max(after, 0)
    if max(before, after) > len(kept):
        raise IndexError(
            f"a symmetric border of {max(before, after)} is wider than the {len(kept)} pixels that it mirrors"
        )
    positions = np.concatenate([kept[:before][::-1], kept, kept[len(kept) - after :][::-1]])
    return index_select(img, dim, from_numpy(positions))


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Tensor:
    """Replace a rectangle of an image.

    Args:
        img: the image (..., C, H, W), a Tensor.
        i: the first row.
        j: the first column.
        h: how many rows.
        w: how many columns.
        v: what stands there instead: a number, or a tensor that can be broadcast to (C, h, w).
        inplace: whether to change the image itself.

    Raises:
        TypeError: not a Tensor.
    """
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    get_dimensions(img)
    if not inplace:
        img = img.clone()
    img[..., i : i + h, j : j + w] = v
    return img
