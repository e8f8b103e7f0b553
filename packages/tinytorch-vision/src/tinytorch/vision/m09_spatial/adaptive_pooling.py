"""Pooling to a given size, whatever the input's: the windows follow from both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from tinytorch.core import Array, Module, Tensor, op

from .windows import ints

Size: TypeAlias = int | Sequence[int | None] | None  # None: as large as the input


@op
def adaptive_avg_pool2d(input: Array, output_size: Size) -> Array:
    """Return means over windows that divide the image as evenly as whole pixels allow.

    Window i of O over H pixels reaches from floor(i * H / O) to ceil((i + 1) * H / O).

    Args:
        input: (N, C, H, W), or one image (C, H, W).
        output_size: (OH, OW), or one number for both; None leaves a dimension as it is.

    Returns:
        (N, C, OH, OW).

    Raises:
        RuntimeError: a wrong number of dimensions, or a negative size.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
    """
    name = "adaptive_avg_pool2d"
    oh, ow = _checked(name, input, output_size)
    x = input.astype(np.float32) if input.dtype.char == "e" else input
    rows = np.empty((*x.shape[:-2], oh, x.shape[-1]), x.dtype)
    for i, some in enumerate(_parts(x.shape[-2], oh)):
        np.mean(x[..., some, :], axis=-2, out=rows[..., i, :])
    out = np.empty((*x.shape[:-2], oh, ow), x.dtype)
    for j, some in enumerate(_parts(x.shape[-1], ow)):
        np.mean(rows[..., some], axis=-1, out=out[..., j])
    return out.astype(input.dtype, copy=False)


@adaptive_avg_pool2d.backward
def adaptive_avg_pool2d_backward(g: Any, input_shape: Any) -> Any:
    def derivative() -> Any:
        *outer, h, w = input_shape
        columns = np.zeros((*outer, g.shape[-2], w), g.dtype)
        for j, some in enumerate(_parts(w, g.shape[-1])):
            columns[..., some] += g[..., j : j + 1] / (some.stop - some.start)
        d = np.zeros(input_shape, g.dtype)
        for i, some in enumerate(_parts(h, g.shape[-2])):
            d[..., some, :] += columns[..., i : i + 1, :] / (some.stop - some.start)
        return d

    return derivative


@op
def _adaptive_max_pool(input: Array, output_size: Size) -> Any:
    places = _largest(input, output_size)
    out = np.take_along_axis(_flat(input), _flat(places), axis=-1)
    return out.reshape(places.shape), {"places": places}


@_adaptive_max_pool.backward
def _adaptive_max_pool_backward(g: Any, input_shape: Any, places: Any) -> Any:
    def derivative() -> Any:
        d = np.zeros((math.prod(input_shape[:-2]), input_shape[-2] * input_shape[-1]), g.dtype)
        every = np.arange(len(d))
        given, found = (x.reshape(len(d), x.shape[-2] * x.shape[-1]) for x in (g, places))
        for cell in range(given.shape[1]):  # a pixel can be in several windows, but only once in each
            d[every, found[:, cell]] += given[:, cell]
        return d.reshape(input_shape)

    return derivative


@op(differentiable=False)
def _adaptive_max_places(input: Array, output_size: Size) -> Array:
    return _largest(input, output_size)


def adaptive_max_pool2d(input: Tensor, output_size: Size, return_indices: bool = False) -> Any:
    """Return maxima over windows that divide the image as evenly as whole pixels allow.

    Args:
        input: (N, C, H, W), or one image (C, H, W).
        output_size: (OH, OW), or one number for both; None leaves a dimension as it is.
        return_indices: return the place of each value, too, as row * W + column.

    Returns:
        (N, C, OH, OW), and with `return_indices` a tuple of it and an int64 tensor of that shape.

    Raises:
        RuntimeError: a wrong number of dimensions, or a negative size.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
    """
    values = _adaptive_max_pool(input, output_size)
    return (values, _adaptive_max_places(input, output_size)) if return_indices else values


def _largest(x: Any, output_size: Any) -> Any:
    """Return the place of the largest value of each window: the first one, or the last nan."""
    oh, ow = _checked("adaptive_max_pool2d", x, output_size)
    width = x.shape[-1]
    places = np.empty((*x.shape[:-2], oh, ow), np.int64)
    nan = bool(np.isnan(x).any())
    for i, rows in enumerate(_parts(x.shape[-2], oh)):
        for j, columns in enumerate(_parts(width, ow)):
            window = _flat(x[..., rows, columns])
            best = window.argmax(axis=-1)
            if nan:
                odd = np.isnan(window)
                last = window.shape[-1] - 1 - odd[..., ::-1].argmax(axis=-1)
                best = np.where(odd.any(axis=-1), last, best)
            across = columns.stop - columns.start
            places[..., i, j] = (rows.start + best // across) * width + columns.start + best % across
    return places


def _flat(x: Any) -> Any:
    """Return images as rows of pixels: (..., H, W) to (..., H * W)."""
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


def _parts(n: int, count: int) -> Iterator[slice]:
    """Yield the `count` windows that divide `n` pixels."""
    for i in range(count):
        yield slice(i * n // count, -(-(i + 1) * n // count))


def _checked(name: str, x: Any, output_size: Any) -> tuple[int, int]:
    """Check the arguments and return the output's height and width."""
    sizes = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * 2
    if output_size is None:
        raise TypeError(f"{name}(): output_size must be an int or a tuple of 2 ints, not None")
    if x.ndim not in (3, 4):
        raise RuntimeError(f"{name}(): Expected 3D or 4D tensor, but got {list(x.shape)}")
    if len(sizes) != 2:
        raise RuntimeError(f"{name}(): output_size must be 2 numbers, but got {output_size}")
    resolved = [n if size is None else size for size, n in zip(sizes, x.shape[-2:], strict=True)]
    oh, ow = ints(resolved, 2, name, "output_size")
    if min(oh, ow) < 0:
        raise RuntimeError(
            f"{name}(): elements of output_size must be greater than or equal to 0 but received {output_size}"
        )
    if 0 in x.shape[-2:]:
        raise RuntimeError(
            f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
            f"{list(x.shape)}"
        )
    if x.dtype.kind != "f":
        raise NotImplementedError(f"{name}() isn't implemented for {x.dtype}; convert with float()")
    return oh, ow


class AdaptiveAvgPool2d(Module):
    """Average over windows so that the output has a given size, see `functional.adaptive_avg_pool2d`.

    Args:
        output_size: (OH, OW), or one number for both; None leaves a dimension as it is.

    Examples:
        >>> vision.AdaptiveAvgPool2d(1)(tt.zeros(8, 64, 7, 5)).shape
        (8, 64, 1, 1)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """

    def __init__(self, output_size: Size) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, C, OH, OW) for (N, C, H, W)."""
        return adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool2d(Module):
    """Keep the largest values so that the output has a given size, see `functional.adaptive_max_pool2d`.

    Args:
        output_size: (OH, OW), or one number for both; None leaves a dimension as it is.
        return_indices: return the place of each value, too, as row * W + column.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """

    def __init__(self, output_size: Size, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        """Return (N, C, OH, OW) for (N, C, H, W), and with `return_indices` the places."""
        return adaptive_max_pool2d(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"output_size={self.output_size}"
