"""Gradient rules of losses.

A mean divides the gradient by the number of losses. A loss depends on the difference of prediction and
target alone where their gradients are opposite.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..m04_losses.classes import counted
from ..m04_losses.classification import (
    along_classes,
    cross_entropy_of_indices,
    cross_entropy_of_probabilities,
    negative_log_likelihood,
    smoothed,
)
from ..m04_losses.probability import bernoulli_cross_entropy, divergence, logistic_cross_entropy
from ..m04_losses.regression import absolute_error, parabola_with_tails, squared_error


def shared(g: Any, reduction: str, size: int) -> Any:
    """Return the gradient of each single loss from that of the reduced ones."""
    return g / size if reduction == "mean" else g


@squared_error.backward
def squared_error_backward(g: Any, input: Any, target: Any, reduction: str) -> Any:
    def scaled(factor: int) -> Any:
        d = input - target
        d *= factor * shared(g, reduction, d.size)
        return d

    return lambda: scaled(2), lambda: scaled(-2)


@absolute_error.backward
def absolute_error_backward(g: Any, input: Any, target: Any, reduction: str) -> Any:
    def scaled(factor: int) -> Any:
        d = np.sign(input - target)
        d *= factor * shared(g, reduction, d.size)
        return d

    return lambda: scaled(1), lambda: scaled(-1)


@parabola_with_tails.backward
def parabola_with_tails_backward(
    g: Any, input: Any, target: Any, delta: float, scale: float, reduction: str
) -> Any:
    def scaled(factor: float) -> Any:
        d = np.clip(input - target, -delta, delta)
        d *= factor * shared(g, reduction, d.size)
        return d

    return lambda: scaled(scale), lambda: scaled(-scale)


@cross_entropy_of_indices.backward
def cross_entropy_of_indices_backward(
    g: Any, exps: Any, sums: Any, samples: Any, count: Any, weight: Any, label_smoothing: float
) -> Any:
    # The loss is log(sum(exp(scores))) - own score: the gradient is softmax - 1 at the own class.
    def by_input() -> Any:
        each = g / count
        own = all_classes = counted(samples, each)
        even = None
        if label_smoothing:
            even = label_smoothing * (each if samples.kept is None else np.where(samples.kept, each, 0))
            own = (1 - label_smoothing) * own
            all_classes = own + (even if weight is None else even * np.mean(weight))
        d = np.multiply(exps, as_column(all_classes, sums) / sums, order="C")
        d.reshape(-1)[samples.places] -= own.reshape(-1)
        if even is not None:
            even = as_column(even, sums) / exps.shape[exps.ndim > 1]
            d -= even if weight is None else even * along_classes(weight, d)
        return d

    return by_input, None, None


def as_column(values: Any, sums: Any) -> Any:
    """Shape a number of each sample like the sums over the classes; one for all samples stays as it is."""
    return values.reshape(sums.shape) if values.ndim else values


@cross_entropy_of_probabilities.backward
def cross_entropy_of_probabilities_backward(
    g: Any, log_probs: Any, target: Any, weight: Any, reduction: str, label_smoothing: float
) -> Any:
    axis = 1 if log_probs.ndim > 1 else 0
    classes = log_probs.shape[axis]
    each = shared(g, reduction, log_probs.size // classes if classes else 0)
    if reduction == "none":
        each = np.expand_dims(each, axis)

    def by_input() -> Any:
        wanted = smoothed(target, label_smoothing, axis)
        if weight is not None:
            wanted = wanted * along_classes(weight, wanted)
        d = np.exp(log_probs)
        d *= np.add.reduce(wanted, axis=axis, keepdims=True)
        d -= wanted
        d *= each
        return d

    def by_target() -> Any:
        d = log_probs * (each * (label_smoothing - 1))
        if weight is not None:
            d *= along_classes(weight, d)
        return d

    def by_weight() -> Any:
        d = log_probs * smoothed(target, label_smoothing, axis)
        d *= -each
        return np.add.reduce(d, axis=tuple(i for i in range(d.ndim) if i != axis))

    return by_input, by_target, by_weight


@negative_log_likelihood.backward
def negative_log_likelihood_backward(g: Any, input_shape: Any, samples: Any, count: Any) -> Any:
    def by_input() -> Any:
        own = counted(samples, g / count)
        d = np.zeros(input_shape, own.dtype)
        d.reshape(-1)[samples.places] = -own.reshape(-1)
        return d

    return by_input, None, None


@bernoulli_cross_entropy.backward
def bernoulli_cross_entropy_backward(g: Any, input: Any, target: Any, weight: Any, reduction: str) -> Any:
    each = shared(g, reduction, input.size)
    if weight is not None:
        each = each * weight
    # The lower bound keeps the gradient finite for a probability of exactly 0 or 1.
    return (
        lambda: (input - target) / np.maximum((1 - input) * input, 1e-12) * each,
        lambda: (np.log1p(-input) - np.log(input)) * each,
        None,
    )


@logistic_cross_entropy.backward
def logistic_cross_entropy_backward(
    g: Any, input: Any, target: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    each = shared(g, reduction, input.size)
    if weight is not None:
        each = each * weight

    def by_input() -> Any:
        yes = 1 / (1 + np.exp(-input))
        if pos_weight is None:
            return (yes - target) * each
        no = 1 / (1 + np.exp(input))  # not 1 - yes, which is 0 too early
        return ((1 - target) * yes - pos_weight * target * no) * each

    def by_target() -> Any:
        if pos_weight is None:
            return -input * each
        of_yes = np.maximum(-input, 0) + np.log1p(np.exp(-np.abs(input)))
        return ((pos_weight - 1) * of_yes - input) * each

    return by_input, by_target, None, None


@divergence.backward
def divergence_backward(g: Any, input: Any, target: Any, log_target: bool, reduction: str) -> Any:
    shape = np.broadcast_shapes(input.shape, target.shape)
    each = shared(g, reduction, math.prod(shape))

    def by_input() -> Any:
        d = (np.exp(target) if log_target else target) * -each
        return d if d.shape == shape else np.broadcast_to(d, shape)

    def by_target() -> Any:
        if log_target:
            return np.exp(target) * (target + 1 - input) * each
        return (np.log(target) + 1 - input) * each

    return by_input, by_target
