"""Transforms that cut out pieces: at random, or from the corners."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from tinytorch.core import Module, Tensor, from_numpy, index_select

from .arguments import InterpolationMode, interpolation_mode, pair
from .chance import integer, integers, uniform
from .geometry import crop, five_crop, pad, ten_crop
from .images import get_dimensions
from .resizing import resized_crop


class RandomCrop(Module):
    """Cuts out a piece of a given size, at random.

    Args:
        size: (height, width) of the piece, or one number for both.
        padding: the width of a border that is put around the image first, as in `Pad`.
        pad_if_needed: put a border around an image that is smaller than the piece.
        fill: what a "constant" border holds.
        padding_mode: "constant", "edge", "reflect" or "symmetric".

    Raises:
        ValueError: (when called) the image is smaller than the piece.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomCrop.html
    """

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = tuple(pair(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: Sequence[int]) -> tuple[int, int, int, int]:
        """Return the piece to cut out: (top, left, height, width)."""
        rows, columns, height, width = _room(img, output_size)
        if (rows, columns) == (height, width):
            return 0, 0, rows, columns
        return integer(0, rows - height + 1), integer(0, columns - width + 1), height, width

    def forward(self, img: Any) -> Any:
        """Return a piece of the image, or the same piece of all images of a batch."""
        img = self._padded(img)
        return crop(img, *self.get_params(img, self.size))

    def batched(self, images: Tensor) -> Tensor:
        """Return a piece of every image of a batch; see `Batched`."""
        images = self._padded(images)
        rows, columns, height, width = _room(images, self.size)
        count, channels = images.shape[:2]
        top = integers(0, rows - height + 1, count)[:, None] + np.arange(height)
        left = integers(0, columns - width + 1, count)[:, None] + np.arange(width)
        number = np.arange(count * channels).reshape(count, channels, 1, 1)
        index = (number * rows + top[:, None, :, None]) * columns + left[:, None, None, :]
        pixels = index_select(images.reshape(-1), 0, from_numpy(index.reshape(-1)))
        return pixels.reshape(count, channels, height, width)

    def _padded(self, img: Any) -> Any:
        if self.padding is not None:
            img = pad(img, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            _, rows, columns = get_dimensions(img)
            for missing in ([self.size[1] - columns, 0], [0, self.size[0] - rows]):
                if max(missing) > 0:
                    img = pad(img, missing, self.fill, self.padding_mode)
        return img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


def _room(img: Any, size: Sequence[int]) -> tuple[int, int, int, int]:
    """Return the height and width of an image and those of a piece that fits into it."""
    _, rows, columns = get_dimensions(img)
    height, width = size
    if rows < height or columns < width:
        raise ValueError(
            f"Required crop size {(height, width)} is larger than input image size {(rows, columns)}"
        )
    return rows, columns, height, width


class RandomResizedCrop(Module):
    """Cuts out a piece of random area and shape, at random, and resizes it.

    Args:
        size: (height, width) of the result, or one number for both.
        scale: the smallest and largest share of the area that is cut out.
        ratio: the smallest and largest ratio of width to height of what is cut out.
        interpolation: nearest, nearest-exact, bilinear or bicubic.
        antialias: average over all pixels that a result covers (bilinear and bicubic only).

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomResizedCrop.html
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = pair(size)
        check_ranges(scale, ratio)
        self.scale = scale
        self.ratio = ratio
        self.interpolation = interpolation_mode(interpolation)
        self.antialias = antialias

    @staticmethod
    def get_params(img: Any, scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int, int, int]:
        """Return the piece to cut out: (top, left, height, width); the middle after ten misses."""
        _, rows, columns = get_dimensions(img)
        for _ in range(10):
            area = rows * columns * uniform(scale[0], scale[1])
            shape = math.exp(uniform(math.log(ratio[0]), math.log(ratio[1])))
            width, height = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
            if 0 < width <= columns and 0 < height <= rows:
                return integer(0, rows - height + 1), integer(0, columns - width + 1), height, width
        height, width = rows, columns
        if columns / rows < min(ratio):
            height = round(columns / min(ratio))
        elif columns / rows > max(ratio):
            width = round(rows * max(ratio))
        return (rows - height) // 2, (columns - width) // 2, height, width

    def forward(self, img: Any) -> Any:
        """Return a piece of the image, or the same piece of all images of a batch, resized."""
        piece = self.get_params(img, self.scale, self.ratio)
        return resized_crop(img, *piece, self.size, self.interpolation, self.antialias)

    def __repr__(self) -> str:
        scale, ratio = (tuple(round(x, 4) for x in values) for values in (self.scale, self.ratio))
        return (
            f"{type(self).__name__}(size={self.size}, scale={scale}, ratio={ratio}, "
            f"interpolation={self.interpolation.value}, antialias={self.antialias})"
        )


def check_ranges(scale: Any, ratio: Any) -> None:
    """Raise unless both are sequences, and warn if one goes from large to small."""
    for name, values in (("Scale", scale), ("Ratio", ratio)):
        if not isinstance(values, Sequence):
            raise TypeError(f"{name} should be a sequence")
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=3)


class FiveCrop(Module):
    """Cuts out the four corners and the middle; see `functional.five_crop`. The result is a tuple of images.

    Args:
        size: (height, width) of the pieces, or one number for both.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair(size)

    def forward(self, img: Any) -> Any:
        """Return the five pieces of the image or batch."""
        return five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class TenCrop(Module):
    """Cuts the five pieces of `FiveCrop` out of an image and out of its mirror image.

    Args:
        size: (height, width) of the pieces, or one number for both.
        vertical_flip: mirror top to bottom instead of left to right.
    """

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = pair(size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Any) -> Any:
        """Return the ten pieces of the image or batch."""
        return ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, vertical_flip={self.vertical_flip})"
