"""Options of the trainer: checked, and brought into one form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

PRECISIONS = {
    **{"16-true": "float16", "32-true": "float32", "64-true": "float64"},
    **{"32": "float32", "64": "float64"},
}


def at_least(least: int, **options: int) -> None:
    """Raise an error unless all these options are integers of at least this."""
    for name, value in options.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{name} is an integer, at least {least}, not {value!r}")


def seconds_of(time: str | timedelta | Mapping[str, float] | None) -> float | None:
    """Return a time as seconds."""
    if time is None:
        return None
    if isinstance(time, str):
        parts = time.split(":")
        if len(parts) != 4 or not all(part.isdigit() for part in parts):
            raise ValueError(f"max_time is written DD:HH:MM:SS, for example 00:01:30:00, not {time!r}")
        time = timedelta(**dict(zip(("days", "hours", "minutes", "seconds"), map(int, parts), strict=True)))
    if isinstance(time, Mapping):
        time = timedelta(**time)
    return time.total_seconds()
