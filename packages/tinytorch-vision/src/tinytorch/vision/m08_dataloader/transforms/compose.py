"""Transforms made of transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Transform = Callable[[Any], Any]


class Compose:
    """Applies one transform after the other.

    Args:
        transforms: the transforms, the first one first.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Compose.html
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        """Return what the last transform makes of the image."""
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return listed(self, *map(str, self.transforms))


def listed(transform: object, *lines: str) -> str:
    """Return the description of a transform with one line for each of its parts."""
    return "\n".join([f"{type(transform).__name__}(", *(f"    {line}" for line in lines), ")"])
