"""Reductions: values, dims, dtypes, gradients in the corners, errors."""

import math

import numpy as np
import pytest
import tinytorch.core as tt
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from tinytorch.core import opcheck, tensor

INF, NAN = math.inf, math.nan


def plain_logsumexp(x, axis=None, keepdims=False):
    return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


REDUCTIONS = {
    "sum": np.sum,
    "mean": np.mean,
    "amax": np.max,
    "amin": np.min,
    "any": np.any,
    "all": np.all,
    "var": lambda x, axis, keepdims: np.var(x, axis=axis, keepdims=keepdims, ddof=1),
    "std": lambda x, axis, keepdims: np.std(x, axis=axis, keepdims=keepdims, ddof=1),
    "norm": lambda x, axis, keepdims: np.sqrt((x * x).sum(axis=axis, keepdims=keepdims)),
    "logsumexp": plain_logsumexp,
}
ONE_DIM = {"prod": np.prod, "argmax": np.argmax, "argmin": np.argmin}


def leaf(values, dtype=np.float64):
    return tensor(np.array(values, dtype), requires_grad=True)


def gradient(function, x):
    x.grad = None
    function(x).sum().backward()
    return x.grad.tolist()


@st.composite
def array_and_dims(draw):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=2, max_side=4))
    dims = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    dims = [d - len(shape) if draw(st.booleans()) else d for d in dims]
    x = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).standard_normal(shape)
    return x, tuple(dims)


@given(array_and_dims(), st.sampled_from(sorted(REDUCTIONS)), st.booleans())
def test_reductions_over_dims(case, name, keepdim):
    x, dims = case
    expected = REDUCTIONS[name](x, axis=dims, keepdims=keepdim)
    result = getattr(tt, name)(tensor(x), dim=dims, keepdim=keepdim)
    assert result.shape == expected.shape
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-10)
    if len(dims) == 1:
        one = getattr(tensor(x), name)(dim=dims[0], keepdim=keepdim)
        np.testing.assert_array_equal(one.numpy(), result.numpy())


@given(array_and_dims(), st.sampled_from(sorted(ONE_DIM)), st.booleans())
def test_reductions_over_one_dim(case, name, keepdim):
    x, (dim, *_) = case
    expected = ONE_DIM[name](x, axis=dim, keepdims=keepdim)
    result = getattr(tt, name)(tensor(x), dim, keepdim)
    assert result.shape == expected.shape
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-10)


@given(array_and_dims(), st.sampled_from(["max", "min"]), st.booleans())
def test_max_and_min_with_dim(case, name, keepdim):
    x, (dim, *_) = case
    result = getattr(tensor(x), name)(dim, keepdim)
    arg = getattr(np, f"arg{name}")(x, axis=dim, keepdims=True)
    np.testing.assert_array_equal(result.indices.numpy(), arg if keepdim else arg.squeeze(dim))
    picked = np.take_along_axis(x, arg, dim)
    np.testing.assert_array_equal(result.values.numpy(), picked if keepdim else picked.squeeze(dim))


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "any", "all", "var", "std", "norm"])
def test_all_dims(name):
    x = np.arange(1.0, 7.0).reshape(2, 3)
    expected = REDUCTIONS[name](x, axis=None, keepdims=False)
    for dim in (None, (0, 1), [0, -1]):
        if dim is None and name in ("amax", "amin"):
            continue
        result = getattr(tt, name)(tensor(x), dim=dim)
        assert result.shape == ()
        np.testing.assert_allclose(result.numpy(), expected)
    np.testing.assert_allclose(getattr(tt, name)(tensor(x)).numpy(), expected)


@pytest.mark.parametrize("name", [*REDUCTIONS, *ONE_DIM, "cumsum", "cumprod", "max", "min", "count_nonzero"])
class TestDims:
    def call(self, name, x, dim):
        result = getattr(tt, name)(x, dim=dim)
        return result.values if name in ("max", "min") else result

    def test_0d_tensors_have_dims_0_and_minus_1(self, name):
        x = tensor(2.0, dtype=tt.float64)
        for dim in (0, -1):
            assert self.call(name, x, dim).shape == ()
        with pytest.raises(IndexError, match=r"\[-1, 0\], but got 1"):
            self.call(name, x, 1)

    def test_dim_out_of_range(self, name):
        with pytest.raises(IndexError, match=r"\[-2, 1\], but got 2"):
            self.call(name, tensor(np.ones((2, 3))), 2)

    def test_dim_of_a_wrong_type(self, name):
        with pytest.raises(TypeError):
            self.call(name, tensor(np.ones((2, 3))), "a")
        with pytest.raises(TypeError):
            self.call(name, tensor(np.ones((2, 3))), 1.5)


def test_a_dim_twice():
    with pytest.raises(RuntimeError):
        tensor(np.ones((2, 3))).sum((0, 0))
    with pytest.raises(RuntimeError):
        tensor(1.0).sum((0, -1))


class TestEmpty:
    def test_sums_and_products(self):
        x = tensor(np.zeros((0, 3)))
        assert x.sum().item() == 0
        assert x.prod().item() == 1
        assert x.sum(0).tolist() == [0, 0, 0]
        assert x.prod(0).tolist() == [1, 1, 1]
        assert x.sum(1).shape == (0,)
        assert np.isnan(x.mean().numpy())
        assert np.isnan(x.mean(0).numpy()).all()
        assert x.logsumexp(0).tolist() == [-INF] * 3
        assert math.isnan(x.var().item())
        assert x.norm().item() == 0
        assert x.all().item() is True
        assert x.any().item() is False
        assert x.cumsum(0).shape == (0, 3)

    @pytest.mark.parametrize("name", ["max", "min", "amax", "amin"])
    def test_there_is_no_largest(self, name):
        x = tensor(np.zeros((0, 3)))
        with pytest.raises(RuntimeError, match=name[-3:]):
            getattr(x, name)()
        with pytest.raises(IndexError, match="non-zero size"):
            getattr(x, name)(0)
        result = getattr(x, name)(1)
        assert (result.values if isinstance(result, tuple) else result).shape == (0,)

    @pytest.mark.parametrize("name", ["argmax", "argmin"])
    def test_there_is_no_place(self, name):
        x = tensor(np.zeros((0, 3)))
        for dim in (None, 0):
            with pytest.raises(IndexError, match=name):
                getattr(x, name)(dim)
        assert getattr(x, name)(1).shape == (0,)

    @pytest.mark.parametrize("p", [INF, -INF, -1])
    def test_norms_that_need_an_element(self, p):
        with pytest.raises(RuntimeError):
            tensor(np.zeros(0)).norm(p)

    def test_gradients(self):
        for f in (lambda t: t.sum(), lambda t: t.sum(0), lambda t: t.mean(1), lambda t: t.prod(0)):
            x = leaf(np.zeros((0, 3)))
            f(x).sum().backward()
            assert x.grad.shape == (0, 3)


class TestDtypes:
    @pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int8, np.int32, np.int64])
    def test_integers_are_added_as_int64(self, dtype):
        x = tensor(np.ones(300, dtype))
        for result in (x.sum(), x.prod(), x.cumsum(0), x.cumprod(0), x.count_nonzero()):
            assert result.dtype == tt.int64
        assert x.sum().item() == 300

    def test_mean_var_norm_need_floats(self):
        x = tensor([1, 2])
        for name in ("mean", "var", "std", "norm"):
            with pytest.raises(RuntimeError, match=rf"{name}\(\).*int64"):
                getattr(x, name)()
        assert x.mean(dtype=tt.float64).item() == 1.5

    def test_dtype_argument(self):
        x = tensor([1.5, 2.5])
        assert x.sum(dtype=tt.float64).dtype == tt.float64
        assert x.sum(dtype=tt.int64).item() == 3
        assert x.sum(dtype=tt.int32).dtype == tt.int32
        assert x.sum(dtype=tt.bool).item() is True
        assert x.cumsum(0, dtype=tt.int64).tolist() == [1, 3]
        assert x.prod(dtype=tt.float64).dtype == tt.float64

    def test_any_and_all(self):
        assert tensor([0.0, NAN]).any().item() is True
        assert tensor([1, 2]).all().dtype == tt.bool
        assert tensor([1, 2], dtype=tt.uint8).all().dtype == tt.uint8
        assert tensor([1, 2], dtype=tt.uint8).all().item() == 1

    def test_logsumexp_of_integers(self):
        assert tensor([0, 0]).logsumexp(0).item() == pytest.approx(math.log(2))


class TestMax:
    def test_named_tuple(self):
        result = tensor([[1.0, 5.0], [7.0, 2.0]]).max(1)
        values, indices = result
        assert values is result.values
        assert indices.dtype == tt.int64
        assert indices.tolist() == [1, 0]

    def test_of_two_tensors(self):
        a, b = tensor([1.0, 4.0]), tensor([3.0, 2.0])
        assert tt.max(a, b).tolist() == [3, 4]
        assert tt.min(a, other=b).tolist() == [1, 2]

    def test_nan_wins(self):
        x = tensor([1.0, NAN, 3.0, NAN])
        assert math.isnan(x.max().item())
        assert x.argmin().item() == 1
        assert x.max(0).indices.item() == 1

    def test_gradient_of_nan(self):
        assert gradient(lambda t: t.max(), leaf([1.0, NAN, 3.0])) == [0, 1, 0]
        assert np.isnan(gradient(lambda t: t.amax(), leaf([1.0, NAN, 3.0]))).all()

    def test_first_of_equal_ones(self):
        x = tensor([2, 3, 3])
        assert x.argmax().item() == 1
        assert x.max(0).indices.item() == 1
        assert tensor([True, False]).max(0).values.item() is True

    def test_ties_share_the_gradient(self):
        for name in ("max", "amax"):
            assert gradient(lambda t, n=name: getattr(t, n)(), leaf([1.0, 3, 3])) == [0, 0.5, 0.5]
        x = leaf([[2.0, 2], [1, 3]])
        assert gradient(lambda t: t.amin(1), x) == [[0.5, 0.5], [1, 0]]
        assert gradient(lambda t: t.amax((0, 1)) * 4, x) == [[0, 0], [0, 4]]

    def test_gradient_of_max_with_dim_goes_to_the_chosen_one(self):
        x = leaf([[2.0, 2], [1, 3]])
        assert gradient(lambda t: t.max(1).values, x) == [[1, 0], [0, 1]]
        assert gradient(lambda t: t.min(0, keepdim=True)[0], x) == [[0, 1], [1, 0]]
        assert gradient(lambda t: t.max(0).values, leaf(5.0)) == 1

    def test_errors(self):
        with pytest.raises(TypeError, match="tuple"):
            tensor([[1.0]]).max((0, 1))
        with pytest.raises(RuntimeError, match="bool"):
            tensor([True]).argmax()


class TestProducts:
    @pytest.mark.parametrize("values", [[0.0, 2, 3], [0.0, 0, 3], [2.0, 3, 4], [0.0], [2.0, 0, 3, 0, 4]])
    def test_gradients_with_zeros(self, values):
        others = [math.prod(values[:i] + values[i + 1 :]) for i in range(len(values))]
        assert gradient(lambda t: t.prod(), leaf(values)) == others
        opcheck(tt.prod, (leaf([values, values]).detach(), 1))
        opcheck(tt.cumprod, (leaf([values, values]).detach(), 1))

    def test_cumulative_sums_and_products(self):
        x = np.arange(1.0, 7.0).reshape(2, 3)
        for dim in (0, 1, -1):
            np.testing.assert_array_equal(tensor(x).cumsum(dim).numpy(), x.cumsum(dim))
            np.testing.assert_array_equal(tensor(x).cumprod(dim).numpy(), x.cumprod(dim))
        with pytest.raises(TypeError, match="'dim' must be an int, not tuple"):
            tensor(x).cumsum((0,))


class TestVariance:
    x = np.array([[1.0, 2.0, 4.0], [3.0, 3.0, 3.0]])

    @pytest.mark.parametrize("correction", [0, 1, 2, 0.5])
    def test_correction(self, correction):
        expected = ((self.x - self.x.mean(1, keepdims=True)) ** 2).sum(1) / (3 - correction)
        np.testing.assert_allclose(tensor(self.x).var(1, correction=correction).numpy(), expected)
        np.testing.assert_allclose(tensor(self.x).std(1, correction=correction).numpy(), expected**0.5)

    def test_unbiased(self):
        x = tensor(self.x)
        assert x.var(1, False).tolist() == x.var(1, correction=0).tolist()
        assert x.var(1, unbiased=True).tolist() == x.var(1).tolist()
        assert x.std(False).item() == x.std(correction=0).item()
        assert x.var(1, False, True).shape == (2, 1)
        with pytest.raises(TypeError, match=r"unbiased.*correction"):
            x.var(0, unbiased=True, correction=1)

    def test_one_element_has_none(self):
        assert math.isnan(tensor([1.0]).var().item())
        assert tensor([1.0]).var(correction=0).item() == 0
        assert tensor([[1.0, 2.0]]).var(correction=2).item() == INF

    def test_gradient_of_std_where_all_are_equal(self):
        assert gradient(lambda t: t.std(1), leaf(self.x))[1] == [0, 0, 0]
        assert np.isnan(gradient(lambda t: t.std(), leaf([1.0]))).all()


class TestNorm:
    x = np.array([[3.0, -4.0, 0.0], [1.0, -1.0, 1.0]])

    @pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, INF, -INF, -1])
    def test_values(self, p):
        with np.errstate(divide="ignore"):
            expected = [np.linalg.norm(row, p) for row in self.x]
        np.testing.assert_allclose(tensor(self.x).norm(p, dim=1).numpy(), expected)

    def test_names(self):
        x = tensor(self.x)
        assert x.norm().item() == x.norm("fro").item() == x.norm(2, (0, 1)).item()
        with pytest.raises(NotImplementedError, match="nuclear"):
            x.norm("nuc")
        with pytest.raises(RuntimeError, match="'big'"):
            x.norm("big")

    @pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, INF, -INF, -1])
    def test_gradient_at_zero_is_zero(self, p):
        assert gradient(lambda t: t.norm(p), leaf([0.0, 0, 0])) == [0, 0, 0]

    def test_gradients(self):
        assert gradient(lambda t: t.norm(), leaf([3.0, -4, 0])) == pytest.approx([0.6, -0.8, 0])
        assert gradient(lambda t: t.norm(1), leaf([3.0, -4, 0])) == [1, -1, 0]
        assert gradient(lambda t: t.norm(INF), leaf([3.0, -3, 1])) == [0.5, -0.5, 0]
        assert gradient(lambda t: t.norm(0), leaf([3.0, 0])) == [0, 0]


class TestLogsumexp:
    def test_large_and_infinite(self):
        x = tensor([[1000.0, 1000.0], [-INF, -INF], [INF, 1.0], [NAN, 1.0]])
        expected = [1000 + math.log(2), -INF, INF, NAN]
        np.testing.assert_allclose(x.logsumexp(1).numpy(), expected, rtol=1e-6)

    def test_gradient_is_the_softmax(self):
        x = leaf([1.0, 2.0, -INF])
        e = math.e
        assert gradient(lambda t: t.logsumexp(0), x) == pytest.approx([1 / (1 + e), e / (1 + e), 0])


class TestCounts:
    def test_count_nonzero(self):
        x = tensor([[1.0, 0], [NAN, 2]])
        assert x.count_nonzero().item() == 3
        assert x.count_nonzero(0).tolist() == [2, 1]
        assert tt.count_nonzero(x, (0, 1)).item() == 3

    def test_bincount(self):
        x = tensor([1, 1, 3])
        assert x.bincount().tolist() == [0, 2, 0, 1]
        assert x.bincount(minlength=6).tolist() == [0, 2, 0, 1, 0, 0]
        assert tensor([], dtype=tt.int64).bincount(minlength=2).tolist() == [0, 0]
        weights = tensor([0.5, 1.0, 2.0], requires_grad=True)
        sums = x.bincount(weights)
        assert sums.dtype == tt.float32
        assert sums.tolist() == [0, 1.5, 0, 2]
        (sums * tensor([0.0, 5.0, 6.0, 7.0])).sum().backward()
        assert weights.grad.tolist() == [5, 5, 7]

    @pytest.mark.parametrize(
        ("values", "kwargs", "message"),
        [
            ([-1, 2], {}, "aren't negative"),
            ([[1]], {}, r"\(1, 1\)"),
            ([1.5], {}, "float32"),
            ([1], {"minlength": -1}, "-1"),
            ([1], {"weights": tensor([1.0, 2.0])}, r"\(2,\)"),
        ],
    )
    def test_bincount_errors(self, values, kwargs, message):
        with pytest.raises(RuntimeError, match=message):
            tt.bincount(tensor(values), **kwargs)


def test_sums_of_strided_views():
    x = np.arange(24.0).reshape(4, 6)
    t = tensor(x)
    view = t[::2, 1::2]
    np.testing.assert_array_equal(view.sum(0).numpy(), x[::2, 1::2].sum(0))
    np.testing.assert_array_equal(t.T.cumsum(0).numpy(), x.T.cumsum(0))
    np.testing.assert_array_equal(t.T.max(0).indices.numpy(), x.T.argmax(0))
