"""The tensor's operators, and its methods for arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

from . import arithmetic, comparison, functions, math
from .methods_convert import ConvertMethods
from .methods_in_place import InPlaceMethods
from .dtypes import NUMBERS


class Method:
    """Makes an operation a method, with the tensor as its first argument, as functions are by nature."""

    def __init__(self, operation: Callable[..., Any]) -> None:
        self.operation = operation
        self.__doc__ = operation.__doc__

    def __get__(self, tensor: Any, owner: Any = None) -> Callable[..., Any]:
        return self.operation if tensor is None else MethodType(self.operation, tensor)


def activation(name: str) -> Callable[..., Any]:
    """Make a method of a function of module 02, which is imported when it is first used."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        from .. import m02_activations

        return getattr(m02_activations, name)(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"Apply `{name}` of module 02 (torch.nn.functional.{name})."
    return method


class MathMethods(InPlaceMethods, ConvertMethods):
    """What a tensor can do element by element."""

    # Operators: `x + y` comes here, `2 + x` to the reflected form.

    def __add__(self, other: Any) -> Any:
        return math.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return math.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return math.sub(self, other)

    def __rsub__(self, other: Any) -> Any:
        return math.sub(other, self)

    def __mul__(self, other: Any) -> Any:
        return math.mul(self, other)

    def __rmul__(self, other: Any) -> Any:
        return math.mul(other, self)

    def __truediv__(self, other: Any) -> Any:
        return math.div(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return math.div(other, self)

    def __floordiv__(self, other: Any) -> Any:
        return math.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return math.floor_divide(other, self)

    def __mod__(self, other: Any) -> Any:
        return math.remainder(self, other)

    def __rmod__(self, other: Any) -> Any:
        return math.remainder(other, self)

    def __pow__(self, other: Any) -> Any:
        return math.pow(self, other)

    def __rpow__(self, other: Any) -> Any:
        return math.pow(other, self)

    def __and__(self, other: Any) -> Any:
        return comparison.bitwise_and(self, other)

    def __or__(self, other: Any) -> Any:
        return comparison.bitwise_or(self, other)

    def __xor__(self, other: Any) -> Any:
        return comparison.bitwise_xor(self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __neg__(self) -> Any:
        return functions.neg(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return functions.abs(self)

    def __invert__(self) -> Any:
        return comparison.bitwise_not(self)

    def __eq__(self, other: Any) -> Any:  # type: ignore[override]
        return comparison.eq(self, other) if comparable(other) else NotImplemented

    def __ne__(self, other: Any) -> Any:  # type: ignore[override]
        return comparison.ne(self, other) if comparable(other) else NotImplemented

    def __lt__(self, other: Any) -> Any:
        return comparison.lt(self, other)

    def __le__(self, other: Any) -> Any:
        return comparison.le(self, other)

    def __gt__(self, other: Any) -> Any:
        return comparison.gt(self, other)

    def __ge__(self, other: Any) -> Any:
        return comparison.ge(self, other)

    # Named methods

    add = Method(arithmetic.add)
    sub = subtract = Method(arithmetic.sub)
    mul = multiply = Method(math.mul)
    div = divide = Method(arithmetic.div)
    true_divide = Method(math.div)
    floor_divide = Method(math.floor_divide)
    remainder = Method(math.remainder)
    pow = Method(math.pow)
    maximum = Method(math.maximum)
    minimum = Method(math.minimum)
    clamp = clip = Method(math.clamp)
    lerp = Method(math.lerp)

    neg = negative = Method(functions.neg)
    abs = absolute = Method(functions.abs)
    sign = Method(functions.sign)
    square = Method(functions.square)
    reciprocal = Method(functions.reciprocal)
    sqrt = Method(functions.sqrt)
    rsqrt = Method(functions.rsqrt)
    exp = Method(functions.exp)
    expm1 = Method(functions.expm1)
    log = Method(functions.log)
    log1p = Method(functions.log1p)
    log2 = Method(functions.log2)
    log10 = Method(functions.log10)
    sin = Method(functions.sin)
    cos = Method(functions.cos)
    tan = Method(functions.tan)
    asin = Method(functions.asin)
    acos = Method(functions.acos)
    atan = Method(functions.atan)
    sinh = Method(functions.sinh)
    cosh = Method(functions.cosh)
    tanh = Method(functions.tanh)
    erf = Method(functions.erf)
    floor = Method(functions.floor)
    ceil = Method(functions.ceil)
    trunc = Method(functions.trunc)
    round = Method(functions.round)

    eq = Method(comparison.eq)
    ne = Method(comparison.ne)
    lt = Method(comparison.lt)
    le = Method(comparison.le)
    gt = Method(comparison.gt)
    ge = Method(comparison.ge)
    isnan = Method(comparison.isnan)
    isinf = Method(comparison.isinf)
    isfinite = Method(comparison.isfinite)
    isclose = Method(comparison.isclose)
    allclose = Method(arithmetic.allclose)
    equal = Method(arithmetic.equal)
    logical_and = Method(comparison.logical_and)
    logical_or = Method(comparison.logical_or)
    logical_xor = Method(comparison.logical_xor)
    logical_not = Method(comparison.logical_not)
    bitwise_and = Method(comparison.bitwise_and)
    bitwise_or = Method(comparison.bitwise_or)
    bitwise_xor = Method(comparison.bitwise_xor)
    bitwise_not = Method(comparison.bitwise_not)
    masked_fill = Method(comparison.masked_fill)

    def where(self, condition: Any, other: Any) -> Any:
        """Return this tensor's elements where the condition is true, elsewhere `other`."""
        return arithmetic.where(condition, self, other)

    relu = activation("relu")
    sigmoid = activation("sigmoid")
    softmax = activation("softmax")
    log_softmax = activation("log_softmax")


def comparable(other: Any) -> bool:
    """Tell whether `==` compares elements; with anything else Python's own answer, False, is right."""
    return hasattr(other, "array") or isinstance(other, NUMBERS)
