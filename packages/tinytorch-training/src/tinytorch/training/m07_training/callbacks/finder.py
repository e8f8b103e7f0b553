"""The search for a learning rate: try ever larger ones for a few batches and look at the loss."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tinytorch.core import Module

from ..callback import Callback
from ..random_state import same_random_state_afterwards

if TYPE_CHECKING:
    from ..trainer import Trainer


class LearningRateFinder(Callback):
    """Finds a learning rate before training: where the loss falls fastest while the rate grows.

    Weights, optimizer and random numbers are afterwards as they were; only the learning rate is another.

    Args:
        min_lr: the first learning rate.
        max_lr: the last one.
        num_training_steps: how many batches are tried.
        early_stop_threshold: end when the loss is so many times the best one.
        update: set what was found in the optimizer.

    Attributes:
        results: the learning rates and the smoothed losses that were seen.
        suggestion: the learning rate that was found, None if the loss never fell.

    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017
    """

    def __init__(
        self,
        min_lr: float = 1e-8,
        max_lr: float = 1.0,
        num_training_steps: int = 100,
        early_stop_threshold: float = 4.0,
        update: bool = True,
    ) -> None:
        if not 0 < min_lr < max_lr:
            raise ValueError(f"expected 0 < min_lr < max_lr, got {min_lr} and {max_lr}")
        if num_training_steps < 3:
            raise ValueError(f"num_training_steps is at least 3, not {num_training_steps}")
        self.min_lr = min_lr
        self.max_lr = max_lr
        self.num_training_steps = num_training_steps
        self.early_stop_threshold = early_stop_threshold
        self.update = update
        self.results: dict[str, list[float]] = {"lr": [], "loss": []}
        self.suggestion: float | None = None

    def on_fit_start(self, trainer: Trainer, module: Module) -> None:
        """Search."""
        optimizer = trainer.optimizer
        weights = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        state = optimizer.state_dict()
        rates = [group["lr"] for group in optimizer.param_groups]
        with same_random_state_afterwards():
            try:
                trainer.results.begin("train")
                self._try(trainer)
            finally:
                trainer.results.end()
                trainer.results.latest.clear()
                module.load_state_dict(weights)
                optimizer.zero_grad()
                optimizer.load_state_dict(state)
        self.suggestion = steepest(self.results["lr"], self.results["loss"])
        if self.suggestion is not None and self.update:
            self._set(trainer, self.suggestion, rates)

    @staticmethod
    def _set(trainer: Trainer, found: float, rates: list[float]) -> None:
        """Set the learning rate; groups keep their proportions, and schedules start from what was found."""
        factors = [rate / rates[0] if rates[0] else 1.0 for rate in rates]
        for group, factor in zip(trainer.optimizer.param_groups, factors, strict=True):
            group["lr"] = found * factor
            if "initial_lr" in group:
                group["initial_lr"] = found * factor
        for schedule in trainer.loop.schedules if trainer.loop else []:
            if hasattr(schedule.scheduler, "base_lrs"):
                schedule.scheduler.base_lrs = [found * factor for factor in factors]

    def _try(self, trainer: Trainer) -> None:
        assert trainer.loop is not None
        optimizer = trainer.optimizer
        self.results = {"lr": [], "loss": []}
        average, best, step = 0.0, math.inf, 0
        growth = (self.max_lr / self.min_lr) ** (1 / (self.num_training_steps - 1))
        while step < self.num_training_steps:
            for batch in trainer.loop.train.start():
                rate = self.min_lr * growth**step
                for group in optimizer.param_groups:
                    group["lr"] = rate
                output: Any = trainer.task.training_step(batch, step)
                loss = output["loss"] if isinstance(output, dict) else output
                optimizer.zero_grad()
                loss.backward()
                average = 0.98 * average + 0.02 * loss.item()
                smooth = average / (1 - 0.98 ** (step + 1))
                if not math.isfinite(smooth) or smooth > self.early_stop_threshold * best:
                    return
                self.results["lr"].append(rate)
                self.results["loss"].append(smooth)
                best = min(best, smooth)
                optimizer.step()
                step += 1
                if step == self.num_training_steps:
                    return
            if step == 0:
                return


def steepest(rates: list[float], losses: list[float]) -> float | None:
    """Return the learning rate at which the loss falls fastest, or None if it falls nowhere.

    The first losses are left out: their mean is one of few batches, so it falls and rises by chance.
    """
    first = min(10, len(losses) // 5)
    slopes = [(after - before) / 2 for before, after in zip(losses[first:], losses[first + 2 :])]
    if not slopes or min(slopes) > -1e-6 * abs(losses[0]):  # less is rounding
        return None
    return rates[first + slopes.index(min(slopes)) + 1]
