"""Benchmarks of tinytorch.vision: training small convolutional networks, and convolution by definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness import Case

Step = Callable[[], Any]


def network(library: str, colour: bool) -> Step:
    """Build a training step of a convolutional network with Adam; the code is the same for both."""
    if library == "torch":
        import torch as lib
        from torch.nn import Conv2d, CrossEntropyLoss, Flatten, Linear, MaxPool2d, ReLU, Sequential
        from torch.optim import Adam
    else:
        import tinytorch.core as lib
        from tinytorch.core import Adam, CrossEntropyLoss, Flatten, Linear, ReLU, Sequential
        from tinytorch.vision import Conv2d, MaxPool2d
    import numpy as np

    rng = np.random.default_rng(0)
    if colour:
        model = Sequential(
            Conv2d(3, 32, 3, padding=1),
            ReLU(),
            Conv2d(32, 32, 3, padding=1),
            ReLU(),
            MaxPool2d(2),
            Conv2d(32, 64, 3, padding=1),
            ReLU(),
            MaxPool2d(2),
            Flatten(),
            Linear(64 * 8 * 8, 10),
        )
        images = rng.standard_normal((64, 3, 32, 32), dtype=np.float32)
    else:
        model = Sequential(
            Conv2d(1, 16, 3, padding=1),
            ReLU(),
            MaxPool2d(2),
            Conv2d(16, 32, 3, padding=1),
            ReLU(),
            MaxPool2d(2),
            Flatten(),
            Linear(32 * 7 * 7, 10),
        )
        images = rng.standard_normal((64, 1, 28, 28), dtype=np.float32)
    opt: Any = Adam(model.parameters())
    loss_function = CrossEntropyLoss()
    x, y = lib.from_numpy(images), lib.from_numpy(rng.integers(0, 10, 64))

    def step() -> None:
        opt.zero_grad()
        loss_function(model(x), y).backward()
        opt.step()

    return step


def convolution(library: str, images: int = 32) -> Step:
    """Build the forward pass of one convolution, on `images` of 32; the definition has one, times 32."""
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.standard_normal((images, 3, 32, 32), dtype=np.float32)
    w = rng.standard_normal((16, 3, 3, 3), dtype=np.float32)
    if library == "torch":
        import torch as lib
        from torch.nn.functional import conv2d
    else:
        import tinytorch.core as lib
        from tinytorch.vision import conv2d_naive
        from tinytorch.vision.functional import conv2d
    convolve: Any = conv2d_naive if library == "naive" else conv2d
    x, w = lib.from_numpy(x), lib.from_numpy(w)

    def step() -> None:
        with lib.no_grad():
            convolve(x, w)

    return step


NAMES = (
    ("1-16-32 on 64x1x28x28", False),
    ("3-32-32-64 on 64x3x32x32", True),
)
CASES = [
    Case(
        f"CNN {name}: {what}",
        {
            "tinytorch": lambda colour=colour: network("tinytorch", colour),
            "torch": lambda colour=colour: network("torch", colour),
        },
        limits={"torch": 1.0 if kind == "time" else 1.5},
        kind=kind,
        threads=(1, 2) if kind == "time" else (1,),
    )
    for what, kind in (("training step", "time"), ("peak memory of the training", "memory"))
    for name, colour in NAMES
]
CASES += [
    Case(
        "Conv2d 3-16 3x3 on 32x3x32x32: forward",
        {
            "tinytorch": lambda: convolution("tinytorch"),
            "naive": lambda: convolution("naive"),
            "torch": lambda: convolution("torch"),
        },
        limits={"naive": 1 / 500},
        threads=(1,),
    ),
]
