"""Matrix products by the compiled kernels: linear layers and `matmul`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import FLOAT32, ready, whole
from .kernel import Kernel
from .library import Library

FEWEST = 8  # rows from which writing the other factor as panels pays


def kernels(lib: Library) -> list[Kernel]:
    """Return the kernels of products."""

    def linear(input: Any, weight: Any, bias: Any = None) -> Any:
        if not (ready(input) and ready(weight)) or weight.ndim != 2 or input.ndim < 2:
            return NotImplemented
        outputs, inputs = weight.shape
        rows = input.size // inputs
        if input.shape[-1] != inputs or rows < FEWEST:
            return NotImplemented
        biased = bias is not None
        if biased and (bias.shape != (outputs,) or not ready(bias)):
            return NotImplemented
        out = np.empty((*input.shape[:-1], outputs), FLOAT32)
        lib.linear_forward(out, input, weight, bias, biased, rows, inputs, outputs)
        return out

    def linear_rule(g: Any, input: Any, weight: Any, bias_shape: Any) -> Any:
        outputs, inputs = weight.shape
        rows = input.size // inputs
        g = whole(g)

        def for_input() -> Any:
            d = np.empty(input.shape, FLOAT32)
            lib.linear_input(d, g, weight, rows, inputs, outputs)
            return d

        def for_weight() -> Any:
            d = np.empty(weight.shape, FLOAT32)
            lib.linear_weight(d, g, input, rows, inputs, outputs)
            return d

        def for_bias() -> Any:
            d = np.empty(outputs, FLOAT32)
            lib.column_sums(d, g, rows, outputs)
            return d

        return for_input, for_weight, for_bias

    def matmul(input: Any, other: Any) -> Any:
        if not (ready(input) and ready(other)) or input.ndim < 2 or other.ndim < 2:
            return NotImplemented
        (m, k), (k2, n) = input.shape[-2:], other.shape[-2:]
        if k != k2 or m < FEWEST or n < 2:
            return NotImplemented
        if other.ndim == 2:
            out = np.empty((*input.shape[:-1], n), FLOAT32)
            lib.matmul(out, input, other, 1, 0, 0, input.size // k, k, n)
            return out
        if input.shape[:-2] != other.shape[:-2]:
            return NotImplemented
        out = np.empty((*input.shape[:-1], n), FLOAT32)
        lib.matmul(out, input, other, input.size // (m * k), m * k, k * n, m, k, n)
        return out

    return [Kernel("linear", linear, linear_rule), Kernel("matmul", matmul)]
