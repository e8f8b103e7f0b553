"""The formulas of operations that work element by element, and of those that only move elements.

`UNARY` and `BINARY` give the arithmetic per element of the result: in the forward pass, then in the backward
pass for each input that needs its gradient. Read `silu 4 9` as: x / (1 + exp(-x)) negates, takes an
exponential, adds and divides (4); its slope s * (1 + x * (1 - s)) times g, after the 4 of s, subtracts,
multiplies, adds and multiplies twice.
"""

from __future__ import annotations

from math import prod

from .flops import Call, Formula, register_flop_formula

# Per element: forward, backward.
UNARY = """
neg 1 1    abs 1 2    sign 1 0    square 1 2    reciprocal 1 3    sqrt 1 2    rsqrt 2 4    exp 1 1
expm1 1 2    log 1 1    log1p 1 2    log2 1 2    log10 1 2    sin 1 2    cos 1 3    tan 1 3
asin 1 4    acos 1 5    atan 1 3
sinh 1 2    cosh 1 2    tanh 1 3    erf 1 5    floor 1 0    ceil 1 0    trunc 1 0    round 1 0
relu 1 1    leaky_relu 2 1    elu 3 3    selu 4 3    sigmoid 3 3    logsigmoid 5 3    silu 4 9    mish 6 12
softplus 4 5    hardtanh 2 1    _dropout 1 1    fake_quantize_per_tensor_affine 7 1
fake_quantize_per_channel_affine 7 1    round_to_grid 7 1
"""
# Per element: forward, backward for the first input, for the second, for the third.
BINARY = """
add 1 0 0    sub 1 0 1    mul 1 1 1    div 1 1 4    floor_divide 1 0 0    trunc_divide 2 0 0
remainder 1 0 3    pow 1 3 2    maximum 1 1 1    minimum 1 1 1    lerp 3 2 1 2    outer 1 1 1
logical_and 1    logical_or 1    logical_xor 1    bitwise_and 1    bitwise_or 1    bitwise_xor 1    isclose 6
eq 1    ne 1    lt 1    le 1    gt 1    ge 1    isnan 1    isinf 1    isfinite 1    logical_not 1
bitwise_not 1
"""
# Views, copies, choices, orders, random numbers: no arithmetic, neither forward nor backward. What a
# checkpoint computes again counts as the operations that it consists of.
MOVES = """
reshape view permute transpose movedim squeeze unsqueeze diagonal contiguous clone cat stack roll flip tril
triu diag scatter select index_put choose masked_fill cast copied filled drawn _constant_pad one_hot argsort
_topk_indices _nonzero found _checkpointed
"""
# No arithmetic forward; backward, what was read several times gets the sum of the gradients.
READS = """
gather index index_select expand repeat look_up unfold _max_pool_places _adaptive_max_places from_codebook
"""


def _per_element(*factors: int) -> tuple[Formula, Formula]:
    """Return the formulas of an operation that does so much per element of the result."""

    def forward(call: Call) -> tuple[int, int]:
        return 0, factors[0] * call.size()

    def backward(call: Call) -> tuple[int, int]:
        total = 0
        shapes = [x for x in call.values.values() if isinstance(x, tuple)]
        for i, needed in enumerate(call.needs):
            if needed and i + 1 < len(factors):
                total += factors[i + 1] * call.size()
                if len(shapes) == len(call.needs):  # where it was broadcast, its gradient is a sum
                    total += call.size() - prod(shapes[i])
        return 0, total

    return forward, backward


def _table(text: str) -> None:
    name = ""
    numbers: list[int] = []
    for word in [*text.split(), "end"]:
        if word.isdigit():
            numbers.append(int(word))
            continue
        if name:
            forward, backward = _per_element(*numbers)
            register_flop_formula(name, backward)(forward)
        name, numbers = word, []


def nothing(call: Call) -> tuple[int, int]:
    """Count no arithmetic."""
    return 0, 0


def sum_of_gradients(call: Call) -> tuple[int, int]:
    """Count one addition for each number that was read."""
    return 0, call.size() if any(call.needs) else 0


_table(UNARY)
_table(BINARY)
register_flop_formula(MOVES.split(), nothing)(nothing)
register_flop_formula(READS.split(), sum_of_gradients)(nothing)


def _gelu_backward(call: Call) -> tuple[int, int]:
    return 0, call.size()  # the forward computed the slopes, if they are needed


@register_flop_formula("gelu", _gelu_backward)
def _gelu(call: Call) -> tuple[int, int]:
    """X / 2 * (1 + erf(x / sqrt(2))), or by tanh of sqrt(2 / pi) * (x + 0.044715 * x**3)."""
    return 0, call.size() * (8 if call["approximate"] == "tanh" else 5)


def _clamp_backward(call: Call) -> tuple[int, int]:
    return 0, call.size() * sum(call.needs)


@register_flop_formula("clamp", _clamp_backward)
def _clamp(call: Call) -> tuple[int, int]:
    """A maximum, a minimum, or both."""
    return 0, call.size() * ((call["min"] is not None) + (call["max"] is not None))


def _scatter_add_backward(call: Call) -> tuple[int, int]:
    return 0, 0  # the gradient itself for the input; for the source it is read where it was added


@register_flop_formula("scatter_add", _scatter_add_backward)
def _scatter_add(call: Call) -> tuple[int, int]:
    return 0, call.size("src") if isinstance(call["src"], tuple) else call.size("index")


def _index_add_backward(call: Call) -> tuple[int, int]:
    return 0, call.size("source") if call.needs[-1] and call["alpha"] != 1 else 0


@register_flop_formula("index_add", _index_add_backward)
def _index_add(call: Call) -> tuple[int, int]:
    return 0, call.size("source") * (1 + (call["alpha"] != 1))


def _rotary_backward(call: Call) -> tuple[int, int]:
    return 0, 3 * call.size()


@register_flop_formula("apply_rotary", _rotary_backward)
def _rotary(call: Call) -> tuple[int, int]:
    """X * cos + turned(x) * sin."""
    return 0, 3 * call.size()


def _resampled_forward(call: Call) -> tuple[int, int]:
    """Along each dimension a product per tap and position, and their sums; the nearest pixel is free."""
    total, shape = 0, list(call["input"])
    first = len(shape) - len(call["taps"])
    for axis, taps in enumerate(call["taps"], first):
        shape[axis] = call.out[axis]
        if taps[0][1] is not None:
            total += prod(shape) * (2 * len(taps) - 1)
    return 0, total


def _resampled_backward(call: Call) -> tuple[int, int]:
    """What each new position took goes back, weighted, and is summed."""
    total, shape = 0, list(call.out)
    first = len(shape) - len(call["taps"])
    for axis, taps in reversed(list(enumerate(call["taps"], first))):
        total += prod(shape) * len(taps) * (1 + (taps[0][1] is not None))
        shape[axis] = call["input"][axis]
    return 0, total


register_flop_formula("resampled", _resampled_backward)(_resampled_forward)
