"""Transforms that change colours."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np
from tinytorch.core import Module, Tensor, from_numpy, randperm

from .chance import chance, chances, chosen, uniform, uniforms
from .colors import adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation, rgb_to_grayscale
from .images import get_dimensions

Range = tuple[float, float] | None
_ADJUST = (adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue)


class Grayscale(Module):
    """Makes images gray; see `functional.rgb_to_grayscale`.

    Args:
        num_output_channels: 1, or 3 equal ones.
    """

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        """Return the gray image or batch."""
        return rgb_to_grayscale(img, self.num_output_channels)

    batched = forward

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class RandomGrayscale(Module):
    """Makes an image gray with some probability; the number of channels stays.

    Args:
        p: the probability.
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        """Return the image or batch, gray or as it is."""
        return self._gray(img) if chance(self.p) else img

    def batched(self, images: Tensor) -> Tensor:
        """Return a batch of which some images are gray; see `Batched`."""
        return chosen(chances(self.p, len(images)), self._gray(images), images)

    @staticmethod
    def _gray(img: Any) -> Any:
        return rgb_to_grayscale(img, get_dimensions(img)[0])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class ColorJitter(Module):
    """Changes brightness, contrast, saturation and hue by random factors, in random order.

    Args:
        brightness: the smallest and largest factor; one number x means from max(0, 1 - x) to 1 + x.
        contrast: the same for the contrast.
        saturation: the same for the saturation.
        hue: the smallest and largest turn of the wheel of colours, from -0.5 to 0.5; one number means from
            minus to plus that number.

    Raises:
        TypeError: neither a number nor two of them.
        ValueError: numbers out of range.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.ColorJitter.html
    """

    def __init__(
        self,
        brightness: float | Sequence[float] = 0,
        contrast: float | Sequence[float] = 0,
        saturation: float | Sequence[float] = 0,
        hue: float | Sequence[float] = 0,
    ) -> None:
        super().__init__()
        self.brightness = _range(brightness, "brightness")
        self.contrast = _range(contrast, "contrast")
        self.saturation = _range(saturation, "saturation")
        self.hue = _range(hue, "hue", center=0, bound=(-0.5, 0.5))

    @staticmethod
    def get_params(
        brightness: Range, contrast: Range, saturation: Range, hue: Range
    ) -> tuple[Tensor, float | None, float | None, float | None, float | None]:
        """Return the order of the four changes, and the factor of each; None for one that isn't made."""
        order = randperm(4)
        drawn = [None if x is None else uniform(*x) for x in (brightness, contrast, saturation, hue)]
        return order, drawn[0], drawn[1], drawn[2], drawn[3]

    def forward(self, img: Any) -> Any:
        """Return the image with other colours, or all images of a batch changed in the same way."""
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        for i in order.tolist():
            if factors[i] is not None:
                img = _ADJUST[i](img, factors[i])
        return img

    def batched(self, images: Tensor) -> Tensor:
        """Return the images, each changed by its own factors in its own order; see `Batched`."""
        count = len(images)
        order = uniforms(0, 1, count, 4).argsort(1)
        ranges = (self.brightness, self.contrast, self.saturation, self.hue)
        factors = [None if x is None else uniforms(*x, count).astype(np.float32) for x in ranges]
        result = images.clone()
        for step in range(4):
            for i, drawn in enumerate(factors):
                (group,) = np.nonzero(order[:, step] == i)
                if drawn is None or not len(group):
                    continue
                where = from_numpy(group)
                # The hue has no axis of channels.
                factor = from_numpy(drawn[group].reshape((-1, 1, 1) if i == 3 else (-1, 1, 1, 1)))
                result[where] = _ADJUST[i](result[where], factor)
        return result

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(brightness={self.brightness}, contrast={self.contrast}, "
            f"saturation={self.saturation}, hue={self.hue})"
        )


def _range(value: Any, name: str, center: float = 1, bound: tuple[float, float] = (0, float("inf"))) -> Range:
    """Return the smallest and largest factor; None if nothing is to be changed."""
    if isinstance(value, Number):
        if value < 0:  # type: ignore[operator]
            raise ValueError(f"If {name} is a single number, it must be non negative.")
        low, high = center - float(value), center + float(value)  # type: ignore[arg-type]
        low = max(low, 0.0) if center else low
    elif isinstance(value, (tuple, list)) and len(value) == 2:
        low, high = float(value[0]), float(value[1])
    else:
        raise TypeError(f"{name} should be a single number or a list/tuple with length 2.")
    if not bound[0] <= low <= high <= bound[1]:
        raise ValueError(f"{name} values should be between {bound}, but got {[low, high]}.")
    return None if low == high == center else (low, high)
