"""What all data sets of images have in common."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tinytorch.core import Tensor, from_numpy, get_default_dtype, int64

from ..dataset import Dataset
from ..rows import Rows
from ..transforms.compose import Batched

Transform = Callable[[Any], Any]


class DamagedFile(RuntimeError):
    """A file that isn't what its name promises; the message says in which way.

    Attributes:
        path: the file.
        problem: what is wrong with it.
    """

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} {problem}; get it anew, for example with download=True")
        self.path = path
        self.problem = problem


class VisionDataset(Dataset[tuple[Any, Any]]):
    """Base class of the data sets of images: an item is a pair of an image and its label.

    Where torchvision gives a Pillow image, an image is a NumPy array of bytes here, (H, W) if it is gray and
    (H, W, 3) if it is coloured; all transforms take it, so the same pipeline works: `ToTensor()` makes a
    tensor of it, `transforms.ToPILImage()` a Pillow image.

    Args:
        root: the folder of the data.
        transforms: called with image and label, returns both.
        transform: called with the image.
        target_transform: called with the label.

    Raises:
        ValueError: `transforms` together with one of the others.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.VisionDataset.html
    """

    def __init__(
        self,
        root: str | Path | None = None,
        transforms: Callable[[Any, Any], Any] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        if transforms is not None and (transform is not None or target_transform is not None):
            raise ValueError("Only transforms or transform/target_transform can be passed as argument")
        self.transform = transform
        self.target_transform = target_transform
        if transform is not None or target_transform is not None:
            transforms = StandardTransform(transform, target_transform)
        self.transforms = transforms

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has to define __len__(self)")

    def transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        """Return what the transforms make of an image and its label."""
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def extra_repr(self) -> str:
        """Return what the description says beyond size, place and transforms."""
        return ""

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body.append(repr(self.transforms))
        return "\n".join([f"Dataset {type(self).__name__}", *(f"    {line}" for line in body)])


class StandardTransform:
    """A transform for images and another one for labels, as one."""

    def __init__(self, transform: Transform | None, target_transform: Transform | None) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        """Return the transformed image and label."""
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for head, transform in (
            ("Transform: ", self.transform),
            ("Target transform: ", self.target_transform),
        ):
            if transform is not None:
                first, *rest = repr(transform).splitlines()
                lines += [head + first, *(" " * len(head) + line for line in rest)]
        return "\n".join(lines)


class ImageArrays(VisionDataset):
    """Base class of the data sets that hold all their images in memory.

    Attributes:
        data: the images, bytes: a tensor (N, H, W) of gray ones, an array (N, H, W, 3) of coloured ones.
        targets: the labels, ints.
        classes: the name of each class.
        train: whether these are the images to learn from.
    """

    data: Any
    targets: Any
    classes: list[str]

    def __init__(
        self,
        root: str | Path | None,
        train: bool,
        transform: Transform | None,
        target_transform: Transform | None,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class, by name."""
        return {name: label for label, name in enumerate(self.classes)}

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return the image, an array (H, W) or (H, W, 3), and its label, an int; both transformed."""
        if isinstance(self.transform, Batched):
            images, labels = self._batch([index])
            return images[0], labels[0]
        return self.transformed(_array(self.data)[index], int(self.targets[index]))

    def __getitems__(self, indices: Sequence[int]) -> Rows | list[tuple[Any, Any]]:
        """Return the images and labels of a batch, for a loader; a `Batched` transform gets all at once."""
        own_items = type(self).__getitem__ is not ImageArrays.__getitem__
        if own_items or not isinstance(self.transform, Batched):
            return [self[i] for i in indices]
        images, labels = self._batch(indices)
        if self.target_transform is not None:  # whatever it returns
            return list(zip(images, labels))
        return Rows([images, np.asarray(labels)])

    def _batch(self, indices: Sequence[int]) -> tuple[Any, list[Any]]:
        """Return the images at once as a `Batched` transform makes them, and the labels."""
        assert self.transform is not None
        images = self.transform(_array(self.data)[np.asarray(indices)])
        labels = [int(self.targets[i]) for i in indices]
        if self.target_transform is not None:
            labels = [self.target_transform(label) for label in labels]
        return images, labels

    def __len__(self) -> int:
        return len(self.data)

    def tensors(self) -> tuple[Tensor, Tensor]:
        """Return all images and labels at once, for work in batches: no transform is applied.

        Returns:
            Images (N, C, H, W), floats from 0 to 1 as `ToTensor` makes them, and labels (N,), int64.
            `TensorDataset(*dataset.tensors())` is a data set of them.
        """
        pixels = _array(self.data)
        planes = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
        floats = np.empty(planes.shape, get_default_dtype())
        np.divide(planes, floats.dtype.type(255), out=floats)
        return from_numpy(floats), from_numpy(np.array(self.targets, int64))

    def extra_repr(self) -> str:
        """Return which part of the data this is."""
        return f"Split: {'Train' if self.train else 'Test'}"


def _array(data: Any) -> np.ndarray:
    return data.numpy() if isinstance(data, Tensor) else data
