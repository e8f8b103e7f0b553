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
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .dtypes import CATEGORY
from .record import Node, clock, mode

if TYPE_CHECKING:
    from .op import Op
    from .tensor import Tensor

_changes: dict[int, tuple[weakref.ref[Any], int]] = {}  # id of the owner: the owner, time of change
last_change = 0  # time of the latest change of any memory: the quick answer to "nothing changed"
last_history = 0  # time when a tensor that may have views last got another history


def owner(array: Any) -> Any:
    """Return the array that owns the memory of `array`."""
    while (base := array.base) is not None and (isinstance(base, np.ndarray) or hasattr(base, "base")):
        array = base
    return array


def mark_changed(*arrays: np.ndarray) -> None:
    """Note that the memory of these arrays has just been changed in place."""
    global last_change
    last_change = next(clock)
    for array in arrays:
        root = owner(array)
        known = _changes.get(id(root))
        reference = known[0] if known is not None and known[0]() is root else _reference(root)
        _changes[id(root)] = (reference, last_change)


def _reference(root: Any) -> weakref.ref[Any]:
    """Return a reference with which the entry of an owner goes when the owner does."""
    key = id(root)
    return weakref.ref(root, lambda _: _changes.pop(key, None))


def changed_since(array: Any, birth: int) -> bool:
    """Tell whether the memory of `array` was changed in place after the time `birth`."""
    if last_change < birth or not isinstance(array, np.ndarray):
        return False
    root = owner(array)
    known = _changes.get(id(root))
    return known is not None and known[0]() is root and known[1] > birth


class View:
    """How a tensor was taken from another one whose memory it shares."""

    __slots__ = ("args", "history", "op", "parent", "time")

    def __init__(self, parent: Tensor, op: Op[...], args: list[Any]) -> None:
        self.parent = parent
        self.op = op
        self.args = args
        self.time = last_history
        self.history = parent._node or parent._requires_grad  # when the view was taken

    def refresh(self, tensor: Tensor) -> None:
        """Give the view a new history if its parent has one by now."""
        if self.time == last_history:
            return
        for view, child in reversed(list(_chain(tensor))):
            parent = view.parent
            history = parent._node or parent._requires_grad
            if history is not view.history and parent._requires_grad:
                child._node = view.taken_again()
                child._requires_grad = True
                view.history = history
            view.time = last_history

    def taken_again(self) -> Node | None:
        """Return the history of a view that is taken now; being in `no_grad` doesn't matter to it."""
        grad, watch = mode.grad, mode.watch
        mode.grad, mode.watch = True, None
        try:
            return self.op(self.parent, *self.args)._node
        finally:
            mode.grad, mode.watch = grad, watch


def _chain(tensor: Tensor) -> Iterator[tuple[View, Tensor]]:
    """Go through the views from a tensor to the one that owns the memory."""
    while tensor._view is not None:
        yield tensor._view, tensor
        tensor = tensor._view.parent


def history_changed() -> None:
    """Note that a tensor which may have views has another history than before."""
    global last_history
    last_history = next(clock)


def write_back(tensor: Tensor) -> None:
    """Tell the tensors that a view was taken from that the part it sees now comes from the view."""
    for view, child in _chain(tensor):
        parent = view.parent
        edges = [(parent._node or parent) if parent._requires_grad else None, child._node]
        saved = [view.op.forward, view.args]
        parent._node = Node("write_back", _write_back, edges, saved, parent.shape, parent.dtype)
        parent._requires_grad = True
        view.history = parent._node


def _write_back(g: Any, take: Any, args: Any) -> Any:
    def outside_the_view() -> Any:
        rest = np.array(g, order="C")  # g may be a NumPy number
        take(rest, *args)[...] = 0
        return rest

    return outside_the_view, lambda: take(np.asarray(g), *args)


def check_changeable(tensor: Tensor, recorded: bool) -> None:
    """Raise an error if changing a tensor in place would give wrong gradients, or can't be done.

    Args:
        tensor: the tensor that is to be changed.
        recorded: whether the change itself is recorded for `backward`.
    """
    if not tensor.array.flags.writeable:
        raise RuntimeError("this tensor's memory is read-only (expanded or borrowed); clone() it first")
    parents = [view.parent for view, _ in _chain(tensor)]
    if recorded:
        for x in (tensor, *parents):
            if x._requires_grad and x._node is None:
                what = "a leaf" if x is tensor else "a view of a leaf"
                raise RuntimeError(
                    f"{what} tensor that requires grad is being used in an in-place operation; "
                    "do it under no_grad(), or on a copy: tensor.clone()"
                )
    if mode.grad and not tensor._requires_grad and any(x._requires_grad for x in parents):
        raise RuntimeError(
            "a view that was taken under no_grad() of a tensor that requires grad is being changed in "
            "place outside of it, so the gradient would be wrong; take the view outside of no_grad(), or "
            "change it inside"
        )


def write_in_place(tensor: Tensor, operation: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Do `operation(tensor, *args)` and put its result into the tensor's own memory.

    Raises:
        RuntimeError: the tensor is a leaf that requires a gradient (or a view of one), or the
            result has another shape or a dtype that the tensor's can't hold.
    """
    result = operation(tensor, *args, **kwargs)
    check_changeable(tensor, result._node is not None)
    target, new = tensor.array, result.array
    if target.shape != new.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(new.shape)}"
        )
    if CATEGORY[new.dtype.kind] > CATEGORY[target.dtype.kind]:
        raise RuntimeError(f"result type {new.dtype} can't be cast to the desired output type {target.dtype}")
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
        write_back(tensor)
        history_changed()
    return tensor
