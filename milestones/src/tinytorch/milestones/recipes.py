"""How the convolutional network learns images of each kind: what it is made of, and how it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tinytorch.core import Tensor, from_numpy
from tinytorch.vision import transforms

Prepare = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Recipe:
    """How images of one kind are learnt.

    Attributes:
        layers: a number is a convolution to so many channels, "pool" halves height and width.
        norm: whether each convolution is followed by batch normalisation, which deep networks need.
        epochs, batch, rate: how many passes, images in a step, and the highest learning rate.
        distort: what happens to the training images, to each by chance, and anew in each pass.
        threshold: the test accuracy to be reached.
    """

    layers: tuple[int | str, ...]
    norm: bool
    epochs: int
    batch: int
    rate: float
    distort: tuple[Any, ...]
    threshold: float


def another_hand(shift: float) -> transforms.RandomAffine:
    """Return what turns, moves and scales a digit a little, as if it had been written once more."""
    smooth = transforms.InterpolationMode.BILINEAR
    return transforms.RandomAffine(10, translate=(shift, shift), scale=(0.9, 1.1), interpolation=smooth)


COLOUR = (transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip())
DEEP = (32, 32, "pool", 64, 64, "pool", 128, "pool")
RECIPES = {
    "digits": Recipe((12, 24, "pool"), False, 15, 32, 0.008, (another_hand(0.15),), 0.985),
    "json": Recipe((32, "pool", 64, "pool"), False, 10, 64, 0.004, (another_hand(0.08),), 0.98),
    "idx": Recipe((16, "pool", 32, "pool"), False, 8, 64, 0.003, (), 0.905),
    "cifar10": Recipe(DEEP, True, 8, 64, 0.004, COLOUR, 0.75),  # made for 75%, not measured
}


def pixels(images: NDArray[np.float32]) -> Tensor:
    """Return images, gray or in colour, as a convolution takes them: (N, colours, height, width)."""
    return from_numpy(images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2))


def centring(images: NDArray[np.float32]) -> Prepare:
    """Return what moves pixels around zero, by mean and spread of the training images alone."""
    some = images[:: max(1, len(images) // 5000)].astype(np.float64)
    mean, spread = (np.atleast_1d(of(some, axis=(0, 1, 2))).tolist() for of in (np.mean, np.std))
    return transforms.Normalize(mean, spread)
