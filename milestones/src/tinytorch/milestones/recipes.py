"""How the convolutional network learns images of each kind: what it is made of, and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinytorch.vision import transforms


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


SMOOTH = transforms.InterpolationMode.BILINEAR
HAND = transforms.RandomAffine(10, translate=(0.15, 0.15), scale=(0.9, 1.1), interpolation=SMOOTH)
COLOUR = (transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip())
DEEP = (32, 32, "pool", 64, 64, "pool", 128, "pool")
RECIPES = {
    "digits": Recipe((12, 24, "pool"), False, 15, 32, 0.008, (HAND,), 0.985),
    "json": Recipe((16, "pool", 32, "pool"), False, 10, 64, 0.004, (HAND,), 0.98),
    "idx": Recipe((16, "pool", 32, "pool"), False, 8, 64, 0.003, (), 0.905),
    "cifar10": Recipe(DEEP, True, 12, 64, 0.004, COLOUR, 0.75),  # made for 75%, not measured
}
