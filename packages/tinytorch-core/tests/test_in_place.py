"""Methods that change a tensor in place: values, history, refusals."""

import math

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.core import Tensor, no_grad, tensor

BINARY = ["add", "sub", "mul", "div", "floor_divide", "remainder", "pow", "true_divide"]
UNARY = [
    *["neg", "abs", "sign", "square", "reciprocal", "sqrt", "rsqrt", "exp", "expm1", "log", "log1p", "log2"],
    *["log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "erf"],
    *["floor", "ceil", "trunc", "round"],
]
NUMBERS = [0.25, 0.5, 0.75]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("record", [False, True])
def test_unary_forms(name, record):
    """The same values and gradients as the ordinary form, in the same memory."""
    x = tensor(NUMBERS, requires_grad=record)
    expected = getattr(x, name)()
    y = x.clone()
    memory = y.detach()
    result = getattr(y, f"{name}_")()
    assert result is y
    np.testing.assert_allclose(memory.numpy(), expected.detach().numpy(), rtol=1e-6)
    if record:
        expected.sum().backward()
        wanted, x.grad = x.grad, None
        y.sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), wanted.numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    "other", [2, 0.5, tensor([0.5, 2.0, 3.0]), tensor(2.0), tensor([2.0], dtype=tt.float64)]
)
@pytest.mark.parametrize("record", [False, True])
def test_binary_forms(name, other, record):
    x = tensor(NUMBERS, requires_grad=record)
    expected = getattr(x, name)(other).float()
    y = x.clone()
    memory = y.detach()
    assert getattr(y, f"{name}_")(other) is y
    assert y.dtype == tt.float32
    np.testing.assert_allclose(memory.numpy(), expected.detach().numpy(), rtol=1e-6)
    if record:
        expected.sum().backward()
        wanted, x.grad = x.grad, None
        y.sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), wanted.numpy(), rtol=1e-6)


def test_operators():
    x = tensor([7.0, 8.0])
    same = x
    x += 1
    x -= tensor([1.0, 2.0])
    x *= 2
    x /= 4
    x **= 2
    x //= 2
    x %= 5
    assert x is same
    assert x.tolist() == [((7 + 1 - 1) * 2 / 4) ** 2 // 2 % 5, ((8 + 1 - 2) * 2 / 4) ** 2 // 2 % 5]
    bits = tensor([1, 6])
    bits &= 3
    bits |= 8
    bits ^= tensor([1, 1])
    assert bits.tolist() == [(1 & 3 | 8) ^ 1, (6 & 3 | 8) ^ 1]


def test_alpha():
    assert tensor([1.0]).add_(tensor([2.0]), alpha=3).item() == 7
    assert tensor([1.0]).sub_(2, alpha=0.25).item() == 0.5
    assert tensor([1]).add_(tensor([2]), alpha=-1).item() == -1


def test_other_forms():
    x = tensor([-2.0, 0.5, 3.0])
    assert x.clone().clamp_(-1, 1).tolist() == [-1, 0.5, 1]
    assert x.clone().masked_fill_(x > 0, 9).tolist() == [-2, 9, 9]
    assert x.clone().lerp_(tensor([0.0, 0.0, 0.0]), 0.5).tolist() == [-1, 0.25, 1.5]
    assert x.clone().relu_().tolist() == [0, 0.5, 3]
    assert x.clone().sigmoid_().tolist() == pytest.approx([1 / (1 + math.exp(-v)) for v in (-2, 0.5, 3)])


class TestFillAndCopy:
    def test_zero_and_fill(self):
        x = tensor([1.0, 2.0])
        assert x.fill_(3).tolist() == [3, 3]
        assert x.fill_(tensor(4)).tolist() == [4, 4]
        assert x.zero_().tolist() == [0, 0]
        assert tensor([1, 2]).fill_(2.9).tolist() == [2, 2]
        assert tensor([True, False]).fill_(5).tolist() == [True, True]

    def test_values_that_do_not_fit(self):
        with pytest.raises(RuntimeError, match=r"300.*uint8"):
            tensor([1], dtype=tt.uint8).fill_(300)
        with pytest.raises(RuntimeError, match="0-d"):
            tensor([1.0]).fill_(tensor([1.0]))

    def test_copy_broadcasts_and_converts(self):
        x = tensor(np.zeros((2, 3), np.float32))
        assert x.copy_(tensor([1, 2, 3])).tolist() == [[1, 2, 3], [1, 2, 3]]
        assert x.dtype == tt.float32
        assert tensor([1, 2]).copy_(tensor([1.7, -1.7])).tolist() == [1, -1]
        with pytest.raises(RuntimeError):
            x.copy_(tensor([1, 2]))
        assert x.copy_(3).tolist() == [[3, 3, 3], [3, 3, 3]]
        with pytest.raises(TypeError, match="src"):
            x.copy_([1, 2, 3])

    def test_old_values_get_no_gradient(self):
        for overwrite in (Tensor.zero_, lambda t: t.fill_(3), lambda t: t.copy_(tensor([1.0, 1.0]))):
            x = tensor([1.0, 2.0], requires_grad=True)
            y = x * 2
            overwrite(y)
            (y * 5).sum().backward()
            assert x.grad.tolist() == [0, 0]

    def test_new_values_get_theirs(self):
        source, value = tensor([1.0, 2.0], requires_grad=True), tensor(3.0, requires_grad=True)
        target = tensor(np.zeros((3, 2), np.float32))
        (target.copy_(source) * 5).sum().backward()
        assert source.grad.tolist() == [15, 15]
        (tensor([0.0, 0.0]).fill_(value) * 5).sum().backward()
        assert value.grad.item() == 10


class TestRefusals:
    def test_leaf_that_requires_grad(self):
        x = tensor([1.0], requires_grad=True)
        for change in (lambda: x.add_(1), x.zero_, x.exp_, lambda: x.copy_(tensor([1.0])), x.relu_):
            with pytest.raises(RuntimeError, match="leaf"):
                change()
        assert x.item() == 1

    def test_shape_would_change(self):
        with pytest.raises(RuntimeError, match=r"\[1\].*\[2\]"):
            tensor([1.0]).add_(tensor([1.0, 2.0]))

    @pytest.mark.parametrize(
        ("do", "message"),
        [
            (lambda: tensor([1]).add_(0.5), "float32.*int64"),
            (lambda: tensor([4]).div_(2), "float32.*int64"),
            (lambda: tensor([4]).exp_(), "float32.*int64"),
            (lambda: tensor([True]).add_(1), "int64.*bool"),
        ],
    )
    def test_kind_of_number_would_change(self, do, message):
        with pytest.raises(RuntimeError, match=message):
            do()

    def test_widths_may_differ(self):
        assert tensor([1.0], dtype=tt.float16).add_(tensor([0.5], dtype=tt.float64)).dtype == tt.float16
        assert tensor([1], dtype=tt.uint8).add_(tensor([2])).tolist() == [3]
        assert tensor([1.0]).add_(tensor([2])).tolist() == [3]
        assert tensor([1]).add_(tensor([True])).tolist() == [2]

    def test_borrowed_memory(self):
        array = np.ones(2, np.float32)
        array.flags.writeable = False
        x = tensor([1.0]).expand(2)
        with pytest.raises(RuntimeError, match="read-only"):
            x.add_(1)
        with pytest.raises(RuntimeError, match="read-only"):
            x.zero_()

    def test_needed_value_was_changed(self):
        x = tensor([1.0, 2.0], requires_grad=True)
        for change in (lambda t: t.add_(1), lambda t: t.zero_(), lambda t: t.exp_()):
            y = x * 1
            loss = (y * y).sum()
            with no_grad():
                change(y)
            with pytest.raises(RuntimeError, match="modified by an inplace"):
                loss.backward()


def test_optimizer_step_under_no_grad():
    x = tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    memory = x.detach()
    with no_grad():
        x.add_(x.grad, alpha=-0.5)
        x -= 1
    assert memory.tolist() == [-1, -1]
    assert x.requires_grad
    assert x.is_leaf


def test_views_write_into_their_base():
    x = tensor(np.zeros((2, 2), np.float32))
    x[0].add_(1)
    x.T[1].mul_(5)
    assert x.tolist() == [[1, 5], [0, 0]]


def test_overlapping_memory():
    x = tensor([1.0, 2.0, 3.0, 4.0])
    x[1:].add_(x[:-1])
    assert x.tolist() == [1, 3, 5, 7]


def test_other_memory_through_data():
    """`p.data = x` shares x's memory, and what an operation had saved stays as it was."""
    p = tensor([1.0, 2.0], requires_grad=True)
    y = (p * p).sum()
    x = tensor([5.0, 6.0])
    p.data = x
    y.backward()
    assert p.grad.tolist() == [2.0, 4.0]
    x[0] = 9.0
    assert p.tolist() == [9.0, 6.0]
    assert p.requires_grad
    assert p.is_leaf
    with pytest.raises(TypeError, match="has to be a tensor"):
        p.data = 3
    with pytest.raises(RuntimeError, match="convert it first"):
        p.data = x.double()
