"""CIFAR-10, read by the vision track."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .images import DataError, Images


def read_cifar10(path: Path) -> Images:
    """Read the 60,000 colour images of CIFAR-10, or what is in files of their format.

    Args:
        path: the folder with the files, the folder around it, or the archive's: whatever the vision track's
            `CIFAR10` finds, in the form for Python or for C.

    Raises:
        DataError: there is nothing, or it can't be used.
    """
    from tinytorch.vision.datasets import CIFAR10  # here, because the other milestones run without it

    folder = path.parent if path.is_file() else path
    if not folder.is_dir():
        raise DataError(f"no such file or folder: {path}")
    try:
        train, test = CIFAR10(folder, train=True), CIFAR10(folder, train=False)
    except (RuntimeError, OSError) as error:
        raise DataError(f"can't read CIFAR-10: {error}") from error
    return Images(
        name=f"CIFAR-10 files in {folder.resolve().name}",
        train_images=np.asarray(train.data, np.float32) / np.float32(255),
        train_labels=np.asarray(train.targets, np.int64),
        test_images=np.asarray(test.data, np.float32) / np.float32(255),
        test_labels=np.asarray(test.targets, np.int64),
        classes=tuple(train.classes),
        credit=None,
        embedded=False,
        source="cifar10",
    )
