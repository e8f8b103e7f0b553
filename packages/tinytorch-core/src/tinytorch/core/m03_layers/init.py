"""Starting values for parameters. Each function fills a tensor in place, unrecorded, and returns it.

Layers deeper in a network should neither blow up nor fade what passes through them; for that the variance
of a weight goes with one over its fan, the number of values that are added up (Glorot and Bengio 2010; He et
al., arXiv:1502.01852).
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..m01_tensor.dtypes import float32, float64
from ..m01_tensor.generator import Generator
from ..m01_tensor.random import normal_array, uniform_array
from ..m01_tensor.tensor import Tensor
from ..m01_tensor.views import mark_changed

_GAINS: dict[str, float] = {
    **dict.fromkeys(("linear", "sigmoid", "conv1d", "conv2d", "conv3d"), 1),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), 1),
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor by which weights before this nonlinearity should be larger.

    Args:
        nonlinearity: a function's name, such as "relu", or "linear" or a convolution's name.
        param: the negative slope, for "leaky_relu" (0.01 if left out).

    Raises:
        ValueError: the name isn't known, or the slope isn't a number.

    Source: https://docs.pytorch.org/docs/stable/nn.init.html
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


# From a distribution


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with numbers from `a` to `b`, all equally likely.

    Raises:
        NotImplementedError: the tensor holds integers.
        RuntimeError: `a` is greater than `b`.
    """
    if not a <= b:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
    values = uniform_array(tensor.shape, _drawn(tensor), generator)
    values *= b - a
    values += a
    return _fill(tensor, values)


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers from the normal distribution.

    Raises:
        NotImplementedError: the tensor holds integers.
        RuntimeError: `std` is negative.
    """
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    values = normal_array(tensor.shape, _drawn(tensor), generator)
    values *= std
    values += mean
    return _fill(tensor, values)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with numbers from the part of the normal distribution between `a` and `b`.

    Raises:
        NotImplementedError: the tensor holds integers.
        RuntimeError: `a` is greater than `b`, or `std` isn't positive.
    """
    if not a <= b or not std > 0:
        raise RuntimeError(f"trunc_normal_ expects a <= b and std > 0, but found a={a}, b={b}, std={std}")
    values = np.empty(tensor.numel(), _drawn(tensor))
    missing = np.arange(values.size)
    while missing.size:  # draw again what was refused
        drawn, accepted = _candidates(missing.size, (a - mean) / std, (b - mean) / std, generator)
        values[missing] = mean + std * drawn
        missing = missing[~accepted]
    return _fill(tensor, np.clip(values, a, b).reshape(tensor.shape))


def _candidates(n: int, low: float, high: float, generator: Generator | None) -> tuple[Any, Any]:
    """Draw `n` numbers and say which of them to accept as standard normal between `low` and `high`."""
    if math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2)) > 0.5:
        drawn = normal_array((n,), float64, generator)
        return drawn, (drawn >= low) & (drawn <= high)
    # A narrow or far interval: uniform, accepted in proportion to the density, whose peak is nearest to 0.
    # Further than `reach` from the peak the density is less than e**-50 of that.
    peak = min(max(low, 0.0), high)
    reach = 50 / max(abs(peak), 5.0)
    low, high = max(low, peak - reach), min(high, peak + reach)
    drawn = low + (high - low) * uniform_array((n,), float64, generator)
    return drawn, uniform_array((n,), float64, generator) < np.exp((peak * peak - drawn * drawn) / 2)


# From the fans


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill uniformly so that the variance is `gain**2` times 2 over the sum of both fans.

    Raises:
        ValueError: the tensor has fewer than 2 dimensions.
    """
    bound = math.sqrt(3) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill normally so that the variance is `gain**2` times 2 over the sum of both fans.

    Raises:
        ValueError: the tensor has fewer than 2 dimensions.
    """
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill uniformly so that the variance is the nonlinearity's gain, squared, over a fan.

    Args:
        tensor: (out, in, ...).
        a: the negative slope of the leaky ReLU that follows.
        mode: "fan_in" keeps the variance in the forward pass, "fan_out" in the backward pass.
        nonlinearity: the function that follows, as for `calculate_gain`.
        generator: the source of the numbers.

    Raises:
        ValueError: fewer than 2 dimensions, or an unknown mode or nonlinearity.

    Examples:
        >>> weight = tt.init.kaiming_uniform_(tt.empty(64, 128), nonlinearity="relu")
        >>> bool(weight.abs().max() <= (6 / 128) ** 0.5)
        True
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else uniform_(tensor, -math.sqrt(3) * std, math.sqrt(3) * std, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill normally so that the variance is the nonlinearity's gain, squared, over a fan.

    The arguments and errors are those of `kaiming_uniform_`.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0.0, std, generator)


def _fans(tensor: Tensor) -> tuple[int, int]:
    """Return for (out, in, ...) how many values each output, and each input, is connected with."""
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _xavier_std(tensor: Tensor, gain: float) -> float:
    fans = sum(_fans(tensor))
    return gain * math.sqrt(2 / fans) if fans else 0.0


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return None
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    fan_in, fan_out = _fans(tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan_in if mode == "fan_in" else fan_out)


# Fixed, or almost


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number."""
    if not isinstance(val, (int, float, np.number)):
        raise TypeError(f"constant_(): argument 'val' must be a number, not {type(val).__name__}")
    return _fill(tensor, val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1."""
    return _fill(tensor, 1)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0."""
    return _fill(tensor, 0)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with 1 on the diagonal and 0 elsewhere.

    Raises:
        ValueError: the tensor doesn't have 2 dimensions.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _fill(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a random matrix whose rows or columns, whichever are fewer, are orthonormal times `gain`.

    Dimensions from the second on count as one. Source: Saxe et al., arXiv:1312.6120.

    Raises:
        ValueError: the tensor has fewer than 2 dimensions.
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    random = normal_array((max(rows, columns), min(rows, columns)), float64, generator)
    q, r = np.linalg.qr(random)
    q *= gain * np.sign(np.diag(r))  # without it, q isn't uniform among the orthogonal matrices
    return _fill(tensor, (q if rows >= columns else q.T).reshape(tensor.shape))


def _drawn(tensor: Tensor) -> Any:
    """Return the dtype in which to draw numbers for a tensor."""
    if tensor.dtype.kind != "f":
        raise NotImplementedError(f"random numbers aren't implemented for {tensor.dtype}")
    return float64 if tensor.dtype == float64 else float32


def _fill(tensor: Tensor, values: Any) -> Tensor:
    if not tensor.array.flags.writeable:
        raise RuntimeError("this tensor's memory is read-only (expanded or borrowed); clone() it first")
    tensor.array[...] = values
    mark_changed(tensor.array)
    return tensor
