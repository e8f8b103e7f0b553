"""Losses for numbers: how far the predictions are from the targets."""

from __future__ import annotations

import numpy as np

from ..m01_tensor.op import Array, op
from ..m01_tensor.tensor import Tensor
from .reduction import check_float, check_reduction, check_tensors, reduced, warn_if_shapes_differ


def mse_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None
) -> Tensor:
    """Return the squared errors `(input - target)**2`, reduced.

    Args:
        input: predictions, of any shape.
        target: of the same shape (another one is broadcast, with a warning).
        reduction: "none" for all losses, "mean" or "sum" for one number.
        weight: a factor for each loss; "mean" then divides by the sum of the factors.

    Raises:
        ValueError: the reduction is unknown, or the weight has another shape than the input.
        RuntimeError: the shapes can't be broadcast.
        NotImplementedError: both are integers.

    Examples:
        >>> tt.functional.mse_loss(tt.tensor([1.0, 2.0]), tt.tensor([1.0, 4.0]))
        tensor(2.)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
    """
    _check("mse_loss", input, target, reduction)
    if weight is None:
        return squared_error(input, target, reduction)
    losses = _weighted(squared_error(input, target, "none"), input, weight)
    return losses.sum() / weight.sum() if reduction == "mean" else _reduce(losses, reduction)


def l1_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None
) -> Tensor:
    """Return the absolute errors `|input - target|`, reduced.

    Args:
        input: predictions, of any shape.
        target: of the same shape (another one is broadcast, with a warning).
        reduction: "none" for all losses, "mean" or "sum" for one number.
        weight: a factor for each loss; "mean" then divides by the sum of the factors.

    Raises:
        ValueError: the reduction is unknown, or the weight has another shape than the input.
        RuntimeError: the shapes can't be broadcast, or the mean of integers was asked for.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html
    """
    _check("l1_loss", input, target, reduction)
    if weight is None:
        return absolute_error(input, target, reduction)
    losses = _weighted(absolute_error(input, target, "none"), input, weight)
    return losses.sum() / weight.sum() if reduction == "mean" else _reduce(losses, reduction)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """Return `d**2 / 2` for errors `|d| <= delta` and `delta * (|d| - delta / 2)` beyond, reduced.

    Outliers pull with a constant force instead of one that grows with their distance.

    Args:
        input: predictions, of any shape.
        target: of the same shape (another one is broadcast, with a warning).
        reduction: "none" for all losses, "mean" or "sum" for one number.
        delta: where the parabola goes over into straight lines; greater than 0.
        weight: a factor for each loss ("mean" divides by the number of losses all the same).

    Raises:
        ValueError: the reduction is unknown, or the weight has another shape than the input.
        RuntimeError: the shapes can't be broadcast, or delta isn't greater than 0.
        NotImplementedError: both are integers.

    Examples:
        >>> tt.functional.huber_loss(tt.tensor([0.5, 10.0]), tt.zeros(2), reduction="none")
        tensor([0.1250, 9.5000])

    Source: Huber, "Robust estimation of a location parameter", 1964;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
    """
    _check("huber_loss", input, target, reduction)
    if not delta > 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta, got {delta}")
    if weight is None:
        return parabola_with_tails(input, target, delta, 1.0, reduction)
    losses = _weighted(parabola_with_tails(input, target, delta, 1.0, "none"), input, weight)
    return _reduce(losses, reduction)


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Return `d**2 / (2 * beta)` for errors `|d| < beta` and `|d| - beta / 2` beyond, reduced.

    It is the Huber loss divided by its delta: for beta near 0 the absolute error, smooth at 0.

    Args:
        input: predictions, of any shape.
        target: of the same shape (another one is broadcast, with a warning).
        reduction: "none" for all losses, "mean" or "sum" for one number.
        beta: where the parabola goes over into straight lines; 0 gives `l1_loss`.

    Raises:
        ValueError: the reduction is unknown.
        RuntimeError: the shapes can't be broadcast, or beta is negative.
        NotImplementedError: both are integers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
    """
    _check("smooth_l1_loss", input, target, reduction)
    if not beta >= 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    if beta == 0:
        return absolute_error(input, target, reduction)
    return parabola_with_tails(input, target, beta, 1 / beta, reduction)


@op(promote="same")
def squared_error(input: Array, target: Array, reduction: str) -> Array:
    """Return the squared differences, reduced."""
    check_float("mse_loss", input.dtype)
    d = input - target
    return reduced(d * d, reduction)


@op(promote="same")
def absolute_error(input: Array, target: Array, reduction: str) -> Array:
    """Return the absolute differences, reduced."""
    if input.dtype.kind == "b":
        raise RuntimeError("l1_loss(): subtraction of two bool tensors is not supported")
    if input.dtype.kind != "f" and reduction == "mean":
        raise RuntimeError(f"l1_loss(): the mean of {input.dtype} losses is not defined; convert to a float")
    return reduced(np.abs(input - target), reduction)


@op(promote="same")
def parabola_with_tails(input: Array, target: Array, delta: float, scale: float, reduction: str) -> Array:
    """Return `scale` times the Huber loss of the differences, reduced."""
    check_float("huber_loss", input.dtype)
    size = np.abs(input - target)
    bounded = np.minimum(size, delta)
    # The parabola for bounded = size, the straight line for bounded = delta: no branches.
    losses = bounded * (size - bounded * 0.5)
    return reduced(losses if scale == 1 else losses * scale, reduction)


def _check(name: str, input: Tensor, target: Tensor, reduction: str) -> None:
    check_reduction(reduction)
    check_tensors(name, input=input, target=target)
    if input.shape != target.shape:
        warn_if_shapes_differ(input, target)


def _weighted(losses: Tensor, input: Tensor, weight: Tensor) -> Tensor:
    check_tensors("loss", weight=weight)
    if weight.shape != input.shape:
        raise ValueError(f"Weights and input must have the same size, got {weight.shape} and {input.shape}.")
    return losses * weight


def _reduce(losses: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()
