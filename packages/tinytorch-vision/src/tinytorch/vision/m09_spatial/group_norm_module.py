"""Group normalisation as a layer: it learns, but has nothing to remember."""

from __future__ import annotations

from typing import Any

from tinytorch.core import Module, Parameter, Tensor, init, ones, zeros

from .normalization import group_norm


class GroupNorm(Module):
    """Normalise groups of channels of each image, whatever else is in the batch.

    Args:
        num_groups: into how many groups the channels are divided; 1: all together, C: each by itself.
        num_channels: C, for inputs of shape (N, C, ...).
        eps: added to the variance.
        affine: whether there are a weight and a bias for each channel to learn.
        dtype: of the parameters; left out, the default dtype.
        bias: False leaves out the bias alone.

    Raises:
        ValueError: the groups don't divide the channels.

    Examples:
        >>> vision.GroupNorm(4, 32)(tt.randn(8, 32, 7, 7)).shape
        (8, 32, 7, 7)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html (arXiv:1803.08494)
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        learned = Parameter(ones(num_channels, dtype=dtype)) if affine else None
        self.register_parameter("weight", learned)
        learned = Parameter(zeros(num_channels, dtype=dtype)) if affine and bias else None
        self.register_parameter("bias", learned)

    def reset_parameters(self) -> None:
        """Begin with weights of 1 and biases of 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised input, of the same shape."""
        return group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )
