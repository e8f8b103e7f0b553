"""Schedules that multiply the learning rate: by steps, exponentially, linearly, by your own function.

Each says which factor of the first learning rate holds at a step. The learning rate that the optimizer has
is multiplied by what the factor has changed since the step before, so several schedules can work on one
optimizer (`ChainedScheduler`), and what a person sets by hand in between stays.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from tinytorch.core import Optimizer

from .base import LRScheduler

Factor = Callable[[int], float]


class FactorLR(LRScheduler):
    """A schedule that is the first learning rate times a factor."""

    def factor(self, step: int) -> float:
        """Return the factor at a step."""
        raise NotImplementedError(f"{type(self).__name__} doesn't define factor(step)")

    def get_lr(self) -> list[float]:
        """Return the present learning rates times what the factor has changed."""
        now = self.factor(self.last_epoch)
        before = self.factor(self.last_epoch - 1) if self.last_epoch else 1.0
        if before == 0:  # nothing is left that could be multiplied
            return [base * now for base in self.base_lrs]
        return [lr * (now / before) for lr in self._lrs()]

    def restarted_lr(self) -> list[float]:
        """Return the first learning rates times the first factor."""
        return [base * self.factor(0) for base in self.base_lrs]


class StepLR(FactorLR):
    """Multiply the learning rate by `gamma` every `step_size` steps.

    Examples:
        >>> optimizer = tt.SGD(tt.Linear(1, 1).parameters(), lr=1.0)
        >>> schedule = training.StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     schedule.step()
        >>> schedule.get_last_lr()
        [0.25]

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if step_size < 1:
            raise ValueError(f"step_size must be at least 1, got {step_size}")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return the factor at a step."""
        return self.gamma ** (step // self.step_size)


class MultiStepLR(FactorLR):
    """Multiply the learning rate by `gamma` at each of the steps in `milestones`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = sorted(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return the factor at a step."""
        return self.gamma ** bisect_right(self.milestones, step)


class ExponentialLR(FactorLR):
    """Multiply the learning rate by `gamma` at every step.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
    """

    _goes_on_as_it_is = True

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return the factor at a step."""
        return self.gamma**step


class ConstantLR(FactorLR):
    """Multiply the learning rate by `factor` for the first `total_iters` steps.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(f"factor must be between 0 and 1, got {factor}")
        self.first_factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return the factor at a step."""
        return self.first_factor if step < self.total_iters else 1.0


class LinearLR(FactorLR):
    """Let the factor go along a line from `start_factor` to `end_factor` in `total_iters` steps (a warm-up).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
    """

    _goes_on_as_it_is = True

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"start_factor must be greater than 0 and at most 1, got {start_factor}")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"end_factor must be between 0 and 1, got {end_factor}")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return the factor at a step."""
        done = min(step, self.total_iters) / self.total_iters if self.total_iters else 1.0
        return self.start_factor + (self.end_factor - self.start_factor) * done


class PolynomialLR(FactorLR):
    """Let the factor fall from 1 to 0 in `total_iters` steps: `(1 - step / total_iters) ** power`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html
    """

    _goes_on_as_it_is = True

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def factor(self, step: int) -> float:
        """Return the factor at a step."""
        return float((1 - min(step, self.total_iters) / self.total_iters) ** self.power)


class LambdaLR(LRScheduler):
    """Set the learning rate to the first one times `lr_lambda(step)`.

    Args:
        optimizer: whose learning rates are set.
        lr_lambda: a function of the step, or a list with one for each group. It isn't part of the state.
        last_epoch: how many steps were made before; -1 to begin.

    Raises:
        ValueError: there are more or fewer functions than groups.

    Examples:
        >>> optimizer = tt.SGD(tt.Linear(1, 1).parameters(), lr=1.0)
        >>> schedule = training.LambdaLR(optimizer, lambda step: 1 / (1 + step))
        >>> optimizer.step()
        >>> schedule.step()
        >>> schedule.get_last_lr()
        [0.5]

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
    """

    _unsaved = ("optimizer", "lr_lambdas")

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1
    ) -> None:
        self.lr_lambdas = one_for_each_group(optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the first learning rates times what the functions say."""
        pairs = zip(self.base_lrs, self.lr_lambdas, strict=True)
        return [base * function(self.last_epoch) for base, function in pairs]


class MultiplicativeLR(LRScheduler):
    """Multiply the learning rate by `lr_lambda(step)` at every step but the first.

    Args:
        optimizer: whose learning rates are set.
        lr_lambda: a function of the step, or a list with one for each group. It isn't part of the state.
        last_epoch: how many steps were made before; -1 to begin.

    Raises:
        ValueError: there are more or fewer functions than groups.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
    """

    _unsaved = ("optimizer", "lr_lambdas")
    _goes_on_as_it_is = True

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1
    ) -> None:
        self.lr_lambdas = one_for_each_group(optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the present learning rates times what the functions say."""
        return self._lrs() if self.last_epoch == 0 else self.restarted_lr()

    def restarted_lr(self) -> list[float]:
        """Return the present learning rates times what the functions say, for the first step too."""
        pairs = zip(self._lrs(), self.lr_lambdas, strict=True)
        return [lr * function(self.last_epoch) for lr, function in pairs]


def one_for_each_group(optimizer: Optimizer, given: Factor | Sequence[Factor]) -> list[Factor]:
    """Return a list of functions, one for each parameter group."""
    groups = len(optimizer.param_groups)
    functions = [given] * groups if callable(given) else list(given)
    if len(functions) != groups:
        raise ValueError(f"Expected {groups} lr_lambdas, one for each group, but got {len(functions)}")
    return functions
