"""How far a download has come: a bar in a terminal or notebook, a few plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int | None], None]  # bytes so far, bytes in all if that is known


@contextmanager
def progress(name: str) -> Iterator[Progress]:
    """Show on standard error how far the download of `name` has come, for as long as the block runs."""
    from rich.console import Console  # takes a moment to import, and is needed here alone

    console = Console(stderr=True)
    if not (console.is_terminal or console.is_jupyter):
        yield _lines(name, console.print)
        return
    from rich import progress as bars

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=console) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(name: str, show: Callable[[str], None]) -> Progress:
    """Return a progress that writes a line at the start and at each quarter."""
    shown = -1

    def update(done: int, total: int | None) -> None:
        nonlocal shown
        quarter = 4 * done // total if total else 0
        if quarter != shown:
            shown = quarter
            size = "" if total is None else f" of {total / 1e6:.1f} MB"
            show(f"Downloading {name}: {done / 1e6:.1f}{size or ' MB'}")

    return update
