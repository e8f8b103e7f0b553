"""The tensor's methods that change it in place; by PyTorch's custom their names end in `_`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import arithmetic, comparison, functions, math
from .op import Array, Operand, op
from .record import mode
from .views import mark_changed, write_in_place


@op
def copied(input: Array, src: Array) -> Array:
    """Return `src` in the shape and dtype of `input`, whose own values don't matter."""
    return np.broadcast_to(src, input.shape).astype(input.dtype)


@op
def filled(input: Array, value: Operand) -> Array:
    """Return an array like `input` whose elements are all `value`."""
    if np.ndim(value):
        raise RuntimeError(f"fill_(): expected a number or a 0-d tensor, but got {np.ndim(value)} dimensions")
    return np.full_like(input, comparison.as_element("fill_", value, input.dtype))


def in_place(operation: Callable[..., Any], ufunc: np.ufunc | None = None) -> Callable[..., Any]:
    """Make the method that puts the result of an operation into the tensor itself.

    Args:
        operation: what to do; the tensor is its first argument.
        ufunc: NumPy's function for the same, if it may write straight into the tensor's memory.
    """

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if ufunc is not None and len(args) == ufunc.nin - 1 and not kwargs:
            operand = unrecorded(self, *args)
            if operand is not None:
                return work_into(self, ufunc, *([operand] if args else []))
        return write_in_place(self, operation, *args, **kwargs)

    method.__name__ = f"{operation.__name__}_"
    method.__doc__ = f"Do `{operation.__name__}` in place; return the tensor itself."
    return method


def activation_in_place(name: str) -> Callable[..., Any]:
    """Make the in-place method of a function of module 02, imported when it is first used."""

    def operation(*args: Any, **kwargs: Any) -> Any:
        from .. import m02_activations

        return getattr(m02_activations, name)(*args, **kwargs)

    operation.__name__ = name
    return in_place(operation)


def unrecorded(tensor: Any, other: Any = 0.0) -> Any:
    """Return `other` as an operand that NumPy can work into the tensor's memory; None if it can't.

    It can if there is nothing to record and neither shape nor dtype changes. That is what optimizers
    and initializers do all the time, and it saves them a temporary array.
    """
    x = tensor.array
    if mode.watch is not None or x.dtype.kind != "f" or not x.flags.writeable:
        return None
    recording = mode.grad
    if recording and tensor.requires_grad:
        return None
    if other.__class__ is float or other.__class__ is int:
        return other
    y = getattr(other, "array", None)
    if y is None or y.dtype != x.dtype or (recording and other.requires_grad):
        return None
    return y if y.shape == x.shape or y.ndim == 0 else None


def work_into(tensor: Any, ufunc: Callable[..., Any], *operands: Any) -> Any:
    """Let NumPy write `ufunc(tensor, *operands)` into the tensor's memory."""
    x = tensor.array
    mode.quiet.run(ufunc, x, *operands, x)
    mark_changed(x)
    return tensor


class InPlaceMethods:
    """What a tensor can do with itself. Each method returns the tensor."""

    array: Any

    def add_(self, other: Any, *, alpha: Any = 1) -> Any:
        """Add `alpha * other` in place."""
        operand = unrecorded(self, other)
        if operand is None:
            return write_in_place(self, arithmetic.add, other, alpha=alpha)
        return work_into(self, np.add, operand if alpha == 1 else operand * alpha)

    def sub_(self, other: Any, *, alpha: Any = 1) -> Any:
        """Subtract `alpha * other` in place."""
        operand = unrecorded(self, other)
        if operand is None:
            return write_in_place(self, arithmetic.sub, other, alpha=alpha)
        return work_into(self, np.subtract, operand if alpha == 1 else operand * alpha)

    def zero_(self) -> Any:
        """Set all elements to zero."""
        return self.fill_(0)

    def fill_(self, value: Any) -> Any:
        """Set all elements to a number or to the value of a 0-d tensor.

        Raises:
            RuntimeError: `value` has dimensions, or doesn't fit into the dtype.
        """
        if unrecorded(self, value) is None:
            return write_in_place(self, filled, value)
        self.array.fill(getattr(value, "array", value))
        mark_changed(self.array)
        return self

    def copy_(self, src: Any) -> Any:
        """Copy the elements of `src`, broadcast and converted, into this tensor."""
        return write_in_place(self, copied, src)

    mul_ = multiply_ = in_place(math.mul, np.multiply)
    div_ = divide_ = in_place(arithmetic.div, np.true_divide)
    true_divide_ = in_place(math.div, np.true_divide)
    subtract_ = sub_
    floor_divide_ = in_place(math.floor_divide)
    remainder_ = in_place(math.remainder)
    pow_ = in_place(math.pow)
    clamp_ = clip_ = in_place(math.clamp)
    lerp_ = in_place(math.lerp)

    __iadd__ = add_
    __isub__ = sub_
    __imul__ = mul_
    __itruediv__ = true_divide_
    __ifloordiv__ = floor_divide_
    __imod__ = remainder_
    __ipow__ = pow_
    __iand__ = bitwise_and_ = in_place(comparison.bitwise_and)
    __ior__ = bitwise_or_ = in_place(comparison.bitwise_or)
    __ixor__ = bitwise_xor_ = in_place(comparison.bitwise_xor)

    neg_ = negative_ = in_place(functions.neg, np.negative)
    abs_ = absolute_ = in_place(functions.abs, np.absolute)
    sign_ = in_place(functions.sign, np.sign)
    square_ = in_place(functions.square, np.square)
    reciprocal_ = in_place(functions.reciprocal, np.reciprocal)
    sqrt_ = in_place(functions.sqrt, np.sqrt)
    rsqrt_ = in_place(functions.rsqrt)
    exp_ = in_place(functions.exp, np.exp)
    expm1_ = in_place(functions.expm1, np.expm1)
    log_ = in_place(functions.log, np.log)
    log1p_ = in_place(functions.log1p, np.log1p)
    log2_ = in_place(functions.log2, np.log2)
    log10_ = in_place(functions.log10, np.log10)
    sin_ = in_place(functions.sin, np.sin)
    cos_ = in_place(functions.cos, np.cos)
    tan_ = in_place(functions.tan, np.tan)
    asin_ = in_place(functions.asin, np.arcsin)
    acos_ = in_place(functions.acos, np.arccos)
    atan_ = in_place(functions.atan, np.arctan)
    sinh_ = in_place(functions.sinh, np.sinh)
    cosh_ = in_place(functions.cosh, np.cosh)
    tanh_ = in_place(functions.tanh, np.tanh)
    erf_ = in_place(functions.erf)
    floor_ = in_place(functions.floor, np.floor)
    ceil_ = in_place(functions.ceil, np.ceil)
    trunc_ = in_place(functions.trunc, np.trunc)
    round_ = in_place(functions.round)
    masked_fill_ = in_place(comparison.masked_fill)
    relu_ = activation_in_place("relu")
    sigmoid_ = activation_in_place("sigmoid")
