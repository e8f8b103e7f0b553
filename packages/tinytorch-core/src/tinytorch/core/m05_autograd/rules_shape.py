"""Gradient rules of shapes: the gradient takes the way back."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..m01_tensor import padding, rearrange, shape as shaping


@shaping.reshape.backward
def reshape_backward(g: Any, input_shape: Any) -> Any:
    return lambda: g.reshape(input_shape)


shaping.view.backward(reshape_backward)
shaping.squeeze.backward(reshape_backward)
shaping.unsqueeze.backward(reshape_backward)


@shaping.permute.backward
def permute_backward(g: Any, dims: Any) -> Any:
    back = [0] * len(dims)
    for new, old in enumerate(dims):
        back[old] = new
    return lambda: g.transpose(back)


@shaping.transpose.backward
def transpose_backward(g: Any, dim0: Any, dim1: Any) -> Any:
    return lambda: g.swapaxes(dim0, dim1) if g.ndim else g


@shaping.movedim.backward
def movedim_backward(g: Any, source: Any, destination: Any) -> Any:
    return lambda: np.moveaxis(g, destination, source) if g.ndim else g


@shaping.expand.backward
def expand_backward(g: Any) -> Any:
    return lambda: g  # the engine sums over what was stretched


@shaping.contiguous.backward
def contiguous_backward(g: Any) -> Any:
    return lambda: g


@shaping.clone.backward
def clone_backward(g: Any) -> Any:
    return lambda: g


@rearrange.cat.backward
def cat_backward(g: Any, shapes: Any, dim: Any) -> Any:
    before = (slice(None),) * (dim % g.ndim)

    def piece(shape: Any, start: int) -> Any:
        if shape == (0,):  # left out of the result, whatever that one's shape
            return np.zeros(shape, g.dtype)
        return g[(*before, slice(start, start + shape[dim]))]

    thunks, start = [], 0
    for shape in shapes:
        thunks.append(partial(piece, shape, start))
        start += shape[dim] if shape != (0,) else 0
    return thunks


@rearrange.stack.backward
def stack_backward(g: Any, dim: Any) -> Any:
    slices = np.moveaxis(g, dim, 0)
    return [partial(slices.__getitem__, (i, ...)) for i in range(len(slices))]


@rearrange.repeat.backward
def repeat_backward(g: Any, input_shape: Any, repeats: Any) -> Any:
    inner = (1,) * (len(repeats) - len(input_shape)) + input_shape
    pairs = [n for pair in zip(repeats, inner) for n in pair]
    return lambda: g.reshape(pairs).sum(axis=tuple(range(0, 2 * len(inner), 2))).reshape(input_shape)


@rearrange.roll.backward
def roll_backward(g: Any, shifts: Any, dims: Any) -> Any:
    back = [-n for n in shifts] if isinstance(shifts, (tuple, list)) else -shifts
    return lambda: np.roll(g, back, dims)


@rearrange.flip.backward
def flip_backward(g: Any, dims: Any) -> Any:
    return lambda: np.flip(g, tuple(dims)) if g.ndim else g


@rearrange.tril.backward
def tril_backward(g: Any, diagonal: Any) -> Any:
    return lambda: np.tril(g, diagonal)


@rearrange.triu.backward
def triu_backward(g: Any, diagonal: Any) -> Any:
    return lambda: np.triu(g, diagonal)


@shaping.diagonal.backward
def diagonal_backward(g: Any, input_shape: Any, offset: Any, dim1: Any, dim2: Any) -> Any:
    def back() -> Any:
        full = np.zeros(input_shape, g.dtype)
        shaping.diagonal.forward(full, offset, dim1, dim2)[...] = g
        return full

    return back


@rearrange.diag.backward
def diag_backward(g: Any, input_shape: Any, diagonal: Any) -> Any:
    if len(input_shape) == 1:
        return lambda: g.diagonal(diagonal)
    return diagonal_backward(g, input_shape, diagonal, 0, 1)


@padding._constant_pad.backward
def pad_backward(g: Any, input_shape: Any, widths: Any) -> Any:
    inside, kept = padding.overlap(input_shape, widths)
    if all(before >= 0 and after >= 0 for before, after in widths):
        return lambda: g[inside]

    def back() -> Any:
        full = np.zeros(input_shape, g.dtype)
        full[kept] = g[inside]
        return full

    return back
