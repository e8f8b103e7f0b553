"""Averaged weights while training."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from tinytorch.core import Module, Tensor, mark_changed

from ..averaging import AveragedModel, get_ema_avg_fn
from ..callback import Callback

if TYPE_CHECKING:
    from ..trainer import Trainer


class EMA(Callback):
    """Keeps an exponential moving average of the weights, validates with it, and leaves it in the model.

    Args:
        decay: how much of the average stays at each step.
        every_n_steps: how often the average takes up the weights.
        start_step: from which step on there is an average.

    Attributes:
        average: the averaged model, once the run has begun.

    Raises:
        ValueError: `decay` isn't between 0 and 1.

    Examples:
        >>> trainer = training.Trainer(max_epochs=10, callbacks=[training.EMA(decay=0.999)])
    """

    def __init__(self, decay: float = 0.999, every_n_steps: int = 1, start_step: int = 0) -> None:
        self.average_of = get_ema_avg_fn(decay)
        self.every_n_steps = every_n_steps
        self.start_step = start_step
        self.average: AveragedModel | None = None
        self._last_step = 0
        self._own: list[Any] | None = None  # the model's weights while the average stands in for them

    def on_fit_start(self, trainer: Trainer, module: Module) -> None:
        """Make the average."""
        self.average = AveragedModel(module, avg_fn=self.average_of)
        self._last_step = 0

    def on_train_batch_end(
        self, trainer: Trainer, module: Module, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Take up the weights after a step."""
        step = trainer.global_step
        if self.average is None or step == self._last_step or step < self.start_step:
            return
        self._last_step = step
        if step % self.every_n_steps == 0:
            self.average.update_parameters(module)

    def on_validation_start(self, trainer: Trainer, module: Module) -> None:
        """Let the average stand in for the weights."""
        if self.average is not None and int(self.average.n_averaged) and not trainer.sanity_checking:
            self._own = [x.array.copy() for x in tensors_of(module)]
            self._copy([x.array for x in tensors_of(self.average.module)], module)

    def on_validation_end(self, trainer: Trainer, module: Module) -> None:
        """Give the model its own weights back."""
        if self._own is not None:
            self._copy(self._own, module)
            self._own = None

    def on_exception(self, trainer: Trainer, module: Module, exception: BaseException) -> None:
        """Give the model its own weights back."""
        self.on_validation_end(trainer, module)

    def on_train_end(self, trainer: Trainer, module: Module) -> None:
        """Leave the average in the model; a checkpoint of an interrupted run has the weights themselves."""
        if self.average is not None and int(self.average.n_averaged):
            self._copy([x.array for x in tensors_of(self.average.module)], module)

    def _copy(self, arrays: list[Any], module: Module) -> None:
        for tensor, array in zip(tensors_of(module), arrays, strict=True):
            np.copyto(tensor.array, array)
            mark_changed(tensor.array)

    def state_dict(self) -> dict[str, Any]:
        """Return the average."""
        average = None if self.average is None else dict(self.average.state_dict())
        return {"average": average, "last_step": self._last_step}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the average."""
        if self.average is not None and state_dict["average"] is not None:
            self.average.load_state_dict(state_dict["average"])
        self._last_step = state_dict["last_step"]


def tensors_of(module: Module) -> Iterator[Tensor]:
    """Return the parameters and buffers of a module."""
    return chain(module.parameters(), module.buffers())
