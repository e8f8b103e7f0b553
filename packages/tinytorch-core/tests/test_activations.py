"""Activations: values, extreme inputs, gradients, in-place forms, modules."""

import math
import warnings

import numpy as np
import pytest
import tinytorch.core as tt
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from tinytorch.core import functional as F, no_grad, opcheck, tensor
from tinytorch.core.m02_activations import functions as ops
from tinytorch.core.m02_activations.kernels import choose, column_sums, kept, maxima, sums
from tinytorch.core.m02_activations.probabilities import log_softmax, softmax

INF, NAN = math.inf, math.nan


def erf(x):
    return np.vectorize(math.erf, otypes=[float])(x)


def plain_softplus(x):
    return np.logaddexp(0, x)


# What each function is, in plain NumPy, good for moderate float64 numbers.
FORMULAS = {
    "relu": lambda x: np.where(x > 0, x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1)),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "logsigmoid": lambda x: np.log(1 / (1 + np.exp(-x))),
    "tanh": lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1),
    "gelu": lambda x: x * 0.5 * (1 + erf(x / math.sqrt(2))),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "mish": lambda x: x * np.tanh(np.log(1 + np.exp(x))),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "hardtanh": lambda x: np.minimum(np.maximum(x, -1), 1),
}

# With options: the operation, its keywords, the formula.
OPTIONS = [
    ("leaky_relu", {"negative_slope": 2.0}, lambda x: np.where(x > 0, x, 2 * x)),
    ("leaky_relu", {"negative_slope": -0.5}, lambda x: np.where(x > 0, x, -0.5 * x)),
    ("leaky_relu", {"negative_slope": 0.0}, lambda x: np.where(x > 0, x, 0)),
    ("elu", {"alpha": 2.5}, lambda x: np.where(x > 0, x, 2.5 * (np.exp(x) - 1))),
    ("elu", {"alpha": -1.5}, lambda x: np.where(x > 0, x, -1.5 * (np.exp(x) - 1))),
    (
        "gelu",
        {"approximate": "tanh"},
        lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    ),
    ("softplus", {"beta": 2.0}, lambda x: np.log(1 + np.exp(2 * x)) / 2),
    (
        "softplus",
        {"beta": 3.0, "threshold": 1.5},
        lambda x: np.where(3 * x > 1.5, x, np.logaddexp(0, 3 * x) / 3),
    ),
    ("softplus", {"beta": -1.0}, lambda x: -np.log(1 + np.exp(-x))),
    ("hardtanh", {"min_val": -0.3, "max_val": 2.0}, lambda x: np.clip(x, -0.3, 2.0)),
]
CASES = [(name, {}, formula) for name, formula in FORMULAS.items()] + OPTIONS
IDS = [f"{name}-{'-'.join(map(str, options.values()))}" for name, options, _ in CASES]

# Away from 0 and the other points where some function has no derivative.
POINTS = np.array([[-6.1, -2.3, -0.7, -0.11], [0.13, 0.41, 1.7, 5.3]])

# Function, input, output, derivative.
EXTREMES = [
    ("relu", -1e4, 0, 0),
    ("relu", 1e4, 1e4, 1),
    ("relu", INF, INF, 1),
    ("relu", -INF, 0, 0),
    ("leaky_relu", -1e4, -100, 0.01),
    ("leaky_relu", -INF, -INF, 0.01),
    ("elu", -1e4, -1, 0),
    ("elu", 1e4, 1e4, 1),
    ("elu", INF, INF, 1),
    ("elu", -INF, -1, 0),
    ("selu", -1e4, -1.0507009873554805 * 1.6732632423543772, 0),
    ("selu", 1e4, 10507.009873554805, 1.0507009873554805),
    ("sigmoid", -1e4, 0, 0),
    ("sigmoid", 1e4, 1, 0),
    ("sigmoid", INF, 1, 0),
    ("sigmoid", -INF, 0, 0),
    ("logsigmoid", -1e4, -1e4, 1),
    ("logsigmoid", 1e4, 0, 0),
    ("logsigmoid", -INF, -INF, 1),
    ("logsigmoid", INF, 0, 0),
    ("tanh", -1e4, -1, 0),
    ("tanh", 1e4, 1, 0),
    ("gelu", -1e4, 0, 0),
    ("gelu", 1e4, 1e4, 1),
    ("gelu", -1e30, 0, 0),
    ("gelu", 1e30, 1e30, 1),
    ("silu", -1e4, 0, 0),
    ("silu", 1e4, 1e4, 1),
    ("silu", -1e30, 0, 0),
    ("silu", 1e30, 1e30, 1),
    ("mish", -1e4, 0, 0),
    ("mish", 1e4, 1e4, 1),
    ("mish", -1e30, 0, 0),
    ("mish", 1e30, 1e30, 1),
    ("softplus", -1e4, 0, 0),
    ("softplus", 1e4, 1e4, 1),
    ("softplus", -INF, 0, 0),
    ("softplus", INF, INF, 1),
    ("hardtanh", -INF, -1, 0),
    ("hardtanh", INF, 1, 0),
]


class TestValues:
    @pytest.mark.parametrize(("name", "options", "formula"), CASES, ids=IDS)
    def test_formula(self, name, options, formula):
        out = getattr(F, name)(tensor(POINTS), **options)
        np.testing.assert_allclose(out.numpy(), formula(POINTS), rtol=1e-12, atol=1e-13)

    @pytest.mark.parametrize(("name", "options", "formula"), CASES, ids=IDS)
    def test_float32_stays_and_is_as_good_as_it_can_be(self, name, options, formula):
        out = getattr(F, name)(tensor(POINTS, dtype=tt.float32), **options)
        assert out.dtype == tt.float32
        np.testing.assert_allclose(out.numpy(), formula(POINTS), rtol=2e-6, atol=3e-7)

    @pytest.mark.parametrize(("name", "options", "formula"), CASES, ids=IDS)
    def test_float16_is_computed_in_float32(self, name, options, formula):
        x = np.linspace(-12, 12, 97)
        x = x[(np.abs(x) > 0.01) & (np.abs(x - 0.5) > 0.01)]  # softplus jumps at a low threshold
        out = getattr(F, name)(tensor(x, dtype=tt.float16), **options)
        assert out.dtype == tt.float16
        best = getattr(F, name)(tensor(x, dtype=tt.float16).to(tt.float32), **options).numpy()
        np.testing.assert_allclose(
            out.numpy().astype(float), best.astype(np.float16).astype(float), rtol=2e-3
        )

    @pytest.mark.parametrize("name", FORMULAS)
    @pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0), (2, 1, 3)])
    def test_any_shape(self, name, shape):
        x = np.full(shape, -0.7)
        out = getattr(F, name)(tensor(x))
        assert out.shape == shape
        np.testing.assert_allclose(out.numpy(), FORMULAS[name](x))

    @pytest.mark.parametrize("name", FORMULAS)
    def test_strided_expanded_and_transposed_inputs(self, name):
        base = np.linspace(-3, 3, 24).reshape(4, 6)
        for view in (base[::2, ::-2], base.T, np.broadcast_to(base[0], (3, 6))):
            before = view.copy()
            np.testing.assert_allclose(
                getattr(F, name)(tt.from_numpy(view)).numpy(), FORMULAS[name](before), atol=1e-13
            )
            assert np.array_equal(view, before)

    @pytest.mark.parametrize("name", FORMULAS)
    def test_nan_stays_visible(self, name):
        out = getattr(F, name)(tensor([NAN, 1.0]))
        assert np.isnan(out.numpy()).tolist() == [True, False]

    @pytest.mark.parametrize("dtype", [tt.float32, tt.float64])
    @pytest.mark.parametrize(("name", "x", "y", "slope"), EXTREMES)
    def test_extremes(self, name, x, y, slope, dtype):
        leaf = tensor(x, dtype=dtype, requires_grad=True)
        with np.errstate(all="raise"):  # the caller's settings don't matter: nothing may warn
            out = getattr(F, name)(leaf)
            out.backward()
        assert out.item() == pytest.approx(y, rel=1e-6)
        assert leaf.grad.item() == pytest.approx(slope, rel=1e-6, abs=1e-12)

    def test_small_results_keep_their_digits(self):
        for x in (-20.0, -50.0, -80.0):
            t = tensor(x, dtype=tt.float32)
            assert F.sigmoid(t).item() == pytest.approx(math.exp(x), rel=1e-5)
            assert F.softplus(t).item() == pytest.approx(math.exp(x), rel=1e-5)
            assert F.logsigmoid(-t).item() == pytest.approx(-math.exp(x), rel=1e-5)
            assert F.silu(t).item() == pytest.approx(x * math.exp(x), rel=1e-5)
            assert F.mish(t).item() == pytest.approx(x * math.exp(x), rel=1e-5)
        assert F.elu(tensor(-1e-6)).item() == pytest.approx(-1e-6, rel=1e-5)

    def test_gelu_tanh_at_the_ends(self):
        x = tensor([-INF, -1e30, -1e4, 1e4, 1e30, INF], requires_grad=True)
        out = F.gelu(x, approximate="tanh")
        assert out.detach().numpy()[1:].tolist() == tensor([0, 0, 1e4, 1e30, INF]).tolist()
        out.sum().backward()
        assert x.grad.tolist()[1:] == [0, 0, 1, 1, 1]


class TestIntegersAndErrors:
    def test_relu_and_hardtanh_keep_integers(self):
        assert F.relu(tensor([-2, 3])).tolist() == [0, 3]
        assert F.relu(tensor([-2, 3])).dtype == tt.int64
        assert F.hardtanh(tensor([-5, 0, 5]), -1.5, 1.5).tolist() == [-1, 0, 1]

    def test_sigmoid_and_tanh_promote_integers(self):
        for f in (F.sigmoid, F.tanh):
            for x in (tensor([0, 1]), tensor([False, True])):
                assert f(x).dtype == tt.float32
                assert f(x).tolist() == f(tensor([0.0, 1.0])).tolist()

    @pytest.mark.parametrize(
        "name", ["leaky_relu", "elu", "selu", "logsigmoid", "gelu", "silu", "mish", "softplus"]
    )
    @pytest.mark.parametrize("x", [[1, 2], [True, False]])
    def test_others_refuse_integers(self, name, x):
        with pytest.raises(NotImplementedError, match=rf"{name}\(\) isn't implemented for (int64|bool)"):
            getattr(F, name)(tensor(x))

    def test_bool(self):
        with pytest.raises(RuntimeError, match="Boolean inputs not supported"):
            F.relu(tensor([True]))
        with pytest.raises(RuntimeError, match="Bool inputs not supported"):
            F.hardtanh(tensor([True]))

    def test_unsigned(self):
        x = tensor([0, 200], dtype=tt.uint8)
        assert F.relu(x).tolist() == [0, 200]
        assert F.hardtanh(x, 0, 6).tolist() == [0, 6]
        with pytest.raises(RuntimeError, match="unsigned"):
            F.hardtanh(x)

    def test_wrong_arguments(self):
        x = tensor([1.0])
        with pytest.raises(ValueError, match="min_val cannot be greater than max_val, but got 2 and 1"):
            F.hardtanh(x, 2, 1)
        with pytest.raises(RuntimeError, match="either none or tanh, not 'fast'"):
            F.gelu(x, approximate="fast")
        with pytest.raises(TypeError, match="'negative_slope' must be a number, not str"):
            F.leaky_relu(x, "a")
        with pytest.raises(TypeError, match="'alpha' must be a number, not NoneType"):
            F.elu(x, None)
        with pytest.raises(TypeError, match="'input' must be a Tensor, not str"):
            F.relu("x")
        with pytest.raises(TypeError, match="'input' must be a Tensor, not list"):
            F.softmax([1.0], 0)

    def test_numpy_numbers_do_not_widen(self):
        x = tensor([-1.0, 1.0])
        assert F.leaky_relu(x, np.float64(0.5)).dtype == tt.float32
        assert F.softplus(x, np.float64(2)).dtype == tt.float32


class TestGradients:
    @pytest.mark.parametrize(("name", "options", "formula"), CASES, ids=IDS)
    def test_rule(self, name, options, formula):
        operation = tt.tanh if name == "tanh" else getattr(ops, name)
        for x in (POINTS, np.zeros((0, 3)), np.array(-0.7), np.array(0.7)):
            opcheck(operation, [tensor(x)], options)

    @pytest.mark.parametrize("operation", [softmax, log_softmax])
    @pytest.mark.parametrize(
        ("shape", "dim"),
        [
            ((5,), 0),
            ((3, 4), 0),
            ((3, 4), 1),
            ((2, 3, 4), 1),
            ((2, 3, 4), -1),
            ((), 0),
            ((0, 3), 0),
            ((2, 0), 1),
        ],
    )
    def test_softmax_rules(self, operation, shape, dim):
        x = np.random.default_rng(0).standard_normal(shape)
        opcheck(operation, [tensor(x), dim])

    @pytest.mark.parametrize(
        ("name", "x", "slope"),
        [
            ("relu", 0.0, 0),
            ("relu", NAN, 1),
            ("leaky_relu", 0.0, 0.01),
            ("elu", 0.0, 1),
            ("selu", 0.0, 1.0507009873554805 * 1.6732632423543772),
            ("hardtanh", -1.0, 0),
            ("hardtanh", 1.0, 0),
            ("hardtanh", NAN, 1),
        ],
    )
    def test_where_there_is_no_derivative(self, name, x, slope):
        leaf = tensor(x, dtype=tt.float64, requires_grad=True)
        getattr(F, name)(leaf).backward()
        assert leaf.grad.item() == pytest.approx(slope)

    def test_infinite_gradient_that_is_cut_off_is_zero_not_nan(self):
        x = tensor([-4.0, 0.0, 4.0], requires_grad=True)
        tt.sqrt(F.relu(x)).sum().backward()
        assert x.grad.tolist() == [0, 0, 0.25]
        x.grad = None
        F.hardtanh(x).backward(tensor([INF, INF, INF]))
        assert x.grad.tolist() == [0, INF, 0]

    @pytest.mark.parametrize("name", ["relu", "selu", "sigmoid", "logsigmoid", "tanh", "hardtanh"])
    def test_only_the_output_is_kept(self, name):
        y = getattr(F, name)(tensor([0.3, -0.4], requires_grad=True))
        arrays = [a for a in y.grad_fn.saved if isinstance(a, np.ndarray)]
        assert len(arrays) == 1
        assert arrays[0] is y.detach().array

    @pytest.mark.parametrize("name", ["leaky_relu", "elu", "silu", "mish", "softplus"])
    def test_only_the_input_is_kept(self, name):
        x = tensor([0.3, -0.4], requires_grad=True)
        arrays = [a for a in getattr(F, name)(x).grad_fn.saved if isinstance(a, np.ndarray)]
        assert len(arrays) == 1
        assert arrays[0] is x.detach().array

    @pytest.mark.parametrize("approximate", ["none", "tanh"])
    def test_gelu_keeps_its_slopes_alone(self, approximate):
        x = tensor([0.3, -0.4], requires_grad=True)
        y = F.gelu(x, approximate=approximate)
        (slopes,) = y.grad_fn.saved
        y.sum().backward()
        assert x.grad.tolist() == slopes.tolist()
        with tt.no_grad():
            assert F.gelu(x, approximate=approximate).tolist() == y.tolist()

    @pytest.mark.parametrize("name", [*FORMULAS, "softmax", "log_softmax"])
    @pytest.mark.parametrize("dtype", [tt.float16, tt.float32])
    def test_gradient_has_the_leafs_dtype(self, name, dtype):
        x = tensor([0.3, -0.4], dtype=dtype, requires_grad=True)
        arguments = [0] if "softmax" in name else []
        getattr(F, name)(x, *arguments).backward(tensor([1.0, 2.0], dtype=dtype))
        assert x.grad.dtype == dtype
        assert np.isfinite(x.grad.numpy()).all()

    def test_changing_the_kept_output_is_noticed(self):
        x = tensor([0.3, -0.4], requires_grad=True)
        y = F.sigmoid(x)
        with no_grad():
            y.mul_(2)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.sum().backward()


class TestInPlace:
    NAMES = ("relu", "leaky_relu", "elu", "selu", "silu", "mish", "hardtanh")

    @pytest.mark.parametrize("name", NAMES)
    def test_writes_into_the_input_and_returns_it(self, name):
        f = getattr(F, name)
        x = tensor([-2.0, 0.5, 3.0])
        expected = f(x).tolist()
        array = x.array
        assert f(x, inplace=True) is x
        assert x.array is array
        assert array.tolist() == expected

    @pytest.mark.parametrize("name", NAMES)
    def test_gradient(self, name):
        f = getattr(F, name)
        grads = []
        for inplace in (False, True):
            x = tensor([-2.0, 0.5, 3.0], dtype=tt.float64, requires_grad=True)
            h = x * 1.5
            y = f(h, inplace=inplace)
            (y * y).sum().backward()
            grads.append(x.grad.numpy())
        np.testing.assert_allclose(*grads, rtol=1e-12)

    def test_a_leaf_that_requires_a_gradient_is_refused(self):
        x = tensor([-1.0], requires_grad=True)
        with pytest.raises(RuntimeError, match="a leaf tensor that requires grad"):
            F.relu(x, inplace=True)
        assert x.tolist() == [-1]
        with no_grad():
            F.relu(x, inplace=True)
        assert x.tolist() == [0]

    def test_methods_of_tensor(self):
        x = tensor([-1.0, 2.0])
        assert x.relu().tolist() == [0, 2]
        assert x.sigmoid().tolist() == F.sigmoid(x).tolist()
        assert x.softmax(0).tolist() == F.softmax(x, 0).tolist()
        assert x.log_softmax(-1).tolist() == F.log_softmax(x, -1).tolist()
        assert x.relu_() is x
        assert x.tolist() == [0, 2]

    def test_top_level_functions_have_no_inplace(self):
        with pytest.raises(TypeError, match="inplace"):
            tt.relu(tensor([1.0]), inplace=True)


class TestSoftmax:
    SCORES = np.random.default_rng(3).standard_normal((3, 4, 5))

    @pytest.mark.parametrize("dim", [0, 1, 2, -1, -2, -3])
    @pytest.mark.parametrize("dtype", [tt.float64, tt.float32])
    def test_formula(self, dim, dtype):
        e = np.exp(self.SCORES)
        expected = e / e.sum(dim, keepdims=True)
        x = tensor(self.SCORES, dtype=dtype)
        tolerance = 1e-12 if dtype == tt.float64 else 1e-5
        np.testing.assert_allclose(F.softmax(x, dim).numpy(), expected, rtol=tolerance)
        np.testing.assert_allclose(F.log_softmax(x, dim).numpy(), np.log(expected), rtol=tolerance)

    @pytest.mark.parametrize("layout", ["transposed", "strided", "expanded"])
    def test_layouts(self, layout):
        s = self.SCORES
        x = {
            "transposed": s.transpose(2, 0, 1),
            "strided": s[:, ::2, ::-2],
            "expanded": np.broadcast_to(s[:1], (3, 4, 5)),
        }[layout]
        for dim in (0, 1, 2):
            e = np.exp(x)
            np.testing.assert_allclose(
                F.softmax(tt.from_numpy(x), dim).numpy(), e / e.sum(dim, keepdims=True), rtol=1e-12
            )

    def test_large_scores(self):
        x = tensor([[1e4, 1e4, -1e4], [-1e4, -1e4, -1e4]])
        assert F.softmax(x, 1).tolist()[0] == [0.5, 0.5, 0]
        np.testing.assert_allclose(F.softmax(x, 1).numpy()[1], [1 / 3] * 3, rtol=1e-6)
        assert F.log_softmax(x, 1)[0, 2].item() == pytest.approx(-2e4 - math.log(2))

    def test_minus_infinity_is_probability_zero(self):
        x = tensor([[0.0, -INF, 0.0], [-INF, -INF, 2.0]], requires_grad=True)
        y = F.softmax(x, 1)
        assert y.tolist() == [[0.5, 0, 0.5], [0, 0, 1]]
        assert F.log_softmax(x, 1).tolist()[1] == [-INF, -INF, 0]
        y.backward(tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]))
        assert x.grad.tolist() == [[-0.5, 0, 0.5], [0, 0, 0]]
        x.grad = None
        F.log_softmax(x, 1)[:, 2].sum().backward()
        assert x.grad.tolist() == [[-0.5, 0, 0.5], [0, 0, 0]]

    def test_nothing_possible_is_nan(self):
        for f in (F.softmax, F.log_softmax):
            for row in ([-INF, -INF], [INF, 0.0], [NAN, 0.0]):
                assert np.isnan(f(tensor(row), 0).numpy()).all()

    @pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)])
    def test_empty(self, shape):
        for dim in range(len(shape)):
            assert F.softmax(tensor(np.zeros(shape)), dim).shape == shape
            assert F.log_softmax(tensor(np.zeros(shape)), dim).shape == shape

    def test_0d(self):
        for dim in (0, -1):
            assert F.softmax(tensor(3.0), dim).item() == 1
            assert F.log_softmax(tensor(3.0), dim).item() == 0

    def test_dtype(self):
        x = tensor([1, 2])
        assert F.softmax(x, 0, dtype=tt.float64).dtype == tt.float64
        assert tt.softmax(x, 0, tt.float64).dtype == tt.float64
        y = tensor([1.0, 2.0], dtype=tt.float16, requires_grad=True)
        out = F.log_softmax(y, 0, dtype=tt.float32)
        assert out.dtype == tt.float32
        out[0].backward()
        assert y.grad.dtype == tt.float16
        with pytest.raises(NotImplementedError, match=r"softmax\(\) isn't implemented for int64"):
            F.softmax(x, 0)
        with pytest.raises(NotImplementedError, match="int32"):
            F.softmax(tensor([1.0]), 0, dtype=tt.int32)

    def test_bad_dim(self):
        x = tensor(np.zeros((2, 3)))
        for dim in (2, -3):
            with pytest.raises(IndexError, match=rf"expected to be in range of \[-2, 1\], but got {dim}"):
                F.softmax(x, dim)
        with pytest.raises(IndexError, match=r"in range of \[-1, 0\], but got 1"):
            F.log_softmax(tensor(1.0), 1)
        for dim in ("x", 0.0, (0,)):
            with pytest.raises(TypeError, match="integer"):
                F.softmax(x, dim)

    @pytest.mark.parametrize(("shape", "dim"), [((3,), 0), ((2, 3), 1), ((2, 3, 4), 0), ((1, 2, 3, 4), 1)])
    def test_without_dim_warns_and_guesses(self, shape, dim):
        x = tensor(np.random.default_rng(0).standard_normal(shape))
        with pytest.warns(UserWarning, match="Implicit dimension choice for softmax") as caught:
            out = F.softmax(x)
        assert caught[0].filename == __file__
        assert out.tolist() == F.softmax(x, dim).tolist()

    @given(
        hnp.arrays(np.float32, st.tuples(*[st.integers(1, 6)] * 2), elements=st.floats(-1e4, 1e4, width=32))
    )
    def test_rows_are_probabilities(self, x):
        p = F.softmax(tensor(x), 1).numpy()
        assert (p >= 0).all()
        np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)


class TestKernels:
    floats = hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64]), (2, 3), elements={"allow_nan": True}
    )

    @given(floats, hnp.arrays(bool, (2, 3)))
    def test_kept_and_choose_are_where(self, x, mask):
        y = -x[:, ::-1]
        for a, b in ((x, y), (x.T, np.ascontiguousarray(y.T)), (x[:, ::2], y[:, ::2])):
            m = np.ascontiguousarray(np.broadcast_to(mask, (2, 3))[: a.shape[0], : a.shape[1]])
            if m.shape != a.shape:
                m = np.ascontiguousarray(mask.T)
            np.testing.assert_array_equal(kept(m, a), np.where(m, a, a.dtype.type(0)))
            np.testing.assert_array_equal(choose(m.copy(), a, b), np.where(m, a, b))

    def test_0d(self):
        x = np.array(2.0)
        assert choose(x > 0, x, -x) == 2
        assert choose(x < 0, x, -x) == -2
        assert kept(x > 0, x) == 2
        assert kept(x < 0, x) == 0

    @pytest.mark.parametrize("shape", [(4, 5), (0, 5), (4, 0), (2, 3, 4)])
    def test_sums(self, shape):
        x = np.random.default_rng(0).standard_normal(shape)
        for axis in (*range(len(shape)), -1):
            for a in (x, np.asfortranarray(x)):
                np.testing.assert_allclose(sums(a, axis), a.sum(axis, keepdims=True), atol=1e-12)
                expected = a.max(axis, keepdims=True, initial=-np.inf)
                np.testing.assert_array_equal(maxima(a, axis), expected)
        if len(shape) == 2:
            np.testing.assert_allclose(column_sums(x), x.sum(0), atol=1e-12)


# Checked by hand against torch 2.13.
REPRS = {
    "ReLU()": lambda: tt.ReLU(),
    "ReLU(inplace=True)": lambda: tt.ReLU(inplace=True),
    "LeakyReLU(negative_slope=0.01)": lambda: tt.LeakyReLU(),
    "LeakyReLU(negative_slope=1)": lambda: tt.LeakyReLU(1),
    "LeakyReLU(negative_slope=0.01, inplace=True)": lambda: tt.LeakyReLU(inplace=True),
    "ELU(alpha=1.0)": lambda: tt.ELU(),
    "ELU(alpha=1.0, inplace=True)": lambda: tt.ELU(inplace=True),
    "SELU()": lambda: tt.SELU(),
    "SELU(inplace=True)": lambda: tt.SELU(True),
    "Sigmoid()": lambda: tt.Sigmoid(),
    "LogSigmoid()": lambda: tt.LogSigmoid(),
    "Tanh()": lambda: tt.Tanh(),
    "GELU(approximate='none')": lambda: tt.GELU(),
    "GELU(approximate='tanh')": lambda: tt.GELU("tanh"),
    "SiLU()": lambda: tt.SiLU(),
    "SiLU(inplace=True)": lambda: tt.SiLU(True),
    "Mish()": lambda: tt.Mish(),
    "Mish(inplace=True)": lambda: tt.Mish(True),
    "Softplus(beta=1.0, threshold=20.0)": lambda: tt.Softplus(),
    "Softplus(beta=2, threshold=10)": lambda: tt.Softplus(2, 10),
    "Hardtanh(min_val=-1.0, max_val=1.0)": lambda: tt.Hardtanh(),
    "Hardtanh(min_val=-1.0, max_val=1.0, inplace=True)": lambda: tt.Hardtanh(inplace=True),
    "Softmax(dim=None)": lambda: tt.Softmax(),
    "Softmax(dim=-1)": lambda: tt.Softmax(dim=-1),
    "LogSoftmax(dim=1)": lambda: tt.LogSoftmax(1),
}


class TestModules:
    @pytest.mark.parametrize("text", REPRS)
    def test_repr(self, text):
        assert repr(REPRS[text]()) == text

    @pytest.mark.parametrize(
        ("module", "function"),
        [
            (tt.ReLU(), F.relu),
            (tt.LeakyReLU(0.3), lambda x: F.leaky_relu(x, 0.3)),
            (tt.ELU(0.5), lambda x: F.elu(x, 0.5)),
            (tt.SELU(), F.selu),
            (tt.Sigmoid(), F.sigmoid),
            (tt.LogSigmoid(), F.logsigmoid),
            (tt.Tanh(), F.tanh),
            (tt.GELU(), F.gelu),
            (tt.GELU("tanh"), lambda x: F.gelu(x, approximate="tanh")),
            (tt.SiLU(), F.silu),
            (tt.Mish(), F.mish),
            (tt.Softplus(2.0, 3.0), lambda x: F.softplus(x, 2.0, 3.0)),
            (tt.Hardtanh(-0.5, 2.0), lambda x: F.hardtanh(x, -0.5, 2.0)),
            (tt.Softmax(0), lambda x: F.softmax(x, 0)),
            (tt.LogSoftmax(1), lambda x: F.log_softmax(x, 1)),
        ],
        ids=lambda x: type(x).__name__,
    )
    def test_forward(self, module, function):
        x = tensor(POINTS)
        assert isinstance(module, tt.Module)
        assert list(module.parameters()) == []
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert module(x).tolist() == function(x).tolist()

    @pytest.mark.parametrize(
        "make",
        [tt.ReLU, tt.LeakyReLU, tt.ELU, tt.SELU, tt.SiLU, tt.Mish, tt.Hardtanh],
        ids=lambda m: m.__name__,
    )
    def test_inplace(self, make):
        x = tensor([-2.0, 3.0])
        expected = make()(x).tolist()
        assert make(inplace=True)(x) is x
        assert x.tolist() == expected

    def test_hardtanh_needs_a_range(self):
        for limits in ((2, 1), (1, 1)):
            with pytest.raises(AssertionError, match=r"max_val \(1\) must be greater than min_val"):
                tt.Hardtanh(*limits)

    def test_unknown_arguments(self):
        with pytest.raises(TypeError):
            tt.Sigmoid(3)
