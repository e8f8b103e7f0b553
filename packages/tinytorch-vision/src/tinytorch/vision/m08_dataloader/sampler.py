"""Samplers: in which order the samples of a dataset are taken, and which go together.

Whatever is random in these is drawn when iteration begins, not along the way. So it doesn't matter how far
a loader with workers runs ahead of the training.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any, Generic, TypeVar

from tinytorch.core import Generator, Tensor, as_tensor, float64, multinomial, randint, randperm

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """The base of samplers: a subclass defines `__iter__`, which yields indices (or lists of them).

    It should define `__len__`, too, from which `len(loader)` follows.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Sampler
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__} has to define __iter__(self)")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ...: always the same order.

    Args:
        data_source: the dataset.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.SequentialSampler
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """A random order: each sample once, or (`replacement`) each draw independent of the others.

    Args:
        data_source: the dataset.
        replacement: draw each index from all.
        num_samples: how many indices; as many as there are samples if left out. Without replacement, more
            than those begin the next order.
        generator: where the random numbers come from; the default one if left out.

    Raises:
        TypeError: `replacement` isn't a bool.
        ValueError: `num_samples` isn't a positive int, or it is left out and the dataset is empty.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if num_samples is None and self.num_samples == 0:
            raise ValueError(
                "num_samples should be a positive integer value, but got num_samples=0: the dataset is empty"
            )
        _check_positive("num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        """How many indices are drawn; the length of the dataset may change."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n, count = len(self.data_source), self.num_samples
        if n == 0:
            raise ValueError(f"cannot draw {count} samples: the dataset is empty")
        drawn: list[int] = []
        if self.replacement:
            drawn = randint(n, (count,), generator=self.generator).tolist()
        else:
            while len(drawn) < count:
                drawn += randperm(n, generator=self.generator).tolist()
        return iter(drawn[:count])

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in a random order.

    Args:
        indices: the indices.
        generator: where the random numbers come from; the default one if left out.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.SubsetRandomSampler
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        order = randperm(len(self.indices), generator=self.generator).tolist()
        return iter([self.indices[i] for i in order])

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with the given probabilities: the cure for rare classes.

    Args:
        weights: one for each sample; they needn't add up to 1.
        num_samples: how many indices to draw.
        replacement: draw each index from all; otherwise none comes twice.
        generator: where the random numbers come from; the default one if left out.

    Raises:
        ValueError: `num_samples` isn't a positive int, `replacement` isn't a bool, or the weights aren't
            one sequence of numbers.
        RuntimeError: when it is iterated over, and the weights are negative, not finite, all zero, or too
            few for so many draws without replacement.

    Examples:
        >>> list(vision.WeightedRandomSampler([0.0, 1.0, 0.0], 3))
        [1, 1, 1]

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler
    """

    def __init__(
        self,
        weights: Sequence[float] | Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        _check_positive("num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.ndim != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {self.weights.shape}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Groups the indices of another sampler into batches.

    Args:
        sampler: any iterable of indices.
        batch_size: how many go together.
        drop_last: leave out the last batch if it is smaller.

    Raises:
        ValueError: `batch_size` isn't a positive int, or `drop_last` isn't a bool.

    Examples:
        >>> list(vision.BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.BatchSampler
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        _check_positive("batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        return self._batches(iter(self.sampler))

    def _batches(self, indices: Iterator[int]) -> Iterator[list[int]]:
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        sampler: Any = self.sampler
        return (len(sampler) + (0 if self.drop_last else self.batch_size - 1)) // self.batch_size


def _check_positive(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")
