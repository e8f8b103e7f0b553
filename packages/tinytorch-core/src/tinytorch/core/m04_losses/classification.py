"""Losses for classes: how improbable the right class was."""

from __future__ import annotations

import numpy as np

from ..m01_tensor.op import Array, op
from ..m01_tensor.tensor import Tensor
from ..m02_activations.kernels import maxima, sums
from .classes import averaged, check_class_indices, check_class_weights, counted, look_up
from .reduction import check_float, check_reduction, check_tensors, reduced


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return `-log(softmax(input)[target])`, reduced: how surprised the scores are by the right class.

    Args:
        input: scores (logits) of shape (C,), (N, C) or (N, C, d1, ...); C is the number of classes.
        target: either class indices (int64 or uint8) of shape (), (N,) or (N, d1, ...),
            or the probabilities of all classes, of the input's shape.
        weight: a factor for each class, shape (C,). The mean of class indices is a weighted one.
        ignore_index: samples with this class index don't count.
        reduction: "none" for the loss of each sample, "mean" or "sum" for one number.
        label_smoothing: from 0 to 1, the part of the target that is spread evenly over all classes.

    Raises:
        ValueError: the reduction is unknown, or the numbers of samples differ.
        IndexError: a class index is out of bounds.
        RuntimeError: the shapes, the dtypes, the weight or the label smoothing don't fit.

    Examples:
        >>> scores = tt.tensor([[2.0, 2.0], [0.0, 1000.0]])
        >>> tt.functional.cross_entropy(scores, tt.tensor([0, 1]))
        tensor(0.3466)
        >>> tt.functional.cross_entropy(scores, tt.tensor([0, 1]), reduction="none")
        tensor([0.6931, 0.0000])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
    """
    check_reduction(reduction)
    check_tensors("cross_entropy", input=input, target=target)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    probabilities = input.array.shape == target.array.shape
    if probabilities:
        if target.array.dtype.kind != "f":
            raise RuntimeError(
                "cross_entropy(): the target has the input's shape, so it must hold class probabilities "
                f"of a floating-point dtype, but got {target.dtype}"
            )
        if input.array.ndim == 0:
            raise IndexError("cross_entropy() expected an input with 1 or more dimensions, got 0")
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
    else:
        check_class_indices("cross_entropy", input, target)
    if weight is not None:
        check_class_weights("cross_entropy", weight, input, indices=not probabilities)
    if probabilities:
        return cross_entropy_of_probabilities(input, target, weight, reduction, label_smoothing)
    return cross_entropy_of_indices(input, target, weight, ignore_index, reduction, label_smoothing)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Return `-input[target]`, reduced: the cross-entropy if the input is a log-softmax already.

    Args:
        input: log-probabilities of shape (C,), (N, C) or (N, C, d1, ...); C is the number of classes.
        target: class indices (int64 or uint8) of shape (), (N,) or (N, d1, ...).
        weight: a factor for each class, shape (C,). The mean is a weighted one.
        ignore_index: samples with this class index don't count.
        reduction: "none" for the loss of each sample, "mean" or "sum" for one number.

    Raises:
        ValueError: the reduction is unknown, or the numbers of samples differ.
        IndexError: a class index is out of bounds.
        RuntimeError: the shapes, the dtypes or the weight don't fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
    """
    check_reduction(reduction)
    check_tensors("nll_loss", input=input, target=target)
    check_class_indices("nll_loss", input, target)
    if weight is not None:
        check_class_weights("nll_loss", weight, input, indices=True)
    return negative_log_likelihood(input, target, weight, ignore_index, reduction)


@op
def cross_entropy_of_indices(
    input: Array,
    target: Array,
    weight: Array | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Array:
    """Return the cross-entropy between the softmax of the scores and the target classes, reduced."""
    check_float("cross_entropy", input.dtype)
    dtype = input.dtype
    if dtype.itemsize == 2:  # sums of exponentials and of losses in float16 need more room
        input, weight = _as_float32(input), _as_float32(weight)
    axis = 1
    if input.ndim == 1:  # a single sample: its target may be of shape () or (1,)
        axis, target = 0, target.reshape(())
    samples = look_up(input, target, weight, ignore_index)
    # Softmax is the same if a number is taken off all scores of a sample; taking off the largest keeps exp
    # from overflowing. From here on one array is scores, then exponentials, and kept for the rule.
    exps = np.subtract(input, maxima(input, axis), order="C")
    own = exps.take(samples.places).reshape(target.shape)
    even = mean_score(exps, weight, axis).reshape(target.shape) if label_smoothing else None
    np.exp(exps, out=exps)
    totals = sums(exps, axis)
    log_sums = np.log(totals).reshape(target.shape)

    losses = counted(samples, log_sums - own)
    if even is not None:  # the mean over all classes of what their losses would be
        if weight is not None:
            log_sums = log_sums * np.mean(weight)
        even = log_sums - even
        if samples.kept is not None:
            even = np.where(samples.kept, even, 0)
        losses = (1 - label_smoothing) * losses + label_smoothing * even
    loss, count = averaged(losses, samples, reduction)
    saved = {"exps": exps, "sums": totals, "samples": samples, "count": count}
    return loss if loss.dtype is dtype else loss.astype(dtype), saved


@op(promote="same")
def cross_entropy_of_probabilities(
    input: Array, target: Array, weight: Array | None, reduction: str, label_smoothing: float
) -> Array:
    """Return the cross-entropy between the softmax of the scores and the target probabilities, reduced."""
    dtype = input.dtype
    if dtype == np.float16:
        input = _as_float32(input)
    axis = 1 if input.ndim > 1 else 0
    log_probs = input - maxima(input, axis)
    log_probs -= np.log(sums(np.exp(log_probs), axis))
    losses = log_probs * smoothed(target, label_smoothing, axis)
    if weight is not None:
        losses *= along_classes(weight, losses)
    loss = reduced(-np.add.reduce(losses, axis=axis), reduction)
    return loss.astype(dtype, copy=False), {"log_probs": log_probs}


@op
def negative_log_likelihood(
    input: Array, target: Array, weight: Array | None, ignore_index: int, reduction: str
) -> Array:
    """Return minus the log-probability of each target class, reduced."""
    check_float("nll_loss", input.dtype)
    dtype = input.dtype
    if dtype == np.float16:
        input, weight = _as_float32(input), _as_float32(weight)
    if input.ndim == 1:
        target = target.reshape(())
    samples = look_up(input, target, weight, ignore_index)
    losses = counted(samples, -input.reshape(-1)[samples.places].reshape(target.shape))
    loss, count = averaged(losses, samples, reduction)
    return loss.astype(dtype, copy=False), {"samples": samples, "count": count}


def along_classes(weight: Array, scores: Array) -> Array:
    """Shape the weight of each class so that it broadcasts along the class axis of the scores."""
    return weight.reshape(-1, *[1] * (scores.ndim - 2))


def smoothed(target: Array, label_smoothing: float, axis: int) -> Array:
    """Take the part `label_smoothing` of the target probabilities and spread it evenly."""
    if not label_smoothing:
        return target
    return target * (1 - label_smoothing) + label_smoothing / target.shape[axis]


def mean_score(scores: Array, weight: Array | None, axis: int) -> Array:
    """Return each sample's mean over the classes of weight times score."""
    return np.mean(scores if weight is None else scores * along_classes(weight, scores), axis=axis)


def _as_float32(x: Array | None) -> Array | None:
    return None if x is None else x.astype(np.float32)
