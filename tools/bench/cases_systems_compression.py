"""Benchmarks of tinytorch.systems's compression: what pruned models really save in time.

The peer of a smaller model is the whole one: half of the channels must be worth their name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness import Case

Step = Callable[[], Any]


def mlp(share: float) -> Step:
    """Build a forward pass of an MLP that has lost a share of its hidden features."""
    import tinytorch.core as tt
    from tinytorch.systems import prune_channels, shrink

    tt.manual_seed(0)
    model = tt.Sequential(
        *(tt.Linear(784, 512), tt.ReLU(), tt.Linear(512, 512), tt.ReLU(), tt.Linear(512, 10))
    )
    return forward(shrink(prune_channels(model, share)) if share else model, tt.randn(64, 784))


def cnn(share: float) -> Step:
    """Build a forward pass of a CNN that has lost a share of its channels."""
    import tinytorch.core as tt
    from tinytorch.systems import prune_channels, shrink
    from tinytorch.vision import BatchNorm2d, Conv2d, MaxPool2d

    tt.manual_seed(0)
    layers: list[tt.Module] = []
    for before, after in ((1, 32), (32, 64), (64, 64)):
        layers += [Conv2d(before, after, 3, padding=1), BatchNorm2d(after), tt.ReLU(), MaxPool2d(2)]
    model, images = tt.Sequential(*layers, tt.Flatten(), tt.Linear(64 * 9, 10)), tt.randn(32, 1, 28, 28)
    return forward(shrink(prune_channels(model, share, images), images) if share else model, images)


def gpt(share: float) -> Step:
    """Build a forward pass of a GPT that has lost a share of its heads and hidden features."""
    import tinytorch.core as tt
    from tinytorch.language import GPT, GPTConfig
    from tinytorch.systems import prune_channels, shrink

    tt.manual_seed(0)
    model = GPT(GPTConfig(128, 65, 4, 4, 128))
    return forward(shrink(prune_channels(model, share)) if share else model, tt.randint(0, 65, (8, 128)))


def forward(model: Any, x: Any) -> Step:
    """Return a forward pass without gradients."""
    import tinytorch.core as tt

    model.eval()

    def step() -> None:
        with tt.no_grad():
            model(x)

    return step


def halves(name: str, make: Callable[[float], Step], limit: float) -> Case:
    """Return the case of half of the channels against all of them."""
    contestants = {"tinytorch": lambda: make(0.5), "whole": lambda: make(0.0)}
    return Case(name, contestants, limits={"whole": limit})


CASES = [
    halves("MLP 784-512-512-10, half of the channels: forward", mlp, 0.7),
    halves("CNN 32-64-64 on 28 x 28, half of the channels: forward", cnn, 0.7),
    halves("GPT 4 x 128, half of heads and hidden features: forward", gpt, 0.8),
]
