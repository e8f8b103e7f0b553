"""The tensor: an array that remembers where it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .methods_creation import CreationMethods
from .methods_index import IndexMethods
from .methods_math import MathMethods
from .methods_reduce import ReduceMethods
from .methods_shape import ShapeMethods

if TYPE_CHECKING:
    from .record import Node
    from .views import View


class Tensor(MathMethods, ReduceMethods, ShapeMethods, IndexMethods, CreationMethods):
    """An n-dimensional array of numbers that can record what is done with it.

    `Tensor([[1, 2], [3, 4]])` makes floats, as PyTorch's does; `tensor(...)` keeps integers as they are.
    `Tensor(2, 3)` makes zeros of that shape.

    Args:
        data: nested lists of numbers or a NumPy array, which are copied; a Tensor, whose memory is shared;
            or the first length.
        sizes: the other lengths.

    Attributes:
        array: the NumPy array that holds the values (shared, not copied).
        grad: the gradient after `backward()`, a Tensor of the same shape, or None.

    Raises:
        ValueError: the nested lists don't have the same lengths.
        TypeError: the data is a single number that isn't an int, or text.

    Examples:
        >>> x = tt.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> x @ x.T + 1
        tensor([[ 6., 12.],
                [12., 26.]])
        >>> x[:, 0].sum().item()
        4.0

    Source: https://docs.pytorch.org/docs/stable/tensors.html
    """

    array: np.ndarray
    grad: Tensor | None = None
    # Set on an instance only when they differ, so that making a tensor costs one assignment.
    _requires_grad: bool = False
    _node: Node | None = None
    _view: View | None = None
    _hooks: list[Callable[[Any], Any]] | None = None

    __array_ufunc__ = None  # so that `array * tensor` asks the tensor
    __hash__ = object.__hash__  # tensors are keys by identity, although == compares elements

    def __init__(self, data: Any = (), *sizes: int) -> None:
        from .convert import legacy_array

        self.array = legacy_array(data, sizes)

    # What it is

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each dimension."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.array.ndim

    def dim(self) -> int:
        """Return the number of dimensions."""
        return self.array.ndim

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or the length of one dimension."""
        return self.array.shape if dim is None else self.array.shape[dim]

    def numel(self) -> int:
        """Return the number of elements."""
        return self.array.size

    @property
    def itemsize(self) -> int:
        """The size of an element in bytes."""
        return self.array.itemsize

    def element_size(self) -> int:
        """Return the size of an element in bytes."""
        return self.array.itemsize

    @property
    def nbytes(self) -> int:
        """The size of all elements in bytes."""
        return self.array.nbytes

    def is_floating_point(self) -> bool:
        """Tell whether the dtype is a floating-point one."""
        return self.array.dtype.kind == "f"

    def is_contiguous(self) -> bool:
        """Tell whether the elements lie in memory in row order without gaps."""
        return self.array.flags.c_contiguous

    # Out of the tensor

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """Return the values as a NumPy array that shares the tensor's memory.

        Raises:
            RuntimeError: the tensor requires a gradient, which NumPy couldn't follow.

        Examples:
            >>> x = tt.zeros(3)
            >>> x.numpy()[0] = 7
            >>> x
            tensor([7., 0., 0.])
        """
        if self.requires_grad and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
            )
        return self.array

    def item(self) -> Any:
        """Return the only element as a Python number.

        Raises:
            RuntimeError: the tensor has more or fewer elements than one.

        Examples:
            >>> tt.tensor([1.0, 2.0]).sum().item()
            3.0
        """
        if self.array.size != 1:
            raise RuntimeError(f"a Tensor with {self.array.size} elements cannot be converted to Scalar")
        return self.array.item()

    def tolist(self) -> Any:
        """Return the values as nested Python lists (a number if the tensor is 0-d)."""
        return self.array.tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __float__(self) -> float:
        return float(self._only())

    def __int__(self) -> int:
        return int(self._only())

    def _only(self) -> Any:
        if self.array.size != 1:  # PyTorch's exception here isn't that of item()
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.array.item()

    def __index__(self) -> int:
        if self.array.dtype.kind == "f" or self.array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.array.item())

    def __bool__(self) -> bool:
        if self.array.size > 1:
            raise RuntimeError(
                "Boolean value of Tensor with more than one value is ambiguous; use any() or all()"
            )
        if self.array.size == 0:
            raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
        return bool(self.array.item())

    def __len__(self) -> int:
        if self.array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return len(self.array)

    def __iter__(self) -> Iterator[Tensor]:
        if self.array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __repr__(self) -> str:
        from .printing import tensor_repr

        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.array.ndim == 0 else object.__format__(self, spec)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if self._node is not None:
            raise RuntimeError("Only Tensors created explicitly by the user support deepcopy")
        copy = object.__new__(type(self))
        memo[id(self)] = copy
        copy.array = self.array.copy()
        copy._requires_grad = self._requires_grad
        if self.grad is not None:
            copy.grad = self.grad.clone()
        return copy

    # Gradients: declared here, made by autograd's engine

    @property
    def requires_grad(self) -> bool:
        """Whether operations with this tensor are recorded for `backward`."""
        if self._view is not None:
            self._view.refresh(self)
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Say whether operations with this leaf are to be recorded; return the tensor.

        Raises:
            RuntimeError: the dtype isn't a floating-point one, or the tensor is the result of a
                recorded operation and shall no longer require a gradient (use `detach()`).
        """
        if requires_grad and self.array.dtype.kind != "f":
            raise RuntimeError(
                f"only Tensors of floating point dtype can require gradients, not {self.dtype}"
            )
        if not requires_grad and self._node is not None:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables; use tensor.detach()"
            )
        if requires_grad and not self._requires_grad:
            from .views import history_changed

            history_changed()
        self._requires_grad = bool(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        """True if the tensor isn't the result of a recorded operation."""
        return self.grad_fn is None

    @property
    def grad_fn(self) -> Node | None:
        """The record of the operation that made this tensor, or None for a leaf."""
        if self._view is not None:
            self._view.refresh(self)
        return self._node

    def detach(self) -> Tensor:
        """Return a tensor that shares the memory but not the history.

        Examples:
            >>> x = tt.ones(2, requires_grad=True)
            >>> (x * 2).detach().requires_grad
            False
        """
        return wrap(self.array)

    def detach_(self) -> Tensor:
        """Forget the history; return the tensor, a leaf from now on.

        Raises:
            RuntimeError: the tensor is a view, whose history is its base's.
        """
        if self._view is not None and self.requires_grad:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self._node, self._requires_grad = None, False
        return self

    @property
    def data(self) -> Tensor:
        """The same memory without history (PyTorch's old name for `detach()`)."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if value.array.dtype != self.array.dtype:
            raise RuntimeError(
                f"this tensor is {self.array.dtype}, so it can't take the memory of one that is "
                f"{value.array.dtype}; convert it first: value.to({self.array.dtype})"
            )
        self.array = value.array  # shared from now on; who saved the old memory still has it

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
    ) -> None:
        """Add the derivative of this tensor to the `grad` of each leaf that it was made from.

        Args:
            gradient: derivative of the final value by this tensor; may be left out for one element.
            retain_graph: keep what is needed for a second call.
            create_graph: must be False: gradients of gradients aren't supported.

        Raises:
            RuntimeError: there is no graph (any more), or the tensor has several elements and no
                gradient was given, or a needed value was changed in place.

        Examples:
            >>> x = tt.tensor([1.0, 2.0], requires_grad=True)
            >>> (x**2).sum().backward()
            >>> x.grad
            tensor([2., 4.])
        """
        _engine().backward(self, gradient, retain_graph, create_graph)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Any:
        """Call `hook(grad)` when this tensor's gradient is known; what it returns replaces it.

        Returns a handle whose `remove()` takes the hook away.
        """
        from ..m05_autograd.hooks import register_hook

        return register_hook(self, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this tensor in `grad` even if it isn't a leaf."""
        from ..m05_autograd.hooks import retain_grad

        retain_grad(self)


@cache
def _engine() -> Any:
    from ..m05_autograd import engine

    return engine


def wrap(array: Any) -> Tensor:
    """Make a tensor around an array, without copying."""
    result = object.__new__(Tensor)
    result.array = array if type(array) is np.ndarray else np.asarray(array)
    return result
