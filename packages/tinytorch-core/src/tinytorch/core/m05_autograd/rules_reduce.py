"""Gradient rules of reductions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..m01_tensor import extremes, reduce, statistics
from ..m01_tensor.reduce import add_up, axes, restored, spread


@reduce.sum.backward
def sum_backward(g: Any, input_shape: Any, dim: Any) -> Any:
    return lambda: spread(g, input_shape, dim)


@reduce.mean.backward
def mean_backward(g: Any, input_shape: Any, dim: Any) -> Any:
    count = math.prod(input_shape) // max(g.size, 1)
    return lambda: spread(g / count, input_shape, dim)


@reduce.prod.backward
def prod_backward(g: Any, input: Any, dim: Any) -> Any:
    """Multiply all the other elements: those before and those after, so that zeros do no harm."""

    def others() -> Any:
        if input.ndim == 0:
            return g
        x, axis = (input.reshape(-1), 0) if dim is None else (input, dim)
        x = x.astype(g.dtype, copy=False)
        rest = _product_before(x, axis) * np.flip(_product_before(np.flip(x, axis), axis), axis)
        return restored(g, input.shape, dim) * rest.reshape(input.shape)

    return others


def _product_before(x: Any, axis: int) -> Any:
    """Multiply the elements before each one along the axis."""
    out = np.ones_like(x)
    last, first = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    last[axis], first[axis] = slice(None, -1), slice(1, None)
    np.multiply.accumulate(x[tuple(last)], axis, out=out[tuple(first)])
    return out


@reduce.cumsum.backward
def cumsum_backward(g: Any, dim: int) -> Any:
    """An element is part of all later sums."""
    return lambda: np.flip(np.add.accumulate(np.flip(g, dim), dim), dim) if g.ndim else g


@reduce.cumprod.backward
def cumprod_backward(g: Any, input: Any, dim: int) -> Any:
    """From the end to the start: s[k] = g[k] + x[k+1] * s[k+1], as no division is safe from zeros."""

    def from_the_end() -> Any:
        if g.ndim == 0:
            return g
        x = np.moveaxis(input.astype(g.dtype, copy=False), dim, 0)
        s = np.moveaxis(g, dim, 0).copy()
        for k in range(len(s) - 2, -1, -1):
            s[k] += x[k + 1] * s[k + 1]
        return np.moveaxis(s * _product_before(x, 0), 0, dim)

    return from_the_end


@reduce.logsumexp.backward
def logsumexp_backward(g: Any, out: Any, input: Any, dim: Any) -> Any:
    """The gradient is the softmax."""
    shape = input.shape
    return lambda: restored(g, shape, dim) * np.exp(input - restored(out, shape, dim))


@statistics.variance.backward
def variance_backward(g: Any, input: Any, dim: Any, correction: Any) -> Any:
    return lambda: _from_mean(restored(g, input.shape, dim), input, dim, correction)


@statistics.deviation.backward
def deviation_backward(g: Any, out: Any, input: Any, dim: Any, correction: Any) -> Any:
    """By PyTorch's convention zero where all elements are equal, although the slope there is infinite."""
    return lambda: _from_mean(
        restored(np.where(out == 0, 0, g / (out + out)), input.shape, dim), input, dim, correction
    )


def _from_mean(g: Any, x: Any, dim: Any, correction: Any) -> Any:
    distance, count = statistics.centred(x, dim)
    divisor = count - correction
    return g * (distance * (2 / divisor if divisor else np.inf)).astype(g.dtype, copy=False)


@statistics.norm.backward
def norm_backward(g: Any, out: Any, input: Any, p: Any, dim: Any) -> Any:
    """Zero at a zero vector, where the norm has a kink."""

    def by_input() -> Any:
        d, length = restored(g, input.shape, dim), restored(out, input.shape, dim)
        order = statistics.norm_order(p)
        if order == 0:
            return np.zeros_like(input)
        if abs(order) == np.inf:
            at_peak = np.abs(input) == length
            count = add_up(at_peak, statistics.norm_axes(input, dim), d.dtype, keepdims=True)
            return np.where(at_peak, d / count * np.sign(input), 0)
        if order == 2:
            return input * np.where(length == 0, 0, d / length)
        if order == 1:
            return d * np.sign(input)
        slope = np.sign(input) * (np.abs(input) / length) ** (order - 1)
        return np.where((input == 0) | (length == 0), 0, d * slope)

    return by_input


@statistics.bincount.backward
def bincount_backward(g: Any, input: Any) -> Any:
    return None, lambda: g[input]


@extremes.amax.backward
@extremes.amin.backward
def amax_backward(g: Any, out: Any, input: Any, dim: Any) -> Any:
    """Elements that share the extreme share its gradient; nan equals nothing, and makes nan of all."""

    def by_input() -> Any:
        chosen = input == restored(out, input.shape, dim)
        count = add_up(chosen, axes("amax", input, dim), g.dtype, keepdims=True)
        return restored(g, input.shape, dim) / count * chosen

    return by_input


@extremes.of_all.backward
def of_all_backward(g: Any, out: Any, input: Any) -> Any:
    def by_input() -> Any:
        chosen = np.isnan(input) if np.isnan(out) else input == out
        return np.where(chosen, g / np.count_nonzero(chosen), 0)

    return by_input


@extremes.found.backward
def found_backward(g: Any, input_shape: Any, index: Any, dim: int) -> Any:
    def to_the_chosen() -> Any:
        if not input_shape:
            return g
        d = np.zeros(input_shape, g.dtype)
        np.put_along_axis(d, restored(index, input_shape, dim), restored(g, input_shape, dim), dim)
        return d

    return to_the_chosen, None
