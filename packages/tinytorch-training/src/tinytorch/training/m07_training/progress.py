"""Progress on the terminal: a bar, or plain lines where there is no terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from tinytorch.core import Module

from .callback import Callback
from .results import samples_in

if TYPE_CHECKING:
    from .trainer import Trainer

REFRESH = 0.1  # seconds between two drawings


class ProgressBar(Callback):
    """Shows epoch, batches, samples per second, time left and the measures that were logged for it.

    Args:
        file: where to write; stderr, if it isn't given. Without a terminal there it's a line for each epoch.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self.file = file
        self._bar: Any = None
        self._task: Any = None
        self._samples = 0
        self._began = self._drawn = 0.0

    def on_train_start(self, trainer: Trainer, module: Module) -> None:
        """Open the bar, if there is a terminal."""
        file = self.file or sys.stderr
        if not file.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[measures]}"),
        )
        # Drawn when we say so, not by a thread that would take time from training.
        self._bar = Progress(*columns, console=Console(file=file), auto_refresh=False)
        self._bar.start()

    def on_train_epoch_start(self, trainer: Trainer, module: Module) -> None:
        """Begin a bar for this epoch."""
        self._samples = 0
        self._began = time.perf_counter()
        if self._bar is not None:
            total = trainer.loop.train.length if trainer.loop else None
            self._task = self._bar.add_task(self._epoch(trainer), total=total, rate="", measures="")

    def on_train_batch_end(
        self, trainer: Trainer, module: Module, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count, and draw from time to time."""
        self._samples += samples_in(batch)
        if self._bar is not None:
            now = time.perf_counter()
            if now - self._drawn >= REFRESH:
                self._drawn = now
                self._draw(trainer, batch_idx + 1)

    def on_train_epoch_end(self, trainer: Trainer, module: Module) -> None:
        """Draw the whole bar, or write a line."""
        if self._bar is not None:
            if self._task is not None and trainer.loop is not None:
                self._draw(trainer, trainer.loop.at["batches"])
        else:
            seconds = time.perf_counter() - self._began
            line = f"{self._epoch(trainer)}  {seconds:.1f} s  {self._rate()}{self._left(trainer, seconds)}"
            (self.file or sys.stderr).write(f"{line}  {self._measures(trainer)}\n")

    def teardown(self, trainer: Trainer, module: Module, stage: str) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None

    def _draw(self, trainer: Trainer, batches: int) -> None:
        measures = self._measures(trainer)
        if self._task is None:  # the run goes on in the middle of an epoch
            self._began = time.perf_counter()
            total = trainer.loop.train.length if trainer.loop else None
            self._task = self._bar.add_task(self._epoch(trainer), total=total, rate="", measures="")
        self._bar.update(self._task, completed=batches, rate=self._rate(), measures=measures)
        self._bar.refresh()

    @staticmethod
    def _epoch(trainer: Trainer) -> str:
        last = trainer.max_epochs
        return f"epoch {trainer.current_epoch + 1}" + (f"/{last}" if last is not None and last > 0 else "")

    def _rate(self) -> str:
        seconds = time.perf_counter() - self._began
        return f"{self._samples / seconds:,.0f} samples/s" if seconds > 0 else ""

    @staticmethod
    def _left(trainer: Trainer, seconds: float) -> str:
        if trainer.max_epochs is None or trainer.max_epochs < 0:
            return ""
        left = round((trainer.max_epochs - trainer.current_epoch - 1) * seconds)
        return f"  ETA {left // 60}:{left % 60:02}"

    @staticmethod
    def _measures(trainer: Trainer) -> str:
        latest = trainer.results.latest
        return "  ".join(f"{name} {latest[name]:.4g}" for name in trainer.results.shown if name in latest)
