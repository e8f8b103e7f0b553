"""Gradient rules of module 01's reductions."""

from __future__ import annotations

import math
from typing import Any

from ..m01_tensor import reduce
from ..m01_tensor.reduce import spread


@reduce.sum.backward
def sum_backward(g: Any, input_shape: Any, dim: Any) -> Any:
    return lambda: spread(g, input_shape, dim)


@reduce.mean.backward
def mean_backward(g: Any, input_shape: Any, dim: Any) -> Any:
    count = math.prod(input_shape) // max(g.size, 1)
    return lambda: spread(g / count, input_shape, dim)
