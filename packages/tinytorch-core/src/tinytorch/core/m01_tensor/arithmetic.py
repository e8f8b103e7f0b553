"""The named forms of arithmetic with their options, made from the operations of `math.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import comparison, math, op
from .dtypes import common_dtype

if TYPE_CHECKING:
    from .tensor import Tensor


def add(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """Return `input + alpha * other`.

    Raises:
        RuntimeError: `alpha` is a float, but both tensors hold integers.
    """
    return math.add(input, _scaled(input, other, alpha))


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """Return `input - alpha * other`.

    Raises:
        RuntimeError: `alpha` is a float, but both tensors hold integers.
    """
    if alpha != 1:  # bools could no longer be seen in what is multiplied
        math.check_no_bools(*(x.array if isinstance(x, op.Tensor) else x for x in (input, other)))
    return math.sub(input, _scaled(input, other, alpha))


def _scaled(input: Any, other: Any, alpha: Any) -> Any:
    if alpha == 1:
        return other
    dtype = result_type(input, other)
    if isinstance(alpha, float) and dtype.kind != "f":
        raise RuntimeError("for integral input tensors, argument alpha must not be a floating-point number")
    if dtype.kind == "b":
        return other & bool(alpha)
    if isinstance(other, op.Tensor):
        other = other.to(dtype)  # first, as a bool times a number would be an int64
    return other * alpha


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Return `input / other`.

    Args:
        input: the dividend, a tensor or a number.
        other: the divisor, a tensor or a number.
        rounding_mode: None for true division, "floor" to round down, "trunc" to round towards zero.

    Raises:
        RuntimeError: another rounding mode, or integers divided by zero with rounding.
    """
    if rounding_mode is None:
        return math.div(input, other)
    if rounding_mode == "floor":
        return math.floor_divide(input, other)
    if rounding_mode == "trunc":
        return math.trunc_divide(input, other)
    raise RuntimeError(f"div(): rounding_mode must be None, 'trunc' or 'floor', not {rounding_mode!r}")


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Return `input` where the condition is true, elsewhere `other`; the three are broadcast.

    With the condition alone: the indices at which it is true, one tensor for each dimension.

    Raises:
        RuntimeError: the condition isn't a bool tensor.

    Examples:
        >>> x = tt.tensor([-1.0, 2.0, -3.0])
        >>> tt.where(x > 0, x, 0.0)
        tensor([0., 2., 0.])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    return comparison.choose(condition, input, other)


def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Tell whether `isclose` holds for all elements.

    Examples:
        >>> tt.allclose(tt.tensor([1.0]), tt.tensor([1.000001]))
        True
    """
    return bool(comparison.isclose(input, other, rtol, atol, equal_nan).array.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Tell whether two tensors have the same shape and the same elements."""
    for x in (input, other):
        if not isinstance(x, op.Tensor):
            raise TypeError(f"equal() takes two Tensors, not {type(x).__name__}")
    return input.shape == other.shape and bool(comparison.eq(input, other).array.all())


def result_type(tensor1: Any, tensor2: Any) -> np.dtype[Any]:
    """Return the dtype that an operation on two tensors or numbers has (torch.result_type)."""
    return common_dtype([x.array if isinstance(x, op.Tensor) else x for x in (tensor1, tensor2)])


def is_tensor(obj: Any) -> bool:
    """Tell whether `obj` is a Tensor."""
    return isinstance(obj, op.Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Tell whether the tensor's dtype is a floating-point one."""
    if not isinstance(input, op.Tensor):
        raise TypeError(f"is_floating_point(): argument 'input' must be a Tensor, not {type(input).__name__}")
    return input.is_floating_point()


subtract, divide = sub, div
