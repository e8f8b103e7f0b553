"""Gradient rules of module 01's indexing: the gradient goes back to where the values came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..m01_tensor import index as ix


@ix.select.backward
def select_backward(g: Any, input_shape: Any, index: Any) -> Any:
    def back() -> Any:
        full = np.zeros(input_shape, g.dtype)
        full[index] = g
        return full

    return back
