"""Gradient rules of indexing: the gradient goes back to where the values came from.

What was taken several times gets the sum of its gradients (`add_at`). What was overwritten gets none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..m01_tensor import gathering as ga, index as ix
from ..m01_tensor.accumulate import add_at, last_writers
from ..m01_tensor.gathering import locations
from ..m01_tensor.random import drawn
from .parts import Part


@ix.select.backward
def select_backward(g: Any, input_shape: Any, index: Any) -> Any:
    return lambda: Part(input_shape, index, g)


@ix.index.backward
def index_backward(g: Any, input_shape: Any, indices: Any, unique: Any) -> Any:
    if unique:
        return lambda: Part(input_shape, tuple(indices), g)
    return lambda: add_at(input_shape, indices, g)


@ix.index_put.backward
def index_put_backward(g: Any, indices: Any, values_shape: Any, unique: Any) -> Any:
    place = tuple(indices)

    def for_input() -> Any:
        rest = g.copy()
        rest[place] = 0
        return rest

    def for_values() -> Any:
        taken = g[place]
        if not unique:
            last, dim = last_writers(indices, g.shape)
            taken = taken * last.reshape(last.shape + (1,) * (taken.ndim - last.ndim - dim))
        return taken.reshape((1,) * (len(values_shape) - taken.ndim) + taken.shape)

    return for_input, for_values


@ga.gather.backward
def gather_backward(g: Any, input_shape: Any, dim: Any, index: Any) -> Any:
    shape = input_shape or (1,)
    axis = dim % len(shape)

    def back() -> Any:
        where, values = np.atleast_1d(index), np.atleast_1d(g)
        if where.size == 0:
            return np.zeros(input_shape, g.dtype)
        if where.shape[axis] == 1:
            return Part(shape, locations(where, axis), values).whole().reshape(input_shape)
        return ga.add_along(shape, axis, where, values).reshape(input_shape)

    return back, None


@ga.scatter.backward
def scatter_backward(g: Any, dim: Any, index: Any, src_shape: Any) -> Any:
    values = np.atleast_1d(g)
    where = np.atleast_1d(index)
    axis = dim % values.ndim
    place = locations(where, axis)

    def for_input() -> Any:
        rest = values.copy()
        rest[place] = 0
        return rest.reshape(g.shape)

    def for_src() -> Any:
        last, _ = last_writers(list(np.broadcast_arrays(*place)), values.shape)
        full = np.zeros(src_shape or (1,), g.dtype)
        full[tuple(map(slice, where.shape))] = values[place] * last
        return full.reshape(src_shape)

    return for_input, None, for_src


@ga.scatter_add.backward
def scatter_add_backward(g: Any, dim: Any, index: Any, src_shape: Any) -> Any:
    values = np.atleast_1d(g)

    def for_src() -> Any:
        where = np.atleast_1d(index)
        full = np.zeros(src_shape or (1,), g.dtype)
        full[tuple(map(slice, where.shape))] = values[locations(where, dim % values.ndim)]
        return full.reshape(src_shape)

    return lambda: g, None, for_src


@ga.index_select.backward
def index_select_backward(g: Any, input_shape: Any, dim: Any, index: Any) -> Any:
    shape = input_shape or (1,)
    where = [*[slice(None)] * (dim % len(shape)), np.atleast_1d(index)]
    return lambda: add_at(shape, where, np.atleast_1d(g)).reshape(input_shape), None


@ga.index_add.backward
def index_add_backward(g: Any, dim: Any, index: Any, source_shape: Any, alpha: Any) -> Any:
    def for_source() -> Any:
        taken = np.atleast_1d(g).take(index, dim)
        return (taken if alpha == 1 else taken * taken.dtype.type(alpha)).reshape(source_shape)

    return lambda: g, None, for_source


@drawn.backward
def drawn_backward(g: Any) -> Any:
    return lambda: np.zeros_like(g), lambda: np.zeros_like(g)
