"""The one-cycle schedule: up to a large learning rate and down to a tiny one, momentum the other way."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from tinytorch.core import Optimizer

from .base import LRScheduler
from .cosine import half_cosine


class OneCycleLR(LRScheduler):
    """Let the learning rate rise to `max_lr` and fall far below its start, within a fixed number of batches.

    Args:
        optimizer: whose learning rates are set.
        max_lr: the largest learning rate, or a list with one for each group.
        total_steps: how many steps the cycle has; or give the two below.
        epochs: the number of epochs.
        steps_per_epoch: the number of batches of an epoch.
        pct_start: which part of the cycle is the rise.
        anneal_strategy: "cos" or "linear", the shape of rise and fall.
        cycle_momentum: let the momentum (or Adam's beta1) fall while the learning rate rises, and rise while
            it falls.
        base_momentum: the smallest momentum, or a list with one for each group.
        max_momentum: the largest momentum, or a list with one for each group.
        div_factor: the first learning rate is `max_lr / div_factor`.
        final_div_factor: the last learning rate is the first one divided by this.
        three_phase: fall as long as it rose, back to the first learning rate, then on to the last one.
        last_epoch: how many steps were made before; -1 to begin.

    Raises:
        ValueError: the number of steps isn't known or not positive, another option is out of range, or the
            optimizer has no momentum that could go in a cycle; at a step after the last, too.

    Examples:
        >>> optimizer = tt.SGD(tt.Linear(1, 1).parameters(), lr=0.1, momentum=0.9)
        >>> schedule = training.OneCycleLR(optimizer, max_lr=1.0, total_steps=100)
        >>> round(schedule.get_last_lr()[0], 6)
        0.04

    Source: Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning
    Rates", 2018; https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"a schedule needs an Optimizer, got {type(optimizer).__name__}")
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("define either total_steps or both epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if not isinstance(total_steps, int) or total_steps <= 0:
            raise ValueError(f"Expected positive integer total_steps, but got {total_steps}")
        if not isinstance(pct_start, (int, float)) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected pct_start between 0 and 1, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        self.total_steps = total_steps
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        self._last_of_phase = [pct_start * total_steps - 1]
        if three_phase:
            self._last_of_phase.append(2 * pct_start * total_steps - 2)
        self._last_of_phase.append(total_steps - 1)
        self._lr_points: list[list[float]] = []
        self._momentum_points: list[list[float]] = []

        groups = optimizer.param_groups
        lrs = one_number_each(max_lr, len(groups), "max_lr")
        low = one_number_each(base_momentum, len(groups), "base_momentum")
        high = one_number_each(max_momentum, len(groups), "max_momentum")
        if cycle_momentum and not all("momentum" in group or "betas" in group for group in groups):
            raise ValueError(
                "the optimizer has neither momentum nor betas; give it one, or cycle_momentum=False"
            )
        for i, group in enumerate(groups):
            first = lrs[i] / div_factor
            back = [first] if three_phase else []
            self._lr_points.append([first, lrs[i], *back, first / final_div_factor])
            self._momentum_points.append([high[i], low[i], high[i], *[high[i]] * three_phase])
            if last_epoch == -1:
                group["initial_lr"] = group["lr"] = first
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this step, and set the momenta."""
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. The specified number of total steps is {self.total_steps}"
            )
        ends = self._last_of_phase
        phase = min(bisect_left(ends, step), len(ends) - 1)
        begin = ends[phase - 1] if phase else 0.0
        part = (step - begin) / (ends[phase] - begin)
        if self.cycle_momentum:
            for group, points in zip(self.optimizer.param_groups, self._momentum_points, strict=True):
                momentum = self._between(points[phase], points[phase + 1], part)
                if "betas" in group:
                    group["betas"] = (momentum, *group["betas"][1:])
                else:
                    group["momentum"] = momentum
        return [self._between(points[phase], points[phase + 1], part) for points in self._lr_points]

    def _between(self, start: float, end: float, part: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (end - start) * part
        return end + (start - end) * half_cosine(part)


def one_number_each(given: float | Sequence[float], groups: int, name: str) -> list[float]:
    """Return a list of numbers, one for each parameter group."""
    numbers = [given] * groups if isinstance(given, (int, float)) else list(given)
    if len(numbers) != groups:
        raise ValueError(f"expected {groups} values for {name}, one for each group, got {len(numbers)}")
    return numbers
