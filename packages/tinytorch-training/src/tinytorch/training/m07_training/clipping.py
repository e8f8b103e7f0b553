"""Gradients that are too long: cut them before the optimizer takes them (torch.nn.utils.clip_grad)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from tinytorch.core import Tensor, from_numpy, mark_changed


def get_total_norm(
    tensors: Tensor | Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Return the norm of all tensors together, as if they were one long vector.

    Args:
        tensors: a tensor or several.
        norm_type: the exponent p; `math.inf` for the largest absolute value.
        error_if_nonfinite: raise an error if the norm is NaN or infinite.

    Returns:
        A tensor without dimensions, 0 if there are no tensors.

    Raises:
        RuntimeError: the norm isn't finite, and that is to be an error.

    Examples:
        >>> training.get_total_norm([tt.tensor([3.0]), tt.tensor([4.0])])
        tensor(5.)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html
    """
    arrays = [x.array for x in ([tensors] if isinstance(tensors, Tensor) else tensors)]
    p = float(norm_type)
    with np.errstate(all="ignore"):  # as in operations, inf and nan are values like others
        total = _norm(np.array([_norm(x, p) for x in arrays]), p) if arrays else 0.0
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {p} is {total}, so it can't be clipped. To clip nevertheless, set "
            "`error_if_nonfinite=False`"
        )
    dtype = np.result_type(*arrays) if arrays else np.dtype(np.float32)
    return from_numpy(np.array(total, dtype))


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Tensor:
    """Scale all gradients by one factor, in place, so that together they are at most `max_norm` long.

    The direction stays. Call it between `backward()` and the optimizer's `step()`.

    Args:
        parameters: whose gradients are scaled; those without one are passed over.
        max_norm: the largest length.
        norm_type: the exponent p of the norm; `math.inf` for the largest absolute value.
        error_if_nonfinite: raise an error if the norm is NaN or infinite.

    Returns:
        The length before.

    Raises:
        RuntimeError: the norm isn't finite, and that is to be an error. No gradient is changed then.

    Examples:
        >>> w = tt.tensor([3.0, 4.0], requires_grad=True)
        >>> (w**2 / 2).sum().backward()
        >>> training.clip_grad_norm_([w], max_norm=1.0)
        tensor(5.)
        >>> w.grad
        tensor([0.6000, 0.8000])

    Source: Pascanu et al., "On the difficulty of training recurrent neural networks", 2013;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
    """
    gradients = _gradients(parameters)
    total = get_total_norm(gradients, norm_type, error_if_nonfinite)
    factor = float(max_norm) / (float(total) + 1e-6)
    if not factor >= 1:  # NaN goes on into the gradients, where it is found
        for g in gradients:
            np.multiply(g.array, factor, out=g.array)
            mark_changed(g.array)
    return total


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Cut every number of the gradients to the range from `-clip_value` to `clip_value`, in place.

    Args:
        parameters: whose gradients are cut; those without one are passed over.
        clip_value: the largest absolute value.

    Examples:
        >>> w = tt.tensor([3.0, -0.5], requires_grad=True)
        >>> (w**2 / 2).sum().backward()
        >>> training.clip_grad_value_([w], 1.0)
        >>> w.grad
        tensor([ 1.0000, -0.5000])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
    """
    limit = float(clip_value)
    for g in _gradients(parameters):
        np.clip(g.array, -limit, limit, out=g.array)
        mark_changed(g.array)


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in given if p.grad is not None]


def _norm(array: Any, p: float) -> float:
    """Return the p-norm of all numbers of an array."""
    if not array.size:
        return 0.0
    if p == math.inf:
        return float(np.abs(array).max())
    if p == 2:
        flat = array.reshape(-1)
        squares = float(flat @ flat)
        if 0 < squares < math.inf:
            return math.sqrt(squares)
    values = np.abs(array, dtype=np.float64)
    if p == 0:
        return float(np.count_nonzero(values))
    return float((values**p).sum() ** (1 / p))
