"""Averages of the weights along the way: SWA and EMA (torch.optim.swa_utils)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
from tinytorch.core import Module, Optimizer, Tensor, mark_changed, no_grad, tensor

from .schedulers.base import LRScheduler
from .schedulers.cosine import half_cosine
from .schedulers.cycle import one_number_each

Average = Callable[[Tensor, Tensor, int], Tensor]  # of the average so far, the new weights, their number


class AveragedModel(Module):
    """A copy of a model whose weights are the average of the model's weights at several times.

    Without `avg_fn` it is the plain mean (stochastic weight averaging); `avg_fn=get_ema_avg_fn(0.999)` makes
    an exponential moving average. Call `update_parameters(model)` after an epoch or a step, and use the copy
    like the model. Batch normalisation needs `update_bn` afterwards, because its statistics are those of
    other weights.

    Args:
        model: what is copied.
        avg_fn: makes the new average from the average so far, the new weights and the number of weights in
            the average.
        use_buffers: average the buffers, too; without it they are copied.

    Attributes:
        module: the copy.
        n_averaged: how many weights are in the average.

    Examples:
        >>> model = tt.Linear(1, 1)
        >>> average = training.AveragedModel(model)
        >>> average.update_parameters(model)
        >>> average.n_averaged
        tensor(1)

    Source: Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html
    """

    n_averaged: Tensor

    def __init__(self, model: Module, avg_fn: Average | None = None, use_buffers: bool = False) -> None:
        super().__init__()
        self.module = copy.deepcopy(model)
        self.register_buffer("n_averaged", tensor(0))
        self.avg_fn = avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the copy."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present weights into the average.

        Raises:
            RuntimeError: the model isn't of the kind that was copied.
        """
        n = int(self.n_averaged)
        for average, new, averaged in self._pairs(model):
            if average.shape != new.shape:
                raise RuntimeError(
                    f"the average has a tensor of shape {average.shape}, the model {new.shape}"
                )
            if n == 0 or not averaged:
                np.copyto(average.array, new.array)
            elif self.avg_fn is None:
                average.array += (new.array - average.array) / (n + 1)
            else:
                with no_grad():
                    np.copyto(average.array, self.avg_fn(average.detach(), new.detach(), n).array)
            mark_changed(average.array)
        self.n_averaged.array[...] = n + 1
        mark_changed(self.n_averaged.array)

    def _pairs(self, model: Module) -> Iterator[tuple[Tensor, Tensor, bool]]:
        """Yield each tensor of the copy, the model's, and whether it is averaged."""
        parameters = zip(self.module.parameters(), model.parameters(), strict=True)
        buffers = zip(self.module.buffers(), model.buffers(), strict=True)
        return chain(((a, b, True) for a, b in parameters), ((a, b, self.use_buffers) for a, b in buffers))


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """Return the `avg_fn` of an exponential moving average: `decay * average + (1 - decay) * new`.

    Raises:
        ValueError: `decay` isn't between 0 and 1.

    Source: https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema
    """
    if not 0 <= decay <= 1:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")

    def average(old: Tensor, new: Tensor, n: int) -> Tensor:
        return decay * old + (1 - decay) * new

    return average


def update_bn(loader: Iterable[Any], model: Module) -> None:
    """Compute the running statistics of batch normalisation anew, by one pass over data.

    Args:
        loader: batches: inputs, or lists and tuples that begin with them.
        model: whose statistics are computed; afterwards it is in the mode in which it was.

    Source: https://docs.pytorch.org/docs/stable/optim.html#taking-care-of-batch-normalization
    """
    layers: list[Any] = [m for m in model.modules() if getattr(m, "running_mean", None) is not None]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    was_training = model.training
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain mean over all batches
    model.train()
    try:
        with no_grad():
            for batch in loader:
                model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        model.train(was_training)


class SWALR(LRScheduler):
    """Let the learning rate go to a constant one, with which weights are then averaged.

    Args:
        optimizer: whose learning rates are set.
        swa_lr: the constant learning rate, or a list with one for each group.
        anneal_epochs: in how many steps it is reached.
        anneal_strategy: "cos" or "linear", the shape of the way.
        last_epoch: how many steps were made before; -1 to begin.

    Raises:
        ValueError: `anneal_epochs` is negative, or the strategy unknown.

    Source: https://docs.pytorch.org/docs/stable/optim.html#swa-learning-rate-schedules
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be an integer, 0 or more, got {anneal_epochs}")
        self.swa_lrs = one_number_each(swa_lr, len(optimizer.param_groups), "swa_lr")
        self.anneal_epochs = anneal_epochs
        self.anneal_strategy = anneal_strategy
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the present learning rates, moved towards the constant ones by one step."""
        step = self.last_epoch if self.anneal_epochs else max(1, self.last_epoch)
        now, before = self._way(step), self._way(step - 1)
        lrs = []
        for lr, target in zip(self._lrs(), self.swa_lrs, strict=True):
            start = lr if before == 1 else (lr - target * before) / (1 - before)  # where the way began
            lrs.append(target * now + start * (1 - now))
        return lrs

    def _way(self, step: int) -> float:
        """Return which part of the way is behind at a step."""
        part = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return part if self.anneal_strategy == "linear" else 1 - half_cosine(part)
