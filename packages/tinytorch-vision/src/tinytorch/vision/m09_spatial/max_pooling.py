"""Max pooling: of each window only the largest value is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from tinytorch.core import Array, Tensor, op

from .pooling_windows import Places, covers, in_chunks, leaves_out, offsets, overlap, planes, pooling_window
from .windows import Ints, Window

_BITS = {2: np.dtype(np.int16), 4: np.dtype(np.int32), 8: np.dtype(np.int64)}


@op
def _max_pool(
    input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any, n: int
) -> Array:
    window, size = _checked(input, kernel_size, stride, padding, dilation, ceil_mode, n)
    x = planes(input, n)
    out = np.empty((len(x), *size), x.dtype)
    in_chunks(x, lambda some: _largest(x[some], out[some], window))
    return out.reshape(*input.shape[:-n], *size[-n:])


@_max_pool.backward
def _max_pool_backward(
    g: Any,
    input: Any,
    out: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: Any,
    n: Any,
) -> Any:
    def derivative() -> Any:
        window, _ = _checked(input, kernel_size, stride, padding, dilation, ceil_mode, n)
        x, values, given = planes(input, n), planes(out, n), planes(g, n)
        # Else each number of the gradient is written exactly once.
        add = overlap(window) or leaves_out(window, x.shape[1:]) or bool(np.isnan(values).any())
        d = np.zeros(x.shape, g.dtype) if add else np.empty(x.shape, g.dtype)
        in_chunks(x, lambda some: _give_back(x[some], values[some], given[some], d[some], window, add))
        return d.reshape(input.shape)

    return derivative


@op(differentiable=False)
def _max_pool_places(
    input: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any, n: int
) -> Array:
    window, size = _checked(input, kernel_size, stride, padding, dilation, ceil_mode, n)
    x = planes(input, n)
    values = np.empty((len(x), *size), x.dtype)
    _largest(x, values, window)
    width = x.shape[2]
    numbers = np.arange(x.shape[1] * width).reshape(x.shape[1:])
    found = np.zeros((len(x), *size), np.int64)
    for hit, (there, here) in _hits(x, values, window):
        np.add(found[:, *there], hit * numbers[here], out=found[:, *there])
    return found.reshape(*input.shape[:-n], *size[-n:])


def _checked(
    input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any, n: int
) -> tuple[Window, tuple[int, int]]:
    name = f"max_pool{n}d"
    if input.dtype.kind == "b":
        raise NotImplementedError(f"{name}() isn't implemented for {input.dtype}; convert with float()")
    return pooling_window(name, input.shape, kernel_size, stride, padding, dilation, ceil_mode, n)


def _largest(x: Any, out: Any, window: Window) -> None:
    """Write the largest value of each window of `x` (planes, H, W) to `out`."""
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.stride, window.dilation
    size, places = x.shape[1:], out.shape[1:]
    if not any(window.before) and places == window._replace(after=(0, 0)).places(size):
        # First over rows, whose numbers lie side by side, then over what is left of the columns.
        oh, ow = places
        rows = x[:, : sh * (oh - 1) + 1 : sh]
        if kh > 1:
            rows = np.maximum(rows, x[:, dh : dh + sh * (oh - 1) + 1 : sh])
            for i in range(2, kh):
                np.maximum(rows, x[:, i * dh : i * dh + sh * (oh - 1) + 1 : sh], out=rows)
        ends = sw * (ow - 1) + 1
        if kw == 1:
            np.copyto(out, rows[:, :, :ends:sw])
            return
        np.maximum(rows[:, :, :ends:sw], rows[:, :, dw : dw + ends : sw], out=out)
        for j in range(2, kw):
            np.maximum(out, rows[:, :, j * dw : j * dw + ends : sw], out=out)
        return
    out[...] = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    for there, here in offsets(window, size, places):
        np.maximum(out[:, *there], x[:, *here], out=out[:, *there])


def _hits(x: Any, values: Any, window: Window) -> Iterator[tuple[Any, Places]]:
    """Yield for each element of the windows a mask of those where it is the first that is the largest.

    Where there are several nan it is the last one, as in PyTorch.
    """
    size, places = x.shape[1:], values.shape[1:]
    walk = list(offsets(window, size, places))
    taken = np.zeros(values.shape, bool)
    nan = np.isnan(values)
    if nan.any():
        for there, here in reversed(walk):
            hit = np.isnan(x[:, *here])
            np.greater(hit, taken[:, *there], out=hit)  # and not taken
            taken[:, *there] |= hit
            yield hit, (there, here)
    everywhere = all(covers(both, places) for both in walk)
    for there, here in walk[: len(walk) - everywhere]:
        hit = x[:, *here] == values[:, *there]
        np.greater(hit, taken[:, *there], out=hit)
        np.logical_or(hit, taken[:, *there], out=taken[:, *there])
        yield hit, (there, here)
    if everywhere:  # the last element takes what the others left
        yield ~taken, walk[-1]


def _give_back(x: Any, values: Any, g: Any, d: Any, window: Window, add: bool) -> None:
    """Write the gradient of each window's largest value to the place in `d` that it came from."""
    # A product of the bits with 0 or 1 is a choice, also where the gradient is inf or nan, and a fast one.
    bits = _BITS[g.dtype.itemsize]
    given, result = g.view(bits), d.view(bits)
    for hit, (there, here) in _hits(x, values, window):
        if add:
            d[:, *here] += np.multiply(given[:, *there], hit).view(g.dtype)
        else:
            np.multiply(given[:, *there], hit, out=result[:, *here])


def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest value of each window; its gradient goes to where it was, to the first if to several.

    Args:
        input: (N, C, H, W), or one image (C, H, W).
        kernel_size: the size of the window.
        stride: how far it moves; left out, by its own size.
        padding: how many places that lose against every number to put on each side.
        dilation: the distance between elements of the window.
        ceil_mode: let a last window begin inside that reaches over the end.
        return_indices: return the place of each value, too, as row * W + column.

    Returns:
        (N, C, OH, OW), and with `return_indices` a tuple of it and an int64 tensor of that shape.

    Raises:
        RuntimeError: a window larger than the image, padding of more than half a window, or a wrong shape.

    Examples:
        >>> image = tt.arange(16.0).reshape(1, 1, 4, 4)
        >>> vision.functional.max_pool2d(image, 2)
        tensor([[[[ 5.,  7.],
                  [13., 15.]]]])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
    """
    return _pooled(input, (kernel_size, stride, padding, dilation, ceil_mode, 2), return_indices)


def max_pool1d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest value of each window; its gradient goes to where it was, to the first if to several.

    Args:
        input: (N, C, L), or one sequence (C, L).
        kernel_size: the length of the window.
        stride: how far it moves; left out, by its own length.
        padding: how many places that lose against every number to put on each side.
        dilation: the distance between elements of the window.
        ceil_mode: let a last window begin inside that reaches over the end.
        return_indices: return the place of each value, too.

    Returns:
        (N, C, OL), and with `return_indices` a tuple of it and an int64 tensor of that shape.

    Raises:
        NotImplementedError: the input holds integers, and no places are asked for.
        RuntimeError: a window longer than the sequence, padding of more than half a window, or a wrong shape.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
    """
    if not return_indices and isinstance(input, Tensor) and input.dtype.kind != "f":
        raise NotImplementedError(f"max_pool1d() isn't implemented for {input.dtype}; convert with float()")
    return _pooled(input, (kernel_size, stride, padding, dilation, ceil_mode, 1), return_indices)


def _pooled(input: Tensor, arguments: tuple[Any, ...], return_indices: bool) -> Any:
    values = _max_pool(input, *arguments)
    return (values, _max_pool_places(input, *arguments)) if return_indices else values
