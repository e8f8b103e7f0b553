"""Gradient rules of activations.

Each keeps one array: the output where the derivative can be had from that (it lives anyway, as the next
layer's input), else the input; GELU the slopes, which it has computed with the values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..m01_tensor.dtypes import constant
from ..m02_activations import functions as f
from ..m02_activations.kernels import choose, floating, kept, sums
from ..m02_activations.probabilities import log_softmax, softmax


@f.relu.backward
def relu_backward(g: Any, out: Any) -> Any:
    return lambda: kept(out != constant(0, out.dtype), g)


@f.leaky_relu.backward
def leaky_relu_backward(g: Any, input: Any, negative_slope: Any) -> Any:
    return lambda: choose(input > 0, g, np.multiply(g, float(negative_slope), np.empty_like(g)))


@f.elu.backward
def elu_backward(g: Any, input: Any, alpha: Any) -> Any:
    def derivative() -> Any:
        d = np.minimum(input, 0, out=np.empty_like(g))
        np.exp(d, d)
        d *= float(alpha)
        d *= g
        return choose(input <= 0, d, g)

    return derivative


@f.selu.backward
def selu_backward(g: Any, out: Any) -> Any:
    def derivative() -> Any:
        d = np.add(out, f.SELU_SCALE * f.SELU_ALPHA, np.empty_like(g))  # scale * alpha * exp(x)
        d *= g
        return choose(out <= 0, d, np.multiply(g, f.SELU_SCALE, np.empty_like(g)))

    return derivative


@f.sigmoid.backward
def sigmoid_backward(g: Any, out: Any) -> Any:
    def derivative() -> Any:
        d = 1 - out
        d *= out
        d *= g
        return d

    return derivative


@f.logsigmoid.backward
def logsigmoid_backward(g: Any, out: Any) -> Any:
    def derivative() -> Any:
        d = np.expm1(out, np.empty_like(out))  # sigmoid(-x) = 1 - exp(logsigmoid(x))
        d *= g
        return np.negative(d, d)

    return derivative


@f.gelu.backward
def gelu_backward(g: Any, slopes: Any) -> Any:
    return lambda: g * slopes


@f.silu.backward
def silu_backward(g: Any, input: Any) -> Any:
    def derivative() -> Any:
        s = f.sigmoid.forward(floating("silu", input))
        d = 1 - s
        d *= input
        d += 1
        d *= s
        d *= g
        return d

    return derivative


@f.mish.backward
def mish_backward(g: Any, input: Any) -> Any:
    def derivative() -> Any:
        x = np.minimum(floating("mish", input), f.MISH_LIMIT)
        n = np.exp(x)
        w = n * (n + 2)
        d = n * (n + 1)
        d *= 4
        d *= x
        w2 = w + 2
        d /= w2 * w2
        d += w / w2
        d *= g
        return d

    return derivative


@f.softplus.backward
def softplus_backward(g: Any, input: Any, beta: Any, threshold: Any) -> Any:
    def derivative() -> Any:
        z = np.multiply(input, float(beta), np.empty_like(g))
        d = f.sigmoid.forward(z)
        d *= g
        return choose(z > float(threshold), g, d)

    return derivative


@f.hardtanh.backward
def hardtanh_backward(g: Any, out: Any, min_val: Any, max_val: Any) -> Any:
    return lambda: kept(~((out <= min_val) | (out >= max_val)), g)


@softmax.backward
def softmax_backward(g: Any, out: Any, axis: Any) -> Any:
    def derivative() -> Any:
        d = np.multiply(g, out, np.empty_like(out))
        np.subtract(g, sums(d, axis), d)
        d *= out
        return d

    return derivative


@log_softmax.backward
def log_softmax_backward(g: Any, out: Any, axis: Any) -> Any:
    def derivative() -> Any:
        d = np.exp(out, np.empty_like(out))
        d *= sums(g, axis)
        return np.subtract(g, d, d)

    return derivative
