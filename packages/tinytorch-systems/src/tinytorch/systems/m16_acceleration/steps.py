"""Steps of optimizers by the compiled kernels."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

from tinytorch.core import zeros

from .arrays import FLOAT32
from .library import Library


def kernels(lib: Library) -> dict[str, Callable[..., Any]]:
    """Return for the classes of optimizers, by name, what `Optimizer.use` takes."""

    def adam(group: Any, state: Any, values: Any) -> Any:
        if values.dtype is not FLOAT32 or group.get("amsgrad") or not values.size:
            return None
        t = count_step(state)
        beta1, beta2 = group["betas"]
        correction = sqrt(1 - beta2**t)
        lr = group["lr"] * correction / (1 - beta1**t)
        decay = group["weight_decay"]
        decoupled = group.get("decoupled_weight_decay")
        keep = 1 - group["lr"] * decay if decoupled else 1.0
        rates = lr, beta1, 1 - beta1, beta2, 1 - beta2
        options = *rates, group["eps"] * correction, 0.0 if decoupled else decay, keep
        maximize = bool(group["maximize"])

        def update(p: Any, g: Any, m: Any, v: Any) -> None:
            lib.adam_step(p, g, m, v, p.size, *options, maximize)

        return update

    def sgd(group: Any, state: Any, values: Any) -> Any:
        if values.dtype is not FLOAT32 or not values.size:
            return None
        momentum = group["momentum"]
        # The first gradient is taken up whole: the velocity begins with it, not with zero.
        part = 1 - group["dampening"] if "momentum_buffer" in state else 1.0
        options = group["lr"], momentum, part, group["weight_decay"]
        nesterov, maximize = bool(group["nesterov"]), bool(group["maximize"])

        def update(p: Any, g: Any, m: Any = None) -> None:
            lib.sgd_step(p, g, m, m is not None, p.size, *options, nesterov, maximize)

        return update

    return {"SGD": sgd, "Adam": adam, "AdamW": adam}


def count_step(state: Any) -> int:
    """Count the steps of a parameter in its state, as the optimizers themselves do."""
    if "step" not in state:
        state["step"] = zeros(())
    count: Any = state["step"].detach().numpy()
    count += 1
    return int(count)
