"""Gradient rules of layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..m01_tensor.linalg import product
from ..m02_activations.kernels import column_sums
from ..m03_layers.dropout import _dropout
from ..m03_layers.linear import as_matrix, bilinear, linear


@linear.backward
def linear_backward(g: Any, input: Any, weight: Any, bias_shape: Any) -> Any:
    out_features = weight.shape[0] if weight.ndim == 2 else 1
    g2 = as_matrix(g, out_features)  # (rows, out_features)

    def for_input() -> Any:
        d = product(g2, as_matrix(weight, weight.shape[-1]))
        return d if input.ndim == 2 else d.reshape(input.shape)

    def for_weight() -> Any:
        d = product(g2.T, as_matrix(input, weight.shape[-1]))
        return d if weight.ndim == 2 else d.reshape(weight.shape)

    def for_bias() -> Any:
        return column_sums(g2) if bias_shape == (out_features,) else g

    return for_input, for_weight, for_bias


@bilinear.backward
def bilinear_backward(g: Any, input1: Any, input2: Any, weight: Any) -> Any:
    out_features, in1, in2 = weight.shape
    g2 = as_matrix(g, out_features)  # (rows, out_features)
    a, b = as_matrix(input1, in1), as_matrix(input2, in2)  # (rows, in1), (rows, in2)
    return (
        lambda: np.einsum("no,oij,nj->ni", g2, weight, b, optimize=True).reshape(input1.shape),
        lambda: np.einsum("no,oij,ni->nj", g2, weight, a, optimize=True).reshape(input2.shape),
        lambda: np.einsum("no,ni,nj->oij", g2, a, b, optimize=True),
        lambda: column_sums(g2),
    )


@_dropout.backward
def dropout_backward(g: Any, mask: Any) -> Any:
    return lambda: g * mask
