"""Taking parts of a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .op import Array, op

if TYPE_CHECKING:
    from .tensor import Tensor


@op(view=True)
def select(input: Array, index: Any) -> Array:
    """Return the view that ints, slices, None and Ellipsis describe; the last is always present."""
    try:
        return input[index]
    except IndexError as error:
        raise IndexError(str(error).replace("axis", "dimension")) from None


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return a view of `length` slices along a dimension, from `start` on."""
    return select(input, (*(slice(None),) * dim, slice(start, start + length), ...))


def getitem(input: Tensor, index: Any) -> Tensor:
    """Return `input[index]`."""
    if index.__class__ is not tuple:
        index = (index,)
    return select(input, index if ... in index else (*index, ...))
