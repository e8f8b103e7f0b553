"""The tensor's operators, and its methods for arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from . import arithmetic, comparison, functions, math
from .dtypes import NUMBERS
from .methods_convert import ConvertMethods
from .methods_in_place import InPlaceMethods

if TYPE_CHECKING:
    from .tensor import Tensor


class Method:
    """Makes the operation of the same name in a module a method, the tensor being its first argument."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def __set_name__(self, owner: type, name: str) -> None:
        self.operation = getattr(self.module, name)
        self.__doc__ = self.operation.__doc__

    def __get__(self, tensor: Any, owner: type | None = None) -> Callable[..., Tensor]:
        return self.operation if tensor is None else MethodType(self.operation, tensor)


def activation(name: str) -> Callable[..., Tensor]:
    """Make a method of a function of activations, which is imported when it is first used."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Tensor:
        from .. import m02_activations

        result: Tensor = getattr(m02_activations, name)(self, *args, **kwargs)
        return result

    method.__name__ = name
    method.__doc__ = f"Apply `{name}` (torch.nn.functional.{name})."
    return method


class MathMethods(InPlaceMethods, ConvertMethods):
    """What a tensor can do element by element."""

    # Operators: `x + y` comes here, `2 + x` to the reflected form.

    def __add__(self, other: Any) -> Tensor:
        return math.add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return math.add(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return math.sub(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return math.sub(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return math.mul(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return math.mul(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return math.div(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return math.div(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return math.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return math.floor_divide(other, self)

    def __mod__(self, other: Any) -> Tensor:
        return math.remainder(self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return math.remainder(other, self)

    def __pow__(self, other: Any) -> Tensor:
        return math.pow(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return math.pow(other, self)

    def __and__(self, other: Any) -> Tensor:
        return comparison.bitwise_and(self, other)

    def __or__(self, other: Any) -> Tensor:
        return comparison.bitwise_or(self, other)

    def __xor__(self, other: Any) -> Tensor:
        return comparison.bitwise_xor(self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __neg__(self) -> Tensor:
        return functions.neg(self)

    def __pos__(self) -> Tensor:
        tensor = cast("Tensor", self)
        if tensor.dtype.kind == "b":
            raise RuntimeError("the `+` operator isn't supported on a bool tensor")
        return tensor

    def __abs__(self) -> Tensor:
        return functions.abs(self)

    def __invert__(self) -> Tensor:
        if cast("Tensor", self).is_floating_point():
            raise TypeError("~ takes tensors of integers or bools only")
        return comparison.bitwise_not(self)

    def __eq__(self, other: Any) -> Tensor:  # type: ignore[override]  # elementwise, not a bool
        return comparison.eq(self, other) if comparable(other) else NotImplemented

    def __ne__(self, other: Any) -> Tensor:  # type: ignore[override]  # elementwise, not a bool
        return comparison.ne(self, other) if comparable(other) else NotImplemented

    def __lt__(self, other: Any) -> Tensor:
        return comparison.lt(self, other)

    def __le__(self, other: Any) -> Tensor:
        return comparison.le(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return comparison.gt(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return comparison.ge(self, other)

    # Named methods

    add = Method(arithmetic)
    sub = subtract = Method(arithmetic)
    mul = multiply = Method(math)
    div = divide = Method(arithmetic)
    true_divide = Method(math)
    floor_divide = Method(math)
    remainder = Method(math)
    pow = Method(math)
    maximum = Method(math)
    minimum = Method(math)
    clamp = clip = Method(math)
    lerp = Method(math)

    neg = negative = Method(functions)
    abs = absolute = Method(functions)
    sign = Method(functions)
    square = Method(functions)
    reciprocal = Method(functions)
    sqrt = Method(functions)
    rsqrt = Method(functions)
    exp = Method(functions)
    expm1 = Method(functions)
    log = Method(functions)
    log1p = Method(functions)
    log2 = Method(functions)
    log10 = Method(functions)
    sin = Method(functions)
    cos = Method(functions)
    tan = Method(functions)
    asin = Method(functions)
    acos = Method(functions)
    atan = Method(functions)
    sinh = Method(functions)
    cosh = Method(functions)
    tanh = Method(functions)
    erf = Method(functions)
    floor = Method(functions)
    ceil = Method(functions)
    trunc = Method(functions)
    round = Method(functions)

    eq = Method(comparison)
    ne = Method(comparison)
    lt = Method(comparison)
    le = Method(comparison)
    gt = Method(comparison)
    ge = Method(comparison)
    isnan = Method(comparison)
    isinf = Method(comparison)
    isfinite = Method(comparison)
    isclose = Method(comparison)
    logical_and = Method(comparison)
    logical_or = Method(comparison)
    logical_xor = Method(comparison)
    logical_not = Method(comparison)
    bitwise_and = Method(comparison)
    bitwise_or = Method(comparison)
    bitwise_xor = Method(comparison)
    bitwise_not = Method(comparison)
    masked_fill = Method(comparison)

    def where(self, condition: Tensor, other: Any) -> Tensor:
        """Return this tensor's elements where the condition is true, elsewhere `other`."""
        return comparison.choose(condition, self, other)

    def allclose(
        self: Any, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
    ) -> bool:
        """Tell whether `isclose` holds for all elements."""
        return arithmetic.allclose(self, other, rtol, atol, equal_nan)

    def equal(self: Any, other: Tensor) -> bool:
        """Tell whether `other` has the same shape and the same elements."""
        return arithmetic.equal(self, other)

    relu = activation("relu")
    sigmoid = activation("sigmoid")
    softmax = activation("softmax")
    log_softmax = activation("log_softmax")


def comparable(other: Any) -> bool:
    """Tell whether `==` compares elements; with anything else Python's own answer, False, is right."""
    return hasattr(other, "array") or isinstance(other, NUMBERS)
