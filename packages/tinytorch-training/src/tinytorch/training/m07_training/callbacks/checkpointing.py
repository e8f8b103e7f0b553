"""Checkpoints while training: the best few, the last one, every so often."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinytorch.core import Module

from ..callback import Callback
from .stopping import measured

if TYPE_CHECKING:
    from ..trainer import Trainer

LAST, PREVIOUS = "last.safetensors", "last-previous.safetensors"


class ModelCheckpoint(Callback):
    """Writes checkpoints, keeps the best ones and removes its other ones.

    A file is complete or not there (`save_checkpoint`). Files of another run are never overwritten: a name
    that is taken gets `-v1`, `-v2` ..., and another run's "last" is put aside under such a name. A run
    replaces its own "last", and keeps the one before it as "last-previous".

    Args:
        dirpath: the folder; "checkpoints" in the trainer's default folder, if it isn't given.
        filename: a pattern for names, like "{epoch}-{val_loss:.2f}", which gives "epoch=3-val_loss=0.12".
        monitor: the measure that decides which are the best; without one, the newest are.
        mode: "min" if a small measure is a good one, "max" if a large one is.
        save_top_k: how many are kept; -1 for all, 0 for none.
        save_last: write "last.safetensors" each time, too.
        every_n_train_steps: write after so many steps of the optimizer.
        every_n_epochs: write after so many epochs. By default 1, or none with `every_n_train_steps`.

    Attributes:
        best_model_path: the best one so far, "" if there is none.
        best_model_score: its measure.
        last_model_path: the newest one.

    Examples:
        >>> best = training.ModelCheckpoint(monitor="val_loss", save_top_k=1, save_last=True)
        >>> trainer = training.Trainer(max_epochs=10, callbacks=[best])

    Source: https://lightning.ai/docs/pytorch/stable/api/lightning.pytorch.callbacks.ModelCheckpoint.html
    """

    writes_files = True

    def __init__(
        self,
        dirpath: str | os.PathLike[str] | None = None,
        filename: str = "{epoch}-{step}",
        *,
        monitor: str | None = None,
        mode: str = "min",
        save_top_k: int = 1,
        save_last: bool = False,
        every_n_train_steps: int | None = None,
        every_n_epochs: int | None = None,
    ) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"mode is 'min' or 'max', not {mode!r}")
        if save_top_k < -1:
            raise ValueError(f"save_top_k is -1 for all, or how many are kept, not {save_top_k}")
        if every_n_train_steps is not None and every_n_train_steps < 1:
            raise ValueError(f"every_n_train_steps is at least 1, not {every_n_train_steps}")
        if every_n_epochs is None:
            every_n_epochs = 1 if every_n_train_steps is None else 0
        self.dirpath = None if dirpath is None else Path(dirpath)
        self.filename = filename
        self.monitor = monitor
        self.mode = mode
        self.save_top_k = save_top_k
        self.save_last = save_last
        self.every_n_train_steps = every_n_train_steps
        self.every_n_epochs = every_n_epochs
        self.kept: dict[str, float] = {}  # file names, and their measures or when they were written
        self.best_model_path = self.last_model_path = ""
        self.best_model_score: float | None = None
        self._last_step = -1
        self._goes_on = False

    def folder(self, trainer: Trainer) -> Path:
        """Return where the files go."""
        return self.dirpath or trainer.default_root_dir / "checkpoints"

    def setup(self, trainer: Trainer, module: Module, stage: str) -> None:
        """Expect a new run, until a checkpoint says that one goes on."""
        self._goes_on = False

    def on_train_start(self, trainer: Trainer, module: Module) -> None:
        """Put the "last" files of another run aside."""
        if self.save_last and not self._goes_on:
            for name in (LAST, PREVIOUS):
                put_aside(self.folder(trainer) / name)

    def on_train_batch_end(
        self, trainer: Trainer, module: Module, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Write if it's time after this step."""
        step = trainer.global_step
        if self.every_n_train_steps and step % self.every_n_train_steps == 0 and step != self._last_step:
            self._last_step = step
            self._save(trainer)

    def on_train_epoch_end(self, trainer: Trainer, module: Module) -> None:
        """Write if it's time after this epoch."""
        if self.every_n_epochs and (trainer.current_epoch + 1) % self.every_n_epochs == 0:
            self._save(trainer)

    def _save(self, trainer: Trainer) -> None:
        score = float(len(self.kept) and max(self.kept.values()) + 1)  # the newest is the best
        if self.monitor is not None:
            score = measured(trainer, self.monitor, "ModelCheckpoint")
        worst = self._worst()
        replace = worst is not None and len(self.kept) >= self.save_top_k > 0
        if self.save_top_k and (not replace or self._better(score, self.kept[str(worst)])):
            self._keep(trainer, score, str(worst) if replace else None)
        if self.save_last:
            self._write_last(trainer)

    def _keep(self, trainer: Trainer, score: float, instead_of: str | None) -> None:
        path = self._free_name(trainer)
        self.kept[str(path)] = score
        if instead_of is not None:
            del self.kept[instead_of]
        self.best_model_path = min(self.kept, key=lambda name: self._order(self.kept[name]))
        self.best_model_score = self.kept[self.best_model_path] if self.monitor else None
        self.last_model_path = str(path)
        trainer.save_checkpoint(path)  # first the new one, then away with the old one
        if instead_of is not None:
            Path(instead_of).unlink(missing_ok=True)

    def _write_last(self, trainer: Trainer) -> None:
        path = self.folder(trainer) / LAST
        self.last_model_path = str(path)
        fresh = path.with_name("last-new.safetensors")
        trainer.save_checkpoint(fresh)
        if path.exists():
            os.replace(path, path.with_name(PREVIOUS))
        os.replace(fresh, path)

    def _free_name(self, trainer: Trainer) -> Path:
        values = {**trainer.callback_metrics, "epoch": trainer.current_epoch, "step": trainer.global_step}

        def value(match: re.Match[str]) -> str:
            name, form = match[1], match[2] or ""
            if name not in values:
                raise KeyError(f"filename uses {name!r}, which wasn't logged; there are {sorted(values)}")
            return f"{name}={values[name]:{form}}"

        stem = re.sub(r"\{([^{}:]+)(?::([^{}]*))?\}", value, self.filename).replace("/", "_")
        return free(self.folder(trainer) / f"{stem}.safetensors")

    def _order(self, score: float) -> float:
        """Return what is small for a good measure; without a measure the newest is the best."""
        if math.isnan(score):
            return math.inf
        return score if self.monitor is not None and self.mode == "min" else -score

    def _better(self, score: float, other: float) -> bool:
        return self._order(score) < self._order(other)

    def _worst(self) -> str | None:
        return max(self.kept, key=lambda name: self._order(self.kept[name]), default=None)

    @property
    def state_key(self) -> str:
        """Two of them differ by what they monitor."""
        return f"ModelCheckpoint(monitor={self.monitor!r}, mode={self.mode!r})"

    def state_dict(self) -> dict[str, Any]:
        """Return which files are kept, and which is the best."""
        names = ("kept", "best_model_path", "best_model_score", "last_model_path", "_last_step")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up which files are kept; those that are gone are forgotten."""
        vars(self).update(state_dict)
        self._goes_on = True
        self.kept = {name: score for name, score in self.kept.items() if Path(name).exists()}


def put_aside(path: Path) -> None:
    """Give a file that is in the way another name."""
    if path.exists():
        os.replace(path, free(path))


def free(path: Path) -> Path:
    """Return a path, or if it is taken, the first one with -v1, -v2 ... that isn't."""
    candidate, version = path, 0
    while candidate.exists():
        version += 1
        candidate = path.with_stem(f"{path.stem}-v{version}")
    return candidate
