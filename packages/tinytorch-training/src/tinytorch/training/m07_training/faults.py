"""What is said when training goes wrong: a loss that isn't a number, numbers of the wrong precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tinytorch.core import Tensor, detect_anomaly

from .random_state import same_random_state_afterwards

if TYPE_CHECKING:
    from tinytorch.core import Module

    from .trainer import Trainer


class NonFiniteError(FloatingPointError):
    """The loss became NaN or infinite.

    Attributes:
        step: the optimizer's steps before.
        batch_idx: the number of the batch in its epoch.
        parameter: the name of the first parameter with a NaN or an infinity, or "" if all are fine.
    """

    def __init__(self, message: str, step: int, batch_idx: int, parameter: str) -> None:
        super().__init__(message)
        self.step = step
        self.batch_idx = batch_idx
        self.parameter = parameter


def not_finite(trainer: Trainer, loss: Tensor, batch: Any, index: int) -> NonFiniteError:
    """Look for where a loss that isn't finite comes from, and return an error that says it."""
    step = trainer.global_step
    message = f"the loss is {loss.item()} at step {step} (epoch {trainer.current_epoch}, batch {index})"
    parameter = bad_parameter(trainer.module)
    if any(not np.isfinite(x).all() for x in arrays_in(batch)):
        message += ": the batch has values that are NaN or infinite"
    elif parameter:
        message += (
            f": the first parameter with NaN or infinite values is {parameter!r}. A smaller learning rate "
            "or gradient_clip_val, may help"
        )
    else:
        message += f": the batch and all parameters are finite. {_operation(trainer, batch, index)}"
    return NonFiniteError(message, step, index, parameter)


def bad_parameter(module: Module) -> str:
    """Return the name of the first parameter that isn't finite, else whose gradient isn't, or ""."""
    for name, p in module.named_parameters():
        if not np.isfinite(p.array).all():
            return name
    for name, p in module.named_parameters():
        if p.grad is not None and not np.isfinite(p.grad.array).all():
            return name
    return ""


def arrays_in(batch: Any) -> list[Any]:
    """Return the arrays of floats in a batch."""
    if isinstance(batch, dict):
        batch = list(batch.values())
    if isinstance(batch, (list, tuple)):
        return [array for part in batch for array in arrays_in(part)]
    array = batch.array if isinstance(batch, Tensor) else batch
    return [array] if isinstance(array, np.ndarray) and array.dtype.kind == "f" else []


def _operation(trainer: Trainer, batch: Any, index: int) -> str:
    """Compute the loss once more and say which operation made the first NaN."""
    try:
        with same_random_state_afterwards(), detect_anomaly():
            trainer.task.training_step(batch, index)
    except RuntimeError as error:
        return str(error)
    return "No operation made a NaN when the batch was tried again; the loss became too large"


def check_precision(trainer: Trainer, loss: Tensor) -> None:
    """Raise an error if the loss has another dtype than the trainer's precision asks for."""
    if loss.dtype != trainer.precision:
        raise TypeError(
            f"the loss is {loss.dtype}, but precision asks for {trainer.precision}: a batch or a parameter "
            f"has another dtype; convert it, for example with batch.to({trainer.precision})"
        )


def check_parameters(trainer: Trainer) -> None:
    """Raise an error if a parameter has another dtype than the trainer's precision asks for."""
    for name, p in trainer.module.named_parameters():
        if p.dtype != trainer.precision:
            raise TypeError(
                f"the parameter {name!r} is {p.dtype}, but precision asks for {trainer.precision}; convert "
                f"the model: model.to({trainer.precision})"
            )
