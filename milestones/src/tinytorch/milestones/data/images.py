"""What a set of labelled images is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


class DataError(Exception):
    """Data that can't be used; the message is one line that says why, for whoever gave the path."""


@dataclass(frozen=True)
class Images:
    """Labelled images in two parts that share nothing: one to learn from, one to be tested on.

    Attributes:
        name: what they are, in words.
        train_images, test_images: (N, height, width), float32, 0.0 (paper) to 1.0 (ink), or in colour
            (N, height, width, 3), red, green and blue from 0.0 to 1.0.
        train_labels, test_labels: (N,), int64, indices into `classes`.
        classes: the name of each class.
        credit: who made them and under which licence, for the report;
            None for files of the user.
        embedded: whether they come with the package.
        source: the kind of file that they are from: "digits", "idx", "json" or "cifar10".
    """

    name: str
    train_images: NDArray[np.float32]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.float32]
    test_labels: NDArray[np.int64]
    classes: tuple[str, ...]
    credit: str | None
    embedded: bool
    source: str = "idx"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of an image."""
        return self.train_images.shape[1], self.train_images.shape[2]

    @property
    def colours(self) -> int:
        """How many numbers a pixel has: 1, or 3 in colour."""
        return 1 if self.train_images.ndim == 3 else self.train_images.shape[3]

    @property
    def large(self) -> bool:
        """Whether there are so many images that a few passes are enough."""
        return len(self.train_images) >= 10_000

    def facts(self) -> dict[str, Any]:
        """Return what the metrics say about the data."""
        return {
            "name": self.name,
            "train": len(self.train_images),
            "test": len(self.test_images),
            "size": list(self.size),
            "colours": self.colours,
            "classes": list(self.classes),
            "credit": self.credit,
            "embedded": self.embedded,
        }
