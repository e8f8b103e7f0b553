"""The tensor's methods that change it in place; by PyTorch's custom their names end in `_`."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType, ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from . import arithmetic, comparison, functions, math
from .op import Array, Operand, op
from .record import mode
from .views import mark_changed, write_in_place

if TYPE_CHECKING:
    from .tensor import Tensor


@op
def copied(input: Array, src: Operand) -> Array:
    """Return `src` in the shape and dtype of `input`, whose own values don't matter."""
    return np.broadcast_to(src, input.shape).astype(input.dtype)


@op
def filled(input: Array, value: Operand) -> Array:
    """Return an array like `input` whose elements are all `value`."""
    if np.ndim(value):
        raise RuntimeError(f"fill_(): expected a number or a 0-d tensor, but got {np.ndim(value)} dimensions")
    return np.full_like(input, comparison.as_element("fill_", value, input.dtype))


class InPlace:
    """Makes the operation of the same name, without the `_`, work in the tensor's own memory.

    Args:
        module: where the operation stands.
        ufunc: NumPy's function for it, if that may write straight into the tensor's memory.
    """

    def __init__(self, module: ModuleType, ufunc: np.ufunc | None = None) -> None:
        self.module, self.ufunc = module, ufunc

    def __set_name__(self, owner: type, name: str) -> None:
        if not name.startswith("__"):
            self.operation = getattr(self.module, name[:-1])
            self.__doc__ = f"Do `{name[:-1]}` in place and return the tensor itself."

    def __get__(self, tensor: Any, owner: type | None = None) -> Callable[..., Tensor]:
        return self if tensor is None else MethodType(self, tensor)

    def __call__(self, tensor: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Work straight in the memory if nothing has to be recorded, else put the result into it."""
        if self.ufunc is not None and len(args) == self.ufunc.nin - 1 and not kwargs:
            operand = unrecorded(tensor, *args)
            if operand is not None:
                return work_into(tensor, self.ufunc, *([operand] if args else []))
        return write_in_place(tensor, self.operation, *args, **kwargs)


def unrecorded(tensor: Any, other: Any = 0.0) -> Any:
    """Return `other` as an operand that NumPy can work into the tensor's memory; None if it can't.

    It can if there is nothing to record and neither shape nor dtype changes. That is what optimizers
    and initializers do all the time, and it saves them a temporary array.
    """
    x = tensor.array
    if mode.watch is not None or x.dtype.kind != "f" or not x.flags.writeable:
        return None
    recording = mode.grad
    if recording and (tensor._view is not None or tensor.requires_grad):
        return None  # what a view was taken from may require a gradient too
    if other.__class__ is float or other.__class__ is int:
        return other
    y = getattr(other, "array", None)
    if y is None or y.dtype != x.dtype or (recording and other.requires_grad):
        return None
    return y if y.shape == x.shape or y.ndim == 0 else None


def work_into(tensor: Tensor, ufunc: Callable[..., Any], *operands: Any) -> Tensor:
    """Let NumPy write `ufunc(tensor, *operands)` into the tensor's memory."""
    x = tensor.array
    mode.quiet.run(ufunc, x, *operands, x)
    mark_changed(x)
    return tensor


class InPlaceMethods:
    """What a tensor can do with itself. Each method returns the tensor."""

    def add_(self: Any, other: Any, *, alpha: Any = 1) -> Tensor:
        """Add `alpha * other` in place."""
        operand = unrecorded(self, other)
        if operand is None:
            return write_in_place(self, arithmetic.add, other, alpha=alpha)
        return work_into(self, np.add, operand if alpha == 1 else operand * alpha)

    def sub_(self: Any, other: Any, *, alpha: Any = 1) -> Tensor:
        """Subtract `alpha * other` in place."""
        operand = unrecorded(self, other)
        if operand is None:
            return write_in_place(self, arithmetic.sub, other, alpha=alpha)
        return work_into(self, np.subtract, operand if alpha == 1 else operand * alpha)

    def zero_(self: Any) -> Tensor:
        """Set all elements to zero."""
        return InPlaceMethods.fill_(self, 0)

    def fill_(self: Any, value: Any) -> Tensor:
        """Set all elements to a number or to the value of a 0-d tensor.

        Raises:
            RuntimeError: `value` has dimensions, or doesn't fit into the dtype.
        """
        operand = unrecorded(self, value)
        if operand is None or np.ndim(operand):
            return write_in_place(self, filled, value)
        self.array.fill(operand)
        mark_changed(self.array)
        return cast("Tensor", self)

    def copy_(self: Any, src: Any) -> Tensor:
        """Copy the elements of `src`, broadcast and converted, into this tensor."""
        return write_in_place(self, copied, src)

    mul_ = multiply_ = InPlace(math, np.multiply)
    div_ = divide_ = InPlace(arithmetic, np.true_divide)
    true_divide_ = InPlace(math, np.true_divide)
    subtract_ = sub_
    floor_divide_ = InPlace(math)
    remainder_ = InPlace(math)
    pow_ = InPlace(math)
    clamp_ = clip_ = InPlace(math)
    lerp_ = InPlace(math)

    __iadd__ = add_
    __isub__ = sub_
    __imul__ = mul_
    __itruediv__ = true_divide_
    __ifloordiv__ = floor_divide_
    __imod__ = remainder_
    __ipow__ = pow_
    __iand__ = bitwise_and_ = InPlace(comparison)
    __ior__ = bitwise_or_ = InPlace(comparison)
    __ixor__ = bitwise_xor_ = InPlace(comparison)

    neg_ = negative_ = InPlace(functions, np.negative)
    abs_ = absolute_ = InPlace(functions, np.absolute)
    sign_ = InPlace(functions, np.sign)
    square_ = InPlace(functions, np.square)
    reciprocal_ = InPlace(functions, np.reciprocal)
    sqrt_ = InPlace(functions, np.sqrt)
    rsqrt_ = InPlace(functions)
    exp_ = InPlace(functions, np.exp)
    expm1_ = InPlace(functions, np.expm1)
    log_ = InPlace(functions, np.log)
    log1p_ = InPlace(functions, np.log1p)
    log2_ = InPlace(functions, np.log2)
    log10_ = InPlace(functions, np.log10)
    sin_ = InPlace(functions, np.sin)
    cos_ = InPlace(functions, np.cos)
    tan_ = InPlace(functions, np.tan)
    asin_ = InPlace(functions, np.arcsin)
    acos_ = InPlace(functions, np.arccos)
    atan_ = InPlace(functions, np.arctan)
    sinh_ = InPlace(functions, np.sinh)
    cosh_ = InPlace(functions, np.cosh)
    tanh_ = InPlace(functions, np.tanh)
    erf_ = InPlace(functions)
    floor_ = InPlace(functions, np.floor)
    ceil_ = InPlace(functions, np.ceil)
    trunc_ = InPlace(functions, np.trunc)
    round_ = InPlace(functions)
    masked_fill_ = InPlace(comparison)

    def relu_(self: Any) -> Tensor:
        """Do `relu` in place and return the tensor itself."""
        from ..m02_activations import relu

        return write_in_place(self, relu)

    def sigmoid_(self: Any) -> Tensor:
        """Do `sigmoid` in place and return the tensor itself."""
        from ..m02_activations import sigmoid

        return write_in_place(self, sigmoid)
