"""Transforms made of transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from tinytorch.core import Array, Module, Tensor, from_numpy, rand, randperm, stack

from .chance import chances

Transform = Callable[[Any], Any]


class Compose:
    """Applies one transform after the other.

    Args:
        transforms: the transforms, the first one first.

    Examples:
        >>> T = vision.transforms
        >>> prepare = T.Compose([T.ToTensor(), T.Normalize([0.5], [0.5])])
        >>> image = prepare(np.zeros((28, 28), np.uint8))
        >>> image.shape, image.min().item()
        ((1, 28, 28), -1.0)

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Compose.html
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        """Return what the last transform makes of the image."""
        for transform in self.transforms:
            img = transform(img)
        return img

    def batched(self, images: Tensor) -> Tensor:
        """Return the transformed images of a batch; see `Batched`."""
        for transform in self.transforms:
            images = each(transform, images)
        return images

    def __repr__(self) -> str:
        return listed(self, *map(str, self.transforms))


def listed(transform: object, *lines: str) -> str:
    """Return the description of a transform with one line for each of its parts."""
    return "\n".join([f"{type(transform).__name__}(", *(f"    {line}" for line in lines), ")"])


class Batched:
    """Applies a transform to all images of a batch at once, each with random decisions of its own.

    A random transform that is called with a batch decides once, and does the same to all of its images, as in
    torchvision. Wrapped in this, it draws for every image, and still works on all of them in one pass, which
    is many times faster than one image after the other:

        augment = Batched(Compose([RandomCrop(28, padding=2), RandomHorizontalFlip()]))
        for images, labels in loader:
            images = augment(images)

    As the `transform` of a data set of this package it makes the loader transform whole batches; then it
    begins with `ToTensor()`, as for single images. A transform that isn't of this package, or can't work on a
    batch, is called with one image (C, H, W) after the other.

    Args:
        transform: the transform, often a `Compose`.
    """

    def __init__(self, transform: Transform) -> None:
        self.transform = transform

    def __call__(self, images: Any) -> Tensor:
        """Return the transformed images.

        Args:
            images: a tensor (N, C, H, W), or an array (N, H, W) or (N, H, W, C).

        Raises:
            ValueError: something of another number of dimensions.
        """
        if isinstance(images, np.ndarray) and images.ndim in (3, 4):
            images = from_numpy(images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2))
        if not isinstance(images, Tensor) or images.ndim != 4:
            raise ValueError(
                "Batched takes a batch: a tensor (N, C, H, W), or an array (N, H, W) or (N, H, W, C); got "
                f"{type(images).__name__} {getattr(images, 'shape', '')}"
            )
        return each(self.transform, images) if len(images) else images

    def __repr__(self) -> str:
        return listed(self, str(self.transform).replace("\n", "\n    "))


def each(transform: Transform, images: Tensor) -> Tensor:
    """Return the images of a batch, each transformed on its own."""
    batched: Transform | None = getattr(transform, "batched", None)
    if batched is not None:
        result: Tensor = batched(images)
        return result
    return stack([transform(image) for image in images])


class Lambda:
    """Applies a function.

    Args:
        lambd: the function.

    Raises:
        TypeError: it can't be called.
    """

    def __init__(self, lambd: Transform) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        """Return what the function makes of the image."""
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RandomApply(Module):
    """Applies transforms, one after the other, with some probability, or else none of them.

    Args:
        transforms: the transforms.
        p: the probability.
    """

    def __init__(self, transforms: Sequence[Transform], p: float = 0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, img: Any) -> Any:
        """Return the transformed image, or the image itself."""
        if self.p < rand(1).item():
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def batched(self, images: Tensor) -> Tensor:
        """Return a batch of which some images are transformed; see `Batched`."""
        return _in_groups(images, [Compose(self.transforms)], np.where(chances(self.p, len(images)), 0, -1))

    def __repr__(self) -> str:
        return listed(self, f"p={self.p}", *map(str, self.transforms))


class RandomChoice:
    """Applies one of several transforms, chosen at random.

    Args:
        transforms: the transforms.
        p: how probable each is, in any unit; equally if not given.

    Raises:
        TypeError: not sequences.
    """

    def __init__(self, transforms: Sequence[Transform], p: Sequence[float] | None = None) -> None:
        if not isinstance(transforms, Sequence):
            raise TypeError("Argument transforms should be a sequence")
        if p is not None and not isinstance(p, Sequence):
            raise TypeError("Argument p should be a sequence")
        self.transforms = transforms
        self.p = p

    def __call__(self, *args: Any) -> Any:
        """Return what the chosen transform returns."""
        return self.transforms[int(self._choose(1)[0])](*args)

    def batched(self, images: Tensor) -> Tensor:
        """Return the images, each as one of the transforms makes it; see `Batched`."""
        return _in_groups(images, self.transforms, self._choose(len(images)))

    def _choose(self, count: int) -> Array:
        weights = np.cumsum(np.ones(len(self.transforms)) if self.p is None else np.array(self.p, np.float64))
        return np.searchsorted(weights, rand(count).numpy() * weights[-1], side="right")

    def __repr__(self) -> str:
        return f"{listed(self, *map(str, self.transforms))}(p={self.p})"


class RandomOrder:
    """Applies transforms in random order.

    Args:
        transforms: the transforms.

    Raises:
        TypeError: not a sequence.
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        if not isinstance(transforms, Sequence):
            raise TypeError("Argument transforms should be a sequence")
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        """Return the transformed image."""
        for i in randperm(len(self.transforms)).tolist():
            img = self.transforms[i](img)
        return img

    def __repr__(self) -> str:
        return listed(self, *map(str, self.transforms))


def _in_groups(images: Tensor, transforms: Sequence[Transform], choice: Array) -> Tensor:
    """Apply to each image the transform that was chosen for it; none for a choice of -1."""
    result = images.clone()
    for i, transform in enumerate(transforms):
        (group,) = np.nonzero(choice == i)
        if len(group):
            where = from_numpy(group)
            result[where] = each(transform, images[where])
    return result
