"""Shows how far a loop is: a bar in a terminal, a few lines elsewhere, nothing when it has to be quiet.

Everything is ASCII, so that it survives every console.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress as RichProgress, ProgressColumn, Task
from rich.text import Text

T = TypeVar("T")
LINES = 5  # how many lines stand in for a bar


class Line(ProgressColumn):
    """One line of plain signs: `mlp        training   [######........]   12/30  loss 0.026`."""

    def __init__(self, head: str, width: int) -> None:
        super().__init__()
        self.head = head
        self.width = width

    def render(self, task: Task) -> Text:
        """Draw the line; what doesn't fit is cut off, because the usual ellipsis isn't ASCII."""
        length = max(8, min(40, self.width - 68))
        done = round(length * task.completed / task.total) if task.total else length
        line = Text(f"{self.head}[")
        line.append("#" * done, style="green" if task.finished else "cyan")
        line.append("." * (length - done), style="dim")
        line.append(f"] {task.completed:>4.0f}/{task.total:.0f}  {task.fields['note']}")
        line.truncate(self.width - 1, overflow="crop")
        return line


class Progress:
    """Follows loops: `for epoch in progress(range(30), "training"): ...`.

    Args:
        name: what is being run, written in front of each line.
        quiet: show nothing.
    """

    def __init__(self, name: str = "", quiet: bool = False) -> None:
        self.name = name
        self.quiet = quiet
        self.text = ""
        self.console = Console(stderr=True, highlight=False, markup=False, emoji=False)

    def note(self, text: str) -> None:
        """Write something beside the loop that is running."""
        self.text = text

    def __call__(self, items: Iterable[T], label: str) -> Iterator[T]:
        """Hand out the items of a loop and show how many are done."""
        steps = list(items)
        self.text = ""
        if self.quiet or not steps:
            return iter(steps)
        live = self.console.is_terminal and not self.console.is_dumb_terminal
        return self._bar(steps, label) if live else self._lines(steps, label)

    def _bar(self, steps: list[T], label: str) -> Iterator[T]:
        line = Line(f"{self.name:<12}{label:<21}", self.console.width)
        with RichProgress(line, console=self.console, refresh_per_second=12) as progress:
            task = progress.add_task(label, total=len(steps), note="")
            for step in steps:
                yield step
                progress.update(task, advance=1, note=self.text)

    def _lines(self, steps: list[T], label: str) -> Iterator[T]:
        shown = 0
        for done, step in enumerate(steps, start=1):
            yield step
            if done * LINES // len(steps) > shown:
                shown = done * LINES // len(steps)
                counted = f"{done:>4}/{len(steps)}"
                sys.stderr.write(f"{self.name:<12}{label:<21}{counted}  {self.text}".rstrip() + "\n")
                sys.stderr.flush()
