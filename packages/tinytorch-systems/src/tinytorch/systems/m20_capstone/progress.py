"""Shows how far training is: a bar in a terminal, a few lines elsewhere, all of it ASCII."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

LINES = 10  # how many lines stand in for a bar where there is no terminal


class Hashes(ProgressColumn):
    """`[######......] 1200/2000  loss 3.61  held out 1.66 per character`."""

    def render(self, task: Task) -> Text:
        """Draw it."""
        done = round(30 * task.completed / task.total) if task.total else 30
        line = Text(f"{task.description}[")
        line.append("#" * done, style="cyan")
        line.append("." * (30 - done), style="dim")
        line.append(f"] {task.completed:.0f}/{task.total:.0f}  {task.fields['note']}")
        return line


class Bar:
    """Shows steps as they are done.

    Args:
        total: how many there are.
        done: how many were done before.
        quiet: show nothing.
    """

    def __init__(self, total: int, done: int = 0, quiet: bool = False) -> None:
        self.total, self.done, self.quiet = total, done, quiet
        self.note = ""
        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self.live = console.is_terminal and not console.is_dumb_terminal and not quiet
        self.rich = Progress(
            Hashes(), TimeElapsedColumn(), TimeRemainingColumn(), console=console, refresh_per_second=8
        )
        self.task = self.rich.add_task("training ", total=total, completed=done, note="")

    def __enter__(self) -> Bar:
        if self.live:
            self.rich.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.live:
            self.rich.stop()

    def step(self, note: str) -> None:
        """Count a step, and write something beside the bar."""
        before, self.done, self.note = self.done, self.done + 1, note
        if self.live:
            self.rich.update(self.task, completed=self.done, note=note)
        elif not self.quiet and self.done * LINES // self.total > before * LINES // self.total:
            sys.stderr.write(f"training {self.done:>6}/{self.total}  {note}\n")
            sys.stderr.flush()


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Within this block the first Ctrl-C only sets the event; a second one stops at once.

    So weights are never left half changed, nor a file half written. Where Ctrl-C is ignored, as in a shell
    script's background jobs, it stays so; outside the main thread it can't be caught.
    """
    asked = threading.Event()
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        yield asked
        return

    def on_ctrl_c(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, before)
        asked.set()

    before = signal.signal(signal.SIGINT, on_ctrl_c)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
