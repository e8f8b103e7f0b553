"""Batch and instance normalisation as layers, with what they learn and what they remember."""

from __future__ import annotations

import warnings
from typing import Any

from tinytorch.core import Module, Parameter, Tensor, init, int64, mark_changed, ones, tensor, zeros

from .normalization import batch_norm, instance_norm


class _Norm(Module):
    """A weight and a bias for each channel to learn, and running statistics to remember.

    Both are optional; what there isn't is None.
    """

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        bias: bool,
        dtype: Any,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        learned = Parameter(ones(num_features, dtype=dtype)) if affine else None
        self.register_parameter("weight", learned)
        learned = Parameter(zeros(num_features, dtype=dtype)) if affine and bias else None
        self.register_parameter("bias", learned)
        remembered = zeros(num_features, dtype=dtype) if track_running_stats else None
        self.register_buffer("running_mean", remembered)
        remembered = ones(num_features, dtype=dtype) if track_running_stats else None
        self.register_buffer("running_var", remembered)
        remembered = tensor(0, dtype=int64) if track_running_stats else None
        self.register_buffer("num_batches_tracked", remembered)

    def reset_running_stats(self) -> None:
        """Forget the batches seen so far: mean 0, variance 1."""
        for buffer, value in ((self.running_mean, 0), (self.running_var, 1), (self.num_batches_tracked, 0)):
            if buffer is not None:
                buffer.fill_(value)

    def reset_parameters(self) -> None:
        """Forget the batches, and begin with weights of 1 and biases of 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Norm):
    dimensions: tuple[int, ...]  # that an input may have

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised input, of the same shape; in training, note the batch's statistics."""
        if input.ndim not in self.dimensions:
            wanted = " or ".join(f"{n}D" for n in self.dimensions)
            raise ValueError(f"expected {wanted} input (got {input.ndim}D input)")
        momentum = 0.0 if self.momentum is None else self.momentum
        mean, variance, counter = self.running_mean, self.running_var, self.num_batches_tracked
        if self.training and self.track_running_stats and counter is not None:
            counter.array[...] += 1
            mark_changed(counter.array)
            if self.momentum is None:
                momentum = 1 / int(counter.array)  # then the running mean is that of all batches so far
        training = self.training or (mean is None and variance is None)
        if self.training and not self.track_running_stats:
            mean = variance = None
        return batch_norm(input, mean, variance, self.weight, self.bias, training, momentum, self.eps)


class BatchNorm1d(_BatchNorm):
    """Normalise each feature over the batch: to a mean of 0 and a variance of 1, then as is learned.

    In training the batch's own mean and variance are used, and running ones follow them; in evaluation
    the running ones are used, so that an image's result doesn't depend on its company.

    Args:
        num_features: C, for inputs of shape (N, C) or (N, C, L).
        eps: added to the variance.
        momentum: how far the running statistics move with each batch; None: they are the plain average.
        affine: whether there are a weight and a bias for each feature to learn.
        track_running_stats: whether there are running statistics; if not, evaluation is like training.
        dtype: of parameters and statistics; left out, the default dtype.
        bias: False leaves out the bias alone.

    Raises:
        ValueError: an input of other dimensions; in training, one value for each feature.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html (arXiv:1502.03167)
    """

    dimensions = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalise each channel over batch and pixels: to a mean of 0 and a variance of 1, then as is learned.

    In training the batch's own mean and variance are used, and running ones follow them; in evaluation
    the running ones are used, so that an image's result doesn't depend on its company.

    Args:
        num_features: C, for inputs of shape (N, C, H, W).
        eps: added to the variance.
        momentum: how far the running statistics move with each batch; None: they are the plain average.
        affine: whether there are a weight and a bias for each channel to learn.
        track_running_stats: whether there are running statistics; if not, evaluation is like training.
        dtype: of parameters and statistics; left out, the default dtype.
        bias: False leaves out the bias alone.

    Raises:
        ValueError: an input of other dimensions; in training, one value for each channel.

    Examples:
        >>> layer = vision.BatchNorm2d(3)
        >>> out = layer(tt.randn(16, 3, 8, 8) * 5 + 2)
        >>> out.shape, bool(out.mean().abs() < 1e-5)
        ((16, 3, 8, 8), True)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html (arXiv:1502.03167)
    """

    dimensions = (4,)


class InstanceNorm2d(_Norm):
    """Normalise each channel of each image by itself, so that contrast and brightness don't matter.

    Args:
        num_features: C, for inputs of shape (N, C, H, W) or (C, H, W).
        eps: added to the variance.
        momentum: how far the running statistics move with each batch.
        affine: whether there are a weight and a bias for each channel to learn.
        track_running_stats: whether evaluation uses running statistics instead of the image's own.
        dtype: of parameters and statistics; left out, the default dtype.
        bias: False leaves out the bias alone.

    Raises:
        ValueError: an input of other dimensions, or of one pixel.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html (arXiv:1607.08022)
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised input, of the same shape."""
        if input.ndim not in (3, 4):
            raise ValueError(f"expected 3D or 4D input (got {input.ndim}D input)")
        channels = input.shape[-3]
        if channels != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={input.ndim - 3} to match num_features "
                    f"({self.num_features}), but got: {channels}."
                )
            warnings.warn(
                f"input's size at dim={input.ndim - 3} does not match num_features, which is not used "
                "because affine=False",
                stacklevel=3,
            )
        out = instance_norm(
            input.unsqueeze(0) if input.ndim == 3 else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return out.squeeze(0) if input.ndim == 3 else out
