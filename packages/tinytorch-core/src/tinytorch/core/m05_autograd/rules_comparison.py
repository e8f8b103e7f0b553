"""Gradient rules of choices between elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..m01_tensor import comparison, methods_in_place


@comparison.choose.backward
def choose_backward(g: Any, condition: Any) -> Any:
    # Chosen, not multiplied by 0 and 1: a nan that wasn't chosen must not come through.
    return None, lambda: np.where(condition, g, 0), lambda: np.where(condition, 0, g)


@comparison.masked_fill.backward
def masked_fill_backward(g: Any, mask: Any) -> Any:
    return lambda: np.where(mask, 0, g), None, lambda: np.where(mask, g, 0)


@methods_in_place.copied.backward
@methods_in_place.filled.backward
def overwritten_backward(g: Any) -> Any:
    """The old values are gone, so no gradient reaches them."""
    return lambda: np.zeros_like(g), lambda: g
