"""Benchmarks of tinytorch.core: training steps, a chain of small operations, imports, memory.

Each contestant is a function that builds its side and returns `step`, one unit of work. All sides of a
case do the same arithmetic on the same data; the libraries are imported inside, so that a contestant's
process holds nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from harness import Case

Step = Callable[[], Any]


def data(batch: int) -> tuple[Any, Any]:
    """Return images and labels: random numbers, since only the time of the arithmetic matters."""
    import numpy as np

    rng = np.random.default_rng(0)
    return rng.standard_normal((batch, 784), dtype=np.float32), rng.integers(0, 10, batch)


def mlp(library: str, widths: list[int], batch: int, optimizer: str) -> Step:
    """Build a training step of an MLP with ReLU and cross-entropy; the code is the same for both."""
    if library == "torch":
        import torch as lib
        from torch.nn import CrossEntropyLoss, Linear, ReLU, Sequential
        from torch.optim import SGD, Adam
    else:
        import tinytorch.core as lib
        from tinytorch.core import SGD, Adam, CrossEntropyLoss, Linear, ReLU, Sequential
    layers: list[Any] = []
    for inputs, outputs in pairwise(widths):
        layers += [Linear(inputs, outputs), ReLU()]
    model = Sequential(*layers[:-1])
    opt: Any = SGD(model.parameters(), lr=0.01) if optimizer == "sgd" else Adam(model.parameters())
    loss_function = CrossEntropyLoss()
    x, y = (lib.from_numpy(a) for a in data(batch))

    def step() -> None:
        opt.zero_grad()
        loss_function(model(x), y).backward()
        opt.step()

    return step


def mlp_numpy(batch: int, in_place: bool) -> Step:
    """Write the step of 784-128-10 with SGD by hand: as one writes it, or avoiding every temporary."""
    import numpy as np

    rng = np.random.default_rng(1)
    x, y = data(batch)
    rows = np.arange(batch)
    w1 = rng.uniform(-1, 1, (784, 128)).astype(np.float32) / 28
    w2 = rng.uniform(-1, 1, (128, 10)).astype(np.float32) / 11
    b1, b2 = np.zeros(128, np.float32), np.zeros(10, np.float32)

    def step() -> None:
        nonlocal w1, b1, w2, b2
        h = x @ w1 + b1
        a = np.maximum(h, 0)
        z = a @ w2 + b2
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        -np.log(p[rows, y]).mean()
        dz = p.copy()
        dz[rows, y] -= 1
        dz /= batch
        dw2, db2 = a.T @ dz, dz.sum(axis=0)
        dh = (dz @ w2.T) * (h > 0)
        dw1, db1 = x.T @ dh, dh.sum(axis=0)
        w1 -= 0.01 * dw1
        b1 -= 0.01 * db1
        w2 -= 0.01 * dw2
        b2 -= 0.01 * db2

    def step_in_place() -> None:
        h = x @ w1
        h += b1
        np.maximum(h, 0, out=h)
        z = h @ w2
        z += b2
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z, out=z)
        p /= p.sum(axis=1, keepdims=True)
        -np.log(p[rows, y]).mean()
        p[rows, y] -= 1
        p /= batch
        dw2, db2 = h.T @ p, p.sum(axis=0)
        dh = p @ w2.T
        dh *= h > 0
        dw1, db1 = x.T @ dh, dh.sum(axis=0)
        for w, d in ((w1, dw1), (b1, db1), (w2, dw2), (b2, db2)):
            d *= 0.01
            np.subtract(w, d, out=w)

    return step_in_place if in_place else step


def chain(library: str) -> Step:
    """Build a chain of 20 small operations on scalars, forward and backward."""
    if library == "torch":
        import torch as lib
    else:
        import tinytorch.core as lib
    x = lib.tensor(0.7, requires_grad=True)
    w = lib.tensor(1.3, requires_grad=True)

    def step() -> None:
        z = x
        for _ in range(4):
            z = z * w
            z = z + x
            z = z.tanh()
            z = z * 0.5
            z = z - w
        z.backward()
        x.grad = w.grad = None

    return step


def inference(library: str) -> Step:
    """Build a forward pass without gradients."""
    if library == "torch":
        import torch as lib
        from torch.nn import Linear, ReLU, Sequential
    else:
        import tinytorch.core as lib
        from tinytorch.core import Linear, ReLU, Sequential
    model = Sequential(Linear(784, 128), ReLU(), Linear(128, 10))
    x = lib.from_numpy(data(64)[0])

    def step() -> None:
        with lib.no_grad():
            model(x)

    return step


SMALL, WIDE = [784, 128, 10], [784, 512, 512, 10]
CASES = [
    Case(
        "MLP 784-128-10, batch 64, SGD: training step",
        {
            "tinytorch": lambda: mlp("tinytorch", SMALL, 64, "sgd"),
            "numpy": lambda: mlp_numpy(64, in_place=False),
            "in place": lambda: mlp_numpy(64, in_place=True),
            "torch": lambda: mlp("torch", SMALL, 64, "sgd"),
        },
        limits={"numpy": 1.15, "torch": 1.0},
    ),
    Case(
        "MLP 784-512-512-10, batch 128, Adam: training step",
        {
            "tinytorch": lambda: mlp("tinytorch", WIDE, 128, "adam"),
            "torch": lambda: mlp("torch", WIDE, 128, "adam"),
        },
        limits={"torch": 1.0},
    ),
    Case(
        "20 scalar operations, forward and backward",
        {"tinytorch": lambda: chain("tinytorch"), "torch": lambda: chain("torch")},
        limits={"torch": 1.0},
        threads=(1,),
    ),
    Case(
        "MLP 784-128-10, batch 64: forward without gradients",
        {"tinytorch": lambda: inference("tinytorch"), "torch": lambda: inference("torch")},
    ),
    Case(
        "import of the package",
        {"tinytorch": "import tinytorch.core", "numpy": "import numpy", "torch": "import torch"},
        limits={"numpy": 0.030},
        kind="import",
        threads=(1,),
    ),
    Case(
        "import of all that a training loop uses",
        {
            "tinytorch": "from tinytorch.core import SGD, CrossEntropyLoss, Linear, ReLU, no_grad, tensor",
            "numpy": "import numpy",
        },
        kind="import",
        threads=(1,),
    ),
    Case(
        "MLP 784-512-512-10, batch 1024, Adam: peak memory of the training",
        {
            "tinytorch": lambda: mlp("tinytorch", WIDE, 1024, "adam"),
            "torch": lambda: mlp("torch", WIDE, 1024, "adam"),
        },
        limits={"torch": 1.0},
        kind="memory",
        threads=(1,),
    ),
]
