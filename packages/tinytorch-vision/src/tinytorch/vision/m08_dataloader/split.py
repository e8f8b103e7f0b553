"""Splitting a dataset at random."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

from tinytorch.core import Generator, default_generator, randperm

from .dataset import Dataset, Subset, length_of

T = TypeVar("T")


def random_split(
    dataset: Dataset[T] | Sequence[T],
    lengths: Sequence[int | float],
    generator: Generator | None = default_generator,
) -> list[Subset[T]]:
    """Split a dataset at random into parts that share no sample.

    Args:
        dataset: what to split.
        lengths: of the parts: numbers of samples, or fractions that add up to 1. Fractions are rounded
            down, and the samples left over go to the first parts, one each.
        generator: where the random numbers come from.

    Raises:
        ValueError: the lengths don't add up to that of the dataset, or a fraction isn't between 0 and 1.

    Examples:
        >>> train, test = vision.random_split(range(10), [0.8, 0.2])
        >>> len(train), len(test)
        (8, 2)

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.random_split
    """
    total = length_of(dataset)
    sizes: list[int]
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        for i, fraction in enumerate(lengths):
            if not 0 <= fraction <= 1:
                raise ValueError(f"Fraction at index {i} is not between 0 and 1: {fraction}")
        sizes = [math.floor(total * fraction) for fraction in lengths]
        for i in range(total - sum(sizes)):
            sizes[i % len(sizes)] += 1
        for i, size in enumerate(sizes):
            if size == 0:
                message = f"Length of split at index {i} is 0. This might result in an empty dataset."
                warnings.warn(message, stacklevel=2)
    else:
        if any(size != int(size) or size < 0 for size in lengths):
            raise ValueError(f"lengths must be numbers of samples, or fractions that sum to 1: {lengths}")
        sizes = [int(size) for size in lengths]
    if sum(sizes) != total:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset! "
            f"{' + '.join(map(str, sizes))} is {sum(sizes)}, and the dataset has {total} samples"
        )
    order = randperm(total, generator=generator).tolist()
    return [
        Subset(dataset, order[end - size : end]) for end, size in zip(accumulate(sizes), sizes, strict=True)
    ]
