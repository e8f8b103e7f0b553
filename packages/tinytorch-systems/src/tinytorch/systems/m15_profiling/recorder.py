"""Noting what happens, as cheaply as can be: sums, names and formulas come when the profile has ended."""

from __future__ import annotations

import threading
from time import perf_counter_ns as now
from typing import Any

import numpy as np
from tinytorch.core import Watcher, register_module_forward_hook, register_module_forward_pre_hook

from .events import BACKWARD, MODULE, OPERATION, PLAIN, WALK, WORK, Event, described
from .memory import Memory
from .names import UNKNOWN, name_modules, name_of_work, operation_of, operations
from .ranges import running


class Recorder(Watcher):
    """Notes an `Event` for all that its thread does between `start()` and `stop()`."""

    def __init__(self, memory: Memory | None, temporaries: bool = False) -> None:
        self.events: list[Event] = []
        self.memory = memory
        self._tracer = memory if temporaries else None
        self.began = self.ended = 0
        self._open: list[Event] = []
        # Of each walk: when its last node ended, how many events there were then, its scope.
        self._walks: list[list[Any]] = []
        self._births: dict[int, Event] = {}
        self._names: dict[str, str] = {}  # of the rules, by those of the operations
        self._leaves: list[Any] = []
        self._handles: list[Any] = []
        self._finished = False

    def start(self) -> None:
        """Begin."""
        if self._tracer is not None:
            self._tracer.trace()
        super().start()
        before = self._before
        assert before is not None
        # One call less, each time, than by way of `super()`.
        self._inner, self._inner_made, self._inner_passed = before[0].run, before[1], before[2]
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
        self._births.clear()
        if self.memory is not None:
            self.memory.forget()

    def finish(self) -> None:
        """Do what could wait until the profile is read: name the modules, and sum up the times of parts."""
        if self._finished:
            return
        self._finished = True
        paths: dict[int, str] = {}
        roots = []  # kept so long that no other module gets the id of one
        for event in self.events:
            if event.parent is not None:
                event.parent.nested += event.total
            if event.module is not None:
                if id(event.module) not in paths:
                    name_modules(event.module, paths)
                roots.append(event.module)
                event.path = paths[id(event.module)]
                event.module = type(event.module)

    # Ranges

    def open(self, kind: str, name: str, module: Any = None) -> Event:
        """Begin a range, which what follows is a part of."""
        event = Event(kind, name, now(), 0, self._open[-1] if self._open else None)
        if module is not None:
            event.module = module
        self.events.append(event)
        self._open.append(event)
        return event

    def close(self, event: Event) -> None:
        """End a range, and those in it that an error has left open."""
        at = now()
        if event in self._open:
            while self._close(at) is not event:
                pass

    def _close(self, at: int) -> Event:
        event = self._open.pop()
        event.end = at
        if self.memory is not None:
            self.memory.settle()
            event.live = self.memory.live
        return event

    def _enter(self, module: Any, args: Any) -> None:
        if threading.get_ident() != self._me:
            return
        self.open(MODULE, type(module).__name__, module)

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
        tracer = self._tracer
        if tracer is not None:
            tracer.begin()
        start = now()
        out = self._inner(function, *values)
        end = now()
        op = operations.get(function, UNKNOWN)
        if op is UNKNOWN:
            op = operation_of(function)
        event = Event(
            WORK if op is None else OPERATION,
            name_of_work(function) if op is None else op.name,
            start,
            end,
            self._open[-1] if self._open else None,
        )
        if op is not None:
            event._names = op.names
            event._values = [
                x.shape if x.__class__ is np.ndarray else x if x.__class__ in PLAIN else described(x)
                for x in values
            ]
            if out.__class__ is tuple and out[1]:
                event.extras = {name: described(x) for name, x in out[1].items()}
        elif self.memory is not None:
            self.memory.settle()
            event.live = self.memory.live
        if tracer is not None:
            event.peak = tracer.highest()
        self.events.append(event)
        return out

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
            memory.settle()
            blocks = memory.blocks
            for x in arrays:
                if id(x) not in blocks:
                    memory.see(x, False)
            event.allocated = memory.see(out, True)
            if node is not None:
                for x in node.saved:
                    if x.__class__ not in PLAIN and id(x) not in blocks:
                        event.allocated += memory.see_all(x)
            event.live = memory.live
        if self._inner_made is not None:
            self._inner_made(op, arrays, result)

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
        if self._inner_passed is not None:
            self._inner_passed(node, g, gradients)
        if node is None:
            self._end_of_walk(g)
            return
        walk = self._walks[-1]
        forward = self._births.get(node.birth)
        name = self._names.get(node.name)
        if name is None:
            name = self._names[node.name] = repr(node)[1:-1]
        event = Event(BACKWARD, name, walk[0], end, walk[2])
        event.forward = forward
        event.out = g.shape
        edges = node.edges
        event.needs = tuple([edge is not None for edge in edges])
        moved = g.nbytes
        for x in node.saved:
            moved += getattr(x, "nbytes", 0)
        for d in gradients:
            if d.base is None and d is not g:
                moved += d.nbytes
        event.moved = moved
        if len(self.events) > walk[1]:  # what the rule computed by operations, as checkpointing does
            for part in self.events[walk[1] :]:
                if part.parent is walk[2]:
                    part.parent = event
        self.events.append(event)
        memory = self.memory
        if memory is not None:
            memory.settle()
            blocks = memory.blocks
            if id(g) not in blocks:
                memory.see(g, True)
            for d in gradients:
                if id(d) not in blocks:
                    event.allocated += memory.see(d, True)
            for edge in edges:
                if edge is not None and edge.__class__ is not node.__class__:
                    self._leaves.append(edge)
            event.live = memory.live
        if self._tracer is not None:
            event.peak = self._tracer.highest()
            self._tracer.begin()
        walk[1] = len(self.events)
        walk[0] = now()

    def _end_of_walk(self, begins: bool) -> None:
        if begins:
            scope = self.open(WALK, "backward")
            if self._tracer is not None:
                self._tracer.begin()
            self._walks.append([now(), len(self.events), scope])
        elif self._walks:
            self.close(self._walks.pop()[2])
