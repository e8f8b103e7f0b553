"""Arithmetic and functions, element by element: values, dtypes, gradients in the corners, errors."""

import math
import operator

import numpy as np
import pytest
import tinytorch.core as tt
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from tinytorch.core import Tensor, opcheck, tensor

INF, NAN = math.inf, math.nan
SPECIAL = np.array([0.0, -0.0, 1, -1, 0.5, -0.5, 2.5, -2.5, 3.5, 100, INF, -INF, NAN])

UNARY = {
    "neg": np.negative,
    "abs": np.abs,
    "square": np.square,
    "reciprocal": np.reciprocal,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "log2": np.log2,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "erf": np.vectorize(math.erf, otypes=[float]),
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "round": np.round,
}
GIVE_FLOATS = set(UNARY) - {"neg", "abs", "square", "floor", "ceil", "trunc", "round"}

BINARY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "floor_divide": np.floor_divide,
    "remainder": np.remainder,
    "maximum": np.maximum,
    "minimum": np.minimum,
}
OPERATORS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "pow": operator.pow,
}


def leaf(values, dtype=np.float64):
    return tensor(np.array(values, dtype), requires_grad=True)


def gradients(function, *leaves):
    """Return the gradients of the sum of `function(*leaves)` as lists."""
    function(*leaves).sum().backward()
    return [x.grad.tolist() for x in leaves]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_function_values(name, dtype):
    x = SPECIAL.astype(dtype)
    with np.errstate(all="ignore"):
        expected = UNARY[name](x.astype(np.float64)).astype(dtype)
    result = getattr(tt, name)(tensor(x))
    assert result.dtype == dtype
    tolerance = 1e-13 if dtype is np.float64 else 5e-6
    np.testing.assert_allclose(result.numpy(), expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(getattr(tensor(x), name)().numpy(), result.numpy())


@pytest.mark.parametrize("name", UNARY)
def test_function_of_integers(name):
    result = getattr(tt, name)(tensor([1, 2, 3]))
    assert result.dtype == (tt.float32 if name in GIVE_FLOATS else tt.int64)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 1, 3)])
def test_function_keeps_the_shape(name, shape):
    assert getattr(tt, name)(tensor(np.ones(shape, np.float32))).shape == shape


@pytest.mark.parametrize("name", ["abs", "floor", "ceil", "trunc", "round"])
def test_rounding_and_abs_refuse_bool(name):
    with pytest.raises(NotImplementedError, match=rf"{name}\(\).*bool"):
        getattr(tt, name)(tensor([True]))


def test_sign():
    assert tensor([-2.0, -0.0, 0.0, 3.0, NAN]).sign().tolist() == [-1, 0, 0, 1, 0]
    assert tensor([-2, 0, 3]).sign().dtype == tt.int64
    assert tensor([True, False]).sign().tolist() == [True, False]


def test_round_is_half_to_even_and_takes_decimals():
    assert tensor([0.5, 1.5, 2.5, -0.5]).round().tolist() == [0, 2, 2, 0]
    assert tensor([1.25, 1.35], dtype=tt.float64).round(decimals=1).tolist() == [1.2, 1.4]
    assert tensor([255.0, 25.0]).round(decimals=-1).tolist() == [260, 20]
    with pytest.raises(NotImplementedError, match="int64"):
        tensor([15]).round(decimals=-1)


def test_erf_is_accurate():
    x = np.concatenate([np.linspace(-7, 7, 20001), np.logspace(-30, 0, 500)])
    exact = np.vectorize(math.erf)(x)
    np.testing.assert_allclose(tensor(x).erf().numpy(), exact, rtol=3e-14)
    x32 = x.astype(np.float32)
    exact32 = np.vectorize(math.erf)(x32.astype(np.float64))
    np.testing.assert_allclose(tensor(x32).erf().numpy(), exact32, rtol=1e-6, atol=2e-7)
    many = tensor(np.tile(x32, 5)[::3])  # more than is done at a time, and strided
    np.testing.assert_array_equal(many.erf().numpy(), tensor(many.numpy().copy()).erf().numpy())


def test_no_warnings_and_inf_nan_as_in_pytorch():
    assert (tensor([1.0, -1.0, 0.0]) / 0).tolist()[:2] == [INF, -INF]
    assert math.isnan((tensor([0.0]) / 0).item())
    assert tensor([1000.0]).exp().item() == INF
    assert tensor([0.0]).log().item() == -INF


shapes = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0)


@given(shapes, st.sampled_from(sorted(BINARY)), st.integers(0, 2**32 - 1))
def test_binary_operations_broadcast_like_numpy(shape, name, seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.uniform(0.5, 3, s) * rng.choice([-1, 1], s) for s in shape.input_shapes)
    x, y = leaf(a), leaf(b)
    out = getattr(tt, name)(x, y)
    np.testing.assert_allclose(out.detach().numpy(), BINARY[name](a, b), rtol=1e-14)
    assert out.shape == shape.result_shape
    out.sum().backward()
    assert x.grad.shape == x.shape
    assert y.grad.shape == y.shape


@given(shapes, st.integers(0, 2**32 - 1))
def test_gradients_of_broadcast_operands_are_sums(shape, seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.standard_normal(s) for s in shape.input_shapes)
    x, y = leaf(a), leaf(b)
    (x * y).sum().backward()
    for t, other in ((x, b), (y, a)):
        spread = np.broadcast_to(other, shape.result_shape)
        full = np.broadcast_to(t.detach().numpy(), shape.result_shape)
        # The gradient, times the operand itself, adds up to the output.
        np.testing.assert_allclose((t.grad * t.detach()).sum().item(), (spread * full).sum(), atol=1e-9)


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_take_numbers_on_either_side(name):
    do = OPERATORS[name]
    x = np.array([1.0, 2.0, 3.5])
    for number in (2, 1.5, np.float32(0.5)):
        np.testing.assert_allclose(do(tensor(x), number).numpy(), do(x, float(number)))
        np.testing.assert_allclose(do(number, tensor(x)).numpy(), do(float(number), x))
    np.testing.assert_allclose(do(tensor(x), tensor(x)).numpy(), do(x, x))


@pytest.mark.parametrize("do", [operator.add, operator.mul, operator.truediv, operator.pow, operator.lt])
@pytest.mark.parametrize("other", ["a", None, [1.0], np.ones(1)])
def test_operators_refuse_what_is_no_number(do, other):
    with pytest.raises(TypeError):
        do(tensor([1.0]), other)


def test_shapes_that_do_not_fit():
    with pytest.raises(RuntimeError, match=r"add\(\).*\(2, 3\) and \(4,\)"):
        tensor(np.ones((2, 3))) + tensor(np.ones(4))


def test_python_functions_and_unary_operators():
    x = tensor([-1.5, 2.0])
    assert abs(x).tolist() == [1.5, 2]
    assert (-x).tolist() == [1.5, -2]
    assert +x is x


def test_alpha():
    x, y = tensor([1.0, 2.0]), tensor([10.0, 20.0])
    assert tt.add(x, y, alpha=2).tolist() == [21, 42]
    assert x.sub(y, alpha=0.5).tolist() == [-4, -8]
    assert gradients(lambda a, b: a.sub(b, alpha=3), leaf([1.0]), leaf([2.0])) == [[1], [-3]]
    with pytest.raises(RuntimeError, match="alpha"):
        tt.add(tensor([1]), tensor([2]), alpha=0.5)


class TestDivision:
    def test_integers_are_divided_as_floats(self):
        assert (tensor([7]) / 2).dtype == tt.float32
        assert (tensor([7]) / 2).item() == 3.5

    @pytest.mark.parametrize("a", [7, -7, 6, -6])
    @pytest.mark.parametrize("b", [2, -2, 3])
    def test_signs_of_whole_quotients(self, a, b):
        for dtype in (np.int64, np.float64):
            x, y = tensor(np.array([a], dtype)), tensor(np.array([b], dtype))
            assert (x // y).item() == a // b
            assert (x % y).item() == a % b
            assert tt.div(x, y, rounding_mode="floor").item() == math.floor(a / b)
            assert tt.div(x, y, rounding_mode="trunc").item() == math.trunc(a / b)

    @pytest.mark.parametrize("name", ["floor_divide", "remainder"])
    def test_integers_by_zero(self, name):
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            getattr(tt, name)(tensor([1, 2]), tensor([1, 0]))
        assert getattr(tt, name)(tensor([1.0]), 0).item() != 0  # inf and nan for floats

    def test_unknown_rounding_mode(self):
        with pytest.raises(RuntimeError, match="'up'"):
            tt.div(tensor([1.0]), 2, rounding_mode="up")

    def test_gradients(self):
        assert gradients(lambda x, y: x % y, leaf([5.0, -5]), leaf([3.0, 3])) == [[1, 1], [-1, 2]]
        assert gradients(lambda x: tt.div(x, 2, rounding_mode="floor"), leaf([5.0])) == [[0]]
        assert gradients(lambda x: x // 2, leaf([5.0])) == [[0]]


class TestPow:
    @pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 5, -1, -2, -3, 0.5, -0.5, 1.5, 2.0])
    def test_number_as_exponent(self, exponent):
        x = np.array([0.0, 0.5, 2.0, -3.0, INF, NAN])
        with np.errstate(all="ignore"):
            np.testing.assert_allclose((tensor(x) ** exponent).numpy(), np.power(x, exponent))
        opcheck(tt.pow, (tensor([0.5, 2.0], dtype=tt.float64), exponent))

    def test_integers(self):
        assert (tensor([2, -3]) ** 3).tolist() == [8, -27]
        assert (2 ** tensor([0, 5])).tolist() == [1, 32]
        assert (tensor([2, 3]) ** tensor([3, 0])).dtype == tt.int64
        assert (tensor([2]) ** 0.5).dtype == tt.float32
        with pytest.raises(RuntimeError, match="negative integer powers"):
            tensor([2]) ** -1
        with pytest.raises(RuntimeError, match="negative integer powers"):
            tensor([2], dtype=tt.uint8) ** -1
        base, exponent = tensor([1, -1, -1, 2, 0]), tensor([-1, -2, -3, -1, -1])
        assert (base**exponent).tolist() == [1, 1, -1, 0, 0]

    def test_gradient_of_the_base_where_it_is_zero(self):
        assert gradients(lambda x: x**0, leaf([0.0, 2.0])) == [[0, 0]]
        assert gradients(lambda x: x**2, leaf([0.0])) == [[0]]
        assert gradients(lambda x: x**1, leaf([0.0])) == [[1]]
        exponent = tensor([0.0, 1.0, 2.0], dtype=tt.float64)
        assert gradients(lambda x: x**exponent, leaf([0.0, 0.0, 0.0])) == [[0, 1, 0]]

    def test_gradient_of_the_exponent(self):
        base = tensor([0.0, 0.0, 1.0, math.e], dtype=tt.float64)
        (g,) = gradients(lambda e: base**e, leaf([0.0, 2.0, 5.0, 1.0]))
        assert g == pytest.approx([0, 0, 0, math.e])
        assert gradients(lambda e: 2**e, leaf([3.0]))[0] == pytest.approx([8 * math.log(2)])


class TestCorners:
    """Gradients where a function has a kink, a border or a pole: PyTorch's conventions."""

    @pytest.mark.parametrize("name", ["sign", "floor", "ceil", "round", "trunc"])
    def test_steps_have_zero_gradient(self, name):
        assert gradients(getattr(tt, name), leaf([-1.5, 0.0, 2.5])) == [[0, 0, 0]]

    def test_abs_at_zero(self):
        assert gradients(tt.abs, leaf([0.0, -2.0, 2.0])) == [[0, -1, 1]]

    def test_sqrt_at_zero(self):
        assert gradients(tt.sqrt, leaf([0.0, 4.0])) == [[INF, 0.25]]

    def test_maximum_and_minimum_share_ties(self):
        a, b = [1.0, 2.0, 3.0], [1.0, 5.0, 0.0]
        assert gradients(tt.maximum, leaf(a), leaf(b)) == [[0.5, 0, 1], [0.5, 1, 0]]
        assert gradients(tt.minimum, leaf(a), leaf(b)) == [[0.5, 1, 0], [0.5, 0, 1]]

    def test_nan_goes_through_maximum_and_minimum(self):
        for f in (tt.maximum, tt.minimum):
            assert np.isnan(f(tensor([NAN, 1.0]), tensor([1.0, NAN])).numpy()).all()

    def test_clamp_passes_the_gradient_at_its_borders(self):
        x = [0.0, 1.0, 1.5, 2.0, 3.0]
        assert gradients(lambda t: t.clamp(1, 2), leaf(x)) == [[0, 1, 1, 1, 0]]
        assert gradients(lambda t: t.clamp(min=1), leaf(x)) == [[0, 1, 1, 1, 1]]
        assert gradients(lambda t: t.clamp(max=1), leaf(x)) == [[1, 1, 0, 0, 0]]

    def test_clamp_with_tensors(self):
        x, low, high = leaf([0.0, 1.0, 2.0, 5.0]), leaf([1.0, 1.0, 1.0, 7.0]), leaf([2.0, 2.0, 2.0, 6.0])
        out = x.clamp(low, high)
        assert out.tolist() == [1, 1, 2, 6]  # max wins where min > max
        assert gradients(Tensor.clamp, x, low, high) == [[0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]

    def test_erf(self):
        slope = gradients(tt.erf, leaf([0.0, 1.0]))[0]
        assert slope == pytest.approx([2 / math.sqrt(math.pi), 2 / math.sqrt(math.pi) / math.e])


def test_clamp_values_and_dtypes():
    x = tensor([1, 2, 3])
    assert x.clamp(2).tolist() == [2, 2, 3]
    assert x.clip(max=2).dtype == tt.int64
    assert x.clamp(min=1.5).tolist() == [1.5, 2, 3]
    assert math.isnan(tensor([NAN]).clamp(0, 1).item())
    with pytest.raises(RuntimeError, match="'min' or 'max'"):
        x.clamp()
    with pytest.raises(TypeError, match=r"clamp.*'min'.*str"):
        x.clamp("a")
    assert x.clamp(tensor(2), 2).tolist() == [2, 2, 2]
    with pytest.raises(TypeError, match="both"):
        x.clamp(tensor([1, 1, 1]), 2)


def test_lerp():
    x, end = leaf([0.0, 10.0]), leaf([1.0, 20.0])
    assert x.lerp(end, 0.25).tolist() == [0.25, 12.5]
    assert x.lerp(end, 1).tolist() == end.tolist()
    weight = leaf([0.25, 0.75])
    assert gradients(tt.lerp, x, end, weight) == [[0.75, 0.25], [0.25, 0.75], [1, 10]]
    with pytest.raises(RuntimeError, match=r"float64.*`end`.*float32"):
        x.lerp(tensor([1.0, 2.0]), 0.5)
    with pytest.raises(NotImplementedError, match="int64"):
        tensor([1]).lerp(tensor([2]), 0.5)


def test_bool_tensors():
    x = tensor([True, False])
    assert (x + x).tolist() == [True, False]
    assert (x * 2).tolist() == [2, 0]
    for subtract in (lambda: x - x, lambda: 1 - x, lambda: x - 0.5, lambda: tensor([1.0, 2.0]) - True):
        with pytest.raises(RuntimeError, match="bools can't be subtracted"):
            subtract()
    with pytest.raises(RuntimeError, match="bool"):
        operator.pos(x)
    with pytest.raises(RuntimeError, match="bool"):
        operator.neg(x)


def test_small_integers_wrap_around():
    assert (tensor([250], dtype=tt.uint8) + 300).item() == 38
    assert (tensor([1], dtype=tt.int8) + 200).item() == -55
    with pytest.raises(OverflowError):
        tensor([1]) + 2**70


def test_aliases_are_the_same():
    for alias, name in {
        "absolute": "abs",
        "negative": "neg",
        "multiply": "mul",
        "subtract": "sub",
        "divide": "div",
        "clip": "clamp",
    }.items():
        assert getattr(tt, alias) is getattr(tt, name)
        assert getattr(Tensor, alias) is getattr(Tensor, name)
    assert tt.true_divide(tensor([1]), 2).item() == 0.5


def test_methods_keep_pytorchs_argument_names():
    assert tensor([4.0]).pow(exponent=2).item() == 16
    assert tensor([4.0]).add(other=2, alpha=3).item() == 10
    with pytest.raises(TypeError, match="unexpected keyword argument 'out'"):
        tensor([4.0]).exp(out=None)
