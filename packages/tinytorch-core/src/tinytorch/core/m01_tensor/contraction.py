"""Einstein's summation: products of tensors whose dimensions are named by letters.

`einsum("bqd,bkd->bqk", q, k)` multiplies what has equal letters and sums over the letters that aren't in
the output. Two operands at a time are multiplied, each time as a (batched) matrix product, which is
several times faster than a loop over all letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from .linalg import check_dtypes, product
from .op import Array, Arrays, op
from .shape import diagonal, permute

if TYPE_CHECKING:
    from .tensor import Tensor


def einsum(equation: str, *operands: Any) -> Tensor:
    """Multiply tensors and sum, as an equation of letters for their dimensions says.

    Args:
        equation: such as "ij,jk->ik". Without "->", the letters that occur once are the output, in
            alphabetical order. "..." stands for any number of dimensions, which are broadcast. A letter
            that occurs twice in one operand takes its diagonal.
        operands: the tensors, or one list of them.

    Raises:
        RuntimeError: the equation doesn't fit the operands, or their dtypes differ.

    Examples:
        >>> x = tt.tensor([[1, 2], [3, 4]])
        >>> tt.einsum("ij,ij->i", x, x)
        tensor([ 5, 25])
        >>> tt.einsum("bhqd,bhkd->bhqk", tt.zeros(2, 4, 5, 8), tt.zeros(2, 4, 6, 8)).shape
        (2, 4, 5, 6)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
    """
    if not isinstance(equation, str):
        raise TypeError(f"einsum(): equation must be a str, not {type(equation).__name__}")
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if not operands:
        raise ValueError("einsum(): give at least one operand after the equation")
    for x in operands:
        if not hasattr(x, "array"):
            raise TypeError(f"einsum(): operands must be Tensors, not {type(x).__name__}")
    terms, output = parse(equation, tuple(x.shape for x in operands))
    return _alone(operands[0], terms[0], output) if len(operands) == 1 else _einsum(operands, terms, output)


def _alone(x: Tensor, term: str, output: str) -> Tensor:
    """Do an einsum of one operand: diagonals, sums and an order of dimensions. Without sums it is a view."""
    while len(set(term)) < len(term):
        c = next(c for c in term if term.count(c) > 1)
        first = term.index(c)
        second = term.index(c, first + 1)
        x = diagonal(x, 0, first, second)  # which is the last dimension of the result
        term = term[:first] + term[first + 1 : second] + term[second + 1 :] + c
    gone = tuple(i for i, c in enumerate(term) if c not in output)
    if gone:
        x = x.sum(gone)
        term = "".join(c for c in term if c in output)
    return permute(x, tuple(term.index(c) for c in output))


@op
def _einsum(operands: Arrays, terms: Sequence[str], output: str) -> Array:
    for x in operands:
        if x.dtype != operands[0].dtype:
            raise RuntimeError(
                f"einsum(): all operands must have the same dtype, got {operands[0].dtype} and {x.dtype}"
            )
    return contract(operands, terms, output)


# The equation


@lru_cache(256)
def parse(equation: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, ...], str]:
    """Return the letters of each operand and of the output; digits name the dimensions of an ellipsis."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    given = left.split(",")
    if len(given) != len(shapes):
        few = "fewer" if len(shapes) < len(given) else "more"
        raise RuntimeError(f"einsum(): {few} operands were provided than specified in the equation")
    terms = [_named(term, len(shape), i) for i, (term, shape) in enumerate(zip(given, shapes))]
    ellipsis = max(("".join(c for c in term if c.isdigit()) for term in terms), key=len)
    letters = "".join(terms)
    if arrow:
        output = _checked(right, "the output").replace("...", ellipsis)
    else:
        output = ellipsis + "".join(sorted(c for c in set(letters) if letters.count(c) == 1 and c.isalpha()))
    for c in output:
        if c not in letters:
            raise RuntimeError(f"einsum(): output subscript {c} does not appear in any input operand")
        if output.count(c) > 1:
            raise RuntimeError(f"einsum(): output subscript {c} appears more than once in the output")
    sizes: dict[str, int] = {}
    for i, (term, shape) in enumerate(zip(terms, shapes)):
        for c, n in zip(term, shape):
            seen = sizes.get(c, 1)
            if n != seen and n != 1 and seen != 1:
                raise RuntimeError(
                    f"einsum(): subscript {c} has size {n} for operand {i} which does not broadcast "
                    f"with previously seen size {seen}"
                )
            sizes[c] = n if seen == 1 else seen
    return tuple(terms), output


def _checked(term: str, where: str) -> str:
    rest = term.replace("...", "", 1)
    for c in rest:
        if not (c.isascii() and c.isalpha()):
            raise RuntimeError(f"einsum(): subscript must be in range [a-zA-Z] but found {c} for {where}")
    return term


def _named(term: str, ndim: int, operand: int) -> str:
    """Replace the ellipsis of one operand by digits, counted from its end so that they broadcast."""
    rest = _checked(term, f"operand {operand}").replace("...", "")
    if "..." in term and len(rest) <= ndim:
        return term.replace("...", "9876543210"[10 - (ndim - len(rest)) :])
    if len(rest) != ndim:
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({len(rest)}) does not match "
            f"the number of dimensions ({ndim}) for operand {operand}"
        )
    return term


# The product


def contract(arrays: Sequence[Any], terms: Sequence[str], output: str) -> Any:
    """Multiply the arrays, summing over the letters that aren't in `output`."""
    sizes: dict[str, int] = {}
    for x, term in zip(arrays, terms):
        for c, n in zip(term, x.shape):
            sizes[c] = max(sizes.get(c, n), n) if n and sizes.get(c, n) else 0
    parts = [reduced(x, term, sizes) for x, term in zip(arrays, terms)]
    while len(parts) > 1:
        i, j = _cheapest(parts, sizes)
        others = [p for k, p in enumerate(parts) if k not in (i, j)]
        needed = set(output).union(*(term for _, term in others))
        parts = [*others, _pair(parts[i], parts[j], needed)]
    x, term = _summed(*parts[0], set(output))
    x = x.transpose([term.index(c) for c in output if c in term])
    x = x.reshape([sizes[c] for c in output])  # letters of length 1 had been dropped
    return x if len(arrays) > 1 else x.copy()  # of one array it may be a view


def reduced(x: Any, term: str, sizes: dict[str, int]) -> tuple[Any, str]:
    """Take the diagonal of repeated letters, and drop dimensions that are to be broadcast from 1."""
    letters = "".join(dict.fromkeys(term))
    if len(letters) < len(term):
        x = np.einsum(x, [letters.index(c) for c in term], list(range(len(letters))))
    kept = [i for i, c in enumerate(letters) if x.shape[i] == sizes[c] != 1]
    if len(kept) < len(letters):
        x = x.reshape([x.shape[i] for i in kept])
        letters = "".join(letters[i] for i in kept)
    return x, letters


def _cheapest(parts: Sequence[tuple[Any, str]], sizes: dict[str, int]) -> tuple[int, int]:
    """Return which two operands to multiply next: those that need the fewest multiplications."""
    if len(parts) == 2:
        return 0, 1
    pairs = combinations(range(len(parts)), 2)
    return min(pairs, key=lambda p: prod(sizes[c] for c in {*parts[p[0]][1], *parts[p[1]][1]}))


def _pair(left: tuple[Any, str], right: tuple[Any, str], needed: set[str]) -> tuple[Any, str]:
    """Multiply two operands and sum over the letters that nothing else needs."""
    (a, a_term), (b, b_term) = _summed(*left, needed | set(right[1])), _summed(*right, needed | set(left[1]))
    batch = [c for c in a_term if c in b_term and c in needed]
    common = [c for c in a_term if c in b_term and c not in needed]
    rows = [c for c in a_term if c not in b_term]
    columns = [c for c in b_term if c not in a_term]
    shape = [a.shape[a_term.index(c)] for c in batch + rows] + [b.shape[b_term.index(c)] for c in columns]
    a = _grouped(a, a_term, batch, rows, common)
    b = _grouped(b, b_term, batch, common, columns)
    if common:
        check_dtypes(a, b)  # a sum of integers has made int64 of them
        out = product(a, b)
    else:
        out = a * b  # every pair is multiplied
    return out.reshape(shape), "".join(batch + rows + columns)


def _summed(x: Any, term: str, needed: set[str]) -> tuple[Any, str]:
    gone = tuple(i for i, c in enumerate(term) if c not in needed)
    if not gone:
        return x, term
    dtype = x.dtype if x.dtype.kind == "f" else np.int64
    return np.asarray(x.sum(axis=gone, dtype=dtype)), "".join(c for c in term if c in needed)


def _grouped(x: Any, term: str, batch: list[str], first: list[str], second: list[str]) -> Any:
    """Lay out an operand as matrices: (batch..., all of `first`, all of `second`)."""
    x = x.transpose([term.index(c) for c in batch + first + second])
    if len(first) == len(second) == 1:
        return x
    n, m = len(batch), len(batch) + len(first)
    return x.reshape(*x.shape[:n], prod(x.shape[n:m]), prod(x.shape[m:]))
