"""The handwritten digits that come with the package; `DIGITS.txt` beside them says where they are from."""

from __future__ import annotations

import gzip
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from .images import Images

CREDIT = (
    "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, "
    "1998, doi:10.24432/C50P49, CC BY 4.0; the copy that scikit-learn distributes (BSD 3-Clause)."
)
LAST_FORMS = 1415  # the row at which the last three forms begin


def digits() -> Images:
    """Return the digits, split so that every fifth image of each digit is a test image.

    The split is fixed by the order of the file, not by chance, so it is the same everywhere and each
    digit has its share of both parts: 1,442 images to learn from, 355 to be tested on.
    """
    images, labels = read()
    test = np.zeros(len(labels), dtype=bool)
    for digit in range(10):
        test[np.flatnonzero(labels == digit)[4::5]] = True
    return split("UCI handwritten digits", images, labels, test)


def digits_by_unknown_hands() -> Images:
    """Return the digits, split so that (almost) nobody whose hand is tested wrote a training image.

    The file holds one filled-in form after the other; the last three, 382 images, are the test part.
    """
    images, labels = read()
    return split("UCI handwritten digits, by form", images, labels, np.arange(len(labels)) >= LAST_FORMS)


def read() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Read the embedded file: (1797, 8, 8) images from 0.0 to 1.0, and (1797,) labels."""
    text = gzip.decompress(files(__package__).joinpath("digits.csv.gz").read_bytes()).decode("ascii")
    rows = np.array([line.split(",") for line in text.split()], dtype=np.int64)
    return (rows[:, :64].astype(np.float32) / np.float32(16)).reshape(-1, 8, 8), rows[:, 64]


def split(
    name: str, images: NDArray[np.float32], labels: NDArray[np.int64], test: NDArray[np.bool_]
) -> Images:
    """Take the images for which `test` is true as the test part, all others as the training part."""
    return Images(
        name=name,
        train_images=images[~test],
        train_labels=labels[~test],
        test_images=images[test],
        test_labels=labels[test],
        classes=tuple("0123456789"),
        credit=CREDIT,
        embedded=True,
        source="digits",
    )
