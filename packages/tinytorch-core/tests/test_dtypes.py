"""Data types: names, the default, promotion, conversion."""

import itertools

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.core import Tensor, tensor

DTYPES = [tt.float16, tt.float32, tt.float64, tt.int8, tt.int16, tt.int32, tt.int64, tt.uint8, tt.bool]
FLOATS, SIGNED = DTYPES[:3], DTYPES[3:7]
PAIRS = list(itertools.product(DTYPES, DTYPES))


def ones(dtype, *shape):
    return tensor(np.ones(shape, dtype))


def test_names():
    assert tt.half is tt.float16
    assert tt.double is tt.float64
    assert tt.short is tt.int16
    assert tt.long is tt.int64
    assert tt.float32 == np.dtype("float32")


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_promotion_of_two_dtypes(a, b):
    result = tt.promote_types(a, b)
    assert result == tt.promote_types(b, a)
    if a in FLOATS and b in FLOATS:
        assert result == max(a, b, key=lambda d: d.itemsize)
    elif a in FLOATS or b in FLOATS:
        assert result == (a if a in FLOATS else b)  # an integer never widens a float
    elif a in SIGNED and b in SIGNED:
        assert result == max(a, b, key=lambda d: d.itemsize)
    else:
        assert result == np.promote_types(a, b)  # bool and uint8
    assert tt.result_type(ones(a, 2), ones(b, 2)) == result
    assert (ones(a, 2) * ones(b, 2)).dtype == result
    assert tt.eq(ones(a, 2), ones(b, 2)).tolist() == [True, True]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_0d_tensors_only_raise_the_category(a, b):
    rank = {"b": 0, "i": 1, "u": 1, "f": 2}
    higher = rank[b.kind] > rank[a.kind]
    expected = tt.promote_types(a, b) if higher else a
    assert (ones(a, 2) * ones(b)).dtype == expected
    assert (ones(b) * ones(a, 2)).dtype == expected


@pytest.mark.parametrize("dtype", DTYPES)
def test_python_numbers_only_raise_the_category(dtype):
    x = ones(dtype, 2)
    assert (x * True).dtype == dtype
    assert (x * 2).dtype == (tt.int64 if dtype == tt.bool else dtype)
    assert (x * 2.5).dtype == (dtype if dtype in FLOATS else tt.float32)
    assert (2.5 * ones(dtype)).dtype == (dtype if dtype in FLOATS else tt.float32)
    assert (x * np.float64(2.5)).dtype == (x * 2.5).dtype
    assert tt.result_type(x, 2.5) == (x * 2.5).dtype


def test_result_type_of_two_numbers():
    assert tt.result_type(1, 2) == tt.int64
    assert tt.result_type(1, 2.0) == tt.float32
    assert tt.result_type(True, False) == tt.bool


@pytest.mark.parametrize("dtype", DTYPES)
def test_division_gives_floats(dtype):
    x = ones(dtype, 2)
    assert (x / x).dtype == (dtype if dtype in FLOATS else tt.float32)


class TestDefault:
    @pytest.fixture(autouse=True)
    def put_back(self):
        yield
        tt.set_default_dtype(tt.float32)

    def test_it_is_what_numbers_and_divisions_become(self):
        assert tt.get_default_dtype() == tt.float32
        tt.set_default_dtype(tt.float64)
        assert tensor([1.5]).dtype == tt.float64
        assert (tensor([1]) / 2).dtype == tt.float64
        assert (tensor([1]) * 2.5).dtype == tt.float64
        assert tensor([1]).exp().dtype == tt.float64

    def test_only_floats(self):
        with pytest.raises(TypeError, match="int64"):
            tt.set_default_dtype(tt.int64)


class TestTo:
    @pytest.mark.parametrize(
        ("method", "dtype"),
        [
            ("half", tt.float16),
            ("float", tt.float32),
            ("double", tt.float64),
            ("short", tt.int16),
            ("int", tt.int32),
            ("long", tt.int64),
            ("bool", tt.bool),
        ],
    )
    def test_methods(self, method, dtype):
        x = tensor([0.0, 1.9, -2.5])
        result = getattr(x, method)()
        assert result.dtype == dtype
        assert result.tolist() == np.array([0.0, 1.9, -2.5], np.float32).astype(dtype).tolist()

    def test_by_dtype_tensor_or_python_type(self):
        x = tensor([1.0])
        assert x.to(tt.int8).dtype == tt.int8
        assert x.to(tensor([1])).dtype == tt.int64
        assert x.type_as(tensor([True])).dtype == tt.bool
        assert x.to(float).dtype == tt.float64
        assert x.to(dtype=tt.float64).dtype == tt.float64

    def test_the_same_dtype_is_the_same_tensor(self):
        x = tensor([1.0])
        assert x.to(tt.float32) is x
        assert x.float() is x
        copy = x.to(tt.float32, copy=True)
        copy.zero_()
        assert x.item() == 1

    def test_gradient_passes_between_floats(self):
        x = tensor([1.0, 2.0], requires_grad=True)
        y = x.double()
        assert y.requires_grad
        (y * tensor([3.0, 4.0], dtype=tt.float64)).sum().backward()
        assert x.grad.dtype == tt.float32
        assert x.grad.tolist() == [3, 4]

    def test_integers_have_no_gradient(self):
        assert not tensor([1.0], requires_grad=True).long().requires_grad

    @pytest.mark.parametrize("wrong", [None, "cpu", "complex64", np.complex64, np.uint32, object, 3])
    def test_what_is_no_dtype(self, wrong):
        with pytest.raises(TypeError, match="supported are"):
            tensor([1.0]).to(wrong)


def test_is_tensor_and_is_floating_point():
    assert tt.is_tensor(tensor(1))
    assert not tt.is_tensor(np.ones(1))
    assert tt.is_floating_point(tensor(1.0))
    assert not tensor(1).is_floating_point()
    with pytest.raises(TypeError, match="int"):
        tt.is_floating_point(1)


def test_float32_stays_float32_everywhere():
    x = tensor(np.linspace(0.1, 0.9, 6, dtype=np.float32).reshape(2, 3), requires_grad=True)
    for f in (
        lambda t: t * 0.1 + 1 - 2 / t,
        lambda t: t**2.5,
        lambda t: t.clamp(0.2, 0.8),
        lambda t: tt.where(t > 0.5, t, 1.0),
        lambda t: t.std(1),
        lambda t: t.norm(3, 1),
        lambda t: t.mean() * t.erf(),
        lambda t: t.max(1).values + t.amin(1),
        lambda t: t.prod(1) + t.logsumexp(1),
        lambda t: t.lerp(t * t, 0.3).masked_fill(t > 0.5, 0.0),
    ):
        out = f(x)
        assert out.dtype == tt.float32
        x.grad = None
        out.sum().backward()
        assert x.grad.dtype == tt.float32


def test_half_reductions_do_not_overflow_on_the_way():
    x = tensor(np.full(1000, 100, np.float16))
    assert x.mean().item() == 100
    assert x.mean().dtype == tt.float16
    assert tensor(np.ones(4096, np.float16)).cumsum(0)[-1].item() == 4096
    assert abs(x.std().item()) == 0
    assert x.norm().item() == pytest.approx(3162, rel=1e-3)
    assert Tensor.sum(tensor(np.ones(4096, np.float16))).item() == 4096
