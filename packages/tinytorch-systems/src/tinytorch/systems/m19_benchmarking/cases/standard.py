"""The benchmarks that come with the package: what TinyTorch's users do most, beside plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tinytorch.systems import Case, SingleStream

Step = Callable[[], Any]


def product(library: str) -> Step:
    """Multiply two matrices of 256 x 256."""
    import numpy as np

    x, y = np.random.default_rng(0).standard_normal((2, 256, 256), dtype=np.float32)
    if library == "numpy":
        return lambda: x @ y
    from tinytorch.core import from_numpy

    a, b = from_numpy(x), from_numpy(y)
    return lambda: a @ b


def softmax(library: str) -> Step:
    """Take the softmax of 64 rows of 1000 numbers."""
    import numpy as np

    x = np.random.default_rng(0).standard_normal((64, 1000), dtype=np.float32)
    if library == "numpy":

        def by_hand() -> Any:
            e = np.exp(x - x.max(axis=1, keepdims=True))
            return e / e.sum(axis=1, keepdims=True)

        return by_hand
    from tinytorch.core import from_numpy

    a = from_numpy(x)
    return lambda: a.softmax(1)


def mlp_step() -> Step:
    """Train an MLP 784-128-10 by one batch of 64 with SGD."""
    import numpy as np
    from tinytorch.core import SGD, CrossEntropyLoss, Linear, ReLU, Sequential, from_numpy

    rng = np.random.default_rng(0)
    x, y = from_numpy(rng.standard_normal((64, 784), dtype=np.float32)), from_numpy(rng.integers(0, 10, 64))
    model = Sequential(Linear(784, 128), ReLU(), Linear(128, 10))
    optimizer, loss = SGD(model.parameters(), lr=0.01), CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()

    return step


def gpt() -> tuple[Any, Any]:
    """Return a GPT of 4 layers, 128 wide, and a batch of ids (12, 64)."""
    import numpy as np
    from tinytorch.core import from_numpy
    from tinytorch.language import GPT, GPTConfig

    model = GPT(GPTConfig(block_size=64, vocab_size=65, n_layer=4, n_head=4, n_embd=128))
    return model, from_numpy(np.random.default_rng(0).integers(0, 65, (12, 64)))


def gpt_step() -> Step:
    """Train it by one batch with AdamW."""
    from tinytorch.core import AdamW

    model, ids = gpt()
    optimizer = AdamW(model.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        model(ids, ids)[1].backward()
        optimizer.step()

    return step


def gpt_writes() -> Step:
    """Let it write 16 tokens after a prompt of 16."""
    model, ids = gpt()
    prompt = ids[:1, :16]
    return lambda: model.generate(prompt, 16)


BOTH = ("tinytorch", "numpy")
CASES = [
    Case("product of matrices, 256 x 256", {name: partial(product, name) for name in BOTH}),
    Case("softmax, 64 x 1000", {name: partial(softmax, name) for name in BOTH}, threads=(1,)),
    Case("MLP 784-128-10, batch 64, SGD: training step", {"tinytorch": mlp_step}),
    Case("GPT 4 x 128, 12 x 64 tokens: training step", {"tinytorch": gpt_step}),
    Case("GPT 4 x 128: memory of the training", {"tinytorch": gpt_step}, kind="memory", threads=(1,)),
    Case(
        "GPT 4 x 128 writes 16 tokens: 90th percentile of latency",
        {"tinytorch": gpt_writes},
        threads=(1,),
        scenario=SingleStream(queries=20, warm_up=2),
    ),
    Case(
        "import of the package",
        {"tinytorch": "import tinytorch.core", "numpy": "import numpy"},
        kind="import",
        threads=(1,),
    ),
]
