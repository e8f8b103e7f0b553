"""What a trainer runs: a module that says what to do with a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tinytorch.core import Module, Optimizer, Tensor

if TYPE_CHECKING:
    from .trainer import Trainer


class TrainingModule(Module):
    """A model together with the way to train it.

    It may also define every hook of `Callback`, without the arguments `trainer` and `module`.

    Attributes:
        trainer: who runs it, while it is run.

    Examples:
        >>> class Line(training.TrainingModule):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.net = tt.Linear(1, 1)
        ...
        ...     def training_step(self, batch, batch_idx):
        ...         x, y = batch
        ...         loss = tt.functional.mse_loss(self.net(x), y)
        ...         self.log("train_loss", loss)
        ...         return loss
        ...
        ...     def configure_optimizers(self):
        ...         return tt.SGD(self.parameters(), lr=0.1)
        >>> x = tt.linspace(-1, 1, 32).reshape(-1, 1)
        >>> model, batches = Line(), [(x, 3 * x + 1)] * 100
        >>> training.Trainer(max_epochs=5, enable_progress_bar=False).fit(model, batches)
        >>> round(model.net.weight.item(), 3), round(model.net.bias.item(), 3)
        (3.0, 1.0)

    Source: https://lightning.ai/docs/pytorch/stable/common/lightning_module.html
    """

    trainer: Trainer

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "trainer":  # neither a parameter nor a layer
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    @property
    def saved(self) -> Module:
        """The module whose weights go into a checkpoint."""
        return self

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        """Return the loss of a batch: a tensor, or a dict with "loss"; or None, to leave the batch out."""
        raise NotImplementedError(f"{type(self).__name__} doesn't define training_step(batch, batch_idx)")

    def validation_step(self, batch: Any, batch_idx: int) -> Any:
        """Log what is to be known of a batch of the validation."""
        raise NotImplementedError(f"{type(self).__name__} doesn't define validation_step(batch, batch_idx)")

    def test_step(self, batch: Any, batch_idx: int) -> Any:
        """Log what is to be known of a batch of the test."""
        raise NotImplementedError(f"{type(self).__name__} doesn't define test_step(batch, batch_idx)")

    def predict_step(self, batch: Any, batch_idx: int) -> Any:
        """Return the prediction for a batch; without a definition, `forward` of its first part."""
        return self(batch[0] if isinstance(batch, (list, tuple)) else batch)

    def configure_optimizers(self) -> Any:
        """Return the optimizer, or `(optimizer, scheduler)`, or a dict.

        The dict has "optimizer" and "lr_scheduler". The scheduler may be a dict as well, with "scheduler",
        "interval" ("epoch" or "step"), "frequency", and "monitor" (for `ReduceLROnPlateau`).
        """
        raise NotImplementedError(f"{type(self).__name__} doesn't define configure_optimizers()")

    def log(
        self,
        name: str,
        value: Any,
        prog_bar: bool = False,
        on_step: bool | None = None,
        on_epoch: bool | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Note a measure under a name.

        Args:
            name: what callbacks ask for, for example "val_loss".
            value: a number, or a tensor with one.
            prog_bar: show it in the progress bar.
            on_step: keep the value of this batch; by default while training.
            on_epoch: keep the mean over the epoch; by default while validating and testing. With both, the
                names get `_step` and `_epoch` added.
            batch_size: how many samples it is the mean of; found in the batch, if it isn't given.
        """
        self.trainer.results.log(name, value, prog_bar, on_step, on_epoch, batch_size)

    def log_dict(self, values: Mapping[str, Any], **options: Any) -> None:
        """Note several measures; the options are those of `log`."""
        for name, value in values.items():
            self.log(name, value, **options)


class PlainTask(TrainingModule):
    """A plain model with a loss and an optimizer, for a trainer: batches are pairs of input and target."""

    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Tensor] | None,
        optimizer: Optimizer | None,
        scheduler: Any,
        metrics: Mapping[str, Callable[[Any, Any], Any]] | None,
    ) -> None:
        super().__init__()
        self.model = model
        object.__setattr__(self, "loss", loss)  # a loss may be a module, but is no part of this one
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.metrics = dict(metrics or {})

    @property
    def saved(self) -> Module:
        """The plain model."""
        return self.model

    def forward(self, *args: Any) -> Any:
        """Call the model."""
        return self.model(*args)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        """Return the loss of a batch."""
        inputs, targets = batch
        loss = self._loss(self.model(inputs), targets)
        self.trainer.results.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        """Log the loss and the metrics of a batch as `val_...`."""
        self._measure(batch, "val")

    def test_step(self, batch: Any, batch_idx: int) -> None:
        """Log the loss and the metrics of a batch as `test_...`."""
        self._measure(batch, "test")

    def configure_optimizers(self) -> Any:
        """Return the given optimizer and scheduler."""
        if self.optimizer is None:
            raise TypeError(
                "a plain model needs an optimizer: fit(model, batches, loss=CrossEntropyLoss(), "
                "optimizer=Adam(model.parameters())), or write a TrainingModule"
            )
        if self.scheduler is None:
            return self.optimizer
        return {"optimizer": self.optimizer, "lr_scheduler": self.scheduler}

    def _measure(self, batch: Any, stage: str) -> None:
        inputs, targets = batch
        outputs = self.model(inputs)
        self.log(f"{stage}_loss", self._loss(outputs, targets), prog_bar=True)
        for name, metric in self.metrics.items():
            self.log(f"{stage}_{name}", metric(outputs, targets), prog_bar=True)

    def _loss(self, outputs: Any, targets: Any) -> Tensor:
        loss: Callable[[Any, Any], Tensor] | None = vars(self)["loss"]
        if loss is None:
            raise TypeError(
                "a plain model needs a loss: loss=CrossEntropyLoss(), or any function of two tensors"
            )
        return loss(outputs, targets)
