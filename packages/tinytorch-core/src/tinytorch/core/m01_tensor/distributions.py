"""Random numbers whose distribution a tensor says, and filling a tensor in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from .convert import as_size
from .creation import Size, _dtype, _finish
from .dtypes import int64, promote_types
from .generator import Generator
from .random import drawn, integer_array, normal_array, uniform_array
from .tensor import Tensor, wrap
from .views import write_in_place


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Size = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers from normal distributions, with a mean and standard deviation for each or for all.

    No gradient flows to `mean` and `std`; for that, write `mean + std * randn_like(mean)`.

    Args:
        mean: a tensor or a number.
        std: a tensor or a number, not negative.
        size: the shape, if both are numbers.
        generator: where the random numbers come from.
        dtype: the dtype, if both are numbers.
        requires_grad: whether the result requires a gradient, if both are numbers.

    Raises:
        TypeError: both are numbers and there is no size, or the other way round.
        RuntimeError: a negative standard deviation.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.normal.html
    """
    tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
    if bool(tensors) == (size is not None) or (tensors and (dtype is not None or requires_grad)):
        raise TypeError("normal() takes a tensor as mean or std, or two numbers, a size and a dtype")
    m, s = (x.array if isinstance(x, Tensor) else x for x in (mean, std))
    if np.any(np.less(s, 0)):
        raise RuntimeError("normal expects all elements of std >= 0.0")
    if not tensors:
        z = normal_array(as_size((size,), "normal"), _dtype(dtype), generator)
        return _finish(z * z.dtype.type(s) + z.dtype.type(m), requires_grad)
    dtype = tensors[0].dtype if len(tensors) == 1 else promote_types(m.dtype, s.dtype)
    try:
        shape = np.broadcast_shapes(np.shape(m), np.shape(s))
    except ValueError:
        raise RuntimeError(f"normal(): shapes {np.shape(m)} and {np.shape(s)} don't broadcast") from None
    values = (normal_array(shape, dtype, generator) * s + m).astype(dtype)
    return drawn(tensors[0], tensors[-1], values)


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """Return ones with the probabilities in `input` (or everywhere `p`), zeros otherwise.

    Raises:
        RuntimeError: a probability outside [0, 1].
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"bernoulli(): argument 'input' must be a Tensor, not {type(input).__name__}")
    if input.dtype.kind != "f" and p is None:
        raise NotImplementedError(f"bernoulli() takes probabilities as floats, not {input.dtype}")
    return drawn(input, None, _bernoulli(input.array if p is None else p, input, generator))


def _bernoulli(p: Any, like: Tensor, generator: Generator | None) -> Any:
    if not np.all((p >= np.float64(0)) & (p <= np.float64(1))):
        raise RuntimeError("bernoulli expects probabilities to be in [0, 1]")
    u = uniform_array(like.shape, np.dtype(np.float64), generator)
    return (u < p).astype(like.dtype)


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Draw indices with probabilities proportional to the weights in `input`.

    Args:
        input: weights that aren't negative: (K), or (N, K) for N independent draws.
        num_samples: how many indices to draw.
        replacement: whether an index may be drawn again.
        generator: where the random numbers come from.

    Returns:
        int64 indices of shape (num_samples) or (N, num_samples).

    Raises:
        RuntimeError: weights that aren't a distribution, or too few of them to draw from.

    Examples:
        >>> tt.multinomial(tt.tensor([0.0, 0.0, 1.0]), 4, replacement=True)
        tensor([2, 2, 2, 2])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html
    """
    w = input.array
    if w.dtype.kind != "f":
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got {w.dtype}")
    if w.ndim not in (1, 2):
        raise RuntimeError(f"multinomial: the weights must have 1 or 2 dimensions, not {w.ndim}")
    if num_samples <= 0:
        raise RuntimeError(f"cannot sample n_sample <= 0 samples, got {num_samples}")
    if not replacement and num_samples > w.shape[-1]:
        raise RuntimeError(
            f"cannot sample n_sample > prob_dist.size(-1) samples without replacement: {num_samples} of "
            f"{w.shape[-1]}"
        )
    w = w.astype(np.float64)
    least = w.min(initial=np.inf)
    if not (least >= 0 and w.max(initial=0) < np.inf):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if w.size and not (w.max(-1) > 0).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if replacement:
        u = uniform_array((*w.shape[:-1], num_samples), np.dtype(np.float64), generator)
        heights = w.cumsum(-1).reshape(-1, w.shape[-1])
        rows = zip(heights, u.reshape(len(heights), num_samples))
        found = [_draw(row, x) for row, x in rows]
        return wrap(np.array(found, int64).reshape(u.shape))
    if num_samples > 1 and w.size and ((w > 0).sum(-1) < num_samples).any():
        raise RuntimeError("multinomial: fewer weights above 0 than samples to draw without replacement")
    # The first arrivals of independent processes with these rates: the smallest exponential / weight.
    arrivals = uniform_array(w.shape, np.dtype(np.float64), generator)
    for step in (np.negative, np.log1p, np.negative):  # log1p(-u) is minus an exponential
        step(arrivals, out=arrivals)
    if least > 0:
        arrivals /= w
    else:
        np.divide(arrivals, w, out=arrivals, where=w > 0)
        arrivals[w == 0] = np.inf
    if num_samples == 1 and w.size:
        return wrap(arrivals.argmin(-1, keepdims=True).astype(int64, copy=False))  # without sorting the rest
    return wrap(arrivals.argsort(-1, kind="stable")[..., :num_samples].astype(int64))


def _draw(heights: Any, u: Any) -> Any:
    """Return, for each u of [0, 1), where it falls among steps of the given heights."""
    below = np.nextafter(heights[-1], 0)  # u * height may have been rounded up to the height itself
    return np.searchsorted(heights, np.minimum(u * heights[-1], below), side="right")


# What the in-place methods of a tensor do


def fill_normal(tensor: Tensor, mean: float, std: float, generator: Generator | None) -> Tensor:
    """Do the work of `Tensor.normal_`."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    values = normal_array(tensor.shape, tensor.dtype, generator)
    values *= std
    values += mean
    return write_in_place(tensor, drawn, None, values)


def fill_uniform(tensor: Tensor, low: float, high: float, generator: Generator | None) -> Tensor:
    """Do the work of `Tensor.uniform_`."""
    if low > high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}")
    values = uniform_array(tensor.shape, tensor.dtype, generator)
    values *= high - low
    values += low
    return write_in_place(tensor, drawn, None, values)


def fill_bernoulli(tensor: Tensor, p: Any, generator: Generator | None) -> Tensor:
    """Do the work of `Tensor.bernoulli_`."""
    p = p.array if isinstance(p, Tensor) else p
    return write_in_place(tensor, drawn, None, _bernoulli(p, tensor, generator))


def fill_integers(tensor: Tensor, low: int, high: int | None, generator: Generator | None) -> Tensor:
    """Do the work of `Tensor.random_`."""
    dtype = tensor.dtype
    if high is None:
        low, high = 0, low
        if high == 0:  # no bounds: all integers from 0 that the dtype holds exactly
            digits = np.finfo(dtype).nmant + 1 if dtype.kind == "f" else 1
            if dtype.kind in "iu":
                digits = np.iinfo(dtype).bits - (dtype.kind == "i")
            high = min(2**digits, 2**63 - 1)
    values = integer_array(low, high, tensor.shape, dtype, generator, "random_")
    return write_in_place(tensor, drawn, None, values)
