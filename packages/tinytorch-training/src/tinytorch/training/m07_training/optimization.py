"""What `configure_optimizers` may return, brought into one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinytorch.core import Optimizer

from .schedulers import LRScheduler, ReduceLROnPlateau


@dataclass
class Schedule:
    """A scheduler and when it makes a step: after every so many steps or epochs."""

    scheduler: LRScheduler
    interval: str = "epoch"
    frequency: int = 1
    monitor: str = ""

    def __post_init__(self) -> None:
        if self.interval not in ("epoch", "step"):
            raise ValueError(f"a scheduler's interval is 'epoch' or 'step', not {self.interval!r}")
        if self.needs_measure and not self.monitor:
            raise ValueError('ReduceLROnPlateau needs a measure: {"scheduler": ..., "monitor": "val_loss"}')

    @property
    def needs_measure(self) -> bool:
        """Whether its step takes a measure."""
        return isinstance(self.scheduler, ReduceLROnPlateau)

    def step(self, count: int, measures: Mapping[str, float]) -> None:
        """Make a step of the schedule if it's time after `count` steps or epochs."""
        if count % self.frequency:
            return
        if not isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step()
        elif self.monitor in measures:
            self.scheduler.step(measures[self.monitor])
        else:
            raise KeyError(
                f"ReduceLROnPlateau monitors {self.monitor!r}, which wasn't logged; "
                f"there are {sorted(measures)}"
            )


def configured(found: Any) -> tuple[Optimizer, list[Schedule]]:
    """Return the optimizer and the schedules that `configure_optimizers` means.

    Raises:
        TypeError: it returned something else than an optimizer, a pair or a dict of such.
    """
    schedulers: Any = []
    if isinstance(found, Mapping):
        schedulers = found.get("lr_scheduler", [])
        found = found["optimizer"]
    elif isinstance(found, (tuple, list)) and len(found) == 2 and not isinstance(found[1], Optimizer):
        found, schedulers = found
    if isinstance(found, (tuple, list)) and len(found) == 1:
        found = found[0]
    if not isinstance(found, Optimizer):
        raise TypeError(
            "configure_optimizers returns one optimizer, (optimizer, scheduler), or a dict with 'optimizer' "
            f"and 'lr_scheduler', not {type(found).__name__}"
        )
    listed = schedulers if isinstance(schedulers, (tuple, list)) else [schedulers]
    return found, [Schedule(**s) if isinstance(s, Mapping) else Schedule(s) for s in listed]
