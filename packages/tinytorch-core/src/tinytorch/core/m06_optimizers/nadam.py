"""NAdam: Adam with Nesterov's look ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any

import numpy as np

from ..m01_tensor.tensor import wrap
from .chunks import scratch
from .optimizer import Optimizer
from .options import Group, State, Update, average, check_betas, check_not_negative, count_step


class NAdam(Optimizer):
    """Adam with Nesterov's look ahead: the step goes along the mean as it will be after the next gradient.

    With m and v as in `Adam`, `mu(t) = beta1 * (1 - 0.5 * 0.96**(t * momentum_decay))` and M the product of
    all mu so far: `p = p - lr * ((1 - mu(t)) / (1 - M(t)) * g + mu(t+1) / (1 - M(t+1)) * m)
    / (sqrt(v_hat) + eps)`.

    Args:
        params: the parameters, or groups of them.
        lr: the learning rate.
        betas: how much remains of the mean gradient, and of the mean square, from step to step.
        eps: keeps the denominator from being 0.
        weight_decay: adds `weight_decay * p` to the gradient (an L2 penalty).
        momentum_decay: how fast the momentum grows to its final value.
        decoupled_weight_decay: let the weights shrink apart from the gradient, as `AdamW` does.
        maximize: go up instead of down.

    Raises:
        ValueError: an option is out of range.

    Source: Dozat, "Incorporating Nesterov momentum into Adam", 2016;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raise an error if an option is of the wrong type or out of range."""
        check_not_negative(options, "lr", "eps", "weight_decay", "momentum_decay")
        check_betas(options)

    def buffers(self, group: Group) -> tuple[str, ...]:
        """Kept are the mean of the gradients and of their squares."""
        return "exp_avg", "exp_avg_sq"

    def rule(self, group: Group, state: State) -> Update:
        """Return the update of one parameter."""
        t = count_step(state)
        beta1, beta2 = group["betas"]
        mu = beta1 * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"]))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * group["momentum_decay"]))
        if "mu_product" not in state:
            state["mu_product"] = wrap(np.ones((), np.float32))
        state["mu_product"].array *= mu
        product = float(state["mu_product"].array)
        correction = sqrt(1 - beta2**t)  # moved from v into the other factors, as in Adam
        of_g = group["lr"] * correction * (1 - mu) / (1 - product)
        of_m = group["lr"] * correction * mu_next / (1 - product * mu_next)
        eps = group["eps"] * correction

        def update(p: Any, g: Any, m: Any, v: Any) -> None:
            tmp, step = scratch(p), scratch(p, "step")
            average(m, g, beta1, tmp)  # m = beta1 * m + (1 - beta1) * g
            np.multiply(g, g, out=tmp)
            average(v, tmp, beta2, tmp)  # v = beta2 * v + (1 - beta2) * g**2
            np.multiply(g, of_g, out=step)  # p = p - (of_g * g + of_m * m) / (sqrt(v) + eps)
            np.multiply(m, of_m, out=tmp)
            np.add(step, tmp, out=step)
            np.sqrt(v, out=tmp)
            np.add(tmp, eps, out=tmp)
            np.divide(step, tmp, out=step)
            np.subtract(p, step, out=p)

        return update
