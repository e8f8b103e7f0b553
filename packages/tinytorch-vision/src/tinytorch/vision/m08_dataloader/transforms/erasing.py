"""Random erasing: a network that can't see a part of the image must look at all of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np
from tinytorch.core import Array, Module, Tensor, from_numpy, randn, tensor, where

from .chance import chance, chances, integer, uniform, uniforms
from .cropping import check_ranges
from .geometry import erase


class RandomErasing(Module):
    """Replaces a random rectangle of a tensor image with some probability.

    Args:
        p: the probability.
        scale: the smallest and largest share of the area that is erased.
        ratio: the smallest and largest ratio of height to width of the rectangle.
        value: what stands there instead: a number, one for each channel, or "random" for noise.
        inplace: whether to change the image itself.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: values out of range.

    Source: Zhong et al., "Random erasing data augmentation", 2017;
    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomErasing.html
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, (Number, str, tuple, list)):
            raise TypeError("Argument value should be either a number or str or a sequence")
        if isinstance(value, str) and value != "random":
            raise ValueError("If value is str, it should be 'random'")
        check_ranges(scale, ratio)
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError("Scale should be between 0 and 1")
        if p < 0 or p > 1:
            raise ValueError("Random erasing probability should be between 0 and 1")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Tensor, scale: Sequence[float], ratio: Sequence[float], value: Sequence[float] | None = None
    ) -> tuple[int, int, int, int, Tensor]:
        """Return (top, left, height, width, values) of the rectangle; the image itself after ten misses.

        Args:
            img: the image (..., C, H, W).
            scale: the smallest and largest share of the area.
            ratio: the smallest and largest ratio of height to width.
            value: one for all channels, or one for each; None for noise.
        """
        channels, rows, columns = img.shape[-3:]
        for _ in range(10):
            area = rows * columns * uniform(scale[0], scale[1])
            shape = math.exp(uniform(math.log(ratio[0]), math.log(ratio[1])))
            height, width = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
            if height < rows and width < columns:
                values = randn(channels, height, width) if value is None else tensor(value).view(-1, 1, 1)
                top, left = integer(0, rows - height + 1), integer(0, columns - width + 1)
                return top, left, height, width, values
        return 0, 0, rows, columns, img

    def forward(self, img: Tensor) -> Tensor:
        """Return the image, or all images of a batch, without the same rectangle."""
        if not chance(self.p):
            return img
        rectangle = self.get_params(img, self.scale, self.ratio, self._values(img))
        return erase(img, *rectangle, self.inplace)

    def batched(self, images: Tensor) -> Tensor:
        """Return a batch of which some images lack a rectangle, each another one; see `Batched`."""
        count, _, rows, columns = images.shape
        erased = chances(self.p, count)
        area = rows * columns * uniforms(self.scale[0], self.scale[1], 10, count)
        shape = np.exp(uniforms(math.log(self.ratio[0]), math.log(self.ratio[1]), 10, count))
        heights, widths = np.rint(np.sqrt(area * shape)), np.rint(np.sqrt(area / shape))
        fits = (heights < rows) & (widths < columns)
        first = fits.argmax(0), np.arange(count)
        height, width = heights[first], widths[first]
        erased &= fits[first]  # after ten misses an image stays whole
        top = np.floor(uniforms(0, 1, count) * (rows - height + 1))
        left = np.floor(uniforms(0, 1, count) * (columns - width + 1))
        mask = _between(rows, top, height)[:, :, None] & _between(columns, left, width)[:, None, :]
        mask &= erased[:, None, None]
        values = self._values(images)
        if values is None:
            replacement = randn(*images.shape, dtype=images.dtype)
        else:
            replacement = tensor(values, dtype=images.dtype).view(-1, 1, 1)
        result: Tensor = where(from_numpy(mask[:, None]), replacement, images)
        if self.inplace:
            images.copy_(result)
            return images
        return result

    def _values(self, img: Tensor) -> list[float] | None:
        """Return the value for each channel, or one for all; None for noise."""
        if isinstance(self.value, str):
            return None
        given: Any = [self.value] if isinstance(self.value, Number) else self.value
        values = [float(value) for value in given]
        if len(values) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels)"
            )
        return values

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, "
            f"value={self.value}, inplace={self.inplace})"
        )


def _between(length: int, start: Array, extent: Array) -> Array:
    """Return for each position (N, length) whether it lies in the stretch from `start`."""
    positions = np.arange(length)
    return (positions >= start[:, None]) & (positions < (start + extent)[:, None])
