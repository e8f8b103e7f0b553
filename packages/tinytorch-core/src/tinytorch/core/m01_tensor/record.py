"""What is noted while computing: the graph's nodes, their order, and this thread's mode."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from itertools import count
from typing import Any, TypeAlias

import numpy as np

Rule: TypeAlias = Callable[..., Any]

clock = count(1)  # births of nodes and times of in-place changes share one clock


class Mode(threading.local):
    """What this thread does beside computing."""

    def __init__(self) -> None:
        # NumPy warns of overflow and 0/0; tensors, like PyTorch's, carry inf and nan silently.
        # Entering a context that was silenced once costs a fifth of a `with np.errstate(...)`.
        # All computing goes through `run` of what stands here, so a `Watcher` may stand in its place.
        self.quiet: Any = copy_context()
        self.quiet.run(np.seterr, all="ignore")

    grad = True  # record operations for backward
    watch: Callable[..., None] | None = None  # called with (operation, input arrays, output tensor)
    # Called with (node, gradient, input gradients), before a walk with (None, True, ()), after it with
    # (None, False, ()).
    watch_backward: Callable[..., None] | None = None


mode = Mode()


class Node:
    """The record of one operation: which one, from what, when. `Tensor.grad_fn` in PyTorch."""

    __slots__ = ("birth", "dtype", "edges", "hooks", "name", "rule", "saved", "shape")

    def __init__(self, name: str, rule: Rule | None, edges: Any, saved: Any, shape: Any, dtype: Any) -> None:
        self.name = name
        self.rule = rule
        self.edges = edges  # per tensor input: its Node, the leaf Tensor itself, or None
        self.saved = saved  # what the rule asked for, in its order
        self.shape = shape
        self.dtype = dtype
        self.birth = next(clock)
        self.hooks: list[Callable[[Any], Any]] | None = None

    def __repr__(self) -> str:
        return f"<{self.name.strip('_').title().replace('_', '')}Backward>"
