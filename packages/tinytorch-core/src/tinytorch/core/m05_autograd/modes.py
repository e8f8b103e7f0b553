"""Whether operations are recorded: `no_grad`, `enable_grad` and their kin."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from typing import Any, TypeVar, cast, overload

from ..m01_tensor.record import mode

F = TypeVar("F", bound=Callable[..., Any])


class set_grad_enabled:
    """Switch recording on or off, at once for a `with` block or a decorated function (in this thread).

    Examples:
        >>> train = False
        >>> with tt.set_grad_enabled(train):
        ...     tt.is_grad_enabled()
        False

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.set_grad_enabled.html
    """

    def __init__(self, mode: bool) -> None:
        self.enabled = mode
        self.before: list[bool] = [_switch(mode)]
        self.entered = False

    def __enter__(self) -> None:
        if self.entered:
            self.before.append(_switch(self.enabled))
        self.entered = True

    def __exit__(self, *error: object) -> None:
        _switch(self.before.pop())

    def __call__(self, function: F) -> F:
        """Decorate a function: the mode holds while it runs, and not from now on."""
        _switch(self.before.pop())
        return (enable_grad if self.enabled else no_grad)(function)


class _Recording:
    """A context manager, and a decorator, that switches recording on or off."""

    enabled: bool
    before: list[bool]

    @overload
    def __new__(cls, function: F) -> F: ...  # type: ignore[misc]  # a decorator without parentheses
    @overload
    def __new__(cls) -> _Recording: ...
    def __new__(cls, function: Any = None) -> Any:
        self = super().__new__(cls)
        self.before = []
        return self if function is None else self(function)

    def __enter__(self) -> None:
        self.before.append(_switch(self.enabled))

    def __exit__(self, *error: object) -> None:
        _switch(self.before.pop())

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function):
            return cast(F, _decorate_generator(type(self), function))

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return cast(F, decorated)


class no_grad(_Recording):
    """Don't record operations, within a `with` block or in a decorated function.

    Results don't require gradients, and what they were made from isn't kept.

    Examples:
        >>> x = tt.ones(2, requires_grad=True)
        >>> with tt.no_grad():
        ...     y = x * 2
        >>> y.requires_grad
        False

    Source: https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html
    """

    enabled = False


class enable_grad(_Recording):
    """Record operations again, inside `no_grad`: a `with` block or a decorated function.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.enable_grad.html
    """

    enabled = True


def is_grad_enabled() -> bool:
    """Tell whether operations are being recorded in this thread."""
    return mode.grad


def _switch(enabled: bool) -> bool:
    before, mode.grad = mode.grad, bool(enabled)
    return before


def _decorate_generator(context: type[_Recording], function: Any) -> Any:
    """Run each step of a generator in the mode, and the code between the steps in its own."""

    @functools.wraps(function)
    def decorated(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = function(*args, **kwargs)
        step, value = generator.send, None
        while True:
            try:
                with context():
                    item = step(value)
            except StopIteration as stop:
                return stop.value
            try:
                step, value = generator.send, (yield item)
            except GeneratorExit:
                generator.close()
                raise
            except BaseException as error:
                step, value = generator.throw, error

    return decorated
