"""What all schedules of the learning rate share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinytorch.core import Optimizer


class LRScheduler:
    """The base class of all schedules: it sets the learning rate of each parameter group at each step.

    Call `step()` after the optimizer's: once an epoch or once a batch, whichever the schedule counts in. To
    write a schedule of your own, define `get_lr`.

    Args:
        optimizer: whose learning rates are set.
        last_epoch: how many steps were made before; -1 to begin. To go on from a checkpoint, load the
            state instead.

    Attributes:
        base_lrs: the learning rate that each group had when it got its first schedule.
        last_epoch: how many times `step` was called; 0 after the construction.

    Raises:
        TypeError: `optimizer` isn't one.
        KeyError: `last_epoch` is given, but the groups never had a schedule.

    Examples:
        >>> class HalfEveryTen(training.LRScheduler):
        ...     def get_lr(self):
        ...         return [lr * 0.5 ** (self.last_epoch // 10) for lr in self.base_lrs]
        >>> HalfEveryTen(tt.SGD(tt.Linear(1, 1).parameters(), lr=0.5)).get_last_lr()
        [0.5]

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"a schedule needs an Optimizer, got {type(optimizer).__name__}")
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}], so there is nothing to go on "
                    "from; leave last_epoch out, or load the optimizer's state first"
                )
        self.optimizer = optimizer
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        if last_epoch != -1 and self._goes_on_as_it_is:
            self.last_epoch += 1
            self._set(self._lrs())
        else:
            self.step()

    def get_lr(self) -> list[float]:
        """Return the learning rate of each group for the step `self.last_epoch`."""
        raise NotImplementedError(f"{type(self).__name__} doesn't define get_lr()")

    def restarted_lr(self) -> list[float]:
        """Return the learning rates of a schedule that begins now, whatever the optimizer has."""
        return self.get_lr()

    def step(self) -> None:
        """Go on by one step and set the learning rate of each group."""
        self.last_epoch += 1
        self._set(self.get_lr())

    def restart(self) -> None:
        """Begin anew: the step is 0 again, and the learning rates are those of the beginning."""
        self.last_epoch = 0
        self._set(self.restarted_lr())

    def get_last_lr(self) -> list[float]:
        """Return the learning rates that were set last, one for each group."""
        return list(self._last_lr)

    def state_dict(self) -> dict[str, Any]:
        """Return all that the schedule remembers; the optimizer and functions aren't part of it."""
        return {name: value for name, value in vars(self).items() if name not in self._unsaved}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from where another schedule of this kind was.

        The learning rate itself belongs to the optimizer, so load its state, too.

        Raises:
            KeyError: the state is of another kind of schedule; nothing is changed then.
        """
        own, given = set(self.state_dict()), set(state_dict)
        if own != given:
            raise KeyError(
                f"not a state of {type(self).__name__}: missing {sorted(own - given)}, "
                f"unexpected {sorted(given - own)}"
            )
        vars(self).update(state_dict)

    _unsaved: tuple[str, ...] = ("optimizer",)
    _goes_on_as_it_is = (
        False  # made with a `last_epoch`, it takes the optimizer's learning rate as this step's
    )

    def _lrs(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def _set(self, lrs: list[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr
        self._last_lr = self._lrs()
