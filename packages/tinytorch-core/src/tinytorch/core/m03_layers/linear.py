"""Layers that are products with a matrix of weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..m01_tensor import empty
from ..m01_tensor.linalg import product
from ..m01_tensor.op import Array, op
from ..m01_tensor.tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter


@op
def linear(input: Array, weight: Array, bias: Array | None = None) -> Array:
    """Return `input @ weight.T + bias`, as one matrix product whatever dimensions come first.

    Args:
        input: (*, in_features).
        weight: (out_features, in_features), or (in_features) for one output without its dimension.
        bias: (out_features), or nothing.

    Returns:
        (*, out_features), or (*) if the weight has one dimension.

    Raises:
        RuntimeError: shapes or dtypes don't go together; the message gives them.

    Examples:
        >>> tt.functional.linear(tt.tensor([1.0, 2.0]), tt.tensor([[3.0, 4.0]]), tt.tensor([5.0]))
        tensor([16.])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
    dtype = weight.dtype
    fits = weight.ndim == 2 and input.shape[-1:] == weight.shape[1:]
    if not fits or dtype is not input.dtype or dtype.kind == "b":
        _check_linear(input, weight, bias)
    out = product(as_matrix(input, weight.shape[-1]), weight.T)
    if input.ndim != 2 or weight.ndim != 2:
        out = out.reshape(input.shape[:-1] + weight.shape[:-1])
    if bias is not None:
        if bias.shape != weight.shape[:1] or bias.dtype is not out.dtype:
            _check_bias(bias, out)
        out += bias
    return out


def as_matrix(x: Any, columns: int) -> Any:
    """Return (*, columns) as a matrix (rows, columns) whose memory BLAS can take as it is."""
    if x.ndim != 2 or x.shape[1] != columns:
        rows = x.size // columns if columns else math.prod(x.shape[:-1])
        return np.ascontiguousarray(x).reshape(rows, columns)
    return x if x.flags.forc else np.ascontiguousarray(x)


def _check_linear(input: Any, weight: Any, bias: Any) -> None:
    if weight.ndim not in (1, 2):
        raise RuntimeError(f"linear(): weight must have 1 or 2 dimensions, but its shape is {weight.shape}")
    if input.ndim == 0:
        raise RuntimeError(
            f"both arguments to linear need to be at least 1D, but they are 0D and {weight.ndim}D"
        )
    if weight.ndim == 1 and bias is not None:
        raise RuntimeError("linear(): a bias needs a weight of 2 dimensions, but it has 1")
    if input.dtype != weight.dtype or input.dtype.kind == "b":
        raise RuntimeError(
            "linear(): input and weight must have the same dtype, and not bool, "
            f"but got {input.dtype} and {weight.dtype}"
        )
    if input.shape[-1] != weight.shape[-1]:
        rows, n = math.prod(input.shape[:-1]), input.shape[-1]
        out = weight.shape[0] if weight.ndim == 2 else 1
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{n} and {weight.shape[-1]}x{out})"
        )


def _check_bias(bias: Any, out: Any) -> None:
    if bias.dtype != out.dtype:
        raise RuntimeError(
            f"linear(): bias and weight must have the same dtype, but got {bias.dtype} and {out.dtype}"
        )
    if bias.ndim > out.ndim or any(n not in (1, m) for n, m in zip(bias.shape[::-1], out.shape[::-1])):
        raise RuntimeError(f"linear(): a bias of shape {bias.shape} can't be added to {out.shape}")


@op
def bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Array:
    """Return `input1 @ weight[k] @ input2` for each output k, plus its bias.

    Args:
        input1: (*, in1_features).
        input2: (*, in2_features), with the same first dimensions.
        weight: (out_features, in1_features, in2_features).
        bias: (out_features), or nothing.

    Returns:
        (*, out_features).

    Raises:
        RuntimeError: shapes or dtypes don't go together; the message gives them.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
    """
    _check_bilinear(input1, input2, weight, bias)
    a, b = as_matrix(input1, weight.shape[1]), as_matrix(input2, weight.shape[2])
    out = np.einsum("ni,oij,nj->no", a, weight, b, optimize=True)
    if bias is not None:
        out += bias
    return out.reshape(*input1.shape[:-1], weight.shape[0])


def _check_bilinear(input1: Any, input2: Any, weight: Any, bias: Any) -> None:
    given = [x for x in (input1, input2, weight, bias) if x is not None]
    if any(x.dtype != input1.dtype for x in given):
        raise RuntimeError(
            f"bilinear(): all tensors must have the same dtype, got {', '.join(str(x.dtype) for x in given)}"
        )
    if weight.ndim != 3:
        raise RuntimeError(f"bilinear(): weight must have 3 dimensions, but its shape is {weight.shape}")
    if input1.shape[:-1] != input2.shape[:-1] or not input1.ndim or not input2.ndim:
        raise RuntimeError(
            f"bilinear(): input batch dimensions do not match: got {input1.shape} and {input2.shape}"
        )
    for name, x, wanted in (("input1", input1, weight.shape[1]), ("input2", input2, weight.shape[2])):
        if x.shape[-1] != wanted:
            raise RuntimeError(
                f"bilinear(): {name} size does not match weight size: got {x.shape[-1]} but expected {wanted}"
            )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: "
            f"got {bias.shape} but expected {weight.shape[:1]}"
        )


class Linear(Module):
    """Apply `x @ weight.T + bias`, with weights and bias to learn.

    Both start uniform between -1 and 1 over the square root of `in_features`.

    Args:
        in_features: the size of the last dimension of the input, (*, in_features).
        out_features: the size of the last dimension of the output, (*, out_features).
        bias: whether there is one.
        dtype: of the parameters; left out, the default dtype.

    Examples:
        >>> layer = tt.Linear(784, 10)
        >>> layer(tt.zeros(32, 784)).shape
        (32, 10)
        >>> layer.weight.shape, layer.bias.shape
        ((10, 784), (10,))

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(self, in_features: int, out_features: int, bias: bool = True, *, dtype: Any = None) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty(out_features, in_features, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # which comes to 1 / sqrt(in_features)
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features else 0.0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """Return (*, out_features) for (*, in_features)."""
        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
        )


class Bilinear(Module):
    """Apply `x1 @ weight[k] @ x2 + bias[k]` for each output k.

    Weights and bias start uniform between -1 and 1 over the square root of `in1_features`.

    Args:
        in1_features: the size of the last dimension of the first input, (*, in1_features).
        in2_features: the size of the last dimension of the second input, (*, in2_features).
        out_features: the size of the last dimension of the output, (*, out_features).
        bias: whether there is one.
        dtype: of the parameters; left out, the default dtype.

    Raises:
        ValueError: `in1_features` isn't positive.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got (in1_features={in1_features})")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(empty(out_features, in1_features, in2_features, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and bias anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """Return (*, out_features) for (*, in1_features) and (*, in2_features)."""
        return bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
