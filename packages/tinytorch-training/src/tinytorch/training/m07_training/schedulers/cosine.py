"""Schedules in the shape of a cosine: a slow start, a fast middle, a slow end."""

from __future__ import annotations

import math

from tinytorch.core import Optimizer

from .base import LRScheduler


def half_cosine(part: float) -> float:
    """Return the height of a half cosine wave that falls from 1 to 0 while `part` goes from 0 to 1."""
    return (1 + math.cos(math.pi * part)) / 2


class CosineAnnealingLR(LRScheduler):
    """Let the learning rate fall to `eta_min` in `T_max` steps along half a cosine, and rise again after.

    Args:
        optimizer: whose learning rates are set.
        T_max: in how many steps the smallest learning rate is reached.
        eta_min: the smallest learning rate.
        last_epoch: how many steps were made before; -1 to begin.

    Examples:
        >>> optimizer = tt.SGD(tt.Linear(1, 1).parameters(), lr=1.0)
        >>> schedule = training.CosineAnnealingLR(optimizer, T_max=10)
        >>> for _ in range(5):
        ...     optimizer.step()
        ...     schedule.step()
        >>> round(schedule.get_last_lr()[0], 4)
        0.5

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
    """

    _goes_on_as_it_is = True

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the present learning rates, moved along the curve by one step."""
        if self.last_epoch == 0:
            return self._lrs()
        now = half_cosine(self.last_epoch / self.T_max)
        before = half_cosine((self.last_epoch - 1) / self.T_max)
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            # The curve was at its lowest point: nothing is left above eta_min that could be multiplied.
            rise = half_cosine(1 - 1 / self.T_max)
            pairs = zip(self._lrs(), self.base_lrs, strict=True)
            return [lr + (base - self.eta_min) * rise for lr, base in pairs]
        return [self.eta_min + (lr - self.eta_min) * (now / before) for lr in self._lrs()]

    def restarted_lr(self) -> list[float]:
        """Return the first learning rates."""
        return list(self.base_lrs)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Let the learning rate fall along half a cosine, then jump back and begin again, each time for longer.

    Args:
        optimizer: whose learning rates are set.
        T_0: the number of steps of the first fall.
        T_mult: by what each fall is longer than the one before.
        eta_min: the learning rate that a fall leads to.
        last_epoch: how many steps were made before; -1 to begin.

    Raises:
        ValueError: `T_0` or `T_mult` isn't a positive integer.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        self.T_0 = self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates at the point `T_cur` of a fall of length `T_i`."""
        height = half_cosine(self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on by one step, or to any point, between two steps as well.

        Args:
            epoch: where to go, for example `epoch + batch / batches`; by one step if it isn't given.

        Raises:
            ValueError: `epoch` is negative.
        """
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult
        else:
            if epoch < 0:
                raise ValueError(f"Expected non-negative epoch, but got {epoch}")
            self.T_cur, self.T_i = epoch, self.T_0
            if self.T_mult == 1:
                self.T_cur = epoch % self.T_0
            else:
                while self.T_cur >= self.T_i:
                    self.T_cur -= self.T_i
                    self.T_i *= self.T_mult
        self.last_epoch = math.floor(epoch)
        self._set(self.get_lr())

    def restart(self) -> None:
        """Begin anew with the first fall."""
        self.step(0)


class WarmupCosineLR(LRScheduler):
    """Let the learning rate rise in a line, then fall along half a cosine, as is usual for Transformers.

    At step t the learning rate is `lr * (t + 1) / warmup_steps` while t < `warmup_steps`; then it goes from
    lr to `eta_min`, which it reaches at `total_steps` and keeps. So already the first step changes something.

    Args:
        optimizer: whose learning rates are set.
        warmup_steps: the number of steps of the rise.
        total_steps: the number of steps in all.
        eta_min: the last learning rate.
        last_epoch: how many steps were made before; -1 to begin.

    Raises:
        ValueError: the rise doesn't end before the whole schedule does.

    Examples:
        >>> optimizer = tt.AdamW(tt.Linear(1, 1).parameters(), lr=1.0)
        >>> schedule = training.WarmupCosineLR(optimizer, warmup_steps=4, total_steps=100)
        >>> schedule.get_last_lr()
        [0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        warmup_steps: int,
        total_steps: int,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if not 0 <= warmup_steps < total_steps:
            raise ValueError(
                f"expected 0 <= warmup_steps < total_steps, got {warmup_steps} and {total_steps}"
            )
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this step."""
        if self.last_epoch < self.warmup_steps:
            return [base * (self.last_epoch + 1) / self.warmup_steps for base in self.base_lrs]
        done = (self.last_epoch - self.warmup_steps) / (self.total_steps - self.warmup_steps)
        height = half_cosine(min(done, 1.0))
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]
