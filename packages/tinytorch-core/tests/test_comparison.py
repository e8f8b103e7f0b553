"""Comparisons, logic, bits, choice."""

import math
import operator

import numpy as np
import pytest
import tinytorch.core as tt
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from tinytorch.core import tensor

NAN, INF = math.nan, math.inf
COMPARISONS = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
shapes = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3, min_side=0)


@given(shapes, st.sampled_from(sorted(COMPARISONS)), st.integers(0, 2**32 - 1))
def test_comparisons_broadcast_like_numpy(shape, name, seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(0, 3, s) for s in shape.input_shapes)
    expected = COMPARISONS[name](a, b)
    for result in (
        COMPARISONS[name](tensor(a), tensor(b)),
        getattr(tt, name)(tensor(a), tensor(b)),
        getattr(tensor(a), name)(tensor(b)),
    ):
        assert result.dtype == tt.bool
        np.testing.assert_array_equal(result.numpy(), expected)


def test_numbers_on_either_side():
    x = tensor([1, 2, 3])
    assert (x < 2.5).tolist() == [True, True, False]
    assert (x > 2.5).tolist() == [False, False, True]
    assert (x == True).tolist() == [True, False, False]  # noqa: E712
    assert (tensor([NAN]) == NAN).tolist() == [False]


def test_a_tensor_never_equals_what_is_no_number():
    x = tensor([1.0])
    assert (x == None) is False  # noqa: E711
    assert (x == "a") is False
    assert (x != "a") is True
    with pytest.raises(TypeError):
        _ = x < "a"
    with pytest.raises(TypeError, match="str"):
        tt.eq(x, "a")


def test_results_need_no_gradient():
    x = tensor([1.0, 2.0], requires_grad=True)
    for result in (x == x, x < 2, x.isnan(), x.isclose(x), x.logical_not()):
        assert not result.requires_grad


def test_kinds_of_numbers():
    x = tensor([0.0, NAN, INF, -INF])
    assert x.isnan().tolist() == [False, True, False, False]
    assert x.isinf().tolist() == [False, False, True, True]
    assert x.isfinite().tolist() == [True, False, False, False]
    assert tensor([1]).isfinite().tolist() == [True]


def test_logic_takes_any_dtype():
    a, b = tensor([0.0, 1.0, 2.0, 0.0]), tensor([0, 3, 0, 1])
    assert a.logical_and(b).tolist() == [False, True, False, False]
    assert a.logical_or(b).tolist() == [False, True, True, True]
    assert a.logical_xor(b).tolist() == [False, False, True, True]
    assert a.logical_not().tolist() == [True, False, False, True]
    with pytest.raises(TypeError, match="'other' must be a Tensor"):
        tt.logical_and(a, 1)


def test_bits():
    x, y = tensor([1, 6, -1]), tensor([3, 3, 3])
    assert (x & y).tolist() == [1, 2, 3]
    assert (x | 8).tolist() == [9, 14, -1]
    assert (5 ^ x).tolist() == [4, 3, -6]
    assert (~x).tolist() == [-2, -7, 0]
    mask = tensor([True, False])
    assert (~mask).tolist() == [False, True]
    assert (mask & True).tolist() == [True, False]
    assert (mask | tensor([False, False])).dtype == tt.bool
    for f in (lambda t: t & t, lambda t: t | 1, lambda t: 1 ^ t, tt.bitwise_not):
        with pytest.raises(NotImplementedError, match="float32"):
            f(tensor([1.0]))
    with pytest.raises(TypeError, match="integers or bools"):
        ~tensor([1.0])


class TestClose:
    def test_isclose(self):
        x, y = tensor([1.0, 1.0, NAN, INF]), tensor([1.000001, 1.1, NAN, INF])
        assert x.isclose(y).tolist() == [True, False, False, True]
        assert tt.isclose(x, y, rtol=0.2, equal_nan=True).tolist() == [True, True, True, True]

    def test_allclose_and_equal(self):
        x = tensor([1.0, 2.0])
        assert tt.allclose(x, x + 1e-7)
        assert not x.allclose(x + 1)
        assert x.allclose(x + 1, atol=1)
        assert tt.equal(x, tensor([1, 2]))
        assert not x.equal(tensor([1.0]))
        assert x.equal(x.clone())

    def test_errors(self):
        x = tensor([1.0])
        with pytest.raises(RuntimeError, match="float32 and float64"):
            x.isclose(x.double())
        with pytest.raises(RuntimeError, match="-1"):
            x.isclose(x, rtol=-1)
        with pytest.raises(TypeError):
            tt.allclose(x, 1.0)
        with pytest.raises(TypeError, match="float"):
            tt.equal(x, 1.0)


class TestWhere:
    def test_broadcasts_and_promotes(self):
        condition = tensor([[True], [False]])
        result = tt.where(condition, tensor([1, 2]), tensor(0.5))
        assert result.dtype == tt.float32
        assert result.tolist() == [[1, 2], [0.5, 0.5]]

    def test_numbers(self):
        condition = tensor([True, False])
        assert tt.where(condition, 1, 2).dtype == tt.int64
        assert tt.where(condition, 1.0, 2).dtype == tt.float32
        assert tt.where(condition, tensor([1.0], dtype=tt.float16), 2.5).dtype == tt.float16
        assert tensor([1, 2]).where(condition, 0).tolist() == [1, 0]

    def test_gradient_comes_from_the_chosen_side_only(self):
        x = tensor([0.0, 4.0], requires_grad=True)
        out = tt.where(x > 1, x.sqrt(), 0.0)  # the slope of sqrt at 0 is inf
        tt.where(x > 1, out, out.detach()).sum().backward()
        assert x.grad[1].item() == 0.25
        a, b = (tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
        (tt.where(tensor([True, False]), a, b) * tensor([INF, 3.0])).sum().backward()
        assert a.grad.tolist() == [INF, 0]
        assert b.grad.tolist() == [0, 3]

    def test_condition_alone_gives_indices(self):
        rows, columns = tt.where(tensor([[0, 1], [2, 0]]) > 0)
        assert rows.tolist() == [0, 1]
        assert columns.tolist() == [1, 0]

    def test_condition_must_be_bool(self):
        assert tt.where(tensor([2, 0], dtype=tt.uint8), 1, 2).tolist() == [
            1,
            2,
        ]
        with pytest.raises(RuntimeError, match="int64"):
            tt.where(tensor([1, 0]), 1, 2)


class TestMaskedFill:
    def test_values(self):
        x, mask = tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([True, False])
        assert x.masked_fill(mask, -INF).tolist() == [[-INF, 2], [-INF, 4]]
        assert x.masked_fill(mask, tensor(0, dtype=tt.int64)).dtype == tt.float32
        assert tensor([1, 2]).masked_fill(mask, 1.7).tolist() == [1, 2]
        assert tensor([5.0]).masked_fill(mask, 0).tolist() == [0, 5]

    def test_gradients(self):
        x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        value = tensor(9.0, requires_grad=True)
        (x.masked_fill(tensor([True, False]), value) * 2).sum().backward()
        assert x.grad.tolist() == [[0, 2], [0, 2]]
        assert value.grad.item() == 4

    @pytest.mark.parametrize(
        ("mask", "value", "message"),
        [
            ([1, 0], 0, "bool mask.*int64"),
            ([True, False], 300, "300.*uint8"),
            ([True, False], INF, "inf.*uint8"),
        ],
    )
    def test_errors(self, mask, value, message):
        with pytest.raises(RuntimeError, match=message):
            tensor([1, 2], dtype=tt.uint8).masked_fill(tensor(mask), value)

    def test_value_must_be_one_number(self):
        with pytest.raises(RuntimeError, match="0-d"):
            tensor([1, 2]).masked_fill(tensor([True, False]), tensor([1]))
