"""Transforms of the whole image: its size, its border, its mirror image."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

from tinytorch.core import Module, Tensor

from .arguments import InterpolationMode, interpolation_mode, pair
from .chance import chance, chances, chosen
from .geometry import center_crop, hflip, pad, vflip
from .resizing import resize


class Resize(Module):
    """Resizes images; see `functional.resize`.

    Args:
        size: (height, width), or the length of the smaller edge.
        interpolation: nearest, nearest-exact, bilinear or bicubic.
        max_size: how long the longer edge may become if `size` is one number.
        antialias: average over all pixels that a result covers (bilinear and bicubic only).

    Raises:
        TypeError: a size that is neither a number nor a sequence.
        ValueError: not one or two numbers.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Resize.html
    """

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, (int, Sequence)):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        self.size = size
        self.max_size = max_size
        self.interpolation = interpolation_mode(interpolation)
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        """Return the resized image or batch."""
        return resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    batched = forward

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


class CenterCrop(Module):
    """Cuts the middle out of images; see `functional.center_crop`.

    Args:
        size: (height, width), or one number for both.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair(size)

    def forward(self, img: Any) -> Any:
        """Return the middle of the image or of all images of a batch."""
        return center_crop(img, self.size)

    batched = forward

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class Pad(Module):
    """Puts a border around images; see `functional.pad`.

    Args:
        padding: the width of the border: one for all sides, [left and right, top and bottom] or [left, top,
            right, bottom].
        fill: what a "constant" border holds.
        padding_mode: "constant", "edge", "reflect" or "symmetric".

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: another number of widths, or an unknown mode.
    """

    def __init__(self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        if not isinstance(padding, (Number, tuple, list)):
            raise TypeError("Got inappropriate padding arg")
        if not isinstance(fill, (Number, tuple, list)):
            raise TypeError("Got inappropriate fill arg")
        if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
            raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
        if isinstance(padding, Sequence) and len(padding) not in (1, 2, 4):
            raise ValueError(
                f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(padding)} element tuple"
            )
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        """Return the image or batch with a border."""
        return pad(img, self.padding, self.fill, self.padding_mode)

    batched = forward

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, "
            f"padding_mode={self.padding_mode})"
        )


class RandomHorizontalFlip(Module):
    """Mirrors an image, left to right, with some probability.

    Args:
        p: the probability.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomHorizontalFlip.html
    """

    flip = staticmethod(hflip)

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        """Return the image or batch, or its mirror image."""
        return self.flip(img) if chance(self.p) else img

    def batched(self, images: Tensor) -> Tensor:
        """Return a batch of which some images are mirrored; see `Batched`."""
        return chosen(chances(self.p, len(images)), self.flip(images), images)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(RandomHorizontalFlip):
    """Turns an image upside down, as a mirror below it would, with some probability.

    Args:
        p: the probability.
    """

    flip = staticmethod(vflip)
