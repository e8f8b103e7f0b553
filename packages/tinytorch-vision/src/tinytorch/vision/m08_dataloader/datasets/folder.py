"""Images as files, in one folder for each class."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..transforms.images import pillow
from .vision import Transform, VisionDataset

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class DatasetFolder(VisionDataset):
    """Samples as files, in one folder for each class: `root/cat/1.png`, `root/dog/a/2.png`.

    Args:
        root: the folder of the folders.
        loader: reads a file, given its path.
        extensions: how the names of the files to read end; or else:
        transform: called with the sample.
        target_transform: called with the label, an int.
        is_valid_file: tells whether to read a file, given its path.
        allow_empty: let a class have no file.

    Attributes:
        classes: the names of the folders, sorted.
        class_to_idx: the label of each class.
        samples: the path and the label of each sample.
        targets: the label of each sample.

    Raises:
        FileNotFoundError: there is no folder, or a class without a file.
        ValueError: both `extensions` and `is_valid_file`, or none of them.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.DatasetFolder.html
    """

    def __init__(
        self,
        root: str | Path,
        loader: Callable[[str], Any],
        extensions: tuple[str, ...] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        folder = str(self.root)
        self.loader = loader
        self.extensions = extensions
        self.classes, self.class_to_idx = self.find_classes(folder)
        self.samples = self.make_dataset(folder, self.class_to_idx, extensions, is_valid_file, allow_empty)
        self.targets = [label for _, label in self.samples]

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        """Return the classes and the label of each; a subclass may have others than the folders.

        Raises:
            FileNotFoundError: there is no folder.
        """
        classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
        if not classes:
            raise FileNotFoundError(
                f"Couldn't find any class folder in {directory}: there must be one folder for each class, "
                "named like it, with the images in it."
            )
        return classes, {name: label for label, name in enumerate(classes)}

    @staticmethod
    def make_dataset(
        directory: str | Path,
        class_to_idx: dict[str, int],
        extensions: tuple[str, ...] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> list[tuple[str, int]]:
        """Return the path and the label of each sample, sorted by class and path.

        Raises:
            FileNotFoundError: a class has no file.
            ValueError: both `extensions` and `is_valid_file`, or none of them, or no class.
        """
        if not class_to_idx:
            raise ValueError("'class_to_index' must have at least one entry to collect any samples.")
        if (extensions is None) == (is_valid_file is None):
            raise ValueError("Both extensions and is_valid_file cannot be None or not None at the same time")
        samples: list[tuple[str, int]] = []
        empty = []
        for name, label in sorted(class_to_idx.items()):
            paths = [
                os.path.join(folder, file)
                for folder, _, files in sorted(os.walk(os.path.join(directory, name), followlinks=True))
                for file in sorted(files)
            ]
            if extensions is not None:
                paths = [path for path in paths if path.lower().endswith(extensions)]
            elif is_valid_file is not None:
                paths = [path for path in paths if is_valid_file(path)]
            samples += [(path, label) for path in paths]
            if not paths:
                empty.append(name)
        if empty and not allow_empty:
            supported = f" Supported extensions are: {', '.join(extensions)}." if extensions else ""
            raise FileNotFoundError(
                f"Found no valid file for the classes {', '.join(sorted(empty))} in {directory}.{supported}"
            )
        return samples

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return what the loader makes of the file, and its label, an int; both transformed."""
        path, target = self.samples[index]
        return self.transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


def default_loader(path: str | Path) -> np.ndarray:
    """Read an image file with Pillow: an array (H, W, 3) of bytes.

    Raises:
        ImportError: Pillow isn't installed.
        OSError: the file can't be read as an image.
    """
    image = pillow()
    try:
        with image.open(path) as picture:
            return np.array(picture.convert("RGB"))
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, image.DecompressionBombError) as error:
        raise OSError(f"{path} can't be read as an image: {error}") from error


class ImageFolder(DatasetFolder):
    """Images as files, in one folder for each class; needs Pillow (the extra `images`) to read them.

    An item is an array (H, W, 3) of bytes and a label. Images of different sizes can't be put into one
    batch: begin the transform with `Resize((height, width))`.

    Args:
        root: the folder of the folders.
        transform: called with the image.
        target_transform: called with the label, an int.
        loader: reads a file, given its path; by default with Pillow, as RGB.
        is_valid_file: tells whether to read a file, given its path; by default by the end of its name.
        allow_empty: let a class have no file.

    Attributes:
        classes, class_to_idx, samples, targets: see `DatasetFolder`.
        imgs: the same as `samples`.

    Raises:
        ImportError: Pillow isn't installed, and there is no other loader.
        FileNotFoundError: there is no folder, or a class without a file.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html
    """

    def __init__(
        self,
        root: str | Path,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        if loader is default_loader:
            pillow()
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(root, loader, extensions, transform, target_transform, is_valid_file, allow_empty)
        self.imgs = self.samples
