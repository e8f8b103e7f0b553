"""What stands in for an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Kernel(NamedTuple):
    """A faster forward for the operation `name` and, if it needs another one, a rule; see `Op.use`."""

    name: str
    forward: Callable[..., Any]
    rule: Callable[..., Any] | None = None
