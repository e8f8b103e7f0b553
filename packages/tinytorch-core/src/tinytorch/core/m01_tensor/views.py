"""Shared memory: which memory was changed in place when, and views that follow their base.

Two things must hold although several tensors may share one block of memory.

1. A value that a pending backward needs must not have changed. NumPy knows who owns the memory of an
   array, so it is enough to note, for each owner, the time of its last in-place change
   (`mark_changed`), and to compare that with the birth of the node that saved it (`changed_since`).
2. A gradient must flow through an in-place change whichever tensor it was made through. A view
   remembers the tensor that it was taken from and how (`View`). When its base has a new history, the
   view's is taken anew; when the view itself is changed, the base's history gets a `write_back`.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from .dtypes import CATEGORY
from .record import Node, clock

if TYPE_CHECKING:
    from .op import Op
    from .tensor import Tensor

_changes: dict[int, tuple[weakref.ref[Any], int]] = {}  # id of the owner: the owner, time of change
last_change = 0  # time of the latest change of any memory: the quick answer to "nothing changed"


def owner(array: Any) -> Any:
    """Return the array that owns the memory of `array`."""
    while isinstance(base := getattr(array, "base", None), np.ndarray) or hasattr(base, "base"):
        array = base
    return array


def mark_changed(array: np.ndarray) -> None:
    """Note that the memory of `array` has just been changed in place."""
    global last_change
    last_change = next(clock)
    root = owner(array)
    key = id(root)
    known = _changes.get(key)
    if known is not None and known[0]() is root:
        _changes[key] = (known[0], last_change)
    else:
        _changes[key] = (weakref.ref(root, lambda _: _changes.pop(key, None)), last_change)


def changed_since(array: Any, birth: int) -> bool:
    """Tell whether the memory of `array` was changed in place after the time `birth`."""
    if last_change < birth or not isinstance(array, np.ndarray):
        return False
    root = owner(array)
    known = _changes.get(id(root))
    return known is not None and known[0]() is root and known[1] > birth


class View:
    """How a tensor was taken from another one whose memory it shares."""

    __slots__ = ("args", "node", "op", "parent")

    def __init__(self, parent: Tensor, op: Op[...], args: list[Any]) -> None:
        self.parent = parent
        self.op = op
        self.args = args
        self.node = parent._node  # the parent's history when the view was taken

    def refresh(self, tensor: Tensor) -> None:
        """Give the view a new history if its parent has one by now."""
        parent = self.parent
        if parent._view is not None:
            parent._view.refresh(parent)
        if parent._node is not self.node:
            again = self.op(parent, *self.args)
            tensor._node, tensor._requires_grad = again._node, again._requires_grad
            self.node = parent._node

    def root(self) -> Tensor:
        """Return the tensor at the start of the chain of views."""
        parent = self.parent
        return parent if parent._view is None else parent._view.root()

    def write_back(self, tensor: Tensor) -> None:
        """Tell the parent's history that the part seen by the view now comes from the view."""
        parent = self.parent
        edges = [(parent._node or parent) if parent._requires_grad else None, tensor._node]
        saved = [self.op.forward, self.args]
        parent._node = Node("write_back", _write_back, edges, saved, parent.shape, parent.dtype)
        parent._requires_grad = True
        self.node = parent._node
        if parent._view is not None:
            parent._view.write_back(parent)


def _write_back(g: Any, take: Any, args: Any) -> Any:
    def outside_the_view() -> Any:
        rest = g.copy()
        take(rest, *args)[...] = 0
        return rest

    return outside_the_view, lambda: take(g, *args)


def write_in_place(tensor: Tensor, operation: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Do `operation(tensor, *args)` and put its result into the tensor's own memory.

    Raises:
        RuntimeError: the tensor is a leaf that requires a gradient (or a view of one), or the
            result has another shape or a dtype that the tensor's can't hold.
    """
    result = operation(tensor, *args, **kwargs)
    if result._node is not None:
        root = tensor if tensor._view is None else tensor._view.root()
        if root._requires_grad and root._node is None:
            what = "a view of a leaf" if root is not tensor else "a leaf"
            raise RuntimeError(
                f"{what} tensor that requires grad is being used in an in-place operation; "
                "do it under no_grad(), or on a copy: tensor.clone()"
            )
    target, new = tensor.array, result.array
    if target.shape != new.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(new.shape)}"
        )
    if CATEGORY[new.dtype.kind] > CATEGORY[target.dtype.kind]:
        raise RuntimeError(f"result type {new.dtype} can't be cast to the desired output type {target.dtype}")
    if not target.flags.writeable:
        raise RuntimeError("this tensor's memory is read-only (expanded or borrowed); clone() it first")
    node = result._node
    if node is not None:
        # The rule may need the old values, which are about to be overwritten.
        node.saved = [target.copy() if x is target else x for x in node.saved]
    np.copyto(target, new, casting="unsafe")
    mark_changed(target)
    if node is not None:
        tensor._node, tensor._requires_grad = node, True
        if node.dtype != target.dtype:
            node.dtype = target.dtype
        if tensor._view is not None:
            tensor._view.write_back(tensor)
    return tensor
