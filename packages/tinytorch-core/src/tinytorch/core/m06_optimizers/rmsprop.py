"""RMSprop: the gradient, measured in its root mean square."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .chunks import scratch
from .optimizer import Optimizer
from .options import Group, State, Update, average, check_not_negative, count_step


class RMSprop(Optimizer):
    """RMSprop: with `s = alpha * s + (1 - alpha) * g**2`, `p = p - lr * g / (sqrt(s) + eps)`.

    Args:
        params: the parameters, or groups of them.
        lr: the learning rate.
        alpha: how much of the mean square remains from step to step.
        eps: keeps the denominator from being 0.
        weight_decay: adds `weight_decay * p` to the gradient (an L2 penalty).
        momentum: how much of the velocity v remains: `v = momentum * v + g / (sqrt(s) + eps)`, and then
            `p = p - lr * v`.
        centered: divide by the standard deviation: `sqrt(s - a**2)`, where a is the mean gradient.
        maximize: go up instead of down.

    Raises:
        ValueError: an option is out of range.

    Source: Hinton's lecture 6e, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf;
    centered: Graves, "Generating sequences with recurrent neural networks", 2013;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raise an error if an option is of the wrong type or out of range."""
        check_not_negative(options, "lr", "eps", "momentum", "weight_decay", "alpha")

    def buffers(self, group: Group) -> tuple[str, ...]:
        """Kept are the mean square and, if asked for, the velocity and the mean gradient."""
        velocity = ("momentum_buffer",) if group["momentum"] else ()
        mean = ("grad_avg",) if group["centered"] else ()
        return ("square_avg", *velocity, *mean)

    def rule(self, group: Group, state: State) -> Update:
        """Return the update of one parameter."""
        count_step(state)
        lr, alpha, eps, momentum, centered = (
            group[name] for name in ("lr", "alpha", "eps", "momentum", "centered")
        )

        def update(p: Any, g: Any, s: Any, *others: Any) -> None:
            tmp, root = scratch(p), scratch(p, "root")
            np.multiply(g, g, out=tmp)
            average(s, tmp, alpha, tmp)  # s = alpha * s + (1 - alpha) * g**2
            if centered:
                mean = others[-1]
                average(mean, g, alpha, tmp)
                np.multiply(mean, mean, out=tmp)
                np.sqrt(np.subtract(s, tmp, out=tmp), out=root)  # the standard deviation
            else:
                np.sqrt(s, out=root)
            np.add(root, eps, out=root)
            np.divide(g, root, out=tmp)
            if momentum:
                v = others[0]
                np.multiply(v, momentum, out=v)  # v = momentum * v + g / root
                np.add(v, tmp, out=v)
                np.multiply(v, lr, out=tmp)
            else:
                np.multiply(tmp, lr, out=tmp)
            np.subtract(p, tmp, out=p)

        return update
