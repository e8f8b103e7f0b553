"""The tensor's methods that take or set parts of it, order it, or multiply it as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import (
    gathering as _gathering,
    index as _index,
    linalg as _linalg,
    ordering as _ordering,
    rearrange as _rearrange,
    shape as _shape,
)
from .views import write_in_place

if TYPE_CHECKING:
    from .ordering import SortResult
    from .tensor import Tensor


class IndexMethods:
    """Part of Tensor: indexing, sorting and matrix products."""

    def __getitem__(self: Any, index: Any) -> Tensor:
        return _index.getitem(self, index)

    def __setitem__(self: Any, index: Any, value: Any) -> None:
        _index.setitem(self, index, value)

    def __delitem__(self: Any, index: Any) -> None:
        raise TypeError("Tensor does not support deleting items")

    def narrow(self: Any, dim: int, start: int, length: int) -> Tensor:
        """Return a view of `length` slices along a dimension, from `start` on."""
        return _rearrange.narrow(self, dim, start, length)

    def select(self: Any, dim: int, index: int) -> Tensor:
        """Return a view of one slice along a dimension, without that dimension."""
        return _rearrange.select_along(self, dim, index)

    def index_select(self: Any, dim: int, index: Tensor) -> Tensor:
        """Return the slices along a dimension that `index` names; see `index_select`."""
        return _gathering.index_select(self, dim, index)

    def gather(self: Any, dim: int, index: Tensor) -> Tensor:
        """Pick elements along a dimension; see `gather`."""
        return _gathering.gather(self, dim, index)

    def scatter(self: Any, dim: int, index: Tensor, src: Any = None, *, value: float | None = None) -> Tensor:
        """Return a copy with a tensor or one `value` placed along a dimension; see `scatter`."""
        return _gathering.scatter(self, dim, index, src if value is None else value)

    def scatter_(
        self: Any, dim: int, index: Tensor, src: Any = None, *, value: float | None = None
    ) -> Tensor:
        """Place a tensor or one `value` along a dimension, in place; see `scatter`."""
        return write_in_place(self, _gathering.scatter, dim, index, src if value is None else value)

    def scatter_add(self: Any, dim: int, index: Tensor, src: Tensor) -> Tensor:
        """Return a copy with values added along a dimension; see `scatter_add`."""
        return _gathering.scatter_add(self, dim, index, src)

    def scatter_add_(self: Any, dim: int, index: Tensor, src: Tensor) -> Tensor:
        """Add values along a dimension, in place; see `scatter_add`."""
        return write_in_place(self, _gathering.scatter_add, dim, index, src)

    def index_add(self: Any, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
        """Return a copy to whose slices others have been added; see `index_add`."""
        return _gathering.index_add(self, dim, index, source, alpha=alpha)

    def index_add_(self: Any, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
        """Add to slices along a dimension, in place; see `index_add`."""
        return write_in_place(self, _gathering.index_add, dim, index, source, alpha=alpha)

    def take_along_dim(self: Any, indices: Tensor, dim: int | None = None) -> Tensor:
        """Pick elements along a dimension, the others being broadcast; see `take_along_dim`."""
        return _gathering.take_along_dim(self, indices, dim)

    def masked_select(self: Any, mask: Tensor) -> Tensor:
        """Return the elements where `mask` is True; see `masked_select`."""
        return _ordering.masked_select(self, mask)

    def nonzero(self: Any, *, as_tuple: bool = False) -> Any:
        """Return the indices of the elements that aren't zero; see `nonzero`."""
        return _ordering.nonzero(self, as_tuple=as_tuple)

    def diagonal(self: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
        """Return a view of a diagonal; see `diagonal`."""
        return _shape.diagonal(self, offset, dim1, dim2)

    def diag(self: Any, diagonal: int = 0) -> Tensor:
        """Return the matrix with a vector on a diagonal, or the diagonal of a matrix."""
        return _rearrange.diag(self, diagonal)

    # Order

    def sort(self: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> SortResult:
        """Sort along a dimension; see `sort`."""
        return _ordering.sort(self, dim, descending, stable)

    def argsort(self: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
        """Return the indices that put the elements in order; see `argsort`."""
        return _ordering.argsort(self, dim, descending, stable)

    def topk(self: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> SortResult:
        """Return the largest or smallest elements along a dimension; see `topk`."""
        return _ordering.topk(self, k, dim, largest, sorted)

    def unique(
        self: Any,
        sorted: bool = True,
        return_inverse: bool = False,
        return_counts: bool = False,
        dim: int | None = None,
    ) -> Any:
        """Return the distinct elements; see `unique`."""
        return _ordering.unique(self, sorted, return_inverse, return_counts, dim)

    # Matrix products

    def __matmul__(self: Any, other: Any) -> Any:
        return _linalg.matmul(self, other) if isinstance(other, IndexMethods) else NotImplemented

    def __rmatmul__(self: Any, other: Any) -> Any:
        return NotImplemented  # so that Python names both types in its error

    def matmul(self: Any, other: Tensor) -> Tensor:
        """Return the matrix product; see `matmul`."""
        return _linalg.matmul(self, other)

    def mm(self: Any, mat2: Tensor) -> Tensor:
        """Return the product of two matrices."""
        return _linalg.mm(self, mat2)

    def mv(self: Any, vec: Tensor) -> Tensor:
        """Return the product of a matrix and a vector."""
        return _linalg.mv(self, vec)

    def bmm(self: Any, mat2: Tensor) -> Tensor:
        """Return the products of two batches of matrices."""
        return _linalg.bmm(self, mat2)

    def dot(self: Any, tensor: Tensor) -> Tensor:
        """Return the inner product of two vectors."""
        return _linalg.dot(self, tensor)

    def outer(self: Any, vec2: Tensor) -> Tensor:
        """Return the products of all pairs of elements of two vectors."""
        return _linalg.outer(self, vec2)

    def addmm(self: Any, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """Return `beta * self + alpha * (mat1 @ mat2)`; see `addmm`."""
        return _linalg.addmm(self, mat1, mat2, beta=beta, alpha=alpha)
