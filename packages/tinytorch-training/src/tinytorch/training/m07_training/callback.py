"""Callbacks: code that isn't the loop's business, called at fixed moments of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinytorch.core import Module, Optimizer, Tensor

    from .trainer import Trainer


class Callback:
    """The base class of all callbacks: override the hooks that you need.

    Hooks of one name are called in the order of the trainer's list, then that of the `TrainingModule`. Their
    order within a run of `fit` is PyTorch Lightning's:

        setup
        on_fit_start
          on_sanity_check_start  (validation of a few batches)  on_sanity_check_end
          on_train_start
            on_train_epoch_start
              on_train_batch_start
                (training_step)
                on_before_zero_grad
                on_before_backward
                on_after_backward
                on_before_optimizer_step    # before gradients are clipped
              on_train_batch_end
              on_validation_start
                on_validation_epoch_start
                  on_validation_batch_start  (validation_step)  on_validation_batch_end
                on_validation_epoch_end
              on_validation_end
            on_train_epoch_end
          on_train_end
        on_fit_end
        teardown

    While gradients are accumulated, `on_before_zero_grad` comes with the first batch of a step and
    `on_before_optimizer_step` with its last one. In each hook, `module` is the model that is trained.

    Source: https://lightning.ai/docs/pytorch/stable/extensions/callbacks.html
    """

    def setup(self, trainer: Trainer, module: Module, stage: str) -> None:
        """Called first of all; `stage` is "fit", "validate", "test" or "predict"."""

    def teardown(self, trainer: Trainer, module: Module, stage: str) -> None:
        """Called last of all, after an error, too."""

    def on_fit_start(self, trainer: Trainer, module: Module) -> None:
        """Called when `fit` begins and the optimizer is there."""

    def on_fit_end(self, trainer: Trainer, module: Module) -> None:
        """Called when `fit` ends."""

    def on_sanity_check_start(self, trainer: Trainer, module: Module) -> None:
        """Called before a few batches are validated to find mistakes early."""

    def on_sanity_check_end(self, trainer: Trainer, module: Module) -> None:
        """Called after a few batches were validated."""

    def on_train_start(self, trainer: Trainer, module: Module) -> None:
        """Called before the first epoch, or when a run goes on from a checkpoint."""

    def on_train_end(self, trainer: Trainer, module: Module) -> None:
        """Called after the last epoch."""

    def on_train_epoch_start(self, trainer: Trainer, module: Module) -> None:
        """Called at the beginning of each epoch."""

    def on_train_epoch_end(self, trainer: Trainer, module: Module) -> None:
        """Called at the end of each epoch, after its validation."""

    def on_train_batch_start(
        self, trainer: Trainer, module: Module, batch: Any, batch_idx: int
    ) -> int | None:
        """Called before each batch; returning -1 leaves out the rest of the epoch."""

    def on_train_batch_end(
        self, trainer: Trainer, module: Module, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Called after each batch; `outputs` is what `training_step` returned."""

    def on_before_zero_grad(self, trainer: Trainer, module: Module, optimizer: Optimizer) -> None:
        """Called before the old gradients are forgotten."""

    def on_before_backward(self, trainer: Trainer, module: Module, loss: Tensor) -> None:
        """Called before the gradients of the loss are computed."""

    def on_after_backward(self, trainer: Trainer, module: Module) -> None:
        """Called when the gradients of the batch have been added."""

    def on_before_optimizer_step(self, trainer: Trainer, module: Module, optimizer: Optimizer) -> None:
        """Called before the gradients are clipped and the parameters change."""

    def on_validation_start(self, trainer: Trainer, module: Module) -> None:
        """Called before a validation."""

    def on_validation_end(self, trainer: Trainer, module: Module) -> None:
        """Called after a validation, when its metrics are known."""

    def on_validation_epoch_start(self, trainer: Trainer, module: Module) -> None:
        """Called before the batches of a validation."""

    def on_validation_epoch_end(self, trainer: Trainer, module: Module) -> None:
        """Called after the batches of a validation."""

    def on_validation_batch_start(self, trainer: Trainer, module: Module, batch: Any, batch_idx: int) -> None:
        """Called before each batch of a validation."""

    def on_validation_batch_end(
        self, trainer: Trainer, module: Module, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Called after each batch of a validation."""

    def on_test_start(self, trainer: Trainer, module: Module) -> None:
        """Called before a test."""

    def on_test_end(self, trainer: Trainer, module: Module) -> None:
        """Called after a test."""

    def on_test_epoch_start(self, trainer: Trainer, module: Module) -> None:
        """Called before the batches of a test."""

    def on_test_epoch_end(self, trainer: Trainer, module: Module) -> None:
        """Called after the batches of a test."""

    def on_test_batch_start(self, trainer: Trainer, module: Module, batch: Any, batch_idx: int) -> None:
        """Called before each batch of a test."""

    def on_test_batch_end(
        self, trainer: Trainer, module: Module, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Called after each batch of a test."""

    def on_predict_start(self, trainer: Trainer, module: Module) -> None:
        """Called before a prediction."""

    def on_predict_end(self, trainer: Trainer, module: Module) -> None:
        """Called after a prediction."""

    def on_predict_epoch_start(self, trainer: Trainer, module: Module) -> None:
        """Called before the batches of a prediction."""

    def on_predict_epoch_end(self, trainer: Trainer, module: Module) -> None:
        """Called after the batches of a prediction."""

    def on_predict_batch_start(self, trainer: Trainer, module: Module, batch: Any, batch_idx: int) -> None:
        """Called before each batch of a prediction."""

    def on_predict_batch_end(
        self, trainer: Trainer, module: Module, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Called after each batch of a prediction."""

    def on_exception(self, trainer: Trainer, module: Module, exception: BaseException) -> None:
        """Called when an error ends the run, before it is passed on."""

    def log_metrics(self, trainer: Trainer, module: Module, metrics: Mapping[str, float], step: int) -> None:
        """Called when measures were logged, every `log_every_n_steps` steps and at the end of epochs."""

    def on_save_checkpoint(self, trainer: Trainer, module: Module, checkpoint: dict[str, Any]) -> None:
        """Called before a checkpoint is written; what is added to it is written, too."""

    def on_load_checkpoint(self, trainer: Trainer, module: Module, checkpoint: dict[str, Any]) -> None:
        """Called when a checkpoint was read."""

    @property
    def state_key(self) -> str:
        """Under which name the state stands in a checkpoint."""
        return type(self).__qualname__

    def state_dict(self) -> dict[str, Any]:
        """Return what is to be remembered in a checkpoint."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what a checkpoint remembers."""


HOOKS = tuple(name for name in vars(Callback) if name.startswith(("on_", "log_", "setup", "teardown")))
