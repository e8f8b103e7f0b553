"""Gradient rules of arithmetic of two operands."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from ..m01_tensor import math
from . import rules_functions as _rules_functions  # noqa: F401  (the functions of one operand)


@math.add.backward
def add_backward(g: Any) -> Any:
    return lambda: g, lambda: g


@math.sub.backward
def sub_backward(g: Any) -> Any:
    return lambda: g, lambda: -g


@math.mul.backward
def mul_backward(g: Any, input: Annotated[Any, "other"], other: Annotated[Any, "input"]) -> Any:
    return lambda: g * other, lambda: g * input


@math.div.backward
def div_backward(g: Any, input: Annotated[Any, "other"], other: Any) -> Any:
    return lambda: g / other, lambda: -g * (input / other) / other


@math.floor_divide.backward
@math.trunc_divide.backward
def flat_backward(g: Any) -> Any:
    """The quotient is constant between its steps."""
    return lambda: np.zeros_like(g), lambda: np.zeros_like(g)


@math.remainder.backward
def remainder_backward(g: Any, input: Any, other: Any) -> Any:
    return lambda: g, lambda: -g * (input // other)


@math.pow.backward
def pow_backward(g: Any, out: Annotated[Any, "exponent"], input: Any, exponent: Any) -> Any:
    def by_input() -> Any:
        if not isinstance(exponent, np.ndarray):
            if exponent == 2:
                return g * (input + input)
            if exponent == 0:
                return np.zeros_like(g)
            return g * (exponent * math.pow.forward(input, exponent - 1))
        # x**0 is 1 everywhere, so its slope is 0 even where 0 * x**-1 is nan.
        return np.where(exponent == 0, 0, g * (exponent * np.power(input, exponent - 1)))

    def by_exponent() -> Any:
        base_is_zero = (np.asarray(input) == 0) & (exponent >= 0)
        return np.where(base_is_zero, 0, g * (out * np.log(input)))

    return by_input, by_exponent


def _larger_gets(g: Any, first: Any, second: Any) -> Any:
    """Where both are equal, each gets half of the gradient."""
    return np.where(np.equal(first, second), g / 2, np.where(np.less(first, second), 0, g))


@math.maximum.backward
def maximum_backward(g: Any, input: Any, other: Any) -> Any:
    return lambda: _larger_gets(g, input, other), lambda: _larger_gets(g, other, input)


@math.minimum.backward
def minimum_backward(g: Any, input: Any, other: Any) -> Any:
    return lambda: _larger_gets(g, other, input), lambda: _larger_gets(g, input, other)


@math.clamp.backward
def clamp_backward(g: Any, input: Any, min: Any, max: Any) -> Any:
    """A bound itself counts as inside; where `min > max`, the result is `max`, whatever the input."""

    def by_input() -> Any:
        low = True if min is None else input >= min
        return np.where(low if max is None else low & (input <= max), g, 0)

    def by_min() -> Any:
        below = input < min
        return np.where(below if max is None else below & np.less(min, max), g, 0)

    def by_max() -> Any:
        above = input > max
        return np.where(above if min is None else above | np.less(max, min), g, 0)

    return by_input, by_min, by_max


@math.lerp.backward
def lerp_backward(g: Any, input: Any, end: Any, weight: Any) -> Any:
    return lambda: g * (1 - weight), lambda: g * weight, lambda: g * (end - input)
