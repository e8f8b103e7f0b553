"""Quantized tensors, observers and layers beside PyTorch's (torch.ao.quantization)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import tinytorch.core as tt
import tinytorch.systems as ts
import torch
from torch.ao import quantization as theirs

rng = np.random.default_rng(0)
DTYPES = [("qint8", torch.qint8), ("quint8", torch.quint8), ("quint4x2", torch.quint4x2)]
TENSOR = {"per_tensor_affine": torch.per_tensor_affine, "per_tensor_symmetric": torch.per_tensor_symmetric}
CHANNEL = {"per_channel_affine": torch.per_channel_affine, "per_channel_symmetric": torch.per_channel_symmetric}


def numbers(*shape: int) -> np.ndarray:
    """Return numbers that no step of the tests below divides just in the middle."""
    return (rng.standard_normal(shape) * 3).astype(np.float32)


@pytest.fixture(autouse=True)
def _old_but_not_gone() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch says that all of it will move to another package
        yield


@pytest.mark.parametrize(("name", "dtype"), DTYPES)
@pytest.mark.parametrize(("scale", "zero"), [(0.1, 0), (0.037, 7), (2.5, 3)])
def test_per_tensor(name: str, dtype: torch.dtype, scale: float, zero: int) -> None:
    x = numbers(6, 8)
    mine = ts.quantize_per_tensor(tt.from_numpy(x), scale, zero, getattr(ts, name))
    other = torch.quantize_per_tensor(torch.from_numpy(x), scale, zero, dtype)
    packed = name == "quint4x2"  # whose int_repr gives the packed bytes
    np.testing.assert_allclose(mine.dequantize().numpy(), other.dequantize().numpy(), rtol=1e-6)
    if packed:
        assert mine.data.tobytes() == other.int_repr().numpy().tobytes()[: mine.data.nbytes]
    else:
        assert np.array_equal(mine.int_repr().numpy(), other.int_repr().numpy())
        assert mine.int_repr().numpy().dtype == other.int_repr().numpy().dtype
    assert mine.q_scale() == pytest.approx(other.q_scale())
    assert mine.q_zero_point() == other.q_zero_point()


@pytest.mark.parametrize(("name", "dtype"), DTYPES[:2])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_per_channel(name: str, dtype: torch.dtype, axis: int) -> None:
    x = numbers(3, 4, 5)
    scales, zeros = rng.uniform(0.01, 0.3, x.shape[axis]), rng.integers(0, 100, x.shape[axis])
    mine = ts.quantize_per_channel(tt.from_numpy(x), scales, zeros, axis, getattr(ts, name))
    other = torch.quantize_per_channel(torch.from_numpy(x), torch.from_numpy(scales), torch.from_numpy(zeros), axis, dtype)
    assert np.array_equal(mine.int_repr().numpy(), other.int_repr().numpy())
    np.testing.assert_allclose(mine.dequantize().numpy(), other.dequantize().numpy(), rtol=1e-6)
    np.testing.assert_allclose(mine.q_per_channel_scales().numpy(), other.q_per_channel_scales().numpy(), rtol=1e-6)
    assert np.array_equal(mine.q_per_channel_zero_points().numpy(), other.q_per_channel_zero_points().numpy())
    assert mine.q_per_channel_axis() == other.q_per_channel_axis()


def same_steps(mine: Any, other: Any) -> None:
    """Compare scale and zero-point; ours is rounded up to 16 bits."""
    (scale, zero), (their_scale, their_zero) = mine, other
    assert scale.shape == tuple(their_scale.shape)
    ratio = scale.numpy() / their_scale.numpy()
    assert ((ratio > 1 - 1e-6) & (ratio < 1 + 3.1e-5)).all(), ratio
    assert np.array_equal(zero.numpy(), their_zero.numpy())


RANGES = {
    "both signs": lambda: numbers(40),
    "positive": lambda: np.abs(numbers(40)) + 1,
    "negative": lambda: -np.abs(numbers(40)),
    "zeros": lambda: np.zeros(4, np.float32),
    "tiny": lambda: numbers(4) * np.float32(1e-30),
}


@pytest.mark.parametrize("values", RANGES)
@pytest.mark.parametrize("scheme", TENSOR)
@pytest.mark.parametrize(("name", "dtype"), DTYPES[:2])
@pytest.mark.parametrize("kind", ["MinMaxObserver", "MovingAverageMinMaxObserver"])
def test_observers(values: str, scheme: str, name: str, dtype: torch.dtype, kind: str) -> None:
    mine = getattr(ts, kind)(dtype=getattr(ts, name), qscheme=scheme)
    other = getattr(theirs, kind)(dtype=dtype, qscheme=TENSOR[scheme])
    for _ in range(3):
        x = RANGES[values]()
        assert mine(tt.from_numpy(x)).numpy() is not None
        other(torch.from_numpy(x))
    same_steps(mine.calculate_qparams(), other.calculate_qparams())
    assert mine.min_val.item() == pytest.approx(other.min_val.item(), rel=1e-5)
    assert mine.max_val.item() == pytest.approx(other.max_val.item(), rel=1e-5)


@pytest.mark.parametrize("scheme", CHANNEL)
@pytest.mark.parametrize("axis", [0, 1])
def test_per_channel_observer(scheme: str, axis: int) -> None:
    mine = ts.PerChannelMinMaxObserver(axis, dtype=ts.qint8, qscheme=scheme)
    other = theirs.PerChannelMinMaxObserver(axis, dtype=torch.qint8, qscheme=CHANNEL[scheme])
    for _ in range(2):
        x = numbers(3, 5)
        mine(tt.from_numpy(x))
        other(torch.from_numpy(x))
    same_steps(mine.calculate_qparams(), other.calculate_qparams())


def test_fewer_numbers_and_another_eps() -> None:
    options: dict[str, Any] = {"quant_min": 0, "quant_max": 127, "eps": 0.5}
    mine, other = ts.MinMaxObserver(**options), theirs.MinMaxObserver(**options)
    for scale in (1, 100):
        x = numbers(9) * np.float32(scale)
        mine(tt.from_numpy(x))
        other(torch.from_numpy(x))
        same_steps(mine.calculate_qparams(), other.calculate_qparams())


def test_fake_quantize_module() -> None:
    mine, other = ts.FakeQuantize(averaging_constant=0.1), theirs.FakeQuantize(averaging_constant=0.1)
    for _ in range(3):
        x = numbers(8, 8)
        ours, expected = tt.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        y, z = mine(ours), other(expected)
        y.sum().backward()
        z.sum().backward()
        np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), atol=2e-4)
        assert np.array_equal(ours.grad.numpy(), expected.grad.numpy())
    mine.disable_fake_quant()
    other.disable_fake_quant()
    assert np.array_equal(mine(ours).detach().numpy(), other(expected).detach().numpy())


def test_dynamic_linear_computes_nearly_the_same() -> None:
    """PyTorch's rounds the whole input with 7 bits on this kind of processor, ours each row with 8."""
    tt.manual_seed(0)
    mine = tt.Linear(64, 32)
    other = torch.nn.Linear(64, 32)
    other.load_state_dict({k: torch.from_numpy(v.numpy().copy()) for k, v in mine.state_dict().items()})
    x = numbers(10, 64)
    exact = mine(tt.from_numpy(x)).detach().numpy()
    ours = ts.quantize(tt.Sequential(mine), activations="dynamic")(tt.from_numpy(x)).numpy()
    expected = theirs.quantize_dynamic(torch.nn.Sequential(other))(torch.from_numpy(x)).detach().numpy()
    assert np.abs(ours - exact).max() < 0.05
    assert np.abs(ours - exact).std() < 1.1 * np.abs(expected - exact).std()
    assert np.abs(ours - expected).max() < 0.1


def test_qat_beside_pytorch() -> None:
    """One step of training with rounded weights: the same loss and gradients, when PyTorch rounds weights alone."""
    tt.manual_seed(0)
    layer = tt.Linear(16, 4)
    mine = ts.prepare_qat(tt.Sequential(layer), skip=["*.bias"])
    weight = torch.tensor(layer.weight.detach().numpy(), requires_grad=True)
    x = numbers(8, 16)
    observer = theirs.MinMaxObserver(dtype=torch.qint8, qscheme=torch.per_tensor_symmetric)
    observer(weight.detach())
    scale, zero = observer.calculate_qparams()
    rounded = torch.fake_quantize_per_tensor_affine(weight, float(scale), int(zero), -128, 127)
    expected = torch.nn.functional.linear(torch.from_numpy(x), rounded, torch.tensor(layer.bias.detach().numpy()))
    expected.square().sum().backward()
    out = mine(tt.from_numpy(x))
    out.square().sum().backward()
    np.testing.assert_allclose(out.detach().numpy(), expected.detach().numpy(), atol=1e-3)
    gradient = mine[0].__dict__["weight"].grad.numpy()
    inside = np.abs(layer.weight.detach().numpy()) < np.abs(layer.weight.detach().numpy()).max()
    np.testing.assert_allclose(gradient[inside], weight.grad.numpy()[inside], rtol=1e-3, atol=1e-3)
