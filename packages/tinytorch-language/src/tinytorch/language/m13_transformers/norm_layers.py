"""Layers that normalize: the operations with a weight and a bias to learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tinytorch.core import Module, Parameter, Tensor, empty, init

from .norms import layer_norm, rms_norm

Shape = int | Sequence[int]


class LayerNorm(Module):
    """Bring the last dimensions to mean 0 and variance 1, then to a scale and a shift that are learnt.

    Input and output have the same shape, (*, *normalized_shape).

    Args:
        normalized_shape: the sizes of the dimensions to normalize over; an int is the last one's.
        eps: added to the variance.
        elementwise_affine: whether there are weight (ones at first) and bias (zeros at first).
        bias: whether there is a bias, if there is a weight.
        dtype: of the parameters; left out, the default dtype.

    Examples:
        >>> language.LayerNorm(2)(tt.tensor([[1.0, 3.0], [100.0, 300.0]]))
        tensor([[-1.0000,  1.0000],
                [-1.0000,  1.0000]], grad_fn=<LayerNormBackward>)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html (arXiv:1607.06450)
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: Shape,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = as_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine

        def parameter(wanted: bool) -> Parameter | None:
            return Parameter(empty(self.normalized_shape, dtype=dtype)) if wanted else None

        self.register_parameter("weight", parameter(elementwise_affine))
        self.register_parameter("bias", parameter(elementwise_affine and bias))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to ones and the bias to zeros."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalized input, of the same shape."""
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Bring the last dimensions to a mean square of 1, then to a scale that is learnt.

    It is LayerNorm without the mean: cheaper by a third, and as good in Transformers.

    Args:
        normalized_shape: the sizes of the dimensions to normalize over; an int is the last one's.
        eps: added to the mean square; None is the smallest step from 1 in the dtype computed in.
        elementwise_affine: whether there is a weight (ones at first).
        dtype: of the weight; left out, the default dtype.

    Examples:
        >>> language.RMSNorm(2)(tt.tensor([2.0, 2.0])).tolist()
        [1.0, 1.0]

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html (arXiv:1910.07467)
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: Shape,
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = as_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = Parameter(empty(self.normalized_shape, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to ones."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalized input, of the same shape."""
        return rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


def as_shape(shape: Shape) -> tuple[int, ...]:
    """Return the sizes that a norm is taken over; an int is a single one.

    Raises:
        TypeError: it is neither an int nor a sequence of them.
    """
    return (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(shape)
