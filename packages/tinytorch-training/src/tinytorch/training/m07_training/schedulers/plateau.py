"""The schedule that looks at the result: smaller steps when nothing gets better any more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tinytorch.core import Optimizer

from .base import LRScheduler
from .cycle import one_number_each


class ReduceLROnPlateau(LRScheduler):
    """Multiply the learning rate by `factor` when a measure hasn't become better for `patience` steps.

    Args:
        optimizer: whose learning rates are set.
        mode: "min" if a small measure is a good one (a loss), "max" if a large one is (an accuracy).
        factor: what the learning rate is multiplied by.
        patience: how many steps without improvement are borne.
        threshold: how much better is better.
        threshold_mode: "rel" for a part of the best measure, "abs" for a difference.
        cooldown: how many steps after a reduction nothing is counted.
        min_lr: below this it doesn't go; a number, or a list with one for each group.
        eps: changes smaller than this aren't made.

    Raises:
        ValueError: `factor` isn't below 1, or a mode is unknown.

    Examples:
        >>> optimizer = tt.SGD(tt.Linear(1, 1).parameters(), lr=1.0)
        >>> schedule = training.ReduceLROnPlateau(optimizer, factor=0.1, patience=1)
        >>> for loss in (0.5, 0.5, 0.5):
        ...     schedule.step(loss)
        >>> schedule.get_last_lr()
        [0.1]

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"a schedule needs an Optimizer, got {type(optimizer).__name__}")
        if factor >= 1.0:
            raise ValueError(f"factor should be < 1.0, got {factor}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode!r} is unknown; it is 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode!r} is unknown; it is 'rel' or 'abs'")
        self.optimizer = optimizer
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.min_lrs = one_number_each(min_lr, len(optimizer.param_groups), "min_lr")
        self.eps = eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        self.last_epoch = 0
        self._last_lr = self._lrs()

    def step(self, metrics: Any) -> None:  # type: ignore[override]  # as in PyTorch, it needs a measure
        """Take a measure, a number or a tensor with one, and reduce the learning rate if it's time."""
        measure = float(metrics)
        self.last_epoch += 1
        if self.is_better(measure):
            self.best = measure
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._lrs()

    def is_better(self, measure: float) -> bool:
        """Tell whether a measure is better than the best so far, by more than the threshold."""
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "abs":
            return sign * measure < sign * self.best - self.threshold
        return sign * measure < sign * self.best * (1 - sign * self.threshold)

    def _reduce(self) -> None:
        for group, smallest in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            reduced = max(group["lr"] * self.factor, smallest)
            if group["lr"] - reduced > self.eps:
                group["lr"] = reduced
