"""The formulas of sums, statistics, norms, pooling and losses."""

from __future__ import annotations

from math import prod

from .flops import Call, Formula, register_flop_formula


def _per_input(forward: int, backward: int, result: int = 0, name: str = "input") -> tuple[Formula, Formula]:
    """Return the formulas of an operation that does so much per element of its input (and of its result)."""

    def first(call: Call) -> tuple[int, int]:
        return 0, forward * call.size(name) + result * call.size()

    def second(call: Call) -> tuple[int, int]:
        return 0, backward * call.size(name) if any(call.needs) else 0

    return first, second


# Per element of the input, forward and backward; per element of the result, forward. A sum of n numbers takes
# n - 1 additions.
REDUCTIONS = """
sum 1 0 -1    prod 1 4 -1    cumsum 1 1 0    cumprod 1 3 0    amax 1 2 -1    amin 1 2 -1    argmax 1 0 -1
argmin 1 0 -1    of_all 1 1 -1    any 1 0 -1    all 1 0 -1    count_nonzero 1 0 0    variance 4 3 1
deviation 4 3 2    norm 2 2 0    logsumexp 4 3 1    softmax 5 4 0    log_softmax 5 4 0    bincount 1 0 0
"""
_words = REDUCTIONS.split()
for _i in range(0, len(_words), 4):
    _forward, _backward = _per_input(int(_words[_i + 1]), int(_words[_i + 2]), int(_words[_i + 3]))
    register_flop_formula(_words[_i], _backward)(_forward)


def _mean_backward(call: Call) -> tuple[int, int]:
    return 0, call.size()  # the quotients, which are then only spread


@register_flop_formula("mean", _mean_backward)
def _mean(call: Call) -> tuple[int, int]:
    """N - 1 additions and a division for each result."""
    return 0, call.size("input")


# Norms


def norm_backward(call: Call) -> tuple[int, int]:
    """Nine per element for the input, two for the weight, one for the bias.

    dx = (dy * w - mean(dy * w) - normal * mean(dy * w * normal)) * scale,
    dw = sum(dy * normal), db = sum(dy).
    """
    n = call.size("input")
    names = [name for name in ("input", "weight", "bias") if name in call.values]
    each = {"input": 8 + (call["weight"] is not None), "weight": 2, "bias": 1}
    return 0, sum(each[name] * n for name, needed in zip(names, call.needs, strict=False) if needed)


@register_flop_formula(("layer_norm", "standardized"), norm_backward)
def _layer_norm(call: Call) -> tuple[int, int]:
    """Mean, difference, square, sum and scale for each element; factor and bias where there are any."""
    affine = (call["weight"] is not None) + (call["bias"] is not None)
    return 0, (5 + affine) * call.size("input")


def _rms_norm_backward(call: Call) -> tuple[int, int]:
    n = call.size("input")
    each = (5 + (call["weight"] is not None), 2)
    return 0, sum(k * n for k, needed in zip(each, call.needs, strict=False) if needed)


@register_flop_formula("rms_norm", _rms_norm_backward)
def _rms_norm(call: Call) -> tuple[int, int]:
    """Square, sum and scale for each element; a factor where there is one."""
    return 0, (3 + (call["weight"] is not None)) * call.size("input")


def _rescaled_backward(call: Call) -> tuple[int, int]:
    n = call.size("input")
    each = (1, 3, 1)  # the input; the weight, with what it is multiplied by computed anew; the bias
    return 0, sum(k * n for k, needed in zip(each, call.needs, strict=False) if needed)


@register_flop_formula("rescaled", _rescaled_backward)
def _rescaled(call: Call) -> tuple[int, int]:
    """Difference and factor for each element; a bias where there is one."""
    return 0, (2 + (call["bias"] is not None)) * call.size("input")


# Pooling


def _window(call: Call) -> int:
    size, n = call["kernel_size"], call["n"]
    return int(size) ** n if isinstance(size, int) else prod(size)


def _avg_pool_backward(call: Call) -> tuple[int, int]:
    return 0, call.size() * (1 + _window(call))


@register_flop_formula("_avg_pool", _avg_pool_backward)
def _avg_pool(call: Call) -> tuple[int, int]:
    """K - 1 additions and a division for each result."""
    return 0, call.size() * _window(call)


def _max_pool_backward(call: Call) -> tuple[int, int]:
    return 0, call.size()


@register_flop_formula("_max_pool", _max_pool_backward)
def _max_pool(call: Call) -> tuple[int, int]:
    return 0, call.size() * (_window(call) - 1)


def _parts(old: int, new: int) -> int:
    """Return the sizes, added up, of the windows that divide `old` pixels into `new` as evenly as can be."""
    return sum(-(-(i + 1) * old // new) - i * old // new for i in range(new))


def _adaptive(call: Call) -> int:
    return prod(call.out[:-2]) * prod(map(_parts, call["input"][-2:], call.out[-2:]))


def _adaptive_avg_backward(call: Call) -> tuple[int, int]:
    return 0, call.size() + _adaptive(call)


@register_flop_formula("adaptive_avg_pool2d", _adaptive_avg_backward)
def _adaptive_avg(call: Call) -> tuple[int, int]:
    return 0, _adaptive(call)


@register_flop_formula("_adaptive_max_pool", _max_pool_backward)
def _adaptive_max(call: Call) -> tuple[int, int]:
    return 0, _adaptive(call) - call.size()


def _fold_backward(call: Call) -> tuple[int, int]:
    return 0, 0


@register_flop_formula("fold", _fold_backward)
def _fold(call: Call) -> tuple[int, int]:
    """Each number of the input is added to its place."""
    return 0, call.size("input")


# Losses: what each single one takes forward and backward; a mean or sum adds one each.

LOSSES = """
squared_error 2 3    absolute_error 2 3    parabola_with_tails 5 4    divergence 3 2
bernoulli_cross_entropy 7 7    logistic_cross_entropy 6 6
"""
_words = LOSSES.split()


def _loss(forward: int, backward: int) -> tuple[Formula, Formula]:
    def first(call: Call) -> tuple[int, int]:
        return 0, call.size("input") * (forward + (call["reduction"] != "none"))

    def second(call: Call) -> tuple[int, int]:
        return 0, call.size("input") * backward * sum(call.needs[:2])

    return first, second


for _i in range(0, len(_words), 3):
    _forward, _backward = _loss(int(_words[_i + 1]), int(_words[_i + 2]))
    register_flop_formula(_words[_i], _backward)(_forward)


def _cross_entropy_backward(call: Call) -> tuple[int, int]:
    """Softmax times the factor of the mean, less that factor at the own class."""
    n = call.size("input")
    samples = n // max(1, _classes(call))
    return 0, 2 * n + samples if call["target"] != call["input"] else 4 * n * sum(call.needs)


def _classes(call: Call) -> int:
    shape = call["input"]
    return int(shape[1 if len(shape) > 1 else 0])


@register_flop_formula(
    ("cross_entropy_of_indices", "cross_entropy_of_probabilities"), _cross_entropy_backward
)
def _cross_entropy(call: Call) -> tuple[int, int]:
    """log_softmax, and a product and sum: over the samples, or over all targets that are probabilities."""
    n = call.size("input")
    return 0, 5 * n + (n // max(1, _classes(call)) if call["target"] != call["input"] else 2 * n)


def _likelihood_backward(call: Call) -> tuple[int, int]:
    return 0, call.size("target")


@register_flop_formula("negative_log_likelihood", _likelihood_backward)
def _likelihood(call: Call) -> tuple[int, int]:
    """A negation for each sample; a mean or sum adds one."""
    return 0, call.size("target") * (1 + (call["reduction"] != "none"))
