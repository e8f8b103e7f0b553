"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from tinytorch.core import Optimizer

from .base import LRScheduler
from .plateau import ReduceLROnPlateau


class SequentialLR(LRScheduler):
    """Follow one schedule after the other: the next one begins at each of the steps in `milestones`.

    Args:
        optimizer: whose learning rates are set.
        schedulers: the schedules in their order.
        milestones: at which steps the second, the third ... begins.
        last_epoch: how many steps were made before; -1 to begin.

    Raises:
        ValueError: there is none, they are of different optimizers, one needs a measure, or the number of
            milestones doesn't fit.

    Examples:
        >>> optimizer = tt.SGD(tt.Linear(1, 1).parameters(), lr=1.0)
        >>> warm = training.LinearLR(optimizer, start_factor=0.1, total_iters=5)
        >>> fall = training.CosineAnnealingLR(optimizer, T_max=95)
        >>> schedule = training.SequentialLR(optimizer, [warm, fall], milestones=[5])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
    """

    _unsaved = ("optimizer", "_schedulers")

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        check_schedulers(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"{len(schedulers)} schedules need {len(schedulers) - 1} milestones, got {len(milestones)}"
            )
        self.optimizer = optimizer
        self._schedulers = list(schedulers)
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        # Each has set the learning rate when it was made; only the first one was to.
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for scheduler in self._schedulers:
            scheduler.last_epoch -= 1
        self._schedulers[0].step()
        self._last_lr = self._schedulers[0].get_last_lr()

    def step(self) -> None:
        """Go on by one step of the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            scheduler.restart()
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        """Return all that it and its schedules remember."""
        return {**super().state_dict(), "_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from where another one, made of the same kinds of schedules, was."""
        load_states(self, self._schedulers, state_dict)


class ChainedScheduler(LRScheduler):
    """Let several schedules work at once: each multiplies what the one before has left.

    Args:
        schedulers: the schedules.
        optimizer: whose learning rates they set; the first one's, if it isn't given.

    Raises:
        ValueError: there is none, they are of different optimizers, or one needs a measure.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html
    """

    _unsaved = ("optimizer", "_schedulers")

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        check_schedulers(schedulers, optimizer)
        self.optimizer = schedulers[0].optimizer
        self._schedulers = list(schedulers)
        self.last_epoch = schedulers[0].last_epoch
        self._last_lr = self._lrs()

    def step(self) -> None:
        """Go on by one step of each."""
        for scheduler in self._schedulers:
            scheduler.step()
        self.last_epoch += 1
        self._last_lr = self._lrs()

    def state_dict(self) -> dict[str, Any]:
        """Return all that it and its schedules remember."""
        return {**super().state_dict(), "_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from where another one, made of the same kinds of schedules, was."""
        load_states(self, self._schedulers, state_dict)


def check_schedulers(schedulers: Sequence[Any], optimizer: Optimizer | None) -> None:
    """Raise an error if these schedules can't be combined."""
    if not schedulers:
        raise ValueError("expected at least one schedule, got none")
    expected = schedulers[0].optimizer if optimizer is None else optimizer
    for i, scheduler in enumerate(schedulers):
        if not hasattr(scheduler, "optimizer"):
            raise TypeError(f"schedule {i} is a {type(scheduler).__name__}, which has no optimizer")
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError(
                f"schedule {i} is a ReduceLROnPlateau; its step needs a measure, so call it alone"
            )
        if scheduler.optimizer is not expected:
            raise ValueError(f"schedule {i}, a {type(scheduler).__name__}, is of another optimizer")


def load_states(whole: LRScheduler, schedulers: list[LRScheduler], given: Mapping[str, Any]) -> None:
    """Load the state of a combined schedule and of its parts."""
    parts = given.get("_schedulers", [])
    if len(parts) != len(schedulers):
        raise KeyError(f"the state is of {len(parts)} schedules, here are {len(schedulers)}")
    for scheduler, part in zip(schedulers, parts, strict=True):
        scheduler.load_state_dict(part)
    vars(whole).update({name: value for name, value in given.items() if name != "_schedulers"})
