"""Gradient rules of module 01's matrix products."""

from __future__ import annotations

from typing import Any

from ..m01_tensor import linalg


@linalg.matmul.backward
def matmul_backward(g: Any, input: Any, other: Any) -> Any:
    if input.ndim == 1 or other.ndim == 1:
        raise NotImplementedError
    return lambda: g @ other.swapaxes(-1, -2), lambda: input.swapaxes(-1, -2) @ g
