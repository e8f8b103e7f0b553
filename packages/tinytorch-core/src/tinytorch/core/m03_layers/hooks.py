"""Forward hooks: functions that see, and may replace, what goes into a module and what comes out."""

from __future__ import annotations

from collections import OrderedDict
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .module import Module

Hooks = OrderedDict[int, tuple[Any, bool]]  # by number: the hook, and whether it wants keywords too

_numbers = count()
EVERY: Hooks = OrderedDict()  # the hooks of all modules; stands for "no hooks" until one has its own
EVERY_PRE: Hooks = OrderedDict()
_always: set[int] = set()  # the numbers of those that are called after an error too


class OwnHooks(OrderedDict[int, tuple[Any, bool]]):
    """The hooks of one module. It counts as empty only if there are none of all modules either."""

    def __bool__(self) -> bool:
        return len(self) + len(EVERY) + len(EVERY_PRE) > 0


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
        _always.discard(self.id)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def call_with_hooks(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a module's pre-hooks, its `forward` and its hooks.

    Raises:
        RuntimeError: a pre-hook that takes keywords returned something other than (args, kwargs) or None.
    """
    called: list[int] = []
    try:
        for _, (hook, with_kwargs) in _both(EVERY_PRE, module._forward_pre_hooks):
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
        for number, (hook, with_kwargs) in _both(EVERY, module._forward_hooks):
            called.append(number)
            result = hook(module, args, kwargs, output) if with_kwargs else hook(module, args, output)
            if result is not None:
                output = result
        return output
    except BaseException:
        for number, (hook, with_kwargs) in list(EVERY.items()):
            if number in _always and number not in called:
                hook(module, args, kwargs, None) if with_kwargs else hook(module, args, None)
        raise


def _both(every: Hooks, own: Hooks) -> list[tuple[int, tuple[Any, bool]]]:
    return list(own.items()) if own is every else [*every.items(), *own.items()]


def register_module_forward_pre_hook(hook: Any) -> RemovableHandle:
    """Call `hook(module, args)` before every `forward` of every module.

    Args:
        hook: returns None, the new argument, or a tuple of them; called before a module's own hooks.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_forward_pre_hook.html
    """
    return RemovableHandle(EVERY_PRE, hook, False, False)


def register_module_forward_hook(
    hook: Any, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after every `forward` of every module.

    Args:
        hook: returns None or the new output; called before a module's own hooks.
        with_kwargs: call `hook(module, args, kwargs, output)`.
        always_call: call it after an error as well, with None for the output; the error goes on then.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_forward_hook.html
    """
    handle = RemovableHandle(EVERY, hook, False, with_kwargs)
    if always_call:
        _always.add(handle.id)
    return handle
