"""Products of vectors, matrices and batches of matrices."""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Any

import numpy as np

from .op import Array, op
from .threads import number_of_threads


@op
def matmul(input: Array, other: Array) -> Array:
    """Return the matrix product of the last two dimensions; the dimensions before are broadcast.

    A 1-D input counts as a row, a 1-D other as a column, and that dimension isn't in the result:
    (K) @ (K) is a number, (N, K) @ (K) has shape (N), (B, N, K) @ (K, M) has shape (B, N, M).

    Raises:
        RuntimeError: shapes that don't fit, different dtypes, or a 0-d tensor.

    Examples:
        >>> tt.tensor([[1, 2], [3, 4]]) @ tt.tensor([10, 1])
        tensor([12, 34])
        >>> (tt.zeros(8, 2, 3) @ tt.zeros(3, 5)).shape
        (8, 2, 5)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.matmul.html
    """
    if input.dtype is not other.dtype or input.dtype.kind == "b":
        check_dtypes(input, other)
    try:
        return product(input, other)
    except ValueError:
        raise RuntimeError(_misfit(input.shape, other.shape)) from None


@op
def mm(input: Array, mat2: Array) -> Array:
    """Return the product of two matrices: (N, K) @ (K, M) gives (N, M).

    Raises:
        RuntimeError: not two matrices, shapes that don't fit, or different dtypes.
    """
    _check_ndim("mm", input=(input, 2), mat2=(mat2, 2))
    return matmul.forward(input, mat2)


@op
def mv(input: Array, vec: Array) -> Array:
    """Return the product of a matrix and a vector: (N, K) @ (K) gives (N).

    Raises:
        RuntimeError: other numbers of dimensions, shapes that don't fit, or different dtypes.
    """
    _check_ndim("mv", input=(input, 2), vec=(vec, 1))
    return matmul.forward(input, vec)


@op
def bmm(input: Array, mat2: Array) -> Array:
    """Return the products of two batches of matrices: (B, N, K) @ (B, K, M) gives (B, N, M).

    Raises:
        RuntimeError: other numbers of dimensions, shapes that don't fit, or different dtypes.
    """
    _check_ndim("bmm", input=(input, 3), mat2=(mat2, 3))
    if input.shape[0] != mat2.shape[0] or input.shape[2] != mat2.shape[1]:
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{input.shape[0]}, {input.shape[2]}] but got: [{mat2.shape[0]}, {mat2.shape[1]}]."
        )
    return matmul.forward(input, mat2)


@op
def dot(input: Array, tensor: Array) -> Array:
    """Return the sum of the products of the elements of two vectors.

    Raises:
        RuntimeError: not two vectors of one length, or different dtypes.
    """
    _check_ndim("dot", input=(input, 1), tensor=(tensor, 1))
    return matmul.forward(input, tensor)


@op(promote="same")
def outer(input: Array, vec2: Array) -> Array:
    """Return the products of all pairs of elements of two vectors: shape (N, M).

    Raises:
        RuntimeError: not two vectors.
    """
    _check_ndim("outer", input=(input, 1), vec2=(vec2, 1))
    return input[:, None] * vec2


@op
def addmm(input: Array, mat1: Array, mat2: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """Return `beta * input + alpha * (mat1 @ mat2)`; with beta 0, `input` is left out even if it is nan.

    Args:
        input: a tensor that broadcasts to the shape (N, M) of the product.
        mat1: a matrix of shape (N, K).
        mat2: a matrix of shape (K, M).
        beta: factor of `input`.
        alpha: factor of the product.

    Raises:
        RuntimeError: shapes that don't fit, or different dtypes.
    """
    _check_ndim("addmm", mat1=(mat1, 2), mat2=(mat2, 2))
    check_dtypes(input, mat1)
    out = matmul.forward(mat1, mat2)
    if alpha != 1:
        out *= out.dtype.type(alpha)
    if np.broadcast_shapes(input.shape, out.shape) != out.shape:
        raise RuntimeError(
            f"addmm(): input of shape {list(input.shape)} can't be expanded to {list(out.shape)}"
        )
    if beta != 0:
        out += input if beta == 1 else input * input.dtype.type(beta)
    return out


# What they share

# OpenBLAS multiplies two matrices as they lie, in one thread, if that takes at most so many multiplications;
# else it first copies both into another order and wakes its threads. For a product of a tenth of a
# millisecond this costs more than it gains: half of the result is then in the cache of another core, where
# the next operation has to fetch it from.
PIECE = 1_000_000
SMALL_RESULT = 1200
LONG = 256  # columns from which taking them as they lie pays
LARGEST_IN_PIECES = 8 * PIECE
LARGEST_IN_BLOCKS = 160 * PIECE  # several threads have more of BLAS's own way, for products as large as this


def product(a: Any, b: Any) -> Any:
    """Multiply as `matmul`, with as few and as large matrix products as possible.

    float16 has no fast product of its own, and sums in it would lose digits; it is done in float32.
    """
    if a.dtype.char == "e":
        return product(a.astype(np.float32), b.astype(np.float32)).astype(np.float16)
    if a.ndim > 2 and b.ndim == 2 and a.flags.c_contiguous:
        return np.matmul(rows(a), b).reshape(*a.shape[:-1], b.shape[-1])
    if a.ndim == b.ndim == 2 and PIECE < a.size * b.shape[1] <= LARGEST_IN_PIECES and small_is_fast():
        return _product_in_pieces(a, b)
    if a.ndim == b.ndim == 2 and _suits_blocks(a, b):
        return _product_in_blocks(a, b)
    if a.ndim == b.ndim == 2 and a.dtype.kind == "f":
        return np.dot(a, b)  # the same as matmul, called a third of a microsecond faster
    return np.matmul(a, b)


@cache
def small_is_fast() -> bool:
    """Tell whether NumPy's BLAS multiplies small matrices as they lie: OpenBLAS with AVX-512 does."""
    config: Any = np.show_config(mode="dicts")
    blas = config["Build Dependencies"]["blas"]["name"]
    return "openblas" in blas and not {"AVX512_SKX", "X86_V4"}.isdisjoint(config["SIMD Extensions"]["found"])


def _product_in_pieces(a: Any, b: Any) -> Any:
    """Multiply two matrices by some columns of the second, or rows of the first: small products."""
    columns, some_rows = PIECE // a.size, PIECE // b.size
    if b.flags.f_contiguous:  # a transposed second factor is taken as it lies only for a small result
        columns = min(columns, SMALL_RESULT // len(a)) if len(b) >= LONG else 0
        some_rows = min(some_rows, SMALL_RESULT // b.shape[1]) if len(b) >= LONG else 0
    columns -= columns % 8
    some_rows -= some_rows % 8
    if not columns and not some_rows:
        return np.matmul(a, b)
    out = np.empty((len(a), b.shape[1]), a.dtype)
    if columns:
        for i in range(0, b.shape[1], columns):
            np.matmul(a, b[:, i : i + columns], out=out[:, i : i + columns])
    else:
        for i in range(0, len(a), some_rows):
            np.matmul(a[i : i + some_rows], b, out=out[i : i + some_rows])
    return out


def _suits_blocks(a: Any, b: Any) -> bool:
    """Tell whether many small products in one thread are faster than a large one."""
    size = a.size * b.shape[1]
    return (
        LARGEST_IN_PIECES < size <= LARGEST_IN_BLOCKS
        and a.dtype.char == b.dtype.char == "f"
        and len(a) >= 256
        and len(b) <= 3 * LONG
        and a.flags.forc
        and b.flags.c_contiguous
        and small_is_fast()
        and number_of_threads() == 1
    )


def _product_in_blocks(a: Any, b: Any) -> Any:
    """Multiply two matrices by blocks of the result, all in one call: a batch of small products."""
    (m, k), n = a.shape, b.shape[1]
    height = 64 if k <= LONG else 32
    width = min(n, max(16, PIECE // (height * k) // 16 * 16))
    high, wide = m // height * height, n // width * width
    out = np.empty((m, n), a.dtype)
    strips, top = a[:high].reshape(-1, height, k), out[:high]
    columns = b[:, :wide].reshape(k, -1, width).swapaxes(0, 1)
    np.matmul(
        strips[:, None], columns, out=top[:, :wide].reshape(-1, height, n // width, width).swapaxes(1, 2)
    )
    if wide < n:
        np.matmul(strips, b[:, wide:], out=top[:, wide:].reshape(-1, height, n - wide))
    if high < m:
        np.matmul(a[high:], b, out=out[high:])
    return out


def rows(x: Any) -> Any:
    """Return all rows of a batch of matrices as one matrix."""
    return x if x.ndim == 2 else x.reshape(prod(x.shape[:-1]), x.shape[-1])


def check_dtypes(a: Any, b: Any) -> None:
    """Raise PyTorch's error if two arrays to be multiplied have different dtypes, or are bools."""
    if a.dtype.kind == b.dtype.kind == "b" and a.size and b.size:
        raise NotImplementedError("matrix products of bool tensors aren't implemented")
    if a.dtype != b.dtype:
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {a.dtype} != {b.dtype}")


def _check_ndim(name: str, **given: tuple[Any, int]) -> None:
    for argument, (array, ndim) in given.items():
        if array.ndim != ndim:
            raise RuntimeError(f"{name}: {argument} must be a {ndim}-D tensor, got {array.ndim}-D")


def _misfit(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    """Say in PyTorch's words why two shapes can't be multiplied."""
    if not a or not b:
        return f"both arguments to matmul need to be at least 1D, but they are {len(a)}D and {len(b)}D"
    if len(a) == len(b) == 1:
        return (
            f"inconsistent tensor size, expected both vectors to have the same length, got {a[0]} and {b[0]}"
        )
    if len(b) == 1 and len(a) == 2:
        return f"size mismatch, got input ({a[0]}), mat ({a[0]}x{a[1]}), vec ({b[0]})"
    if len(a) == 1:
        a = (1, *a)
    if len(b) == 1:
        b = (*b, 1)
    if a[-1] != b[-2]:
        rows = int(np.prod(a[:-1])) if len(b) == 2 else a[-2]
        batched = "" if len(a) == len(b) == 2 else f" (given shapes {list(a)} and {list(b)})"
        return f"mat1 and mat2 shapes cannot be multiplied ({rows}x{a[-1]} and {b[-2]}x{b[-1]}){batched}"
    return f"matmul: the batch dimensions of shapes {list(a)} and {list(b)} can't be broadcast together"
