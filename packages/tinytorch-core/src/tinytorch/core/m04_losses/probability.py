"""Losses for probabilities: of yes or no, and of whole distributions."""

from __future__ import annotations

import warnings

import numpy as np

from ..m01_tensor.op import Array, op
from ..m01_tensor.tensor import Tensor
from .reduction import check_float, check_reduction, check_tensors, reduced


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """Return `-(target * log(input) + (1 - target) * log(1 - input))`, reduced.

    Logarithms are cut off at -100, so that a wrong certainty costs much, but not infinitely much.
    `binary_cross_entropy_with_logits` is more exact where probabilities are near 0 or 1.

    Args:
        input: probabilities from 0 to 1, of any shape.
        target: of the same shape and dtype, also from 0 to 1.
        weight: a factor for each loss, broadcast to the target's shape.
        reduction: "none" for all losses, "mean" or "sum" for one number.

    Raises:
        ValueError: the reduction is unknown, or the shapes differ.
        RuntimeError: a value isn't between 0 and 1, the dtypes differ, or the weight doesn't fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
    """
    check_reduction(reduction)
    check_tensors("binary_cross_entropy", input=input, target=target)
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) "
            "is deprecated. Please ensure they have the same size."
        )
    for other in (target, weight):
        if other is not None and other.dtype != input.dtype:
            raise RuntimeError(
                f"binary_cross_entropy(): Found dtype {other.dtype} but expected {input.dtype}"
            )
    _check_factors("binary_cross_entropy", target, weight=weight)
    return bernoulli_cross_entropy(input, target, weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return the binary cross-entropy of `sigmoid(input)`, reduced; exact for scores of any size.

    Args:
        input: scores (logits), of any shape.
        target: of the same shape, a floating-point dtype, from 0 to 1.
        weight: a factor for each loss, broadcast to the target's shape.
        reduction: "none" for all losses, "mean" or "sum" for one number.
        pos_weight: a factor for the part of the loss that comes from positive targets, broadcast alike.

    Raises:
        ValueError: the reduction is unknown, or the shapes differ.
        RuntimeError: the target isn't of a floating-point dtype, or a weight doesn't fit.
        NotImplementedError: the scores are integers.

    Examples:
        >>> scores, target = tt.tensor([0.0, 1000.0]), tt.tensor([1.0, 1.0])
        >>> tt.functional.binary_cross_entropy_with_logits(scores, target)
        tensor(0.3466)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
    """
    name = "binary_cross_entropy_with_logits"
    check_reduction(reduction)
    check_tensors(name, input=input, target=target)
    if input.shape != target.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    check_float(name, input.dtype)
    if target.dtype.kind != "f":
        raise RuntimeError(f"{name}(): the target must be of a floating-point dtype, got {target.dtype}")
    _check_factors(name, target, weight=weight, pos_weight=pos_weight)
    return logistic_cross_entropy(input, target, weight, pos_weight, reduction)


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """Return `target * (log(target) - input)`, reduced: how far one distribution is from another.

    Args:
        input: logarithms of probabilities, of any shape.
        target: probabilities of the same shape (another one is broadcast).
        reduction: "none", "sum", "mean" (over all elements) or "batchmean": the sum divided by the
            input's first dimension, which alone is the Kullback-Leibler divergence.
        log_target: whether the target holds logarithms, too.

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes can't be broadcast, or one of both holds integers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
    """
    check_reduction(reduction, "batchmean")
    check_tensors("kl_div", input=input, target=target)
    if input.dtype.kind != "f" or target.dtype.kind != "f":
        raise RuntimeError(f"kl_div: Integral inputs not supported, got {input.dtype} and {target.dtype}.")
    if reduction == "mean":
        warnings.warn(
            "reduction='mean' divides the divergence by the number of all elements; "
            "'batchmean' divides by the batch size, as the Kullback-Leibler divergence does.",
            stacklevel=2,
        )
    if reduction != "batchmean":
        return divergence(input, target, log_target, reduction)
    total = divergence(input, target, log_target, "sum")
    return total / (input.shape[0] if input.ndim else 1)


@op
def bernoulli_cross_entropy(input: Array, target: Array, weight: Array | None, reduction: str) -> Array:
    """Return the cross-entropy of yes-or-no probabilities and their targets, reduced."""
    check_float("binary_cross_entropy", input.dtype)
    for what, x in (("input", input), ("target", target)):
        if not np.all((x >= 0) & (x <= 1)):
            raise RuntimeError(f"all elements of {what} should be between 0 and 1")
    log_yes, log_no = np.maximum(np.log(input), -100), np.maximum(np.log1p(-input), -100)
    losses = (target - 1) * log_no - target * log_yes
    return reduced(losses if weight is None else losses * weight, reduction)


@op(promote="same")
def logistic_cross_entropy(
    input: Array, target: Array, weight: Array | None, pos_weight: Array | None, reduction: str
) -> Array:
    """Return the cross-entropy of the sigmoid of the scores and their targets, reduced."""
    # -log(sigmoid(-x)) = log(1 + exp(x)), written so that exp never gets a large number.
    tail = np.log1p(np.exp(-np.abs(input)))
    of_no, of_yes = np.maximum(input, 0) + tail, np.maximum(-input, 0) + tail
    yes = target if pos_weight is None else target * pos_weight
    losses = (1 - target) * of_no + yes * of_yes
    return reduced(losses if weight is None else losses * weight, reduction)


@op(promote="same")
def divergence(input: Array, target: Array, log_target: bool, reduction: str) -> Array:
    """Return the terms of the Kullback-Leibler divergence, reduced; `0 * log(0)` is 0."""
    if log_target:
        return reduced(np.exp(target) * (target - input), reduction)
    entropy = np.where(target == 0, 0, target * np.log(target))
    return reduced(entropy - target * input, reduction)


def _check_factors(name: str, target: Tensor, **weights: Tensor | None) -> None:
    for argument, weight in weights.items():
        if weight is None:
            continue
        check_tensors(name, **{argument: weight})
        if weight.requires_grad:
            raise RuntimeError(
                f"{name}() is not differentiable with respect to '{argument}'; it must not require a gradient"
            )
        try:
            np.broadcast_to(weight.array, target.shape)
        except ValueError:
            raise RuntimeError(
                f"{name}(): a {argument} of shape {weight.shape} can't be broadcast to "
                f"the target's shape {target.shape}"
            ) from None
