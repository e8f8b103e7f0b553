"""Noting what happens, as cheaply as can be: sums, names and formulas come when the profile has ended."""

from __future__ import annotations

import threading
from time import perf_counter_ns as now
from typing import Any

from tinytorch.core import (
    Watcher,
    ops,
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

from .events import BACKWARD, MODULE, OPERATION, RANGE, WALK, WORK, Event, described
from .memory import Memory


class _Running(threading.local):
    """The recorders of a thread that are running, the outermost first."""

    def __init__(self) -> None:
        self.recorders: list[Recorder] = []


running = _Running()


class Recorder(Watcher):
    """Notes an `Event` for all that its thread does between `start()` and `stop()`."""

    def __init__(self, memory: Memory | None) -> None:
        self.events: list[Event] = []
        self.memory = memory
        self.began = self.ended = 0
        self._open: list[Event] = []
        self._walks: list[
            list[Any]
        ] = []  # for each walk that is going on: when the last node ended, events then
        self._births: dict[int, Event] = {}
        self._operations: dict[Any, Any] = {}
        self._leaves: list[Any] = []
        self._handles: list[Any] = []
        self._paths: dict[int, str] = {}  # of the modules in the outermost module that is running
        self._roots: list[Any] = []

    def start(self) -> None:
        """Begin."""
        super().start()
        self._me = threading.get_ident()
        self._handles = [
            register_module_forward_pre_hook(self._enter),
            register_module_forward_hook(self._leave, always_call=True),
        ]
        running.recorders.append(self)
        self.began = now()

    def stop(self) -> None:
        """End; what is still open ends here."""
        super().stop()
        self.ended = now()
        running.recorders.remove(self)
        for handle in self._handles:
            handle.remove()
        while self._open:
            self._close(self.ended)
        self._settle()
        self._walks.clear()
        self._roots.clear()
        self._births.clear()
        if self.memory is not None:
            self.memory.forget()
        for event in self.events:
            event.module = None if event.module is None else type(event.module)
            if event.parent is not None:
                event.parent.nested += event.total

    # Ranges

    def open(self, kind: str, name: str, module: Any = None) -> Event:
        """Begin a range, which what follows is a part of."""
        event = Event(kind, name, now(), parent=self._open[-1] if self._open else None, module=module)
        self.events.append(event)
        self._open.append(event)
        return event

    def close(self, event: Event) -> None:
        """End a range, and those in it that an error has left open."""
        if event in self._open:
            at = now()
            while self._close(at) is not event:
                pass

    def _close(self, at: int) -> Event:
        event = self._open.pop()
        event.end = at
        if self.memory is not None:
            event.live = self.memory.live
        return event

    def _enter(self, module: Any, args: Any) -> None:
        if threading.get_ident() != self._me:
            return
        if id(module) not in self._paths:
            self._name(module)
        event = self.open(MODULE, type(module).__name__, module)
        event.path = self._paths[id(module)]

    def _name(self, module: Any) -> None:
        """Name a module that isn't part of another, and all in it."""
        base = root = type(module).__name__
        taken = set(self._paths.values())
        number = 2
        while root in taken:
            root, number = f"{base}#{number}", number + 1
        self._roots.append(module)  # so that no other module gets the same id
        for name, part in module.named_modules():
            self._paths.setdefault(id(part), f"{root}.{name}" if name else root)

    def _leave(self, module: Any, args: Any, output: Any) -> None:
        if threading.get_ident() == self._me:
            for event in reversed(self._open):
                if event.module is module:
                    self.close(event)
                    return

    # Operations

    def run(self, function: Any, *values: Any) -> Any:
        """Time the forward of an operation."""
        if self._leaves:
            self._settle()
        start = now()
        out = super().run(function, *values)
        end = now()
        op = self._operation(function)
        event = Event(
            WORK if op is None else OPERATION,
            WORKS.get(function.__name__, function.__name__) if op is None else op.name,
            start,
            end,
            self._open[-1] if self._open else None,
        )
        if op is not None:
            event.values = dict(zip(op.names, map(described, values), strict=False))
            if out.__class__ is tuple:
                event.extras = {name: described(x) for name, x in out[1].items()}
        elif self.memory is not None:
            event.live = self.memory.live
        self.events.append(event)
        return out

    def _operation(self, function: Any) -> Any:
        try:
            return self._operations[function]
        except KeyError:
            self._operations.update((op.forward, op) for op in ops.values())
            return self._operations.setdefault(function, None)

    def made(self, op: Any, arrays: Any, result: Any) -> None:
        """Note what came of an operation: its shape, its memory, its node."""
        event = self.events[-1]
        out = result.array
        event.out = out.shape
        if out.base is None or not op.view:
            moved = out.nbytes
            for x in arrays:
                moved += getattr(x, "nbytes", 0)
            event.moved = moved
        node = result.grad_fn
        if node is not None:
            self._births[node.birth] = event
        memory = self.memory
        if memory is not None:
            for x in arrays:
                memory.see(x, False)
            event.allocated = memory.see(out, True)
            if node is not None:
                for x in node.saved:
                    event.allocated += self._see_all(x)
            event.live = memory.live
        super().made(op, arrays, result)

    def _see_all(self, value: Any) -> int:
        """Count the arrays in what an operation saved."""
        see = self.memory.see  # type: ignore[union-attr]
        if value.__class__ in (list, tuple):
            return sum(map(self._see_all, value))
        if hasattr(value, "__dict__"):
            return sum(map(self._see_all, vars(value).values()))
        return see(value, True)

    def _settle(self) -> None:
        """Count the gradients that the leaves have got since the last walk."""
        leaves, self._leaves = self._leaves, []
        if self.memory is not None:
            for leaf in leaves:
                if leaf.grad is not None:
                    self.memory.see(leaf.grad.array, True)

    # Backward

    def passed(self, node: Any, g: Any, gradients: Any) -> None:
        """Time the rule of an operation: from the end of the one before to now."""
        end = now()
        super().passed(node, g, gradients)
        if node is None:
            self._end_of_walk(g)
            return
        walk = self._walks[-1]
        forward = self._births.get(node.birth)
        event = Event(BACKWARD, repr(node)[1:-1], walk[0], end, walk[2], forward=forward)
        event.out = g.shape
        edges = node.edges
        event.needs = tuple(edge is not None for edge in edges)
        moved = g.nbytes
        for x in node.saved:
            moved += getattr(x, "nbytes", 0)
        for d in gradients:
            if d.base is None and d is not g:
                moved += d.nbytes
        event.moved = moved
        for part in self.events[walk[1] :]:  # what the rule computed by operations, as checkpointing does
            if part.parent is walk[2]:
                part.parent = event
        self.events.append(event)
        memory = self.memory
        if memory is not None:
            memory.see(g, True)
            for d in gradients:
                event.allocated += memory.see(d, True)
            for edge in edges:
                if hasattr(edge, "grad"):
                    self._leaves.append(edge)
            event.live = memory.live
        walk[1] = len(self.events)
        walk[0] = now()

    def _end_of_walk(self, begins: bool) -> None:
        if begins:
            scope = self.open(WALK, "backward")
            self._walks.append([now(), len(self.events), scope])
        elif self._walks:
            self.close(self._walks.pop()[2])


# What core does on arrays outside of operations, by the name of the function that does it.
WORKS = {
    "_run_here": "optimizer update",
    "share": "optimizer update",
    "_assign": "assignment",
    "array": "copy",
}


class record_function:
    """Name a range of code, which then shows up in the profiles that are running.

    It can also decorate a function. Without a running profile it does nothing.

    Args:
        name: what it is shown as.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.profiler.record_function.html
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._opened: list[list[tuple[Recorder, Event]]] = []

    def __enter__(self) -> record_function:
        self._opened.append([(r, r.open(RANGE, self.name)) for r in running.recorders])
        return self

    def __exit__(self, *error: object) -> None:
        for recorder, event in reversed(self._opened.pop()):
            recorder.close(event)

    def __call__(self, function: Any) -> Any:
        """Decorate a function: each call is such a range."""
        from functools import wraps

        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name):
                return function(*args, **kwargs)

        return wrapper
