"""What a tensor prints as. The layouts are PyTorch's, with the short names of dtypes."""

import math

import pytest
from tinytorch.core import (
    arange,
    bool as bool_,
    float16,
    float32,
    float64,
    int32,
    int64,
    set_default_dtype,
    set_printoptions,
    tensor,
    zeros,
)

NAN, INF = math.nan, math.inf


@pytest.fixture(autouse=True)
def _default_options():
    yield
    set_printoptions(profile="default")


CASES = {
    "floats": (tensor([[1.0, 2.0], [3.0, 4.0]]), "tensor([[1., 2.],\n        [3., 4.]])"),
    "fractions": (tensor([-1.5, 22.25]), "tensor([-1.5000, 22.2500])"),
    "0-d": (tensor(3.14159), "tensor(3.1416)"),
    "0-d int": (tensor(5), "tensor(5)"),
    "0-d bool": (tensor(True), "tensor(True)"),
    "ints": (tensor([-1, 100]), "tensor([ -1, 100])"),
    "bools": (tensor([True, False]), "tensor([ True, False])"),
    "nan and inf": (tensor([0.5, NAN, -INF]), "tensor([0.5000,    nan,   -inf])"),
    "whole with inf": (tensor([1.0, NAN, INF]), "tensor([1., nan, inf])"),
    "only nan": (tensor([NAN]), "tensor([nan])"),
    "minus zero": (tensor([-0.0, 1.0]), "tensor([-0., 1.])"),
    "zeros": (zeros(2), "tensor([0., 0.])"),
    "small": (tensor([1e-5, 1.0]), "tensor([1.0000e-05, 1.0000e+00])"),
    "large": (tensor([1e10]), "tensor([1.0000e+10])"),
    "range": (tensor([1001.0, 1.0]), "tensor([1.0010e+03, 1.0000e+00])"),
    "not yet scientific": (tensor([1000.0, 1.0]), "tensor([1000.,    1.])"),
    "scientific nan": (tensor([1e-5, NAN]), "tensor([1.0000e-05,        nan])"),
    "float64": (zeros(2, dtype=float64), "tensor([0., 0.], dtype=float64)"),
    "float16": (tensor([65504.0], dtype=float16), "tensor([65504.], dtype=float16)"),
    "int32": (zeros(2, dtype=int32), "tensor([0, 0], dtype=int32)"),
    "empty": (zeros(0), "tensor([])"),
    "empty shape": (zeros(0, 3), "tensor([], size=(0, 3))"),
    "empty int": (zeros(0, dtype=int64), "tensor([], dtype=int64)"),
    "empty bool": (zeros(2, 0, dtype=bool_), "tensor([], size=(2, 0), dtype=bool)"),
    "leaf": (zeros(2, requires_grad=True), "tensor([0., 0.], requires_grad=True)"),
    "result": (zeros(2, requires_grad=True) * 2, "tensor([0., 0.], grad_fn=<MulBackward>)"),
    "view": (zeros(2, 2, requires_grad=True).view(4)[:2], "tensor([0., 0.], grad_fn=<SelectBackward>)"),
    "two suffixes": (
        zeros(1, dtype=float64, requires_grad=True) * 2,
        "tensor([0.], dtype=float64, grad_fn=<MulBackward>)",
    ),
    "line break": (
        arange(30),
        "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
        "        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29])",
    ),
    "suffix on a new line": (
        (arange(9.0) / 7).double().requires_grad_(),
        "tensor([0.0000, 0.1429, 0.2857, 0.4286, 0.5714, 0.7143, 0.8571, 1.0000, 1.1429],\n"
        "       dtype=float64, requires_grad=True)",
    ),
    "three dimensions": (
        arange(8).reshape(2, 2, 2),
        "tensor([[[0, 1],\n         [2, 3]],\n\n        [[4, 5],\n         [6, 7]]])",
    ),
    "summary": (arange(1001), "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
    "summary of rows": (
        zeros(600, 2),
        "tensor([[0., 0.],\n        [0., 0.],\n        [0., 0.],\n        ...,\n        [0., 0.],\n"
        "        [0., 0.],\n        [0., 0.]])",
    ),
    "summary with line break": (
        arange(2000.0).reshape(2, 1000),
        "tensor([[0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 9.9700e+02, 9.9800e+02,\n"
        "         9.9900e+02],\n"
        "        [1.0000e+03, 1.0010e+03, 1.0020e+03,  ..., 1.9970e+03, 1.9980e+03,\n"
        "         1.9990e+03]])",
    ),
}


@pytest.mark.parametrize(("x", "text"), CASES.values(), ids=CASES)
def test_repr(x, text):
    assert repr(x) == text
    assert str(x) == text


def test_four_dimensions():
    text = repr(arange(8).reshape(2, 1, 2, 2))
    assert text == "tensor([[[[0, 1],\n          [2, 3]]],\n\n\n        [[[4, 5],\n          [6, 7]]]])"


def test_format():
    assert f"{tensor(3.14159):.2f}" == "3.14"
    assert f"{tensor([1, 2])}" == "tensor([1, 2])"
    with pytest.raises(TypeError, match="format"):
        f"{tensor([1, 2]):.2f}"


def test_printoptions():
    x = arange(12.0) / 7
    set_printoptions(precision=2)
    assert repr(x[:3]) == "tensor([0.00, 0.14, 0.29])"
    set_printoptions(sci_mode=True)
    assert repr(x[:2]) == "tensor([0.00e+00, 1.43e-01])"
    set_printoptions(sci_mode=False)
    assert repr(tensor([1e-8, 1e8])) == "tensor([        0.00, 100000000.00])"
    set_printoptions(threshold=5)
    assert repr(x) == "tensor([0.00, 0.14, 0.29,  ..., 1.29, 1.43, 1.57])"
    set_printoptions(edgeitems=1)
    assert repr(x) == "tensor([0.00,  ..., 1.57])"
    set_printoptions(profile="full", linewidth=40)
    assert repr(x[:6]) == "tensor([0.0000, 0.1429, 0.2857, 0.4286,\n        0.5714, 0.7143])"
    assert "..." not in repr(zeros(2000))
    set_printoptions(profile="short")
    assert repr(arange(1001)) == "tensor([   0,    1,  ...,  999, 1000])"
    with pytest.raises(ValueError, match="profile must be one of default, short, full"):
        set_printoptions(profile="long")


def test_the_default_dtype_is_not_named():
    set_default_dtype(float64)
    try:
        assert repr(tensor([1.5])) == "tensor([1.5000])"
        assert repr(tensor([1.5], dtype=float32)) == "tensor([1.5000], dtype=float32)"
    finally:
        set_default_dtype(float32)
