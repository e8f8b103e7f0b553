"""Pretend to quantize: round, but stay in floats, and let gradients through as if nothing had happened."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Array, Module, Tensor, from_numpy, op

from .observers import MovingAverageMinMaxObserver


@op
def fake_quantize_per_tensor_affine(
    input: Array, scale: Any, zero_point: Any, quant_min: int, quant_max: int
) -> Array:
    """Round to the nearest step and back: `(clamp(round(x / scale) + zero_point) - zero_point) * scale`.

    The derivative of rounding is 0 nearly everywhere, which would teach nothing. So the gradient goes
    straight through (a straight-through estimator), except where the number was clamped: there it is 0.

    Args:
        input: any shape, floating-point.
        scale: the length of a step, a number or a tensor of one.
        zero_point: the whole number that stands for zero, a number or a tensor of one.
        quant_min: the smallest whole number.
        quant_max: the largest.

    Raises:
        RuntimeError: quant_min is larger than quant_max, or the zero-point is outside.
        NotImplementedError: the input isn't floating-point.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.fake_quantize_per_tensor_affine.html;
    Bengio et al., "Estimating or propagating gradients through stochastic neurons", arXiv:1308.3432
    """
    return _fake(input, np.float64(_value(scale)), _value(zero_point), quant_min, quant_max)


@fake_quantize_per_tensor_affine.backward
def fake_quantize_per_tensor_affine_backward(g: Any, inside: Any) -> Any:
    return lambda: g * inside


@op
def fake_quantize_per_channel_affine(
    input: Array, scale: Array, zero_point: Array, axis: int, quant_min: int, quant_max: int
) -> Array:
    """Do what `fake_quantize_per_tensor_affine` does, with a step for each index of a dimension.

    Args:
        input: any shape, floating-point.
        scale: (channels).
        zero_point: (channels).
        axis: the dimension of the channels.
        quant_min: the smallest whole number.
        quant_max: the largest.

    Raises:
        RuntimeError: as of `fake_quantize_per_tensor_affine`, or there aren't as many scales as channels.
        IndexError: there is no such dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.fake_quantize_per_channel_affine.html
    """
    if not -input.ndim <= axis < input.ndim:
        raise IndexError(f"axis {axis} is out of range for a tensor of {input.ndim} dimensions")
    if scale.shape != (input.shape[axis],) or zero_point.shape != scale.shape:
        raise RuntimeError(
            f"fake_quantize_per_channel_affine(): {input.shape[axis]} channels need as many scales and "
            f"zero-points, got shapes {scale.shape} and {zero_point.shape}"
        )
    shape = [1] * input.ndim
    shape[axis] = -1
    wide = scale.astype(np.float64).reshape(shape)
    return _fake(input, wide, zero_point.reshape(shape), quant_min, quant_max)


@fake_quantize_per_channel_affine.backward
def fake_quantize_per_channel_affine_backward(g: Any, inside: Any) -> Any:
    return lambda: g * inside, None, None


@op
def round_to_grid(input: Array, scale: Array, zero_point: Array, quant_min: int, quant_max: int) -> Array:
    """Do the same with scales and zero-points of any shape that broadcasts with the input's."""
    return _fake(input, scale.astype(np.float64), zero_point, quant_min, quant_max)


@round_to_grid.backward
def round_to_grid_backward(g: Any, inside: Any) -> Any:
    return lambda: g * inside, None, None


def _fake(x: Any, scale: Any, zero_point: Any, low: int, high: int) -> Any:
    if x.dtype.kind != "f":
        raise NotImplementedError(f"fake quantization isn't implemented for {x.dtype}; use float()")
    if low > high:
        raise RuntimeError(f"quant_min must be at most quant_max, but they are {low} and {high}")
    if np.any(zero_point < low) or np.any(zero_point > high):
        raise RuntimeError(f"zero_point must be from quant_min to quant_max, {low} to {high}")
    steps = np.asarray(np.rint(np.divide(x, scale, dtype=np.float64)))
    steps += zero_point
    inside = (steps >= low) & (steps <= high)
    np.nan_to_num(steps, copy=False, nan=low, posinf=high, neginf=low)
    np.clip(steps, low, high, out=steps)
    steps -= zero_point
    steps *= scale
    return steps.astype(x.dtype), {"inside": inside}


def _value(x: Any) -> Any:
    return x.item() if isinstance(x, Tensor) else x


class FakeQuantize(Module):
    """Observe a range and round to it, in floats: what training with quantization in view does.

    It observes while it is trained; in `eval()` the range stays, once there is one.

    Args:
        observer: the class of the observer.
        quant_min: the smallest whole number, if not the dtype's.
        quant_max: the largest.
        observer_kwargs: passed on to the observer.

    Attributes:
        activation_post_process: the observer.
        scale: the length of a step, (1) or (channels).
        zero_point: the whole number that stands for zero, of the same shape.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.fake_quantize.FakeQuantize.html
    """

    scale: Tensor
    zero_point: Tensor

    def __init__(
        self,
        observer: Any = MovingAverageMinMaxObserver,
        quant_min: int | None = None,
        quant_max: int | None = None,
        **observer_kwargs: Any,
    ) -> None:
        super().__init__()
        self.activation_post_process = observer(quant_min=quant_min, quant_max=quant_max, **observer_kwargs)
        self.register_buffer("scale", from_numpy(np.ones(1, np.float32)))
        self.register_buffer("zero_point", from_numpy(np.zeros(1, np.int64)))
        self.observing = self.faking = True

    def enable_observer(self, enabled: bool = True) -> None:
        """Let the range follow what is seen, or (False) stay."""
        self.observing = enabled

    def disable_observer(self) -> None:
        """Let the range stay."""
        self.observing = False

    def enable_fake_quant(self, enabled: bool = True) -> None:
        """Round what goes through, or (False) don't."""
        self.faking = enabled

    def disable_fake_quant(self) -> None:
        """Let through what comes as it is."""
        self.faking = False

    @property
    def has_seen(self) -> bool:
        """Whether anything was observed."""
        return bool(self.activation_post_process.has_seen)

    def calculate_qparams(self) -> tuple[Tensor, Tensor]:
        """Return the observer's scale and zero-point."""
        found: tuple[Tensor, Tensor] = self.activation_post_process.calculate_qparams()
        return found

    def forward(self, X: Tensor) -> Tensor:
        """Return the input, rounded."""
        observer = self.activation_post_process
        if self.observing and (self.training or not self.has_seen):
            observer(X.detach())
            self.scale, self.zero_point = self.calculate_qparams()
        if not self.faking:
            return X
        ends = (observer.quant_min, observer.quant_max)
        if "channel" in observer.qscheme:
            return fake_quantize_per_channel_affine(X, self.scale, self.zero_point, observer.ch_axis, *ends)
        return fake_quantize_per_tensor_affine(X, self.scale.item(), int(self.zero_point.item()), *ends)

    def extra_repr(self) -> str:
        """Return the state for `repr`."""
        return (
            f"fake_quant_enabled={self.faking}, observer_enabled={self.observing}, "
            f"scale={self.scale.tolist()}, zero_point={self.zero_point.tolist()}"
        )
