"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..m01_tensor.dtypes import constant
from .chunks import scratch
from .optimizer import Optimizer
from .options import Group, State, Update, check_not_negative


class SGD(Optimizer):
    """Stochastic gradient descent: `p = p - lr * g`, or with momentum `v = momentum * v + g; p = p - lr * v`.

    Args:
        params: the parameters, or groups of them.
        lr: the learning rate.
        momentum: how much of the velocity `v` remains from step to step.
        dampening: how much of the gradient the velocity doesn't take up.
        weight_decay: adds `weight_decay * p` to the gradient (an L2 penalty).
        nesterov: look ahead: `p = p - lr * (g + momentum * v)`.
        maximize: go up instead of down.

    Raises:
        ValueError: an option is out of range, or nesterov is asked for without momentum or with dampening.

    Examples:
        >>> w = tt.tensor([1.0], requires_grad=True)
        >>> optimizer = tt.SGD([w], lr=0.1)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.8000], requires_grad=True)

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raise an error if an option is of the wrong type or out of range."""
        check_not_negative(options, "lr", "momentum", "weight_decay")
        if options["nesterov"] and (options["momentum"] <= 0 or options["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")

    def buffers(self, group: Group) -> tuple[str, ...]:
        """With momentum a velocity is kept for each parameter."""
        return ("momentum_buffer",) if group["momentum"] else ()

    def rule(self, group: Group, state: State) -> Update:
        """Return the update of one parameter."""
        lr, momentum, nesterov = group["lr"], group["momentum"], group["nesterov"]

        def descend(p: Any, g: Any) -> None:
            tmp = scratch(p)
            np.multiply(g, constant(lr, p.dtype), out=tmp)  # p = p - lr * g
            np.subtract(p, tmp, out=p)

        if not momentum:
            return descend
        # The first gradient is taken up whole: the velocity begins with it, not with zero.
        part = 1 - group["dampening"] if "momentum_buffer" in state else 1

        def update(p: Any, g: Any, v: Any) -> None:
            tmp = scratch(p, "velocity")
            np.multiply(v, momentum, out=v)  # v = momentum * v + part * g
            np.add(v, g if part == 1 else np.multiply(g, part, out=tmp), out=v)
            if nesterov:
                np.multiply(v, momentum, out=tmp)  # step along g + momentum * v
                descend(p, np.add(g, tmp, out=tmp))
            else:
                descend(p, v)

        return update
