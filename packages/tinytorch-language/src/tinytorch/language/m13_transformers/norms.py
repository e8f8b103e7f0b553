"""Normalization: every position's features are brought to one scale, whatever came before.

Both norms are fused operations. Their sums over rows and columns are products with vectors of ones, where
BLAS is two to four times faster than `np.sum`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from tinytorch.core import Array, op


@op
def layer_norm(
    input: Array,
    normalized_shape: Sequence[int],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """Return `(input - mean) / sqrt(variance + eps) * weight + bias` over the last dimensions.

    Args:
        input: (*, *normalized_shape), floating-point.
        normalized_shape: the sizes of the dimensions that mean and variance are taken over.
        weight: a factor for each feature, of shape `normalized_shape`.
        bias: what is added to each feature, of shape `normalized_shape`.
        eps: keeps the root from being 0. The variance is the biased one: divided by n, not n - 1.

    Raises:
        RuntimeError: shapes or dtypes don't go together.
        NotImplementedError: the input doesn't hold floating-point numbers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
    """
    rows = _rows("layer_norm", input, normalized_shape, "*, ", weight=weight, bias=bias)
    if any(p is not None and p.dtype not in (input.dtype, rows.dtype) for p in (weight, bias)):
        raise RuntimeError(
            f"layer_norm(): weight and bias must have the input's dtype, {input.dtype}; "
            f"got {', '.join(str(p.dtype) for p in (weight, bias) if p is not None)}"
        )
    normal = rows - (rows @ _mean(rows))[:, None]  # (N, n)
    scale = np.vecdot(normal, normal)  # (N): at first the variance times n
    scale /= max(1, rows.shape[1])
    scale += eps
    scale = (1 / np.sqrt(scale, scale))[:, None]  # (N, 1)
    normal *= scale
    out = normal.copy() if weight is None else normal * weight.reshape(-1)
    if bias is not None:
        out += bias.reshape(-1)
    out = out.astype(input.dtype, copy=False).reshape(input.shape)
    return out, {"normal": normal, "scale": scale}


@layer_norm.backward
def layer_norm_backward(
    g: Any, input_shape: Any, weight: Any, bias_shape: Any, normal: Any, scale: Any
) -> Any:
    rows = g.reshape(normal.shape).astype(normal.dtype, copy=False)
    slopes = rows * normal  # (N, n)
    share = _mean(normal) if weight is None else _mean(normal) * weight.reshape(-1)

    def for_input() -> Any:
        # Mean and variance depend on all features: what all of them have in common has no effect, and
        # neither has what goes along with the normalized features, since it would be scaled away.
        d = rows * (1 if weight is None else weight.reshape(-1))
        d -= (rows @ share)[:, None]
        d -= normal * (slopes @ share)[:, None]
        d *= scale
        return d.reshape(input_shape)

    return (
        for_input,
        lambda: _column_sums(slopes).reshape(weight.shape),
        lambda: _column_sums(rows).reshape(bias_shape),
    )


@op
def rms_norm(
    input: Array, normalized_shape: Sequence[int], weight: Array | None = None, eps: float | None = None
) -> Array:
    """Return `input / sqrt(mean(input**2) + eps) * weight` over the last dimensions.

    Args:
        input: (*, *normalized_shape), floating-point.
        normalized_shape: the sizes of the dimensions that the mean is taken over.
        weight: a factor for each feature, of shape `normalized_shape`.
        eps: keeps the root from being 0; None is the smallest step from 1 in the dtype computed in.

    Raises:
        RuntimeError: shapes don't go together.
        NotImplementedError: the input doesn't hold floating-point numbers.

    Source: arXiv:1910.07467; https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
    """
    rows = _rows("rms_norm", input, normalized_shape, "*", weight=weight)
    scale = np.vecdot(rows, rows)  # (N): at first the mean square times n
    scale /= max(1, rows.shape[1])
    scale += np.finfo(rows.dtype).eps if eps is None else eps
    scale = (1 / np.sqrt(scale, scale))[:, None]  # (N, 1)
    normal = rows * scale  # (N, n)
    out = normal.copy() if weight is None else normal * weight.reshape(-1)
    out = out.astype(input.dtype, copy=False).reshape(input.shape)
    return out, {"normal": normal, "scale": scale}


@rms_norm.backward
def rms_norm_backward(g: Any, input_shape: Any, weight: Any, normal: Any, scale: Any) -> Any:
    rows = g.reshape(normal.shape).astype(normal.dtype, copy=False)
    slopes = rows * normal  # (N, n)
    share = _mean(normal) if weight is None else _mean(normal) * weight.reshape(-1)

    def for_input() -> Any:
        d = rows * (1 if weight is None else weight.reshape(-1))
        d -= normal * (slopes @ share)[:, None]
        d *= scale
        return d.reshape(input_shape)

    return for_input, lambda: _column_sums(slopes).reshape(weight.shape)


def _rows(name: str, x: Any, shape: Sequence[int], star: str, **parameters: Any) -> Any:
    """Return the input as a matrix with one row for each group of features, in the dtype to compute in."""
    if not isinstance(shape, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, "
            f"not {type(shape).__name__}"
        )
    shape = tuple(shape)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, "
            "but got normalized_shape = []"
        )
    for what, p in parameters.items():
        if p is not None and p.shape != shape:
            raise RuntimeError(
                f"Expected {what} to be of same shape as normalized_shape, "
                f"but got {what} of shape {list(p.shape)} and normalized_shape = {list(shape)}"
            )
    if x.ndim < len(shape) or x.shape[x.ndim - len(shape) :] != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape "
            f"[{star}{', '.join(map(str, shape))}], but got input of size{list(x.shape)}"
        )
    if x.dtype.kind != "f":
        raise NotImplementedError(f"{name}() isn't implemented for {x.dtype}; convert the input with float()")
    rows = np.ascontiguousarray(x).reshape(math.prod(x.shape[: x.ndim - len(shape)]), math.prod(shape))
    return rows.astype(np.float32) if x.dtype.itemsize == 2 else rows


@lru_cache(maxsize=64)
def _constant(value: float, n: int, dtype: Any) -> Any:
    vector = np.full(n, value, dtype)
    vector.flags.writeable = False
    return vector


def _mean(rows: Any) -> Any:
    """Return the vector whose product with a matrix is the mean of each row."""
    n = rows.shape[1]
    return _constant(1 / max(1, n), n, rows.dtype)


def _column_sums(rows: Any) -> Any:
    return _constant(1.0, rows.shape[0], rows.dtype) @ rows
