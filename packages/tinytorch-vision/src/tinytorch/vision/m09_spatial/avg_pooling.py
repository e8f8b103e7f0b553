"""Average pooling: each window becomes its mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Array, Tensor, op

from .pooling_windows import in_chunks, offsets, planes, pooling_window
from .windows import Ints, Window


@op
def _avg_pool(
    input: Array,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: Any,
    count_include_pad: Any,
    divisor_override: Any,
    n: int,
) -> Array:
    window, size = _checked(input, kernel_size, stride, padding, ceil_mode, divisor_override, n)
    x = planes(input, n)
    divisor = _divisor(window, x.shape[1:], size, count_include_pad, divisor_override)
    out = np.empty((len(x), *size), x.dtype)

    def work(some: slice) -> None:
        part = x[some].astype(np.float32) if x.dtype.char == "e" else x[some]
        total = _sums(part, size, window)
        if x.dtype.kind == "f":
            np.divide(total, divisor.astype(total.dtype), out=out[some], casting="same_kind")
        else:
            out[some] = np.trunc(total / divisor)

    in_chunks(x, work)
    return out.reshape(*input.shape[:-n], *size[-n:])


@_avg_pool.backward
def _avg_pool_backward(
    g: Any,
    input_shape: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: Any,
    count_include_pad: Any,
    divisor_override: Any,
    n: Any,
) -> Any:
    def derivative() -> Any:
        window, size = pooling_window(
            f"avg_pool{n}d", input_shape, kernel_size, stride, padding, 1, ceil_mode, n
        )
        given = planes(g, n)
        image = input_shape[-2:] if n == 2 else (1, input_shape[-1])
        divisor = _divisor(window, image, size, count_include_pad, divisor_override).astype(g.dtype)
        d = np.zeros((len(given), *image), g.dtype)

        def work(some: slice) -> None:
            share = given[some] / divisor
            part = d[some]
            for there, here in offsets(window, image, size):
                part[:, *here] += share[:, *there]

        in_chunks(d, work)
        return d.reshape(input_shape)

    return derivative


def _checked(
    input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: Any, divisor_override: Any, n: int
) -> tuple[Window, tuple[int, int]]:
    name = f"avg_pool{n}d"
    if n == 2 and input.ndim < 3:
        raise IndexError(f"{name}(): expected an input of 3 or 4 dimensions, got {list(input.shape)}")
    if divisor_override is not None and not isinstance(divisor_override, (int, np.integer)):
        raise TypeError(f"{name}(): argument 'divisor_override' must be an int, not {divisor_override!r}")
    if input.dtype.kind == "b":
        raise NotImplementedError(f"{name}() isn't implemented for bool; convert with float()")
    if divisor_override == 0:
        raise RuntimeError(f"{name}(): divisor must be not zero")
    return pooling_window(name, input.shape, kernel_size, stride, padding, 1, ceil_mode, n)


def _sums(x: Any, size: tuple[int, int], window: Window) -> Any:
    """Return the sum of each window of `x` (planes, H, W)."""
    total = np.zeros((len(x), *size), x.dtype)
    for there, here in offsets(window, x.shape[1:], size):
        total[:, *there] += x[:, *here]
    return total


def _divisor(
    window: Window, image: tuple[int, int], size: tuple[int, int], include_pad: bool, override: Any
) -> Any:
    """Return by what each window's sum is divided: a number, or (OH, OW) numbers.

    Padding that was asked for counts or doesn't; what `ceil_mode` reaches beyond it never does.
    """
    if override is not None:
        return np.asarray(override)
    counts = []
    for n, k, s, p, count in zip(image, window.kernel, window.stride, window.before, size, strict=True):
        start = np.arange(count) * s - p
        stop = np.minimum(start + k, n + p)
        if not include_pad:
            start, stop = np.maximum(start, 0), np.minimum(stop, n)
        counts.append(stop - start)
    return counts[0][:, None] * counts[1]


def avg_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Return the mean of each window.

    Args:
        input: (N, C, H, W), or one image (C, H, W).
        kernel_size: the size of the window.
        stride: how far it moves; left out, by its own size.
        padding: how many zeros to put on each side.
        ceil_mode: let a last window begin inside that reaches over the end.
        count_include_pad: divide by the window's size also where it stands on padding.
        divisor_override: divide by this number instead.

    Returns:
        (N, C, OH, OW).

    Raises:
        RuntimeError: a window larger than the image, padding of more than half a window, a wrong shape, or
            a divisor of 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
    """
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, 2)


def avg_pool1d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Return the mean of each window.

    Args:
        input: (N, C, L), or one sequence (C, L).
        kernel_size: the length of the window.
        stride: how far it moves; left out, by its own length.
        padding: how many zeros to put on each side.
        ceil_mode: let a last window begin inside that reaches over the end.
        count_include_pad: divide by the window's length also where it stands on padding.

    Returns:
        (N, C, OL).

    Raises:
        RuntimeError: a window longer than the sequence, padding of more than half a window, or a wrong shape.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html
    """
    return _avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, None, 1)
