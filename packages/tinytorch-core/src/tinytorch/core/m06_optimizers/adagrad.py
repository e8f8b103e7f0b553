"""Adagrad: the more a number has moved, the shorter its steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..m01_tensor.tensor import wrap
from .chunks import scratch
from .optimizer import Optimizer
from .options import Group, State, Update, check_not_negative, count_step


class Adagrad(Optimizer):
    """Adagrad: with `s = s + g**2`, `p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)`.

    Args:
        params: the parameters, or groups of them.
        lr: the learning rate.
        lr_decay: how fast the learning rate falls with the number t of steps.
        weight_decay: adds `weight_decay * p` to the gradient (an L2 penalty).
        initial_accumulator_value: what the sum of squares begins with.
        eps: keeps the denominator from being 0.
        maximize: go up instead of down.

    Raises:
        ValueError: an option is out of range.

    Source: Duchi et al., "Adaptive subgradient methods for online learning and stochastic optimization",
    2011; https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raise an error if an option is of the wrong type or out of range."""
        check_not_negative(options, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")

    def buffers(self, group: Group) -> tuple[str, ...]:
        """Kept is the sum of the squares of all gradients."""
        return ("sum",)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add parameters with options of their own; their sums begin here (see `Optimizer`)."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for p in group["params"]:
            start = np.full(p.array.shape, group["initial_accumulator_value"], p.array.dtype)
            self.state[p] = {"step": wrap(np.zeros((), np.float32)), "sum": wrap(start)}

    def rule(self, group: Group, state: State) -> Update:
        """Return the update of one parameter."""
        t = count_step(state)
        lr = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        eps = group["eps"]

        def update(p: Any, g: Any, s: Any) -> None:
            tmp = scratch(p)
            np.multiply(g, g, out=tmp)  # s = s + g**2
            np.add(s, tmp, out=s)
            np.sqrt(s, out=tmp)  # p = p - lr * g / (sqrt(s) + eps)
            np.add(tmp, eps, out=tmp)
            np.divide(g, tmp, out=tmp)
            np.multiply(tmp, lr, out=tmp)
            np.subtract(p, tmp, out=p)

        return update
