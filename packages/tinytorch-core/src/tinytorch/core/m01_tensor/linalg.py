"""Products of vectors, matrices and batches of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from .op import Array, op


@op
def matmul(input: Array, other: Array) -> Array:
    """Return the matrix product of two tensors."""
    return np.matmul(input, other)
