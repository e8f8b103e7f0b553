"""Forward hooks: functions that see, and may replace, what goes into a module and what comes out."""

from __future__ import annotations

from collections import OrderedDict
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .module import Module

Hooks = OrderedDict[int, tuple[Any, bool]]  # by number: the hook, and whether it wants keywords too

_numbers = count()


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook away; as a context, at its end."""

    def __init__(self, hooks: Hooks, hook: Any, prepend: bool, with_kwargs: bool) -> None:
        if not callable(hook):
            raise TypeError(f"a hook must be callable, not {type(hook).__name__}")
        self.hooks = hooks
        self.id = next(_numbers)
        hooks[self.id] = (hook, with_kwargs)
        if prepend:
            hooks.move_to_end(self.id, last=False)

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        self.hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def call_with_hooks(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a module's pre-hooks, its `forward` and its hooks.

    Raises:
        RuntimeError: a pre-hook that takes keywords returned something other than (args, kwargs) or None.
    """
    for hook, with_kwargs in tuple(module._forward_pre_hooks.values()):
        if with_kwargs:
            result = hook(module, args, kwargs)
            if result is not None:
                if not isinstance(result, tuple) or len(result) != 2:
                    raise RuntimeError(
                        "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {result}."
                    )
                args, kwargs = result
        else:
            result = hook(module, args)
            if result is not None:
                args = result if isinstance(result, tuple) else (result,)
    output = module.forward(*args, **kwargs)
    for hook, with_kwargs in tuple(module._forward_hooks.values()):
        result = hook(module, args, kwargs, output) if with_kwargs else hook(module, args, output)
        if result is not None:
            output = result
    return output
