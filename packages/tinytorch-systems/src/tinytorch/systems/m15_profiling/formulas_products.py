"""The formulas of products: matrices, convolutions, attention."""

from __future__ import annotations

from math import prod
from typing import Any

from .contraction import contraction
from .flops import Call, register_flop_formula


def product_backward(call: Call) -> tuple[int, int]:
    """One product of the same size for each of the two factors that needs its gradient."""
    return _matmul(call)[0] * sum(call.needs[:2]), 0


@register_flop_formula(("matmul", "mm", "bmm", "mv", "dot"), product_backward)
def _matmul(call: Call) -> tuple[int, int]:
    shape = call["input"]
    return 2 * call.size() * shape[-1], 0


def addmm_backward(call: Call) -> tuple[int, int]:
    """Two products, and the sums and factors of what was added."""
    alpha, beta = call["alpha"] != 1, call["beta"] != 1
    added, *factors = call.needs
    outer = call.size() - call.size("input")  # summed over, where it was broadcast
    per_factor = 2 * call.size() * call["mat1"][-1]
    return per_factor * sum(factors), added * (outer + beta * call.size("input")) + alpha * call.size()


@register_flop_formula("addmm", addmm_backward)
def _addmm(call: Call) -> tuple[int, int]:
    alpha, beta = call["alpha"] != 1, call["beta"] != 1
    return 2 * call.size() * call["mat1"][-1], call.size() * (1 + alpha) + beta * call.size("input")


def linear_backward(call: Call) -> tuple[int, int]:
    """A product each for the input and the weight, a sum over the rows for the bias."""
    return _linear(call)[0] * sum(call.needs[:2]), call.size() if call.needs[-1] and call["bias"] else 0


@register_flop_formula("linear", linear_backward)
def _linear(call: Call) -> tuple[int, int]:
    return 2 * call.size() * call["weight"][-1], call.size() if call["bias"] is not None else 0


def _bilinear_sizes(call: Call) -> tuple[int, int, int, int]:
    """Return the rows, the outputs, and the widths of the two inputs."""
    return prod(call["input1"][:-1]), *call["weight"]


def bilinear_backward(call: Call) -> tuple[int, int]:
    """For an input the weight with the other one, then with g; for the weight the inputs, then with g."""
    n, o, i, j = _bilinear_sizes(call)
    first, second, weight, *bias = call.needs
    flops = 2 * n * o * (i * j * (first + second + weight) + i * first + j * second)
    return flops, n * i * j * weight + call.size() * any(bias)


@register_flop_formula("bilinear", bilinear_backward)
def _bilinear(call: Call) -> tuple[int, int]:
    """The weight with the first input for all outputs, then with the second."""
    n, o, i, j = _bilinear_sizes(call)
    return 2 * n * o * (i * j + j), call.size() if call["bias"] is not None else 0


def scaled_linear_backward(call: Call) -> tuple[int, int]:
    """A product for the input, of the scaled gradient; a sum for the bias."""
    for_input = call.needs[0]
    shifted = call.size("weight") if call["middle"] else 0
    elementwise = for_input * (call.size() + shifted) + (call.size() if call.needs[-1] else 0)
    return 2 * call.size() * call["weight"][-1] * for_input, elementwise


@register_flop_formula("scaled_linear", scaled_linear_backward)
def _scaled_linear(call: Call) -> tuple[int, int]:
    """A product, then scale and bias; the middle is subtracted from the weight."""
    shifted = call.size("weight") if call["middle"] else 0
    return 2 * call.size() * call["weight"][-1], shifted + call.size() * (1 + (call["bias"] is not None))


@register_flop_formula("integer_linear")
def _integer_linear(call: Call) -> tuple[int, int]:
    """As many operations on whole numbers; the zero-points are subtracted from both factors."""
    return 2 * call.size() * call["weight"][-1], call.size("input") + call.size("weight")


# Convolutions


def conv_backward(call: Call) -> tuple[int, int]:
    """As many products for the input, for the weight; a sum for the bias."""
    return _conv(call)[0] * sum(call.needs[:2]), call.size() * bool(call.needs[-1] and call["bias"])


@register_flop_formula(("conv1d", "conv2d"), conv_backward)
def _conv(call: Call) -> tuple[int, int]:
    """Each number of the output is a product of C_in / groups * KH * KW pairs."""
    per_output = prod(call["weight"][1:])
    return 2 * call.size() * per_output, call.size() if call["bias"] is not None else 0


def transposed_backward(call: Call) -> tuple[int, int]:
    """As for a convolution."""
    return _transposed(call)[0] * sum(call.needs[:2]), call.size() * bool(call.needs[-1] and call["bias"])


@register_flop_formula("conv_transpose2d", transposed_backward)
def _transposed(call: Call) -> tuple[int, int]:
    """Each number of the input goes into C_out / groups * KH * KW of the output."""
    return 2 * call.size("input") * prod(call["weight"][1:]), call.size() if call["bias"] is not None else 0


# Attention: scores = Q @ K.T, softmax, weights @ V. For each pair of a query and a key, 2 * E for its score
# and 2 * Ev for its part of the result; elementwise the scale and softmax's maximum, difference, exp, sum
# and quotient.

SOFTMAX = 6


def _pairs(call: Call) -> tuple[int, int, int]:
    """Return the pairs of positions over all heads, and the widths of a query and a value."""
    if call["qkv"] is not None:
        n, t, _ = call["qkv"]
        heads = call["num_heads"]
        width = call["qkv"][-1] // (heads + 2 * call["num_kv_heads"])
        return n * heads * t * t, width, width
    query, key, value = call["query"], call["key"], call["value"]
    return prod(call.out[:-1]) * key[-2], query[-1], value[-1]


def attention_backward(call: Call) -> tuple[int, int]:
    """Four products: dP = g @ V.T, dV = P.T @ g, dQ = dS @ K, dK = dS.T @ Q; a fifth if P is computed anew.

    Elementwise: what softmax's rule does to each score. A mask that needs a gradient gets dS as it is.
    """
    pairs, e, ev = _pairs(call)
    # For long sequences the weights aren't kept: only the logarithms of their sums, an array.
    again = "log_sums" in call.extras or isinstance(call.extras.get("kept"), tuple)
    return 2 * pairs * (2 * e + 2 * ev + (e if again else 0)), (5 if again else 4) * pairs


@register_flop_formula(("attend", "attend_blockwise", "attend_packed"), attention_backward)
def _attention(call: Call) -> tuple[int, int]:
    pairs, e, ev = _pairs(call)
    mask = pairs if call["mask"] is not None else 0
    return 2 * pairs * (e + ev), SOFTMAX * pairs + mask


# Einsum


def _sizes(call: Call) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for shape, term in zip(call["operands"], call["terms"], strict=True):
        for c, n in zip(term, shape, strict=True):
            sizes[c] = n if sizes.get(c, 1) == 1 else sizes[c]
    return sizes


def einsum_backward(call: Call) -> tuple[int, int]:
    """For each operand the contraction of the result's gradient with the other operands."""
    sizes, terms = _sizes(call), list(call["terms"])
    total = [0, 0]
    for i, needed in enumerate(call.needs):
        others: list[Any] = terms[:i] + terms[i + 1 :]
        if needed and others:
            known = "".join([call["output"], *others])
            counts = contraction(
                [call["output"], *others], sizes, "".join(c for c in dict.fromkeys(terms[i]) if c in known)
            )
            total = [a + b for a, b in zip(total, counts, strict=True)]
    return total[0], total[1]


@register_flop_formula("_einsum", einsum_backward)
def _einsum(call: Call) -> tuple[int, int]:
    return contraction(list(call["terms"]), _sizes(call), call["output"])
