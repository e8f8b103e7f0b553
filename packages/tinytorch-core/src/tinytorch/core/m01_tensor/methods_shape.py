"""The tensor's methods that change its shape; what they do stands in shape.py and rearrange.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from . import rearrange as _rearrange, shape as _shape

if TYPE_CHECKING:
    from .tensor import Tensor


def _ints(args: Any) -> Any:
    """Let a method take several ints or one sequence of them."""
    return args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args


class ShapeMethods:
    """Part of Tensor: shapes."""

    # Views

    def reshape(self, *shape: Any) -> Tensor:
        """Return the same numbers in another shape; see `reshape`."""
        if not shape:
            raise TypeError("reshape() missing 1 required positional argument: 'shape'")
        return _shape.reshape(self, _ints(shape))

    def view(self, *shape: Any) -> Tensor:
        """Return a view in another shape; an error if that would need a copy."""
        if not shape:
            raise TypeError("view() missing 1 required positional argument: 'shape'")
        return _shape.view(self, _ints(shape))

    def reshape_as(self, other: Tensor) -> Tensor:
        """Return the same numbers in the shape of `other`."""
        return _shape.reshape(self, other.shape)

    def view_as(self, other: Tensor) -> Tensor:
        """Return a view in the shape of `other`."""
        return _shape.view(self, other.shape)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Merge dimensions into one; see `flatten`."""
        return _shape.flatten(cast("Tensor", self), start_dim, end_dim)

    def unflatten(self, dim: int, sizes: Sequence[int]) -> Tensor:
        """Split a dimension into several; see `unflatten`."""
        return _shape.unflatten(cast("Tensor", self), dim, sizes)

    def permute(self, *dims: Any) -> Tensor:
        """Return a view with the dimensions in another order."""
        return _shape.permute(self, _ints(dims))

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Return a view with two dimensions swapped."""
        return _shape.transpose(self, dim0, dim1)

    def t(self) -> Tensor:
        """Return the transpose of a matrix; a vector or 0-d tensor as it is."""
        ndim = cast("Tensor", self).ndim
        if ndim > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {ndim}D")
        return _shape.permute(self, tuple(range(ndim))[::-1])

    @property
    def T(self) -> Tensor:
        """A view with the order of the dimensions reversed: the transpose of a matrix."""
        return _shape.permute(self, tuple(range(cast("Tensor", self).ndim))[::-1])

    @property
    def mT(self) -> Tensor:
        """A view with the last two dimensions swapped: the transpose of each matrix of a batch."""
        ndim = cast("Tensor", self).ndim
        if ndim == 1:
            raise RuntimeError(
                f"tensor.mT is only supported on matrices or batches of matrices. Got {ndim}-D tensor."
            )
        return _shape.transpose(self, -2, -1) if ndim else cast("Tensor", self)

    def movedim(self, source: Any, destination: Any) -> Tensor:
        """Return a view with dimensions moved to other places."""
        return _shape.movedim(self, source, destination)

    def squeeze(self, dim: Any = None) -> Tensor:
        """Return a view without dimensions of length 1."""
        return _shape.squeeze(self, dim)

    def unsqueeze(self, dim: int) -> Tensor:
        """Return a view with a new dimension of length 1."""
        return _shape.unsqueeze(self, dim)

    def expand(self, *sizes: Any) -> Tensor:
        """Return a view with dimensions of length 1 stretched; -1 keeps a length."""
        return _shape.expand(self, _ints(sizes))

    def expand_as(self, other: Tensor) -> Tensor:
        """Return a view stretched to the shape of `other`."""
        return _shape.expand(self, other.shape)

    def broadcast_to(self, size: Sequence[int]) -> Tensor:
        """Return a view stretched to the shape `size`."""
        return _shape.expand(self, size)

    def contiguous(self) -> Tensor:
        """Return the tensor itself if its elements lie in row order, else a copy that does."""
        this = cast("Tensor", self)
        return this if this.array.flags.c_contiguous else _shape.contiguous(this)

    def clone(self) -> Tensor:
        """Return a copy through which gradients flow."""
        return _shape.clone(self)

    def split(self, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Return views of pieces of a size, or of several sizes; see `split`."""
        return _rearrange.split(cast("Tensor", self), split_size, dim)

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """Return views of about equal pieces; see `chunk`."""
        return _rearrange.chunk(cast("Tensor", self), chunks, dim)

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """Return views of all slices along a dimension."""
        return _rearrange.unbind(cast("Tensor", self), dim)

    # Copies

    def repeat(self, *repeats: Any) -> Tensor:
        """Return copies of the tensor side by side; see `rearrange.repeat`."""
        return _rearrange.repeat(self, _ints(repeats))

    def tile(self, *dims: Any) -> Tensor:
        """Return copies of the tensor side by side; missing dims count as 1."""
        return _rearrange.tile(cast("Tensor", self), _ints(dims))

    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """Return the tensor with its elements shifted in a circle."""
        return _rearrange.roll(self, shifts, dims)

    def flip(self, *dims: Any) -> Tensor:
        """Return a copy with the order of elements reversed along `dims`."""
        return _rearrange.flip(self, _ints(dims))

    def tril(self, diagonal: int = 0) -> Tensor:
        """Return the lower triangle of the matrix, zeros elsewhere."""
        return _rearrange.tril(self, diagonal)

    def triu(self, diagonal: int = 0) -> Tensor:
        """Return the upper triangle of the matrix, zeros elsewhere."""
        return _rearrange.triu(self, diagonal)
