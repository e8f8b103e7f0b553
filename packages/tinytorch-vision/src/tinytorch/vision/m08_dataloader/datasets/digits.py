"""The handwritten digits that come with the package; `data/DIGITS.txt` says where they are from."""

from __future__ import annotations

import gzip
from importlib.resources import files
from pathlib import Path

import numpy as np
from tinytorch.core import from_numpy

from .vision import ImageArrays, Transform


class Digits(ImageArrays):
    """1,797 handwritten digits of 8 x 8 pixels, embedded in the package: nothing is downloaded.

    The split is fixed by the order of the file: of each digit, every fifth image is a test image. So 1,442
    train and 355 test, and each digit has its share of both. The file's 17 levels of ink, from 0 to 16,
    become bytes from 0 to 255, so that `ToTensor()` gives values from 0 (paper) to 1 (ink).

    Args:
        root: not used, like `download`; both are there so that it can stand in for `MNIST`.
        train: the images to learn from, or those to be tested on.
        transform: called with the image, an array (8, 8) of bytes.
        target_transform: called with the label, an int.
        download: not used.

    Attributes:
        data: a tensor (N, 8, 8), uint8.
        targets: a tensor (N,), int64.

    Examples:
        >>> train = vision.datasets.Digits(transform=vision.transforms.ToTensor())
        >>> image, label = train[0]
        >>> len(train), image.shape, label
        (1442, (1, 8, 8), 0)

    Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository, 1998, doi:10.24432/C50P49, CC BY 4.0.
    """

    classes = list("0123456789")  # noqa: RUF012  (a list, as in torchvision)

    def __init__(
        self,
        root: str | Path | None = None,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(None, train, transform, target_transform)
        text = gzip.decompress(files(__package__).joinpath("data", "digits.csv.gz").read_bytes())
        rows = np.array([line.split(b",") for line in text.split()], dtype=np.uint8)
        ink, labels = rows[:, :64], rows[:, 64].astype(np.int64)
        test = np.zeros(len(labels), dtype=bool)
        for digit in range(10):
            test[np.flatnonzero(labels == digit)[4::5]] = True
        part = ~test if train else test
        pixels = np.rint(ink[part] * (255 / 16)).astype(np.uint8)
        self.data = from_numpy(pixels.reshape(-1, 8, 8))
        self.targets = from_numpy(labels[part])
