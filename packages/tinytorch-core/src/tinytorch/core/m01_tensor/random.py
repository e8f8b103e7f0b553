"""Tensors of random numbers. Each function takes a `generator`; without one the default is used."""

from __future__ import annotations

from typing import Any

import numpy as np

from .convert import as_size
from .creation import Size, _dtype, _dtype_of, _finish, _like
from .dtypes import float16, float64, int64
from .generator import Generator, default_generator
from .op import Array, op
from .tensor import Tensor

# On arrays, for the functions and methods below


def _rng(generator: Generator | None) -> np.random.Generator:
    if generator is None:
        return default_generator.rng
    if not isinstance(generator, Generator):
        raise TypeError(f"argument 'generator' must be Generator, not {type(generator).__name__}")
    return generator.rng


def _floats(name: str, dtype: np.dtype[Any]) -> None:
    if dtype.kind != "f":
        raise NotImplementedError(f"{name}() makes floats, so it isn't implemented for dtype {dtype}")


def uniform_array(shape: Any, dtype: np.dtype[Any], generator: Generator | None) -> Any:
    """Return numbers from [0, 1)."""
    _floats("rand", dtype)
    rng = _rng(generator)
    if dtype == float16:  # rounding down from float32 must not give 1
        return (rng.integers(0, 2048, shape, np.int64) / 2048).astype(float16)
    return np.asarray(rng.random(shape, dtype.type))


def normal_array(shape: Any, dtype: np.dtype[Any], generator: Generator | None) -> Any:
    """Return numbers from the standard normal distribution."""
    _floats("randn", dtype)
    drawn = _rng(generator).standard_normal(shape, np.float64 if dtype == float64 else np.float32)
    return np.asarray(drawn, dtype)


def integer_array(
    low: Any, high: Any, shape: Any, dtype: np.dtype[Any], generator: Generator | None, name: str = "randint"
) -> Any:
    """Return integers from `low` to `high - 1`."""
    for x in (low, high):
        if isinstance(x, bool) or not isinstance(x, (int, np.integer)):
            raise TypeError(f"{name}(): the bounds must be ints, not {type(x).__name__}")
    if low >= high:
        raise RuntimeError(f"{name} expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if dtype.kind != "f":
        least, most = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        if low < least or high - 1 > most:
            raise RuntimeError(f"{name}: {low} to {high - 1} is out of bounds for {dtype}")
    return np.asarray(_rng(generator).integers(low, high, shape, np.int64)).astype(dtype, copy=False)


@op
def drawn(input: Array, other: Array | None, values: Any) -> Array:
    """Return `values`, which were drawn with `input` and `other` as parameters: their gradients are zero."""
    return values


# From a size


def rand(
    *sizes: Size,
    size: Size = None,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers that are uniformly distributed over [0, 1).

    Examples:
        >>> x = tt.rand(2, 3)
        >>> x.shape, bool((x >= 0).all()), bool((x < 1).all())
        ((2, 3), True, True)
    """
    return _finish(uniform_array(as_size(sizes, "rand", size), _dtype(dtype), generator), requires_grad)


def randn(
    *sizes: Size,
    size: Size = None,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers from the normal distribution with mean 0 and standard deviation 1.

    Examples:
        >>> tt.randn(4, 8).shape
        (4, 8)
    """
    return _finish(normal_array(as_size(sizes, "randn", size), _dtype(dtype), generator), requires_grad)


def randint(
    low: Any = None,
    high: Any = None,
    size: Size = None,
    *,
    generator: Generator | None = None,
    dtype: Any = int64,
    requires_grad: bool = False,
) -> Tensor:
    """Return integers from `low` to `high - 1`: `randint(high, size)` or `randint(low, high, size)`.

    Raises:
        TypeError: the size isn't a tuple, or a bound isn't an int.
        RuntimeError: `low` isn't less than `high`, or the dtype can't hold them.

    Examples:
        >>> dice = tt.randint(1, 7, (10,))
        >>> dice.shape, dice.dtype, dice.max().item() <= 6
        ((10,), dtype('int64'), True)
    """
    if size is None and not isinstance(high, int):
        high, size = None, high
    if high is None:
        low, high = None, low
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"randint(): argument 'size' must be tuple of ints, not {type(size).__name__}")
    shape, dtype = as_size((size,), "randint"), _dtype(dtype)
    return _finish(integer_array(0 if low is None else low, high, shape, dtype, generator), requires_grad)


def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = int64, requires_grad: bool = False
) -> Tensor:
    """Return the integers from 0 to n-1 in random order.

    Raises:
        RuntimeError: `n` is negative, or the dtype can't hold n-1.

    Examples:
        >>> tt.randperm(5).sort().values
        tensor([0, 1, 2, 3, 4])
    """
    (n,) = as_size((n,), "randperm")
    dtype = _dtype(dtype)
    if dtype.kind != "f" and n and n - 1 > (1 if dtype.kind == "b" else np.iinfo(dtype).max):
        raise RuntimeError(f"randperm: dtype {dtype} can't hold {n - 1}")
    return _finish(_rng(generator).permutation(n).astype(dtype), requires_grad)


# Shaped like another tensor


def rand_like(
    input: Tensor, *, generator: Generator | None = None, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return uniform random numbers in the shape and dtype of `input`; see `rand`."""
    shape = _like(input, "rand_like").shape
    return _finish(uniform_array(shape, _dtype_of(input, dtype), generator), requires_grad)


def randn_like(
    input: Tensor, *, generator: Generator | None = None, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return normal random numbers in the shape and dtype of `input`; see `randn`."""
    shape = _like(input, "randn_like").shape
    return _finish(normal_array(shape, _dtype_of(input, dtype), generator), requires_grad)


def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return integers from `low` (or 0) to `high - 1` in the shape and dtype of `input`."""
    shape = _like(input, "randint_like").shape
    bounds = (0, low) if high is None else (low, high)
    return _finish(integer_array(*bounds, shape, _dtype_of(input, dtype), generator), requires_grad)
