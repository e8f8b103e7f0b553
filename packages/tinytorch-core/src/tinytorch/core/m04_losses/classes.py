"""Targets that are classes: which score belongs to which target, and how much each sample counts."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..m01_tensor.dtypes import int64, uint8
from ..m01_tensor.op import Array
from ..m01_tensor.tensor import Tensor
from .reduction import reduced

_UINT64 = np.dtype(np.uint64)


class Samples(NamedTuple):
    """Where each sample's own class stands, and how much each sample counts."""

    places: Array  # positions of the target classes' scores in the flattened (N, C, ...) scores
    factors: Array | None  # per sample, 0 for ignored ones, shape of the target; None if all are 1
    kept: Array | None  # which samples aren't ignored; None if all are kept


def look_up(scores: Array, target: Array, weight: Array | None, ignore_index: int) -> Samples:
    """Find the score of each sample's target class in `scores` of shape (N, C, ...) or (C,).

    Raises:
        IndexError: a target is neither a class nor `ignore_index`.
    """
    classes = scores.shape[1 if scores.ndim > 1 else 0]
    if target.dtype is not int64:
        target = target.astype(int64)
    kept = None
    # As unsigned numbers negative targets are huge, so one look at the maximum sees both ends.
    if target.size and (
        np.maximum.reduce(target.view(_UINT64), axis=None) >= classes or 0 <= ignore_index < classes
    ):
        kept = target != ignore_index
        wrong = target[kept & ((target < 0) | (target >= classes))]
        if wrong.size:
            raise IndexError(f"Target {wrong[0]} is out of bounds.")
        target = np.where(kept, target, 0)

    if scores.ndim <= 2:
        places = target.reshape(-1) + row_starts(target.size, classes)
    else:  # the class axis isn't the last one: a step along it is `inner` numbers long
        inner = math.prod(scores.shape[2:])
        first = np.arange(len(scores))[:, None] * (classes * inner) + np.arange(inner)
        places = first.reshape(-1) + target.reshape(-1) * inner

    factors = None if weight is None else weight[target]
    if kept is not None:
        factors = kept.astype(scores.dtype) if factors is None else np.where(kept, factors, 0)
    return Samples(places, factors, kept)


@lru_cache(maxsize=16)
def row_starts(rows: int, columns: int) -> Array:
    """Return the positions of the first number of each row of a matrix, for a loss that is asked again."""
    starts = np.arange(rows) * columns
    starts.flags.writeable = False
    return starts


def counted(samples: Samples, values: Array) -> Array:
    """Multiply a value of each sample by how much the sample counts; exactly 0 for an ignored one."""
    if samples.factors is None:
        return values
    values = samples.factors * values
    return values if samples.kept is None else np.where(samples.kept, values, 0)


def averaged(losses: Array, samples: Samples, reduction: str) -> tuple[Array, Any]:
    """Reduce the samples' losses; return the result and what the sum of them was divided by."""
    if reduction != "mean":
        return reduced(losses, reduction), 1
    count = losses.size if samples.factors is None else np.add.reduce(samples.factors, axis=None)
    return np.add.reduce(losses, axis=None) / count, count


def check_class_indices(name: str, input: Tensor, target: Tensor) -> None:
    """Raise PyTorch's errors if `target` can't hold the classes of `input`: shape (N, ...) for (N, C, ...).

    Raises:
        ValueError: the numbers of samples differ.
        RuntimeError: the shapes don't fit in another way, or the target isn't int64 or uint8.
    """
    scores, samples = input.array.shape, target.array.shape
    if not scores:
        raise ValueError(f"{name}() expected an input with 1 or more dimensions, got 0")
    if len(scores) == 1:
        if len(samples) == 1 and samples[0] != 1:
            raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {samples[0]}")
        fits = samples in ((), (1,))
    else:
        found = samples[0] if samples else 0
        if found != scores[0]:
            raise ValueError(f"Expected input batch_size ({scores[0]}) to match target batch_size ({found}).")
        fits = samples[1:] == scores[2:]
    if not fits:
        expected = (scores[0], *scores[2:]) if len(scores) > 1 else ()
        raise RuntimeError(f"Expected target size {list(expected)}, got {list(samples)}")
    if target.array.dtype not in (int64, uint8):
        raise RuntimeError(f"expected target dtype to be int64 or uint8, but got {target.dtype}")


def check_class_weights(name: str, weight: Any, input: Tensor, indices: bool) -> None:
    """Raise PyTorch's errors if `weight` isn't one factor for each class.

    Raises:
        TypeError: it isn't a Tensor.
        RuntimeError: the shape isn't (C,); or, with class indices, its dtype isn't the input's or it
            requires a gradient, for which there is no rule.
    """
    if not isinstance(weight, Tensor):
        raise TypeError(f"{name}(): argument 'weight' must be a Tensor, not {type(weight).__name__}")
    shape = input.shape
    classes = shape[1] if len(shape) > 1 else shape[0]
    if weight.shape != (classes,):
        raise RuntimeError(
            f"{name}(): weight tensor should be defined either for all {classes} classes or no classes "
            f"but got weight tensor of shape: {list(weight.shape)}"
        )
    if indices and weight.dtype != input.dtype:
        raise RuntimeError(f"{name}(): expected a weight of dtype {input.dtype}, but got {weight.dtype}")
    if indices and weight.requires_grad:
        raise RuntimeError(
            f"{name}() is not differentiable with respect to 'weight'; it must not require a gradient"
        )
