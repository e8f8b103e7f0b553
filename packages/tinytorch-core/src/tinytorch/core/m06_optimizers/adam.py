"""Adam and AdamW: each number has a step size of its own, from its gradients and their squares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any

import numpy as np

from .chunks import scratch
from .optimizer import Optimizer
from .options import Group, State, Update, average, check_betas, check_not_negative, count_step


class Adam(Optimizer):
    """Adam: steps along the mean of the gradients, measured in their root mean square.

    With `m = beta1 * m + (1 - beta1) * g` and `v = beta2 * v + (1 - beta2) * g**2` after t steps:
    `p = p - lr * m_hat / (sqrt(v_hat) + eps)`, where `m_hat = m / (1 - beta1**t)` and
    `v_hat = v / (1 - beta2**t)` make up for the zeros that m and v began with.

    Args:
        params: the parameters, or groups of them.
        lr: the learning rate, about how far a number moves in one step.
        betas: how much remains of the mean gradient, and of the mean square, from step to step.
        eps: keeps the denominator from being 0.
        weight_decay: adds `weight_decay * p` to the gradient (an L2 penalty; see `AdamW`).
        amsgrad: divide by the largest mean square so far instead of the present one.
        maximize: go up instead of down.
        decoupled_weight_decay: let the weights shrink apart from the gradient, as `AdamW` does.

    Raises:
        ValueError: an option is out of range.

    Examples:
        >>> model = tt.Linear(2, 1)
        >>> optimizer = tt.Adam(model.parameters(), lr=1e-3)
        >>> optimizer.zero_grad()
        >>> model(tt.ones(4, 2)).pow(2).mean().backward()
        >>> optimizer.step()

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015; Reddi et al., "On the
    convergence of Adam and beyond", 2018; https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raise an error if an option is of the wrong type or out of range."""
        check_not_negative(options, "lr", "eps", "weight_decay")
        check_betas(options)

    def buffers(self, group: Group) -> tuple[str, ...]:
        """Kept are the mean of the gradients and of their squares, and for amsgrad the largest of these."""
        means = ("exp_avg", "exp_avg_sq")
        return (*means, "max_exp_avg_sq") if group["amsgrad"] else means

    def rule(self, group: Group, state: State) -> Update:
        """Return the update of one parameter."""
        t = count_step(state)
        beta1, beta2 = group["betas"]
        # The paper's more efficient order: the corrections of m and v are moved into lr and eps.
        correction = sqrt(1 - beta2**t)
        lr = group["lr"] * correction / (1 - beta1**t)
        eps = group["eps"] * correction

        def update(p: Any, g: Any, m: Any, v: Any, v_max: Any = None) -> None:
            tmp = scratch(p)
            average(m, g, beta1, tmp)  # m = beta1 * m + (1 - beta1) * g
            np.multiply(g, g, out=tmp)
            average(v, tmp, beta2, tmp)  # v = beta2 * v + (1 - beta2) * g**2
            if v_max is not None:
                v = np.maximum(v_max, v, out=v_max)
            np.sqrt(v, out=tmp)  # p = p - lr * m / (sqrt(v) + eps)
            np.add(tmp, eps, out=tmp)
            np.divide(m, tmp, out=tmp)
            np.multiply(tmp, lr, out=tmp)
            np.subtract(p, tmp, out=p)

        return update


class AdamW(Adam):
    """Adam with weights that shrink apart from the gradient: first `p = p - lr * weight_decay * p`.

    In Adam a penalty in the gradient is divided by the root mean square like the rest, so the weights that
    change most shrink least. Here all shrink alike.

    Args:
        params: the parameters, or groups of them.
        lr: the learning rate.
        betas: how much remains of the mean gradient, and of the mean square, from step to step.
        eps: keeps the denominator from being 0.
        weight_decay: how much the weights shrink, times the learning rate.
        amsgrad: divide by the largest mean square so far instead of the present one.
        maximize: go up instead of down.

    Raises:
        ValueError: an option is out of range.

    Examples:
        >>> body, head = tt.Linear(4, 4), tt.Linear(4, 2)
        >>> faster = {"params": head.parameters(), "lr": 0.01}
        >>> optimizer = tt.AdamW([{"params": body.parameters()}, faster], lr=0.001)
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.001, 0.01]

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True
        )
