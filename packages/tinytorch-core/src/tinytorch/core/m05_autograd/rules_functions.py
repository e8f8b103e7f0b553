"""Gradient rules of functions of one tensor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..m01_tensor import functions


@functions.neg.backward
def neg_backward(g: Any) -> Any:
    return lambda: -g


@functions.abs.backward
def abs_backward(g: Any, input: Any) -> Any:
    return lambda: g * functions.sign.forward(input)


@functions.sign.backward
@functions.floor.backward
@functions.ceil.backward
@functions.trunc.backward
@functions.round.backward
def flat_backward(g: Any) -> Any:
    """The value is constant between its steps."""
    return lambda: np.zeros_like(g)


@functions.square.backward
def square_backward(g: Any, input: Any) -> Any:
    return lambda: g * (input + input)


@functions.reciprocal.backward
def reciprocal_backward(g: Any, out: Any) -> Any:
    return lambda: -g * (out * out)


@functions.sqrt.backward
def sqrt_backward(g: Any, out: Any) -> Any:
    return lambda: g / (out + out)


@functions.rsqrt.backward
def rsqrt_backward(g: Any, out: Any) -> Any:
    return lambda: -0.5 * g * (out * out * out)


@functions.exp.backward
def exp_backward(g: Any, out: Any) -> Any:
    return lambda: g * out


@functions.expm1.backward
def expm1_backward(g: Any, out: Any) -> Any:
    return lambda: g * (out + 1)


@functions.log.backward
def log_backward(g: Any, input: Any) -> Any:
    return lambda: g / input


@functions.log1p.backward
def log1p_backward(g: Any, input: Any) -> Any:
    return lambda: g / (input + 1)


@functions.log2.backward
def log2_backward(g: Any, input: Any) -> Any:
    return lambda: g / (input * math.log(2))


@functions.log10.backward
def log10_backward(g: Any, input: Any) -> Any:
    return lambda: g / (input * math.log(10))


@functions.sin.backward
def sin_backward(g: Any, input: Any) -> Any:
    return lambda: g * np.cos(input)


@functions.cos.backward
def cos_backward(g: Any, input: Any) -> Any:
    return lambda: -g * np.sin(input)


@functions.tan.backward
def tan_backward(g: Any, out: Any) -> Any:
    return lambda: g * (1 + out * out)


@functions.asin.backward
def asin_backward(g: Any, input: Any) -> Any:
    return lambda: g / np.sqrt(1 - input * input)


@functions.acos.backward
def acos_backward(g: Any, input: Any) -> Any:
    return lambda: -g / np.sqrt(1 - input * input)


@functions.atan.backward
def atan_backward(g: Any, input: Any) -> Any:
    return lambda: g / (1 + input * input)


@functions.sinh.backward
def sinh_backward(g: Any, input: Any) -> Any:
    return lambda: g * np.cosh(input)


@functions.cosh.backward
def cosh_backward(g: Any, input: Any) -> Any:
    return lambda: g * np.sinh(input)


@functions.tanh.backward
def tanh_backward(g: Any, out: Any) -> Any:
    return lambda: g * (1 - out * out)


@functions.erf.backward
def erf_backward(g: Any, input: Any) -> Any:
    return lambda: g * (2 / math.sqrt(math.pi) * np.exp(-(input * input)))


@functions.cast.backward
def cast_backward(g: Any) -> Any:
    return lambda: g  # the engine brings it back to the input's dtype
