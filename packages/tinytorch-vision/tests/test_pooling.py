"""Pooling and windows: what each window gives, where gradients go, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tinytorch.core as tt
from hypothesis import given, settings, strategies as st
from tinytorch.vision import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool1d,
    AvgPool2d,
    Fold,
    MaxPool1d,
    MaxPool2d,
    Unfold,
    functional as F,
)
from tinytorch.vision.m09_spatial import pooling_windows

RNG = np.random.default_rng(0)
NAN = math.nan


def naive_pool(x, kernel, stride, padding, dilation, ceil, choose):
    """Pool one channel (H, W) by the definition; `choose` gets the values under a window, nan for padding."""
    sizes = []
    for n, k, s, p, d in zip(x.shape, kernel, stride, padding, dilation):
        room = n + 2 * p - d * (k - 1) - 1
        count = room // s + 1
        if ceil and room % s and (room // s + 1) * s < n + p:
            count += 1
        sizes.append(count)
    out = np.zeros(sizes)
    for i, j in np.ndindex(*sizes):
        values = []
        for a, b in np.ndindex(*kernel):
            y = i * stride[0] - padding[0] + a * dilation[0]
            z = j * stride[1] - padding[1] + b * dilation[1]
            if 0 <= y < x.shape[0] and 0 <= z < x.shape[1]:
                values.append(x[y, z])
        out[i, j] = choose(values)
    return out


@st.composite
def pools(draw):
    number = lambda low, high: draw(st.integers(low, high))  # noqa: E731
    kernel, stride = (number(1, 3), number(1, 3)), (number(1, 4), number(1, 4))
    padding = number(0, kernel[0] // 2), number(0, kernel[1] // 2)
    return (number(3, 9), number(3, 9)), kernel, stride, padding, draw(st.booleans())


@given(pools(), st.sampled_from([4, 2**18]))
@settings(deadline=None, max_examples=200)
def test_maxima_and_means_are_those_of_the_definition(arguments, chunk):
    size, kernel, stride, padding, ceil = arguments
    x = RNG.integers(-4, 4, (2, 3, *size)).astype(float)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling_windows, "CHUNK", chunk)
        largest, places = F.max_pool2d(tt.tensor(x), kernel, stride, padding, 1, ceil, True)
        means = F.avg_pool2d(tt.tensor(x), kernel, stride, padding, ceil, count_include_pad=False)
        expected = np.stack(
            [[naive_pool(c, kernel, stride, padding, (1, 1), ceil, max) for c in image] for image in x]
        )
        assert np.array_equal(largest.numpy(), expected)
        flat = x.reshape(2, 3, -1)
        found = np.take_along_axis(flat, places.numpy().reshape(2, 3, -1), -1)
        assert np.array_equal(found.reshape(expected.shape), expected)
        averages = np.stack(
            [[naive_pool(c, kernel, stride, padding, (1, 1), ceil, np.mean) for c in image] for image in x]
        )
        np.testing.assert_allclose(means.numpy(), averages, atol=1e-12)
        # The gradient of a window goes to one place: the one that the indices name.
        leaf = tt.tensor(x, requires_grad=True)
        F.max_pool2d(leaf, kernel, stride, padding, 1, ceil).sum().backward()
        counted = np.zeros_like(flat)
        for i, j in np.ndindex(2, 3):
            np.add.at(counted[i, j], places.numpy()[i, j].reshape(-1), 1)
        assert np.array_equal(leaf.grad.numpy(), counted.reshape(x.shape))


def test_of_several_largest_the_first_gets_the_gradient():
    x = tt.zeros(1, 1, 4, 4, requires_grad=True)
    F.max_pool2d(x, 2).sum().backward()
    assert x.grad[0, 0].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    x = tt.zeros(1, 1, 3, 3, requires_grad=True)
    F.max_pool2d(x, 2, 1, 1).sum().backward()  # windows overlap, and begin outside
    assert x.grad[0, 0].tolist() == [[4, 2, 2], [2, 1, 1], [2, 1, 1]]


def test_nan_wins_and_gets_the_gradient():
    x = tt.tensor([[[1.0, NAN, 3.0, NAN, 2.0, 9.0]]], requires_grad=True)
    out = F.max_pool1d(x, 3)
    assert np.isnan(out.detach().numpy()).tolist() == [[[True, True]]]
    out.backward(tt.tensor([[[5.0, 7.0]]]))
    assert x.grad.tolist() == [[[0.0, 5.0, 0.0, 7.0, 0.0, 0.0]]]
    values, places = F.adaptive_max_pool2d(x.detach()[None], (1, 2), return_indices=True)
    assert np.isnan(values.numpy()).all()
    assert places.tolist() == [[[[1, 3]]]]


def test_infinite_gradients_go_to_their_place_alone():
    x = tt.tensor([[[[1.0, 2.0], [0.0, 1.0]]]], requires_grad=True)
    F.max_pool2d(x, 2).backward(tt.full((1, 1, 1, 1), math.inf))
    assert x.grad.tolist() == [[[[0.0, math.inf], [0.0, 0.0]]]]


def test_padding_in_a_mean():
    x = tt.ones(1, 1, 2, 2)
    assert F.avg_pool2d(x, 2, padding=1).tolist() == [[[[0.25, 0.25], [0.25, 0.25]]]]
    assert F.avg_pool2d(x, 2, padding=1, count_include_pad=False).tolist() == [[[[1.0, 1.0], [1.0, 1.0]]]]
    assert F.avg_pool2d(x, 2, divisor_override=8).tolist() == [[[[0.5]]]]
    assert F.avg_pool1d(tt.arange(5.0).view(1, 5), 2, ceil_mode=True).tolist() == [[0.5, 2.5, 4.0]]


def test_adaptive_windows():
    x = tt.arange(20.0).view(1, 1, 4, 5)
    expected = [[x.numpy()[0, 0, :2, :3].mean(), x.numpy()[0, 0, :2, 2:].mean()]]
    assert F.adaptive_avg_pool2d(x, (2, 2))[0, 0, :1].tolist() == expected
    assert F.adaptive_avg_pool2d(x, (None, 1)).shape == (1, 1, 4, 1)
    values, places = AdaptiveMaxPool2d(2, return_indices=True)(x)
    assert values.tolist() == places.tolist() == [[[[7, 9], [17, 19]]]]
    inf = tt.tensor([[[1.0, math.inf], [1.0, 1.0]]])
    assert F.adaptive_avg_pool2d(inf, (2, 1)).tolist() == [[[math.inf], [1.0]]]


def test_unfolding_makes_a_convolution_a_product():
    x, w = (tt.from_numpy(RNG.standard_normal(s)) for s in ((2, 3, 6, 7), (4, 3, 3, 2)))
    columns = F.unfold(x, (3, 2), padding=1, stride=2)
    product = (w.view(4, -1) @ columns).view(2, 4, 3, 4)
    np.testing.assert_allclose(product.numpy(), F.conv2d(x, w, padding=1, stride=2).numpy(), atol=1e-12)
    counts = F.fold(F.unfold(tt.ones(1, 1, 3, 3), 2), 3, 2)
    assert counts.tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]


def test_modules_show_their_arguments_and_compute():
    x = tt.from_numpy(RNG.standard_normal((2, 3, 8, 8)))
    line = x[:, :, 0]
    for module, input, function, shown in (
        (
            MaxPool2d(2),
            x,
            lambda: F.max_pool2d(x, 2),
            "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)",
        ),
        (
            MaxPool1d(3, 2, 1),
            line,
            lambda: F.max_pool1d(line, 3, 2, 1),
            "MaxPool1d(kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=False)",
        ),
        (
            AvgPool2d((2, 4)),
            x,
            lambda: F.avg_pool2d(x, (2, 4)),
            "AvgPool2d(kernel_size=(2, 4), stride=(2, 4), padding=0)",
        ),
        (
            AvgPool1d(2),
            line,
            lambda: F.avg_pool1d(line, 2),
            "AvgPool1d(kernel_size=(2,), stride=(2,), padding=(0,))",
        ),
        (
            AdaptiveAvgPool2d((None, 3)),
            x,
            lambda: F.adaptive_avg_pool2d(x, (8, 3)),
            "AdaptiveAvgPool2d(output_size=(None, 3))",
        ),
        (AdaptiveMaxPool2d(3), x, lambda: F.adaptive_max_pool2d(x, 3), "AdaptiveMaxPool2d(output_size=3)"),
        (
            Unfold(3, stride=2),
            x,
            lambda: F.unfold(x, 3, stride=2),
            "Unfold(kernel_size=3, dilation=1, padding=0, stride=2)",
        ),
        (
            Fold((2, 2), 1),
            x.view(2, 48, 4),
            lambda: F.fold(x.view(2, 48, 4), (2, 2), 1),
            "Fold(output_size=(2, 2), kernel_size=1, dilation=1, padding=0, stride=1)",
        ),
    ):
        assert module(input).tolist() == function().tolist()
        assert repr(module) == shown
        assert not list(module.parameters())


X = tt.from_numpy(RNG.standard_normal((2, 3, 5, 5)))


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: F.max_pool2d(X, 6), RuntimeError, "Output size is too small"),
        (lambda: F.max_pool2d(X, 2, padding=2), RuntimeError, "at most half of effective kernel size"),
        (lambda: F.max_pool2d(X, 2, padding=-1), RuntimeError, "pad must be non-negative"),
        (lambda: F.max_pool2d(X, 0), RuntimeError, "kernel size should be greater than zero"),
        (lambda: F.max_pool2d(X, 2, stride=0), RuntimeError, "stride should be greater"),
        (lambda: F.max_pool2d(X, 2, dilation=0), RuntimeError, "dilation should be greater"),
        (lambda: F.max_pool2d(X[0, 0], 2), RuntimeError, "Expected 3D or 4D"),
        (lambda: F.max_pool2d(X[:, :, :0], 2), RuntimeError, "zero|optional 0 dim batch size"),
        (lambda: F.max_pool2d(X, (2, 2, 2)), RuntimeError, "a list of 2 values"),
        (lambda: F.max_pool2d(X, 2.5), TypeError, "kernel_size"),
        (lambda: F.max_pool2d(X > 0, 2), NotImplementedError, "bool"),
        (lambda: F.max_pool1d(X[0].to(tt.int64), 2), NotImplementedError, "int64"),
        (lambda: F.max_pool1d(X, 2), RuntimeError, "Expected 2D or 3D"),
        (lambda: F.avg_pool2d(X, 2, divisor_override=0), RuntimeError, "divisor must be not zero"),
        (lambda: F.avg_pool2d(X, 2, padding=2), RuntimeError, "at most half"),
        (lambda: F.avg_pool2d(X[0, 0], 2), IndexError, "3 or 4 dimensions"),
        (lambda: F.avg_pool2d(X > 0, 2), NotImplementedError, "bool"),
        (lambda: F.adaptive_avg_pool2d(X, -1), RuntimeError, "greater than or equal to 0"),
        (lambda: F.adaptive_avg_pool2d(X, (1, 2, 3)), RuntimeError, "must be 2"),
        (lambda: F.adaptive_avg_pool2d(X.to(tt.int64), 2), NotImplementedError, "int64"),
        (lambda: F.adaptive_max_pool2d(X[0, 0], 2), RuntimeError, "Expected 3D or 4D"),
        (lambda: F.adaptive_max_pool2d(X[:, :, :0], 2), RuntimeError, "non-zero size"),
        (lambda: F.unfold(X, 6), RuntimeError, "must be at least one"),
        (lambda: F.unfold(X, 2, stride=0), RuntimeError, "stride should be greater"),
        (lambda: F.unfold(X, 2, padding=-1), RuntimeError, "non-negative"),
        (lambda: F.unfold(X.to(tt.int64), 2), NotImplementedError, "int64"),
        (lambda: F.fold(X[0], 5, 2), RuntimeError, "divisible by the product"),
        (lambda: F.fold(tt.ones(1, 4, 15), 5, 2), RuntimeError, "number of sliding blocks 4 \\* 4 = 16"),
    ],
)
def test_what_makes_no_sense_is_refused(call, kind, says):
    with pytest.raises(kind, match=says) as caught:
        call()
    assert type(caught.value) is kind
