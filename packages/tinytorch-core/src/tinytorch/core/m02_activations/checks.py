"""What a version of the activations module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import tinytorch.core as tt
from tinytorch.core import functional as F

INF, NAN = math.inf, math.nan


def _compared(got: Any, expected: Any, near: Any) -> str:
    """Say what was expected and what came; of many elements only the first that differs."""
    if expected.size <= 24:
        return f"expected {expected.tolist()}, got {got.tolist()}"
    at = tuple(int(i) for i in np.argwhere(~near)[0])
    return f"at {list(at)}: expected {expected[at]}, got {got[at]}"


def _near(got: Any, expected: Any, what: str, hint: str, rtol: float = 1e-5) -> None:
    """Compare a tensor's shape and values with what was expected, tiny values as exactly as large ones."""
    assert isinstance(got, tt.Tensor), f"{what}: expected a Tensor, got {type(got).__name__}. Hint: {hint}"
    array, wanted = got.numpy(), np.asarray(expected)
    assert array.shape == wanted.shape, (
        f"{what}: expected shape {wanted.shape}, got {array.shape}. Hint: {hint}"
    )
    near = np.isclose(array, wanted, rtol=rtol, atol=1e-30, equal_nan=True)
    assert near.all(), f"{what}: {_compared(array, wanted, near)}. Hint: {hint}"


def _maps(f: Callable[[Any], Any], pairs: dict[Any, Any], what: str, hint: str) -> None:
    """Check a function of one element, for all the given inputs at once."""
    _near(f(tt.tensor(list(pairs), dtype=tt.float32)), list(pairs.values()), f"{what} of {list(pairs)}", hint)


def check_relu_family_bends_at_zero() -> None:
    """Write relu, leaky_relu and elu; nan stays nan, and infinities don't become nan."""
    _maps(F.relu, {-2: 0, 0: 0, 3: 3, -INF: 0, INF: INF}, "relu", "the larger one of x and 0")
    assert math.isnan(F.relu(tt.tensor(NAN)).item()), (
        "relu(nan): expected nan. Hint: a nan must stay visible; np.maximum keeps it, np.where doesn't"
    )
    _near(F.relu(tt.tensor([-1, 2])), [0, 2], "relu of integers", "integers are allowed")
    _maps(F.leaky_relu, {-2: -0.02, 0: 0, 3: 3, -INF: -INF}, "leaky_relu", "0.01 * x below zero")
    x = tt.tensor([-2.0, 1.0])
    _near(F.leaky_relu(x, 0.5), [-1, 1], "leaky_relu(x, 0.5)", "the second argument is the slope below zero")
    _near(
        F.leaky_relu(x, 2.0), [-4, 1], "leaky_relu(x, 2.0)", "max(x, slope * x) holds for slopes up to 1 only"
    )
    elu = {-1: math.expm1(-1), -1e-6: math.expm1(-1e-6), 2: 2, 1000: 1000, -INF: -1}
    _maps(F.elu, elu, "elu", "exp(x) - 1 below zero, with expm1, and never exp of a large positive x")
    _near(
        F.elu(x, alpha=2.0),
        [2 * math.expm1(-2), 1],
        "elu(x, alpha=2.0)",
        "alpha scales the negative side only",
    )


def check_selu_keeps_mean_and_variance() -> None:
    """Write selu: scale * elu(x, alpha), with the constants that keep mean 0 and variance 1."""
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    hint = "scale 1.0507..., alpha 1.6732...; the positive side is scaled as well"
    _maps(F.selu, {2: 2 * scale, 0: 0, -1: scale * alpha * math.expm1(-1), 1000: 1000 * scale}, "selu", hint)
    x = np.random.default_rng(0).standard_normal(200_000)
    out = F.selu(tt.tensor(x)).numpy()
    assert abs(out.mean()) < 0.02, f"selu of N(0, 1): expected mean 0, got {out.mean():.3f}. Hint: {hint}"
    assert abs(out.var() - 1) < 0.02, (
        f"selu of N(0, 1): expected variance 1, got {out.var():.3f}. Hint: {hint}"
    )


def check_hardtanh_limits() -> None:
    """Write hardtanh, which limits x to a range."""
    _maps(F.hardtanh, {-3: -1, -0.5: -0.5, 1: 1, 7: 1}, "hardtanh", "the range is [-1, 1] unless given")
    x = tt.tensor([-3.0, 5.0])
    _near(F.hardtanh(x, 0.0, 6.0), [0, 5], "hardtanh(x, 0, 6)", "min_val, then max_val")


def check_sigmoid_saturates() -> None:
    """Write sigmoid in a form that gives exactly 0 and 1 at the ends, never nan."""
    hint = "1 / (1 + exp(-x)): an overflow of exp gives 1 / inf = 0, while exp(x) / (1 + exp(x)) gives nan"
    ends = {-1000: 0, -INF: 0, 0: 0.5, 1000: 1, INF: 1}
    _maps(F.sigmoid, ends, "sigmoid", hint)
    _maps(F.sigmoid, {v: 1 / (1 + math.exp(-v)) for v in (-20.0, -1.0, 2.0)}, "sigmoid", hint)
    _near(
        F.sigmoid(tt.tensor([0, 1])),
        [0.5, 1 / (1 + math.exp(-1))],
        "sigmoid of integers",
        "promoted to floats",
    )


def check_softplus_and_logsigmoid_keep_small_numbers() -> None:
    """Write softplus and logsigmoid so that nothing overflows and small values keep all their digits."""
    hint = "max(x, 0) + log1p(exp(-|x|))"
    softplus = {-20: math.exp(-20), -80: math.exp(-80), 0: math.log(2), 5: math.log1p(math.exp(5)), 200: 200}
    _maps(F.softplus, softplus, "softplus", hint)
    hint = "min(x, 0) - log1p(exp(-|x|)); log(sigmoid(x)) would be -inf"
    values = {-200: -200, -1: -math.log1p(math.e), 0: -math.log(2), 20: -math.exp(-20), 80: -math.exp(-80)}
    _maps(F.logsigmoid, values, "logsigmoid", hint)


def check_softplus_has_beta_and_threshold() -> None:
    """Give softplus its sharpness beta, and the threshold beyond which it is x itself."""
    x = tt.tensor([-1.0, 2.0])
    expected = [math.log1p(math.exp(4 * v)) / 4 for v in (-1.0, 2.0)]
    _near(F.softplus(x, beta=4), expected, "softplus(x, beta=4)", "log(1 + exp(beta * x)) / beta")
    expected = [math.log1p(math.exp(-1)), 2]
    _near(
        F.softplus(x, 1, 1.5), expected, "softplus(x, threshold=1.5)", "x itself where beta * x > threshold"
    )


def check_gelu_exact_and_by_tanh() -> None:
    """Write gelu: x times the normal distribution's probability of being below x; and its form by tanh."""
    points = [-3.0, -0.5, 0.0, 1.0, 2.5]
    exact = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in points]
    x = tt.tensor(points, dtype=tt.float64)
    _near(F.gelu(x), exact, "gelu(x)", "x * (1 + erf(x / sqrt(2))) / 2, with erf from the tensor module")
    c = math.sqrt(2 / math.pi)
    rough = [0.5 * v * (1 + math.tanh(c * (v + 0.044715 * v**3))) for v in points]
    _near(F.gelu(x, approximate="tanh"), rough, "gelu(x, approximate='tanh')", "the form by tanh of a cubic")
    ends = tt.tensor([-1000.0, 1000.0])
    for form in ("none", "tanh"):
        _near(
            F.gelu(ends, approximate=form),
            [0, 1000],
            f"gelu of -1000 and 1000, {form}",
            "0 and x at the ends",
        )
    try:
        F.gelu(x, approximate="fast")
    except NotImplementedError:
        raise
    except RuntimeError:
        return
    raise AssertionError("gelu(x, approximate='fast'): expected a RuntimeError for an unknown form")


def check_silu_and_mish() -> None:
    """Write silu, x * sigmoid(x), and mish, x * tanh(softplus(x)), for small and large inputs."""
    points = [-5.0, -1.0, 0.5, 3.0]
    silu = {**{v: v / (1 + math.exp(-v)) for v in points}, -1000: 0, 1000: 1000}
    _maps(F.silu, silu, "silu", "x / (1 + exp(-x))")
    mish = {**{v: v * math.tanh(math.log1p(math.exp(v))) for v in points}, -1000: 0, 1000: 1000}
    _maps(
        F.mish, mish, "mish", "exp(x) squared overflows early: limit x before exp, or use a stable softplus"
    )


def check_softmax_adds_up_to_one() -> None:
    """Write softmax along any dimension."""
    scores = np.random.default_rng(0).standard_normal((2, 3, 4))
    x = tt.tensor(scores)
    for dim in (0, 1, 2, -1, -2):
        expected = np.exp(scores) / np.exp(scores).sum(dim, keepdims=True)
        _near(
            F.softmax(x, dim=dim),
            expected,
            f"softmax(x, dim={dim})",
            "divide by the sum along dim, kept as 1",
        )
        hint = "log(softmax) along the same dim"
        _near(F.log_softmax(x, dim=dim), np.log(expected), f"log_softmax(x, dim={dim})", hint)
    try:
        F.softmax(x, dim=3)
    except IndexError:
        return
    raise AssertionError("softmax(x, dim=3) of a 3-D tensor: expected an IndexError")


def check_softmax_survives_large_scores() -> None:
    """Make softmax safe from overflow, and let a score of -inf have the probability 0."""
    hint = "subtract the maximum along dim before exp: it changes nothing in the result"
    x = tt.tensor([[1000.0, 1000.0], [-1000.0, -1001.0], [0.0, -INF]])
    q = 1 / (1 + math.exp(-1))
    _near(F.softmax(x, dim=1), [[0.5, 0.5], [q, 1 - q], [1, 0]], "softmax of large scores and -inf", hint)
    x = tt.tensor([[1000.0, -1000.0], [1001.0, -1000.0]])
    hint = "each column has its own maximum; that of the whole tensor makes 0 / 0 of the others"
    _near(F.softmax(x, dim=0), [[1 - q, 0.5], [q, 0.5]], "softmax of two columns far apart", hint)


def check_log_softmax_keeps_small_probabilities() -> None:
    """Write log_softmax without taking the logarithm of a softmax that is 0."""
    hint = "(x - max) - log(sum(exp(x - max)))"
    _near(F.log_softmax(tt.tensor([0.0, 200.0]), dim=0), [-200, 0], "log_softmax([0, 200])", hint)
    x = tt.tensor([1e5, 1e5 - 3])
    rest = math.log1p(math.exp(-3))
    _near(F.log_softmax(x, dim=0), [-rest, -3 - rest], "log_softmax([100000, 99997])", hint, rtol=1e-4)


def check_inputs_change_only_on_request() -> None:
    """Leave the input alone, except with inplace=True, which writes into its memory and returns it."""
    for name in ("relu", "leaky_relu", "elu", "selu", "silu", "mish", "hardtanh"):
        f = getattr(F, name)
        x = tt.tensor([-2.0, 0.5, 3.0])
        out = f(x)
        _near(x, [-2, 0.5, 3], f"x after {name}(x)", "work on an array of your own")
        assert not np.shares_memory(out.numpy(), x.numpy()), f"{name}(x) gave the memory of x. Hint: copy"
        same = f(x, inplace=True)
        assert same is x, f"{name}(x, inplace=True): expected x itself. Hint: write_in_place returns it"
        _near(x, out.numpy(), f"x after {name}(x, inplace=True)", "the result in the memory of x")


def check_dtypes_are_kept() -> None:
    """Return the input's dtype, and compute float16 in float32, rounding once at the end."""
    functions: dict[str, Callable[[Any], Any]] = {
        name: getattr(F, name)
        for name in ("elu", "selu", "sigmoid", "logsigmoid", "gelu", "silu", "mish", "softplus")
    }
    functions["softmax"] = lambda x: F.softmax(x, dim=0)
    functions["log_softmax"] = lambda x: F.log_softmax(x, dim=0)
    values = np.linspace(-8, 8, 33)
    for name, f in functions.items():
        for dtype in (tt.float16, tt.float32, tt.float64):
            out = f(tt.tensor(values, dtype=dtype))
            assert out.dtype == dtype, f"{name} of {dtype}: got {out.dtype}. Hint: Python numbers don't widen"
        best = f(tt.tensor(values, dtype=tt.float32)).numpy().astype(np.float16)
        rounded = f(tt.tensor(values, dtype=tt.float16)).numpy()
        assert np.allclose(rounded.astype(float), best.astype(float), rtol=2e-3, atol=1e-6), (
            f"{name} of float16 isn't float32's result, rounded. Hint: cast to float32, compute, cast back"
        )


def check_modules_pass_their_options() -> None:
    """Write a module for each: its forward passes its attributes, which have PyTorch's names, on."""
    x = tt.tensor([[-2.0, 0.5], [30.0, 1.0]])
    cases: list[tuple[Any, dict[str, Any], Any]] = [
        (tt.ReLU, {"inplace": False}, F.relu(x)),
        (tt.LeakyReLU, {"negative_slope": 0.3, "inplace": False}, F.leaky_relu(x, 0.3)),
        (tt.ELU, {"alpha": 0.3, "inplace": False}, F.elu(x, 0.3)),
        (tt.SELU, {"inplace": False}, F.selu(x)),
        (tt.Sigmoid, {}, F.sigmoid(x)),
        (tt.LogSigmoid, {}, F.logsigmoid(x)),
        (tt.Tanh, {}, tt.tanh(x)),
        (tt.GELU, {"approximate": "tanh"}, F.gelu(x, approximate="tanh")),
        (tt.SiLU, {"inplace": False}, F.silu(x)),
        (tt.Mish, {"inplace": False}, F.mish(x)),
        (tt.Softplus, {"beta": 3.0, "threshold": 2.0}, F.softplus(x, 3.0, 2.0)),
        (tt.Hardtanh, {"min_val": 0.0, "max_val": 6.0, "inplace": False}, F.hardtanh(x, 0.0, 6.0)),
        (tt.Softmax, {"dim": 0}, F.softmax(x, dim=0)),
        (tt.LogSoftmax, {"dim": 0}, F.log_softmax(x, dim=0)),
    ]
    for module, options, expected in cases:
        # `Module`, which they derive from, belongs to the next lesson; so a namespace stands in for `self`.
        out = module.forward(SimpleNamespace(**options), x)
        _near(out, expected.numpy(), f"{module.__name__}.forward with {options}", "pass the attributes on")


def check_modules_show_their_options() -> None:
    """Keep the options that a module is made with, with PyTorch's defaults, and show them in its repr."""
    # The one check that borrows from a later lesson: making a module runs `Module.__init__`.
    for module, expected in [
        (tt.ReLU(), "ReLU()"),
        (tt.ReLU(inplace=True), "ReLU(inplace=True)"),
        (tt.LeakyReLU(), "LeakyReLU(negative_slope=0.01)"),
        (tt.LeakyReLU(0.3, inplace=True), "LeakyReLU(negative_slope=0.3, inplace=True)"),
        (tt.ELU(), "ELU(alpha=1.0)"),
        (tt.SELU(), "SELU()"),
        (tt.GELU(), "GELU(approximate='none')"),
        (tt.SiLU(), "SiLU()"),
        (tt.Mish(), "Mish()"),
        (tt.Softplus(beta=2.0), "Softplus(beta=2.0, threshold=20.0)"),
        (tt.Hardtanh(0.0, 6.0), "Hardtanh(min_val=0.0, max_val=6.0)"),
        (tt.Softmax(dim=1), "Softmax(dim=1)"),
        (tt.LogSoftmax(dim=-1), "LogSoftmax(dim=-1)"),
    ]:
        assert repr(module) == expected, (
            f"repr: expected {expected!r}, got {module!r}. Hint: __init__ keeps them, extra_repr shows them"
        )
