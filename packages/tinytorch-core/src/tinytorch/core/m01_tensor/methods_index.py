"""The tensor's methods that take parts of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from . import index as _index
from . import linalg as _linalg

if TYPE_CHECKING:
    from .tensor import Tensor


class IndexMethods:
    """Part of Tensor: indexing."""

    def __getitem__(self, index: Any) -> Tensor:
        return _index.getitem(cast("Tensor", self), index)

    def __matmul__(self, other: Any) -> Tensor:
        return _linalg.matmul(self, other)

    def matmul(self, other: Any) -> Tensor:
        """Return the matrix product."""
        return _linalg.matmul(self, other)
