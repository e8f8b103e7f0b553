"""Convolution is what its definition says, however it is computed, and refuses what makes no sense."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tinytorch.core as tt
from hypothesis import given, settings, strategies as st
from tinytorch.vision import Conv1d, Conv2d, ConvTranspose2d, conv2d_naive, functional as F
from tinytorch.vision.m09_spatial import correlation, lines, products, winograd

RNG = np.random.default_rng(0)


def normal(*shape, dtype=np.float64, requires_grad=False):
    return tt.from_numpy(RNG.standard_normal(shape).astype(dtype)).requires_grad_(requires_grad)


@st.composite
def convolutions(draw):
    """Draw arguments of a convolution that fit each other."""
    number = lambda low, high: draw(st.integers(low, high))  # noqa: E731
    groups = number(1, 3)
    channels, kernels = number(1, 3) * groups, number(1, 3) * groups
    kernel = number(1, 4), number(1, 3)
    dilation, padding = (number(1, 3), number(1, 2)), (number(0, 4), number(0, 3))
    size = tuple(max(1, d * (k - 1) + 1 - 2 * p) + number(0, 6) for d, k, p in zip(dilation, kernel, padding))
    x = normal(number(0, 3), channels, *size)
    w = normal(kernels, channels // groups, *kernel)
    b = draw(st.sampled_from([None, normal(kernels)]))
    return x, w, b, (number(1, 3), number(1, 2)), padding, dilation, groups


@given(convolutions())
@settings(deadline=None, max_examples=300)
def test_the_fast_one_is_the_definition(arguments):
    np.testing.assert_allclose(F.conv2d(*arguments).numpy(), conv2d_naive(*arguments).numpy(), atol=1e-12)


@given(
    convolutions(),
    st.sampled_from([64, 2**10, 2**20]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([8, 2**17]),
)
@settings(deadline=None, max_examples=200)
def test_it_is_the_same_in_pieces_and_with_other_algorithms(arguments, block, pairs, small, many):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK", block)
        patch.setattr(winograd, "BLOCK", block)
        patch.setattr(winograd, "WORTH", 0 if pairs else 10**6)
        patch.setattr(winograd, "FEWEST", 0)
        patch.setattr(correlation, "MANY_WEIGHTS", many)
        patch.setattr(products, "PIECE", 600)
        patch.setattr(products, "small_is_fast", lambda: small)
        x, w, b, *rest = arguments
        x, w = x.detach().requires_grad_(), w.detach().requires_grad_()
        out = F.conv2d(x, w, b, *rest)
        np.testing.assert_allclose(out.detach().numpy(), conv2d_naive(*arguments).numpy(), atol=1e-11)
        g = normal(*out.shape)
        out.backward(g)
        # The gradients by linearity: <g, conv(x, v)> = <grad, v> for every v.
        v, u = normal(*w.shape), normal(*x.shape)
        for there, grad, way in (
            (conv2d_naive(x.detach(), v, None, *rest), w.grad, v),
            (conv2d_naive(u, w.detach(), None, *rest), x.grad, u),
        ):
            assert math.isclose((g * there).sum().item(), (grad * way).sum().item(), abs_tol=1e-8)


@pytest.mark.parametrize("threads", ["1", "2", "3"])
def test_threads_change_nothing(monkeypatch, threads):
    x, w, g = normal(48, 16, 20, 20, dtype=np.float32), normal(16, 16, 3, 3, dtype=np.float32), None
    results = []
    for count in ("1", threads):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        monkeypatch.setattr(lines, "BLOCK", 2**16)
        monkeypatch.setattr(winograd, "BLOCK", 2**16)
        a, b = x.detach().requires_grad_(), w.detach().requires_grad_()
        out = F.conv2d(a, b, padding=1)
        g = normal(*out.shape, dtype=np.float32) if g is None else g
        out.backward(g)
        results.append([out.detach().numpy(), a.grad.numpy(), b.grad.numpy()])
    for one, other in zip(*results):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-3)
    again = w.detach().requires_grad_()
    F.conv2d(x, again, padding=1).backward(g)
    assert np.array_equal(again.grad.numpy(), results[1][2]), "the order of threads mustn't matter"


@pytest.mark.parametrize("channels", [1, 3, 16, 40])
def test_float32_keeps_its_digits(channels):
    x, w = normal(4, channels, 16, 16), normal(24, channels, 3, 3)
    exact = F.conv2d(x, w, padding=1).numpy()
    out = F.conv2d(x.float(), w.float(), padding=1)
    assert out.dtype == tt.float32
    assert np.abs(out.numpy() - exact).max() < 1e-5 * np.abs(exact).max()
    half = F.conv2d(x.half(), w.half(), padding=1)
    assert half.dtype == tt.float16
    assert np.abs(half.float().numpy() - exact).max() < 5e-3 * np.abs(exact).max()


def test_inputs_of_any_layout_and_without_batch():
    x, w = normal(3, 4, 6, 7), normal(2, 4, 3, 3)
    expected = conv2d_naive(x, w).numpy()
    for y in (x.permute(1, 2, 3, 0).contiguous().permute(3, 0, 1, 2), tt.stack([x, x], -1)[..., 0]):
        assert not y.is_contiguous()
        np.testing.assert_allclose(F.conv2d(y, w).numpy(), expected, atol=1e-12)
    np.testing.assert_allclose(F.conv2d(x[1], w).numpy(), expected[1], atol=1e-12)
    assert F.conv2d(x, w).is_contiguous()
    assert F.conv2d(x, w).view(3, -1).shape == (3, 40)


def test_integers_stay_integers():
    x, w = tt.arange(32).view(1, 2, 4, 4), tt.ones(1, 2, 2, 2, dtype=tt.int64)
    out = F.conv2d(x, w)
    assert out.dtype == tt.int64
    assert out[0, 0, 0].tolist() == [
        2 * (0 + 1 + 4 + 5) + 64,
        2 * (1 + 2 + 5 + 6) + 64,
        2 * (2 + 3 + 6 + 7) + 64,
    ]


def test_integers_with_many_channels():
    x, w = tt.randint(-9, 9, (4, 16, 18, 18)), tt.randint(-9, 9, (16, 16, 3, 3))
    out = F.conv2d(x, w)
    assert out.dtype == tt.int64
    assert out.tolist() == F.conv2d(x.double(), w.double()).round().to(tt.int64).tolist()


def test_transposed_is_the_adjoint():
    w = normal(3, 2, 3, 2)
    x, y = normal(2, 2, 7, 9), None
    for stride, padding in ((1, 0), (2, 1), ((3, 2), (1, 0))):
        out = F.conv2d(x, w, None, stride, padding)
        y = normal(*out.shape)
        back = ConvTranspose2d(3, 2, (3, 2), stride, padding, bias=False, dtype=tt.float64)
        with tt.no_grad():
            back.weight.copy_(w)
        there = back(y, output_size=x.shape)
        assert there.shape == x.shape
        assert math.isclose((out * y).sum().item(), (x * there).sum().item(), abs_tol=1e-10)


def test_modules_have_pytorchs_start_names_and_repr():
    tt.manual_seed(0)
    layer = Conv2d(8, 6, (3, 5), padding="same", groups=2)
    assert list(layer.state_dict()) == ["weight", "bias"]
    assert layer.weight.shape == (6, 4, 3, 5)
    bound = 1 / math.sqrt(4 * 3 * 5)
    for parameter in layer.parameters():
        assert parameter.abs().max().item() <= bound
    assert layer.weight.abs().max().item() > 0.95 * bound
    assert repr(layer) == "Conv2d(8, 6, kernel_size=(3, 5), stride=(1, 1), padding=same, groups=2)"
    assert repr(Conv1d(4, 4, 3, 2, 1, 2, bias=False, padding_mode="circular")) == (
        "Conv1d(4, 4, kernel_size=(3,), stride=(2,), padding=(1,), dilation=(2,), bias=False, "
        "padding_mode=circular)"
    )
    assert ConvTranspose2d(8, 6, 3, groups=2).weight.shape == (8, 3, 3, 3)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_other_paddings(mode):
    layer = Conv2d(1, 1, 3, padding=(1, 2), padding_mode=mode, bias=False, dtype=tt.float64)
    x = normal(2, 1, 5, 6)
    numpys = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
    around = tt.from_numpy(np.pad(x.numpy(), ((0, 0), (0, 0), (1, 1), (2, 2)), mode=numpys))
    expected = conv2d_naive(around, layer.weight.detach())
    np.testing.assert_allclose(layer(x).detach().numpy(), expected.numpy(), atol=1e-12)


X, W = normal(2, 4, 5, 5), normal(6, 4, 3, 3)


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: F.conv2d(X, W[:, :3]), RuntimeError, "to have 3 channels, but got 4 channels"),
        (lambda: F.conv2d(X, normal(6, 4, 7, 3)), RuntimeError, "Kernel size can't be greater than actual"),
        (lambda: F.conv2d(X, W[:5, :2], groups=2), RuntimeError, "divisible by 2 at dimension 0"),
        (lambda: F.conv2d(X, W, groups=0), RuntimeError, "non-positive groups"),
        (lambda: F.conv2d(X, W, padding="same", stride=2), RuntimeError, "not supported for strided"),
        (lambda: F.conv2d(X, W, padding="full"), RuntimeError, "Invalid padding string"),
        (lambda: F.conv2d(X, W, padding=-1), RuntimeError, "negative padding"),
        (lambda: F.conv2d(X, W, stride=0), RuntimeError, "non-positive stride"),
        (lambda: F.conv2d(X, W, dilation=0), RuntimeError, "non-positive dilation"),
        (lambda: F.conv2d(X, W, stride=(1, 2, 3)), RuntimeError, "a list of 2 values"),
        (lambda: F.conv2d(X, W, stride=1.5), TypeError, "'stride' must be an int"),
        (lambda: F.conv2d(X[0, 0], W), RuntimeError, "Expected 3D"),
        (lambda: F.conv2d(X, W[0]), RuntimeError, "4 dimensions"),
        (lambda: F.conv2d(X, W, normal(5)), RuntimeError, "1-dimensional with 6 elements"),
        (lambda: F.conv2d(X.float(), W), RuntimeError, "float32 of the input but found float64"),
        (lambda: F.conv2d(X, W, normal(6).float()), RuntimeError, "should be the same"),
        (lambda: F.conv2d(X > 0, W > 0), NotImplementedError, "bool"),
        (lambda: F.conv2d(X[:, :, :0], W), RuntimeError, "Only zero batch"),
        (lambda: F.conv1d(X, W[0]), RuntimeError, "Expected 2D"),
        (lambda: F.conv_transpose2d(X, W), RuntimeError, "to have 6 channels"),
        (lambda: F.conv_transpose2d(X, W[:4], output_padding=1), RuntimeError, "must be smaller"),
        (lambda: F.conv_transpose2d(X, W[:4], padding=9), RuntimeError, "cuts everything off"),
        (lambda: Conv2d(3, 4, 3, groups=2), ValueError, "in_channels must be divisible"),
        (lambda: Conv2d(4, 3, 3, groups=2), ValueError, "out_channels must be divisible"),
        (lambda: Conv2d(4, 3, 3, groups=0), ValueError, "groups must be a positive"),
        (lambda: Conv2d(4, 3, 3, padding="full"), ValueError, "Invalid padding string"),
        (lambda: Conv2d(4, 3, 3, 2, padding="same"), ValueError, "not supported for strided"),
        (lambda: Conv2d(4, 3, 3, padding_mode="mirror"), ValueError, "padding_mode must be one of"),
        (lambda: ConvTranspose2d(4, 3, 3, padding_mode="reflect"), ValueError, 'Only "zeros"'),
        (lambda: ConvTranspose2d(4, 3, 3)(X.float(), [9, 9]), ValueError, "valid sizes range from"),
    ],
)
def test_what_makes_no_sense_is_refused(call, kind, says):
    with pytest.raises(kind, match=says) as caught:
        call()
    assert type(caught.value) is kind
