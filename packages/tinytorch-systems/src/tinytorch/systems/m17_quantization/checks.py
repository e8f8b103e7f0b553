"""What a version of the quantization module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tinytorch.core as tt
import tinytorch.systems as ts
from tinytorch.core import functional as F
from tinytorch.language import GPT, GPTConfig
from tinytorch.systems import functional as SF


def _random(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def _raises(error: type[Exception], do: Callable[[], Any], what: str, words: str, hint: str) -> None:
    try:
        result = do()
    except NotImplementedError:
        raise  # not written yet; it would count as a RuntimeError
    except error as caught:
        said = str(caught)
    else:
        raise AssertionError(f"{what}: expected {error.__name__}, got {result!r}. Hint: {hint}")
    assert words in said, f"{what}: the message must name {words!r}, it is: {said}. Hint: {hint}"


def _error_in_steps(x: Any, q: Any) -> float:
    steps = np.broadcast_to(q.layout.spread(q.scale.astype(np.float64)), x.shape)
    back = q.dequantize().numpy()
    return float((np.abs(x.astype(np.longdouble) - back.astype(np.longdouble)) / steps).max())


def _gpt() -> Any:
    tt.manual_seed(0)
    return GPT(GPTConfig(16, 40, 2, 2, 32))


def check_scale_and_zero_point() -> None:
    """Cut a range into 255 steps, and let a whole number stand for exactly zero."""
    x = tt.tensor([-1.0, 0.0, 0.5, 3.0])
    q = ts.quantize_tensor(x, "quint8", symmetric=False)
    assert abs(q.q_scale() - 4 / 255) < 1e-5, f"expected a scale of (3 + 1) / 255, got {q.q_scale()}"
    zero = q.q_zero_point()
    assert zero == 64, f"expected the zero-point round(0 - low / scale) = 64, got {zero}"
    assert q.int_repr().tolist() == [0, 64, 96, 255], (
        f"expected [0, 64, 96, 255], got {q.int_repr().tolist()}"
    )
    back = q.dequantize().tolist()[1]
    assert back == 0, f"0 must come back as exactly 0, it is {back}. Hint: the zero-point is a whole number"
    q = ts.quantize_tensor(tt.tensor([5.0, 6.0]), "quint8", symmetric=False)
    assert q.q_zero_point() == 0, "zero belongs to every range, also where all numbers are positive"
    q = ts.quantize_tensor(x, "qint8")
    assert q.q_zero_point() == 0, f"symmetric: zero is the middle, 0 for qint8; got {q.q_zero_point()}"
    assert abs(q.q_scale() - 3 / 127.5) < 1e-4, f"expected the largest magnitude / 127.5, got {q.q_scale()}"


def check_round_trip_within_half_a_step() -> None:
    """Bring back every number with an error of at most half a step, whatever the range."""
    hint = "compute the quotient in float64; round the scale up, not down; the range may overflow float32"
    for size in (1e38, 1.0, 1e-20, 1e-38, 1e-44):
        for dtype in ("qint8", "quint8", "qint4x2", "quint4x2"):
            for symmetric in (True, False):
                for x in (_random(4, 6), np.abs(_random(4, 6)), np.full((4, 6), 0.3, np.float32)):
                    y = np.clip(x, -3, 3) * np.float32(size)
                    q = ts.quantize_tensor(tt.tensor(y), dtype, symmetric=symmetric)
                    off = _error_in_steps(y, q)
                    assert off <= 0.5, (
                        f"{dtype}, symmetric={symmetric}, size {size}: off by {off} steps. Hint: {hint}"
                    )
    q = ts.quantize_tensor(tt.zeros(3))
    assert q.dequantize().tolist() == [0, 0, 0], "all zeros come back as zeros; a scale of 0 divides by 0"


def check_four_bits_are_half_a_byte() -> None:
    """Keep two numbers of four bits in each byte, the first in the lower half."""
    q = ts.quantize_per_tensor(tt.tensor([1.0, -1.0, 7.0, -8.0, 3.0]), 1.0, 0, "qint4x2")
    assert q.data.tolist() == [0xF1, 0x87, 0x03], (
        f"expected the bytes f1 87 03, got {[f'{b:02x}' for b in q.data.tolist()]}. Hint: low half first"
    )
    assert q.int_repr().tolist() == [1, -1, 7, -8, 3], (
        f"unpacked: got {q.int_repr().tolist()}. Hint: the sign"
    )
    sizes = [ts.quantize_tensor(tt.randn(64, 64), dtype).nbytes for dtype in ("int8", "int4")]
    assert sizes == [4096 + 4, 2048 + 4], (
        f"bytes of 4096 numbers and one scale: expected 4100, 2052, got {sizes}"
    )


def check_what_shares_a_scale() -> None:
    """Give channels, or groups, scales of their own, so that an outlier spoils only its neighbours."""
    x = _random(8, 64)
    x[0, 0] = 1000.0

    def error(**options: Any) -> float:
        back = ts.quantize_tensor(tt.tensor(x), **options).dequantize().numpy()
        return float(np.abs(back - x)[:, 8:].mean())

    tensor, channel, group = error(), error(axis=0), error(group_size=8)
    assert channel < tensor / 5, f"per channel must be far better: {channel:.3g} against {tensor:.3g}"
    assert group < channel / 5, f"in groups of 8 it must be better still: {group:.3g} against {channel:.3g}"
    q = ts.quantize_tensor(tt.tensor(x), "int4", group_size=8)
    assert q.scale.shape == (8, 8), f"8 rows of 8 groups need scales (8, 8), got {q.scale.shape}"
    assert q.nbytes == 256 + q.scale.nbytes, f"256 bytes of numbers and the scales, got {q.nbytes}"


def check_calibration_by_the_least_error() -> None:
    """Find the share of the range whose rounding has the smallest squared error."""
    x = _random(1, 5000)
    x[0, :3] *= 15

    def error(method: str) -> float:
        back = ts.quantize_tensor(tt.tensor(x), "int4", calibration=method).dequantize().numpy()
        return float(((back - x) ** 2).mean())

    mse, minmax = error("mse"), error("minmax")
    assert mse < minmax / 2, f"mse must beat minmax where a few numbers are large: {mse:.3g}, {minmax:.3g}"


def check_nan_is_refused() -> None:
    """Say where a NaN or an infinity is, rather than make a number of it."""
    hint = "check with np.isfinite before anything else"
    bad = tt.tensor([[1.0, float("nan")]])
    _raises(ValueError, lambda: ts.quantize_tensor(bad), "quantize_tensor of NaN", "[0, 1]", hint)
    model = _gpt()
    with tt.no_grad():
        model.transformer["h"][1].mlp.c_fc.bias[2] = float("inf")
    name = "transformer.h.1.mlp.c_fc.bias"
    _raises(ValueError, lambda: ts.quantize(model), "quantize of a model with an infinity", name, hint)


def check_observers() -> None:
    """Remember the range of what went by, or follow it."""
    plain, moving = ts.MinMaxObserver(), ts.MovingAverageMinMaxObserver(0.5)
    for values in ([0.0, 1.0], [-1.0, 3.0]):
        for observer in (plain, moving):
            observer(tt.tensor(values))
    scales = [observer.calculate_qparams()[0].item() for observer in (plain, moving)]
    assert abs(scales[0] - 4 / 255) < 1e-5, f"MinMaxObserver saw -1 to 3: expected 4 / 255, got {scales[0]}"
    expected = 2.5 / 255  # from (0, 1) halfway to (-1, 3)
    assert abs(scales[1] - expected) < 1e-5, f"halfway it is -0.5 to 2: expected {expected}, got {scales[1]}"


def check_the_gradient_goes_straight_through() -> None:
    """Round in the forward, and let the gradient through where nothing was clamped."""
    x = tt.tensor([-9.0, -0.26, 0.6, 9.0], requires_grad=True)
    y = ts.fake_quantize_per_tensor_affine(x, 0.5, 1, -4, 4)
    assert y.tolist() == [-2.5, -0.5, 0.5, 1.5], f"expected [-2.5, -0.5, 0.5, 1.5], got {y.tolist()}"
    y.sum().backward()
    assert x.grad is not None, "fake_quantize_per_tensor_affine has no gradient; register a rule"
    assert x.grad.tolist() == [0, 1, 1, 0], f"expected the gradient [0, 1, 1, 0], got {x.grad.tolist()}"


def check_products_of_whole_numbers() -> None:
    """Multiply bytes exactly, however many are added up."""
    a = np.full((2, 3000), 255, np.uint8)
    b = np.full((3, 3000), -127, np.int8)
    got = SF.integer_linear(tt.from_numpy(a), tt.from_numpy(b), 1).tolist()[0][0]
    right = 254 * -127 * 3000
    assert got == right, f"expected {right}, got {got}. Hint: float32 counts up to 2**24 without gaps"


def check_layers_compute_the_same() -> None:
    """Compute with whole numbers what the layer computed with floats, up to rounding."""
    tt.manual_seed(0)
    linear = tt.Linear(64, 8)
    small = ts.QuantizedLinear.from_float(linear)
    x = tt.tensor(_random(5, 64))
    exact = F.linear(x, small.weight.dequantize(), small.bias)
    off = (small(x) - exact).abs().max().item()
    assert off < 1e-5, f"QuantizedLinear isn't the product with its dequantized weight: off by {off}"
    off = (small(x) - linear(x)).abs().max().item()
    assert off < 0.02, f"QuantizedLinear is too far from the layer that it was made of: {off}"
    model = _gpt()
    table = ts.QuantizedEmbedding.from_float(model.transformer["wte"])
    ids = tt.tensor([[1, 39], [0, 1]])
    same = tt.equal(table(ids), table.weight.dequantize()[ids])
    assert same, "QuantizedEmbedding must give the rows of its dequantized table"


def check_a_whole_model() -> None:
    """Make a model 3.9 times smaller, keep what is tied tied, and leave the original alone."""
    model = _gpt()
    small = ts.quantize(model)
    ratio = ts.model_nbytes(model) / ts.model_nbytes(small)
    assert ratio > 3.9, f"expected at least 3.9 times fewer bytes, got {ratio:.3f}. Hint: biases count, too"
    left = [name for name, _ in small.named_parameters()]
    assert not left, f"these are floats still: {left}"
    tied = small.lm_head.weight_data is small.transformer["wte"].weight_data
    assert tied, "lm_head and wte share one table; quantized, they must share it still"
    assert type(model.lm_head) is tt.Linear, "without inplace=True the model itself must not change"
    ids = tt.tensor([[1, 2, 3, 4]])
    off = (small(ids) - model(ids)).abs().max().item()
    assert off < 0.02, f"the quantized model's logits are off by {off}"


def check_training_with_rounding_in_view() -> None:
    """Train the exact parameters through rounding, and convert to a model that computes the same."""
    tt.manual_seed(0)
    net = tt.Sequential(tt.Linear(6, 16), tt.ReLU(), tt.Linear(16, 2))
    aware = ts.prepare_qat(net, "int4")
    x = tt.tensor(_random(128, 6))
    y = (x.sum(dim=1) > 0).long()
    optimizer = tt.Adam(aware.parameters(), lr=0.02)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = F.cross_entropy(aware(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2, f"it doesn't learn: {losses[0]:.3f} to {losses[-1]:.3f}"
    small = ts.convert(aware.eval())
    assert isinstance(small[0], ts.QuantizedLinear), f"convert must give quantized layers, got {small[0]!r}"
    off = (small(x) - aware(x)).abs().max().item()
    assert off < 1e-3, f"what comes out of convert computes something else: off by {off}"


def check_files_bring_back_the_same_bits() -> None:
    """Write a model to a file that is no larger than its numbers, and read it back; refuse a damaged one."""
    small = ts.quantize(_gpt())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.safetensors"
        ts.save_quantized(small, path)
        size, numbers = path.stat().st_size, ts.model_nbytes(small)
        assert size < numbers + 500, f"{numbers} bytes of numbers became a file of {size}. Hint: one tensor"
        again = ts.load_quantized(_gpt(), path)
        ids = tt.tensor([[5, 6, 7]])
        assert tt.equal(again(ids), small(ids)), "the model from the file must compute exactly the same"
        path.write_bytes(path.read_bytes()[:-100])
        hint = "compare a checksum"
        _raises(
            ts.QuantizedFileError,
            lambda: ts.load_quantized(_gpt(), path),
            "a file that is cut off",
            path.name,
            hint,
        )
