"""Random rotations and other affine maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tinytorch.core import Module, Tensor

from .arguments import (
    InterpolationMode,
    angles,
    check_sequence,
    fill_per_channel,
    fill_value,
    interpolation_mode,
)
from .chance import uniform
from .images import get_dimensions
from .sampling import warp
from .warping import affine, from_middle, inverse_matrix, rotate


class RandomRotation(Module):
    """Rotates an image by a random angle.

    Args:
        degrees: the smallest and largest angle; one number means from minus to plus that number.
        interpolation: nearest or bilinear.
        expand: make the result so large that the whole rotated image fits in.
        center: (x, y) of the point that stays in place, from the upper left corner; the middle if not given.
        fill: the value outside of the image, one for all channels or one for each.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a negative number, or a wrong number of values.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomRotation.html
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: Any = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = angles(degrees, "degrees")
        if center is not None:
            check_sequence(center, "center", (2,))
        self.center = center
        self.interpolation = interpolation_mode(interpolation)
        self.expand = expand
        self.fill = fill_value(fill)

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """Return the angle to rotate by."""
        return uniform(degrees[0], degrees[1])

    def forward(self, img: Any) -> Any:
        """Return the rotated image, or all images of a batch rotated by the same angle."""
        fill = fill_per_channel(self.fill, get_dimensions(img)[0])
        angle = self.get_params(self.degrees)
        return rotate(img, angle, self.interpolation, self.expand, self.center, fill)

    def batched(self, images: Tensor) -> Tensor:
        """Return the images, each rotated by an angle of its own; see `Batched`.

        Raises:
            ValueError: with `expand`, since the results would differ in size.
        """
        if self.expand:
            raise ValueError("with expand=True every rotated image has another size, which no batch can have")
        middle = from_middle(images, self.center)
        params = [(-self.get_params(self.degrees), (0.0, 0.0), 1.0, (0.0, 0.0)) for _ in images]
        return _warp_each(images, middle, params, self.interpolation, self.fill)

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        return (
            f"{type(self).__name__}(degrees={self.degrees}, interpolation={self.interpolation.value}, "
            f"expand={self.expand}{center}, fill={self.fill})"
        )


class RandomAffine(Module):
    """Rotates, moves, scales and shears an image at random.

    Args:
        degrees: the smallest and largest angle of rotation; one number means from minus to plus that number.
        translate: how far it may move, as shares of width and height; not at all if not given.
        scale: the smallest and largest scale; 1 if not given.
        shear: the smallest and largest angle of shear along x, and after them those along y; one number
            means from minus to plus that number, along x. None if not given.
        interpolation: nearest or bilinear.
        fill: the value outside of the image, one for all channels or one for each.
        center: (x, y) of the point that rotation, scaling and shear leave in place; the middle if not given.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: values out of range, or a wrong number of them.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomAffine.html
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: Any = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.degrees = angles(degrees, "degrees")
        if translate is not None:
            check_sequence(translate, "translate", (2,))
            if not all(0.0 <= t <= 1.0 for t in translate):
                raise ValueError("translation values should be between 0 and 1")
        self.translate = translate
        if scale is not None:
            check_sequence(scale, "scale", (2,))
            if not all(s > 0 for s in scale):
                raise ValueError("scale values should be positive")
        self.scale = scale
        self.shear = None if shear is None else angles(shear, "shear", (2, 4))
        self.interpolation = interpolation_mode(interpolation)
        self.fill = fill_value(fill)
        if center is not None:
            check_sequence(center, "center", (2,))
        self.center = center

    @staticmethod
    def get_params(
        degrees: Sequence[float],
        translate: Sequence[float] | None,
        scale_ranges: Sequence[float] | None,
        shears: Sequence[float] | None,
        img_size: Sequence[int],
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """Return (angle, (right, down), scale, (shear along x, along y)); `img_size` is [width, height]."""
        angle = uniform(degrees[0], degrees[1])
        right = down = 0
        if translate is not None:
            far = [share * length for share, length in zip(translate, img_size)]
            right, down = (round(uniform(-most, most)) for most in far)
        scale = 1.0 if scale_ranges is None else uniform(scale_ranges[0], scale_ranges[1])
        shear_x = shear_y = 0.0
        if shears is not None:
            shear_x = uniform(shears[0], shears[1])
            if len(shears) == 4:
                shear_y = uniform(shears[2], shears[3])
        return angle, (right, down), scale, (shear_x, shear_y)

    def forward(self, img: Any) -> Any:
        """Return the image after a random map, or all images of a batch after the same one."""
        fill = fill_per_channel(self.fill, get_dimensions(img)[0])
        return affine(
            img, *self._params(img), interpolation=self.interpolation, fill=fill, center=self.center
        )

    def batched(self, images: Tensor) -> Tensor:
        """Return the images, each after a map of its own; see `Batched`."""
        params = [self._params(images) for _ in images]
        middle = from_middle(images, self.center)
        return _warp_each(images, middle, params, self.interpolation, self.fill)

    def _params(self, img: Any) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        _, height, width = get_dimensions(img)
        return self.get_params(self.degrees, self.translate, self.scale, self.shear, [width, height])

    def __repr__(self) -> str:
        text = f"{type(self).__name__}(degrees={self.degrees}"
        for name in ("translate", "scale", "shear"):
            if getattr(self, name) is not None:
                text += f", {name}={getattr(self, name)}"
        if self.interpolation != InterpolationMode.NEAREST:
            text += f", interpolation={self.interpolation.value}"
        if self.fill != 0:
            text += f", fill={self.fill}"
        return text + (")" if self.center is None else f", center={self.center})")


def _warp_each(images: Tensor, middle: Any, params: list[Any], mode: InterpolationMode, fill: Any) -> Tensor:
    """Map each image of a batch with its own (angle, translation, scale, shear)."""
    matrices = np.array([inverse_matrix(middle, *each) for each in params])
    fills = fill_per_channel(fill, images.shape[1])
    height, width = images.shape[-2:]
    result: Tensor = warp(images, matrices, mode.value, fills, (height, width))
    return result
