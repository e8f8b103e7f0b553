"""Gradient rules of matrix products: two products with transposes.

For out = A @ B the chain rule gives dA = dout @ B^T and dB = A^T @ dout.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import numpy as np

from ..m01_tensor import contraction, linalg
from ..m01_tensor.linalg import product, rows


@linalg.matmul.backward
def matmul_backward(g: Any, input: Any, other: Any) -> Any:
    if input.ndim == 2 and other.ndim == 2:
        return lambda: product(g, other.T), lambda: product(input.T, g)

    # A vector counts as a matrix with one row, or with one column, that isn't in the result.
    row, column, shape = input.ndim == 1, other.ndim == 1, other.shape
    a = input[None, :] if row else input
    b = other[:, None] if column else other
    if column:
        g = g[..., None]
    if row:
        g = g[..., None, :]

    def for_input() -> Any:
        d = product(g, b.swapaxes(-1, -2))
        return d[..., 0, :] if row else d

    def for_other() -> Any:
        if len(shape) <= 2:  # (..., N, K) and (K, M): one product sums over the batch as well
            return product(rows(a).T, rows(g)).reshape(shape)
        return product(a.swapaxes(-1, -2), g)

    return for_input, for_other


@linalg.mm.backward
def mm_backward(g: Any, input: Any, mat2: Any) -> Any:
    return matmul_backward(g, input, mat2)


@linalg.mv.backward
def mv_backward(g: Any, input: Annotated[Any, "vec"], vec: Annotated[Any, "input"]) -> Any:
    return lambda: g[:, None] * vec, lambda: product(input.T, g)


@linalg.bmm.backward
def bmm_backward(g: Any, input: Any, mat2: Any) -> Any:
    return matmul_backward(g, input, mat2)


@linalg.dot.backward
def dot_backward(g: Any, input: Annotated[Any, "tensor"], tensor: Annotated[Any, "input"]) -> Any:
    return lambda: g * tensor, lambda: g * input


@linalg.outer.backward
def outer_backward(g: Any, input: Annotated[Any, "vec2"], vec2: Annotated[Any, "input"]) -> Any:
    return lambda: product(g, vec2), lambda: product(g.T, input)


@linalg.addmm.backward
def addmm_backward(g: Any, mat1: Any, mat2: Any, beta: Any, alpha: Any) -> Any:
    def scaled(x: Any, factor: Any) -> Any:
        return x if factor == 1 else x * x.dtype.type(factor)

    return (
        lambda: scaled(g, beta),
        lambda: scaled(product(g, mat2.T), alpha),
        lambda: scaled(product(mat1.T, g), alpha),
    )


@contraction._einsum.backward
def einsum_backward(g: Any, operands: Any, terms: Any, output: Any) -> Any:
    """The gradient of an operand is the einsum of the output's gradient and all other operands."""

    def for_operand(i: int) -> Any:
        shape, term = operands[i].shape, terms[i]
        others = [k for k in range(len(terms)) if k != i]
        known = set(output).union(*(terms[k] for k in others))
        lengths = dict(zip(term, shape))  # of each letter, once
        # A letter that is nowhere else was just summed, and one of length 1 was broadcast.
        found = [c for c, n in lengths.items() if c in known and n != 1]
        d = contraction.contract(
            [g, *(operands[k] for k in others)], [output, *(terms[k] for k in others)], "".join(found)
        )
        full = np.zeros(shape, g.dtype)
        numbers = {c: k for k, c in enumerate(lengths)}
        repeated = len(lengths) < len(term)
        places = np.einsum(full, [numbers[c] for c in term], [*numbers.values()]) if repeated else full
        known_lengths = iter(d.shape)
        places[...] = d.reshape([next(known_lengths) if c in found else 1 for c in lengths])
        return full

    return [partial(for_operand, i) for i in range(len(terms))]
