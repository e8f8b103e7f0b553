"""Measures into files: CSV, JSON lines, TensorBoard."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinytorch.core import Module

from ..callback import Callback

if TYPE_CHECKING:
    from ..trainer import Trainer


class FileLogger(Callback):
    """What loggers into a text file share: each measure is a row with its epoch and step.

    A file that is there already is another run's: then a number is added to the name. If the run goes on
    from a checkpoint, its own file does, without the rows of steps that will be done again.
    """

    writes_files = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.rows: list[dict[str, Any]] = []
        self._resumed = False

    def setup(self, trainer: Trainer, module: Module, stage: str) -> None:
        """Begin without rows."""
        self.rows = []
        self._resumed = False

    def on_train_start(self, trainer: Trainer, module: Module) -> None:
        """Find a free name, or the rows of the run that goes on."""
        if self._resumed:
            self._write()
            return
        stem, number = self.path.stem, 0
        while self.path.exists():
            number += 1
            self.path = self.path.with_stem(f"{stem}-{number}")

    def log_metrics(self, trainer: Trainer, module: Module, metrics: Mapping[str, float], step: int) -> None:
        """Add a row."""
        if metrics:
            self.rows.append({"epoch": trainer.current_epoch, "step": step, **metrics})
            self._append(self.rows[-1])

    def state_dict(self) -> dict[str, Any]:
        """Return the file and its rows."""
        return {"path": str(self.path), "rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with the file of a checkpoint."""
        self.path = Path(state_dict["path"])
        self.rows = list(state_dict["rows"])
        self._resumed = True

    def _append(self, row: dict[str, Any]) -> None:
        raise NotImplementedError

    def _write(self) -> None:
        """Write all rows anew, completely or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f".{self.path.name}.tmp")
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            file.write(self._text())
        os.replace(temporary, self.path)

    def _text(self) -> str:
        raise NotImplementedError


class JSONLinesLogger(FileLogger):
    """Writes each measure as a line of JSON: `{"epoch": 0, "step": 50, "train_loss": 0.3}`.

    Args:
        path: the file.
    """

    def __init__(self, path: str | os.PathLike[str] = "metrics.jsonl") -> None:
        super().__init__(path)

    def _append(self, row: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def _text(self) -> str:
        return "".join(json.dumps(row) + "\n" for row in self.rows)


class CSVLogger(FileLogger):
    """Writes measures as a table with a column for each name; what wasn't measured stays empty.

    Args:
        path: the file.
    """

    def __init__(self, path: str | os.PathLike[str] = "metrics.csv") -> None:
        super().__init__(path)
        self._columns: list[str] = []

    def _append(self, row: dict[str, Any]) -> None:
        if set(row) - set(self._columns) or not self.path.exists():
            self._write()  # a new column: the head changes
            return
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, self._columns).writerow(row)

    def _text(self) -> str:
        self._columns = list(dict.fromkeys(name for row in self.rows for name in row))
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, self._columns)
        table.writeheader()
        table.writerows(self.rows)
        return text.getvalue()


class TensorBoardLogger(Callback):
    """Writes measures for TensorBoard; needs `pip install tinytorch-training[tensorboard]`.

    Args:
        log_dir: the folder; look at it with `tensorboard --logdir FOLDER`.

    Raises:
        ModuleNotFoundError: when training begins, if tensorboardX isn't installed.
    """

    writes_files = True

    def __init__(self, log_dir: str | os.PathLike[str] = "tensorboard") -> None:
        self.log_dir = Path(log_dir)
        self._writer: Any = None
        self._purge: int | None = None

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Let what comes after the checkpoint's step be forgotten."""
        self._purge = state_dict.get("step")

    def on_save_checkpoint(self, trainer: Trainer, module: Module, checkpoint: dict[str, Any]) -> None:
        """Note the step up to which measures stay."""
        checkpoint["callbacks"].setdefault(self.state_key, {})["step"] = trainer.global_step

    def on_train_start(self, trainer: Trainer, module: Module) -> None:
        """Open the folder."""
        try:
            from tensorboardX import SummaryWriter  # type: ignore[import-not-found,import-untyped,unused-ignore]
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "TensorBoardLogger needs tensorboardX: pip install 'tinytorch-training[tensorboard]'"
            ) from error
        purge = None if self._purge is None else self._purge + 1
        self._writer = SummaryWriter(str(self.log_dir), purge_step=purge)

    def log_metrics(self, trainer: Trainer, module: Module, metrics: Mapping[str, float], step: int) -> None:
        """Write the measures."""
        if self._writer is not None:
            for name, value in metrics.items():
                self._writer.add_scalar(name, value, step)

    def teardown(self, trainer: Trainer, module: Module, stage: str) -> None:
        """Close the folder's file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
