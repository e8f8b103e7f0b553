"""Stopping when nothing gets better any more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tinytorch.core import Module

from ..callback import Callback

if TYPE_CHECKING:
    from ..trainer import Trainer


def measured(trainer: Trainer, name: str, who: str) -> float:
    """Return a measure that was logged.

    Raises:
        RuntimeError: it wasn't.
    """
    if name not in trainer.callback_metrics:
        known = ", ".join(sorted(trainer.callback_metrics)) or "none"
        raise RuntimeError(f"{who} monitors {name!r}, which wasn't logged. Logged so far: {known}")
    return trainer.callback_metrics[name]


class EarlyStopping(Callback):
    """Ends training when a measure hasn't become better for `patience` validations.

    Args:
        monitor: the measure.
        min_delta: how much better is better.
        patience: how many validations without improvement are borne.
        mode: "min" if a small measure is a good one, "max" if a large one is.
        check_finite: stop when the measure is NaN or infinite.
        stopping_threshold: stop when the measure is better than this.
        divergence_threshold: stop when the measure is worse than this.

    Attributes:
        stopped_epoch: the epoch in which it stopped; 0 if it didn't.
        best_score: the best measure so far.
        reason: why it stopped, "" if it didn't.

    Examples:
        >>> stop = training.EarlyStopping(monitor="val_loss", patience=3)
        >>> trainer = training.Trainer(max_epochs=100, callbacks=[stop])

    Source: https://lightning.ai/docs/pytorch/stable/api/lightning.pytorch.callbacks.EarlyStopping.html
    """

    def __init__(
        self,
        monitor: str,
        min_delta: float = 0.0,
        patience: int = 3,
        mode: str = "min",
        check_finite: bool = True,
        stopping_threshold: float | None = None,
        divergence_threshold: float | None = None,
    ) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"mode is 'min' or 'max', not {mode!r}")
        self.monitor = monitor
        self.min_delta = abs(min_delta)
        self.patience = patience
        self.mode = mode
        self.check_finite = check_finite
        self.stopping_threshold = stopping_threshold
        self.divergence_threshold = divergence_threshold
        self.best_score = math.inf if mode == "min" else -math.inf
        self.wait_count = 0
        self.stopped_epoch = 0
        self.reason = ""

    def on_validation_end(self, trainer: Trainer, module: Module) -> None:
        """Look at the measure after a validation."""
        if not trainer.sanity_checking:
            self._check(trainer)

    def on_train_epoch_end(self, trainer: Trainer, module: Module) -> None:
        """Look at the measure after an epoch, if nothing is validated."""
        if trainer.loop is not None and trainer.loop.val is None:
            self._check(trainer)

    def _check(self, trainer: Trainer) -> None:
        score = measured(trainer, self.monitor, "EarlyStopping")
        self.reason = self._reason(score)
        if self.reason:
            trainer.should_stop = True
            self.stopped_epoch = trainer.current_epoch

    def _reason(self, score: float) -> str:
        """Take up a measure; return why to stop, or ""."""
        name = self.monitor
        if self.check_finite and not math.isfinite(score):
            return f"{name} = {score} is not finite"
        if self.stopping_threshold is not None and self._better(score, self.stopping_threshold):
            return f"{name} = {score} is better than {self.stopping_threshold}"
        if self.divergence_threshold is not None and self._better(self.divergence_threshold, score):
            return f"{name} = {score} is worse than {self.divergence_threshold}"
        if self._better(score, self.best_score, self.min_delta):
            self.best_score = score
            self.wait_count = 0
            return ""
        self.wait_count += 1
        if self.wait_count >= self.patience:
            return f"{name} didn't become better than {self.best_score} in {self.wait_count} checks"
        return ""

    def _better(self, score: float, other: float, by: float = 0.0) -> bool:
        return score < other - by if self.mode == "min" else score > other + by

    def state_dict(self) -> dict[str, Any]:
        """Return the best measure and how long it has been waited."""
        names = ("best_score", "wait_count", "stopped_epoch", "reason")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the best measure and how long it has been waited."""
        vars(self).update(state_dict)
