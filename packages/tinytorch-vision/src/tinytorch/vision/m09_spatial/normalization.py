"""Normalisation: move the values of a channel to a mean of 0 and a variance of 1, then as is learned."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from tinytorch.core import Tensor, mark_changed

from .standardization import rescaled, standardized
from .statistics import over_batch, over_groups


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel over the batch in training, with the running statistics otherwise.

    Args:
        input: (N, C, ...).
        running_mean: (C,); in training it moves towards the batch's mean, in place.
        running_var: (C,); in training it moves towards the batch's unbiased variance, in place.
        weight: (C,), what the result is multiplied by.
        bias: (C,), what is added to it.
        training: whether the batch's own statistics are used.
        momentum: how far the running statistics move, from 0 to 1.
        eps: added to the variance.

    Raises:
        ValueError: in training, one value for each channel; only one of the running statistics.
        RuntimeError: sizes or dtypes don't go together, or statistics are missing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html;
    arXiv:1502.03167
    """
    _check(input, "batch_norm")
    count = input.shape[0] * math.prod(input.shape[2:])
    if training and count == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {list(input.shape)}; "
            "use a larger batch, or eval()"
        )
    _check_running(running_mean, running_var, training, input.shape[1])
    _check_vectors(input, input.shape[1], running_mean=running_mean, running_var=running_var)
    _check_vectors(input, input.shape[1], weight=weight, bias=bias)
    if training:
        keep = None
        if running_mean is not None and running_var is not None and input.numel():
            keep = _mover(running_mean, running_var, momentum, count)
        return standardized(input, weight, bias, over_batch, eps, keep)
    assert running_mean is not None
    assert running_var is not None
    return rescaled(input, weight, bias, running_mean.array, running_var.array, eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each group of channels of each image by itself, whatever else is in the batch.

    Args:
        input: (N, C, ...).
        num_groups: into how many groups the C channels are divided.
        weight: (C,), what the result is multiplied by.
        bias: (C,), what is added to it.
        eps: added to the variance.

    Raises:
        RuntimeError: sizes or dtypes don't go together, or the groups don't divide the channels.
        ValueError: a group of one value.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html;
    arXiv:1803.08494
    """
    _check(input, "group_norm")
    if input.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    channels = input.shape[1]
    if num_groups < 1:
        raise ZeroDivisionError(f"group_norm(): num_groups must be at least 1, but got {num_groups}")
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, "
            f"but got input of shape {list(input.shape)} and num_groups={num_groups}"
        )
    if input.shape[0] * math.prod(input.shape[2:]) * channels == num_groups:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {list(input.shape)}"
        )
    _check_vectors(input, channels, weight=weight, bias=bias)
    return standardized(input, weight, bias, over_groups(num_groups), eps)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of each image by itself, or with the running statistics.

    Args:
        input: (N, C, L, ...).
        running_mean: (C,); moves towards the mean over the batch of the images' means, in place.
        running_var: (C,); the same of their unbiased variances.
        weight: (C,), what the result is multiplied by.
        bias: (C,), what is added to it.
        use_input_stats: whether each image's own statistics are used.
        momentum: how far the running statistics move, from 0 to 1.
        eps: added to the variance.

    Raises:
        ValueError: one pixel for each channel; only one of the running statistics.
        RuntimeError: sizes or dtypes don't go together, or statistics are missing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html;
    arXiv:1607.08022
    """
    _check(input, "instance_norm")
    count = math.prod(input.shape[2:])
    if use_input_stats and count == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {list(input.shape)}"
        )
    _check_running(running_mean, running_var, use_input_stats, input.shape[1])
    _check_vectors(input, input.shape[1], running_mean=running_mean, running_var=running_var)
    _check_vectors(input, input.shape[1], weight=weight, bias=bias)
    if use_input_stats:
        keep = None
        if running_mean is not None and running_var is not None and input.numel():
            keep = _mover(running_mean, running_var, momentum, count)
        return standardized(input, weight, bias, over_groups(max(1, input.shape[1])), eps, keep)
    assert running_mean is not None
    assert running_var is not None
    return rescaled(input, weight, bias, running_mean.array, running_var.array, eps)


def _mover(mean: Tensor, variance: Tensor, momentum: float, count: int) -> Callable[[Any, Any], None]:
    """Return what moves running statistics towards those of a batch, in place."""

    def keep(means: Any, variances: Any) -> None:
        unbiased = variances * (count / (count - 1))
        for running, new in ((mean.array, means), (variance.array, unbiased)):
            running *= 1 - momentum
            running += (momentum * new.mean(axis=0)).astype(running.dtype, copy=False)
            mark_changed(running)

    return keep


def _check(input: Any, name: str) -> None:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
    if name != "group_norm" and input.ndim < 2:
        raise IndexError(f"{name}(): expected an input of shape (N, C, ...), but got {tuple(input.shape)}")
    if input.dtype.kind != "f":
        raise NotImplementedError(f"{name}() isn't implemented for {input.dtype}; use float()")


def _check_running(mean: Tensor | None, variance: Tensor | None, own: bool, channels: int) -> None:
    if (mean is None) != (variance is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    if mean is None and not own:
        raise RuntimeError(
            "running_mean and running_var must be given when the input's own statistics aren't used"
        )


def _check_vectors(input: Tensor, channels: int, **vectors: Tensor | None) -> None:
    """Check that each has a number for each channel, in the input's dtype; float16 also takes float32."""
    given = {name: v for name, v in vectors.items() if v is not None}
    for name, vector in given.items():
        if vector.shape != (channels,):
            raise RuntimeError(f"{name} should contain {channels} elements not {vector.numel()}")
    dtypes = {v.dtype for v in given.values()}
    allowed = (input.dtype, np.dtype(np.float32)) if input.dtype.itemsize == 2 else (input.dtype,)
    if len(dtypes) > 1 or not dtypes <= set(allowed):
        listed = ", ".join(f"{name} {v.dtype}" for name, v in given.items())
        raise RuntimeError(
            f"the vectors over the channels must have the dtype of the input, {input.dtype}: got {listed}; "
            "convert with .to(dtype)"
        )
