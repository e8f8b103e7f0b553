"""Activations of one element at a time, each one fused operation.

Every forward is written so that no intermediate value overflows where the result doesn't, and works
in place on the one array that it makes. Their gradient rules are autograd's lesson.
"""

from __future__ import annotations

import numpy as np

from ..m01_tensor.dtypes import constant
from ..m01_tensor.op import Array, op
from ..m01_tensor.record import mode
from .gaussian import gelu_array
from .kernels import choose, floating, number

# So chosen that activations of mean 0 and variance 1 keep them (Klambauer et al., arXiv:1706.02515).
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946
MISH_LIMIT = 20.0  # from here on mish(x) is x, to the last digit of a float64


@op
def relu(input: Array) -> Array:
    """Return `max(0, input)`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html
    """
    if input.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")
    return np.maximum(input, constant(0, input.dtype))


@op
def leaky_relu(input: Array, negative_slope: float = 0.01) -> Array:
    """Return `input` where it is positive, else `negative_slope * input`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
    """
    floating("leaky_relu", input)
    slope = number("leaky_relu", "negative_slope", negative_slope)
    scaled = np.multiply(input, slope, np.empty_like(input))
    if 0 < slope <= 1:
        return np.maximum(input, scaled, out=scaled)
    return choose(input > 0, input, scaled)


@op
def elu(input: Array, alpha: float = 1.0) -> Array:
    """Return `input` where it is positive, else `alpha * (exp(input) - 1)`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html
    """
    x = floating("elu", input)
    out = np.minimum(x, 0, out=np.empty_like(x))
    np.expm1(out, out)  # 0 where x is positive
    out *= number("elu", "alpha", alpha)
    out += np.maximum(x, 0)
    return out.astype(input.dtype, copy=False)


@op
def selu(input: Array) -> Array:
    """Return the self-normalizing ELU: `scale * elu(input, alpha)` with two fixed constants.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.SELU.html
    """
    x = floating("selu", input)
    out = np.minimum(x, 0, out=np.empty_like(x))
    np.expm1(out, out)
    out *= SELU_SCALE * SELU_ALPHA
    out += np.maximum(x, 0) * SELU_SCALE
    return out.astype(input.dtype, copy=False)


@op(promote="float")
def sigmoid(input: Array) -> Array:
    """Return `1 / (1 + exp(-input))`.

    Examples:
        >>> tt.sigmoid(tt.tensor([-1000.0, 0.0, 1000.0]))
        tensor([0.0000, 0.5000, 1.0000])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html
    """
    x = floating("sigmoid", input)
    out = np.negative(x, np.empty_like(x))
    np.exp(out, out)  # an overflow gives inf, and 1 / inf is the right 0
    out += 1
    return np.reciprocal(out, out).astype(input.dtype, copy=False)


@op
def logsigmoid(input: Array) -> Array:
    """Return `log(sigmoid(input))` without computing the sigmoid, whose logarithm could be -inf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html
    """
    x = floating("logsigmoid", input)
    out = np.abs(x, np.empty_like(x))
    np.negative(out, out)
    np.exp(out, out)
    np.log1p(out, out)
    return np.subtract(np.minimum(x, 0), out, out).astype(input.dtype, copy=False)


@op
def gelu(input: Array, *, approximate: str = "none") -> Array:
    """Return `input` times the standard normal distribution's probability of being below it.

    Args:
        input: any shape, floating-point.
        approximate: "none" for the exact function, "tanh" for the faster approximation by tanh.

    Raises:
        RuntimeError: `approximate` is something else.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html
    """
    x = floating("gelu", input)
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh, not {approximate!r}")
    out, slopes = gelu_array(x, exact=approximate == "none", with_slopes=mode.grad)
    return out.astype(input.dtype, copy=False), {"slopes": slopes}


@op
def silu(input: Array) -> Array:
    """Return `input * sigmoid(input)`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html
    """
    x = floating("silu", input)
    out = np.negative(x, np.empty_like(x))
    np.exp(out, out)
    out += 1
    return np.divide(x, out, out).astype(input.dtype, copy=False)


@op
def mish(input: Array) -> Array:
    """Return `input * tanh(softplus(input))`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html
    """
    # With n = exp(x), tanh(log(1 + n)) = w / (w + 2) for w = n * (n + 2): a single exp.
    x = floating("mish", input)
    out = np.minimum(x, MISH_LIMIT, out=np.empty_like(x))
    np.exp(out, out)
    out *= out + 2
    out /= out + 2
    out *= x
    return out.astype(input.dtype, copy=False)


@op
def softplus(input: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """Return `log(1 + exp(beta * input)) / beta`, or `input` where `beta * input > threshold`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
    """
    x = floating("softplus", input)
    beta, threshold = number("softplus", "beta", beta), number("softplus", "threshold", threshold)
    z = np.multiply(x, beta, np.empty_like(x))
    out = np.abs(z, np.empty_like(x))
    np.negative(out, out)
    np.exp(out, out)
    np.log1p(out, out)
    out += np.maximum(z, 0)
    out /= beta
    return choose(z > threshold, x, out).astype(input.dtype, copy=False)


@op
def hardtanh(input: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    """Return `input` limited to the range from `min_val` to `max_val`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
    """
    low, high = number("hardtanh", "min_val", min_val), number("hardtanh", "max_val", max_val)
    if input.dtype.kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if input.dtype.kind == "u" and low < 0:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    if input.dtype.kind != "f":
        low, high = int(low), int(high)
    return np.clip(input, low, high)
