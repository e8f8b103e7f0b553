"""Looking at what one doesn't see: learning rates and gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinytorch.core import Module, Optimizer

from ..callback import Callback
from ..clipping import get_total_norm

if TYPE_CHECKING:
    from ..trainer import Trainer


class LearningRateMonitor(Callback):
    """Logs the learning rate of each group as `lr-SGD`, or `lr-SGD/pg1`, `lr-SGD/pg2` ... of several groups.

    Args:
        logging_interval: "step" or "epoch".

    Source: https://lightning.ai/docs/pytorch/stable/api/lightning.pytorch.callbacks.LearningRateMonitor.html
    """

    def __init__(self, logging_interval: str = "step") -> None:
        if logging_interval not in ("step", "epoch"):
            raise ValueError(f"logging_interval is 'step' or 'epoch', not {logging_interval!r}")
        self.logging_interval = logging_interval

    def on_train_batch_start(self, trainer: Trainer, module: Module, batch: Any, batch_idx: int) -> None:
        """Log the learning rate of this step."""
        if self.logging_interval == "step":
            trainer.results.step.update(self._log(trainer))

    def on_train_epoch_start(self, trainer: Trainer, module: Module) -> None:
        """Log the learning rate of this epoch."""
        if self.logging_interval == "epoch":
            trainer.call("log_metrics", self._log(trainer), trainer.global_step)

    def _log(self, trainer: Trainer) -> dict[str, float]:
        name = f"lr-{type(trainer.optimizer).__name__}"
        groups = trainer.optimizer.param_groups
        names = [name] if len(groups) == 1 else [f"{name}/pg{i}" for i in range(1, len(groups) + 1)]
        rates = {name: float(group["lr"]) for name, group in zip(names, groups, strict=True)}
        trainer.results.latest.update(rates)
        return rates


class GradientMonitor(Callback):
    """Logs how long the gradients are, before they are clipped, as `grad_norm` and for each parameter.

    Args:
        every_n_steps: how often.
        per_parameter: log `grad_norm/NAME` of each parameter, too.
        norm_type: the exponent of the norm.
    """

    def __init__(self, every_n_steps: int = 50, per_parameter: bool = False, norm_type: float = 2.0) -> None:
        if every_n_steps < 1:
            raise ValueError(f"every_n_steps is at least 1, not {every_n_steps}")
        self.every_n_steps = every_n_steps
        self.per_parameter = per_parameter
        self.norm_type = norm_type

    def on_before_optimizer_step(self, trainer: Trainer, module: Module, optimizer: Optimizer) -> None:
        """Measure the gradients of this step."""
        if trainer.global_step % self.every_n_steps:
            return
        gradients = {name: p.grad for name, p in module.named_parameters() if p.grad is not None}
        norms = {"grad_norm": get_total_norm(gradients.values(), self.norm_type).item()}
        if self.per_parameter:
            each = {name: get_total_norm(g, self.norm_type).item() for name, g in gradients.items()}
            norms.update({f"grad_norm/{name}": norm for name, norm in each.items()})
        trainer.results.latest.update(norms)
        trainer.call("log_metrics", norms, trainer.global_step)
