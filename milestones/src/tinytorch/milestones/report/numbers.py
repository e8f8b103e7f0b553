"""Numbers as words."""

from __future__ import annotations

from typing import Any

Facts = dict[str, Any]


def percent(share: float) -> str:
    """Write a share from 0 to 1 to be read."""
    return f"{100 * share:.1f}%"


def count(number: int) -> str:
    """Write a whole number to be read."""
    return f"{number:,}"


def times(number: int) -> str:
    """Write how often something happened."""
    return "once" if number == 1 else f"{number} times"
