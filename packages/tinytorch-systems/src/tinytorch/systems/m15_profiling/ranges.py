"""Names: of ranges of code, and of modules."""

from __future__ import annotations

import threading
from functools import wraps
from typing import TYPE_CHECKING, Any

from .events import RANGE, Event

if TYPE_CHECKING:
    from .recorder import Recorder


class _Running(threading.local):
    """The recorders of a thread that are running, the outermost first."""

    def __init__(self) -> None:
        self.recorders: list[Recorder] = []


running = _Running()


class record_function:
    """Name a range of code, which then shows up in the profiles that are running.

    It can also decorate a function. Without a running profile it does nothing.

    Args:
        name: what it is shown as.

    Examples:
        >>> with systems.profile() as prof:
        ...     with systems.record_function("my part"):
        ...         _ = tt.ones(2) + 1
        >>> "my part" in [event.key for event in prof.key_averages()]
        True

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

        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name):
                return function(*args, **kwargs)

        return wrapper
