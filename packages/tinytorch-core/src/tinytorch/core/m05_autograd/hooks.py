"""Looking at gradients on their way: hooks on tensors, and gradients kept for non-leaves."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from ..m01_tensor.tensor import Tensor


class TensorHookHandle:
    """What `register_hook` returns: `remove()` takes the hook away; as a context, at its end."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self.hooks = hooks
        self.hook = hook

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        self.hooks[:] = [hook for hook in self.hooks if hook is not self.hook]

    def __enter__(self) -> TensorHookHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def register_hook(tensor: Tensor, hook: Callable[[Tensor], Tensor | None]) -> TensorHookHandle:
    """Do the work of `Tensor.register_hook`."""
    if not tensor.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")

    def checked(g: Tensor) -> Tensor | None:
        result = hook(g)
        if result is None:
            return None
        if not isinstance(result, Tensor):
            raise TypeError(f"a hook returns a Tensor or None, not {type(result).__name__}")
        if result.shape != g.shape:
            raise RuntimeError(f"the hook has changed the size of value: {g.shape} to {result.shape}")
        return result

    holder: Any = tensor._node or tensor
    name = "hooks" if tensor._node else "_hooks"
    if getattr(holder, name) is None:
        setattr(holder, name, [])
    hooks: list[Any] = getattr(holder, name)
    hooks.append(checked)
    return TensorHookHandle(hooks, checked)


def retain_grad(tensor: Tensor) -> None:
    """Do the work of `Tensor.retain_grad`."""
    if not tensor.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if tensor._node is None or "_retains" in tensor.__dict__:
        return
    reference = weakref.ref(tensor)  # the node must not keep its own output alive: a cycle

    def keep(g: Tensor) -> None:
        kept = reference()
        if kept is not None:
            kept.grad = g.clone() if kept.grad is None else kept.grad + g

    register_hook(tensor, keep)
    tensor.__dict__["_retains"] = True
