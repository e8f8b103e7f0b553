"""Seeing what a thread computes, for profilers and other instruments."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any

from .record import mode


class Watcher:
    """Sees everything that the thread which calls `start()` computes until it calls `stop()`.

    A subclass defines the methods that it is interested in, and in them calls `super()`'s, which pass on to
    the watcher that was there before: watchers may be nested. Without one nothing is called, at no cost.
    """

    _before: Any = None  # while it watches: what stood in its three places
    _thread = 0

    def start(self) -> None:
        """Begin to watch.

        Raises:
            RuntimeError: it has begun already.
        """
        if self._before is not None:
            raise RuntimeError(f"this {type(self).__name__} is running already; make another one")
        self._thread = get_ident()
        self._before = mode.quiet, mode.watch, mode.watch_backward
        mode.quiet, mode.watch, mode.watch_backward = self, self.made, self.passed

    def stop(self) -> None:
        """Watch no longer.

        Raises:
            RuntimeError: it isn't watching, or not in this thread, or one that began later still is.
        """
        name = type(self).__name__
        if self._before is None:
            raise RuntimeError(f"this {name} isn't running")
        if self._thread != get_ident():
            raise RuntimeError(f"a {name} must be ended by the thread that began it")
        if mode.quiet is not self:
            raise RuntimeError(f"a {name} must end after those that began later; use `with`")
        mode.quiet, mode.watch, mode.watch_backward = self._before
        self._before = None

    def run(self, function: Callable[..., Any], *values: Any) -> Any:
        """Return `function(*values)`: the forward of an operation, or other work on arrays."""
        return self._before[0].run(function, *values)

    def made(self, op: Any, arrays: Any, result: Any) -> None:
        """See what an operation made.

        Args:
            op: the operation; its forward has just been run.
            arrays: its inputs.
            result: the tensor.
        """
        before = self._before[1]
        if before is not None:
            before(op, arrays, result)

    def passed(self, node: Any, g: Any, gradients: Any) -> None:
        """See a step of a backward pass.

        Args:
            node: the record of an operation, whose rule has been applied; None at both ends of a walk back.
            g: the gradient of its output; with None, True at the beginning and False at the end.
            gradients: those of its inputs, with what has been added to them by others so far.
        """
        before = self._before[2]
        if before is not None:
            before(node, g, gradients)
