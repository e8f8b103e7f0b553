"""Benchmarks of tinytorch.training: the trainer beside a loop by hand, checkpoints beside plain files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import Case

Step = Callable[[], Any]
Parts = tuple[Any, list[Any], Any, Any]  # a model, batches, a loss, an optimizer

EPOCHS = 3


def mlp() -> Parts:
    """Return MLP 784-128-10 with batches of 64 random images."""
    import numpy as np
    from tinytorch.core import SGD, CrossEntropyLoss, Linear, ReLU, Sequential, from_numpy

    rng = np.random.default_rng(0)
    images = [rng.standard_normal((64, 784), dtype=np.float32) for _ in range(100)]
    batches = [(from_numpy(x), from_numpy(rng.integers(0, 10, 64))) for x in images]
    model = Sequential(Linear(784, 128), ReLU(), Linear(128, 10))
    return model, batches, CrossEntropyLoss(), SGD(model.parameters(), lr=0.01)


def cnn() -> Parts:
    """Return the network of milestone 04 with batches of the embedded digits."""
    from tinytorch.core import AdamW, CrossEntropyLoss, from_numpy
    from tinytorch.milestones.cnn_1998 import Net, pixels
    from tinytorch.milestones.data import digits
    from tinytorch.milestones.recipes import RECIPES

    data = digits()
    recipe = RECIPES["digits"]
    n, size = len(data.train_images), recipe.batch
    batches = [
        (pixels(data.train_images[i : i + size]), from_numpy(data.train_labels[i : i + size]))
        for i in range(0, n - size, size)
    ]
    model = Net(data, recipe)
    return model, batches, CrossEntropyLoss(), AdamW(model.parameters(), lr=0.001)


def by_hand(parts: Parts) -> Step:
    """Return some epochs of the loop that one writes by hand."""
    model, batches, loss_function, optimizer = parts

    def epochs() -> None:
        for _ in range(EPOCHS):
            for x, y in batches:
                optimizer.zero_grad()
                loss = loss_function(model(x), y)
                loss.backward()
                optimizer.step()

    return epochs


def by_trainer(parts: Parts) -> Step:
    """Return the same epochs done by the trainer, its progress bar included."""
    import io

    from tinytorch.training import ProgressBar, Trainer

    model, batches, loss_function, optimizer = parts

    def epochs() -> None:
        trainer = Trainer(max_epochs=EPOCHS, callbacks=[ProgressBar(io.StringIO())])
        trainer.fit(model, batches, loss=loss_function, optimizer=optimizer)

    return epochs


def arrays() -> dict[str, Any]:
    """Return 100 MB of arrays, as many as a model and its optimizer may have."""
    import numpy as np

    rng = np.random.default_rng(0)
    return {f"layer{i}": rng.standard_normal(2**19, dtype=np.float32) for i in range(50)}


def checkpoint_save() -> Step:
    """Save 100 MB as a checkpoint."""
    from tinytorch.training import save_checkpoint

    state, folder = {"model": arrays()}, tempfile.mkdtemp()
    return lambda: save_checkpoint(Path(folder) / "x.safetensors", state)


def file_save() -> Step:
    """Write the same bytes to a file, flush them to the disk, and rename it."""
    state, folder = arrays(), Path(tempfile.mkdtemp())

    def save() -> None:
        with open(folder / "x.tmp", "wb") as file:
            for array in state.values():
                file.write(array.data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(folder / "x.tmp", folder / "x")

    return save


def checkpoint_load() -> Step:
    """Load a checkpoint of 100 MB."""
    from tinytorch.training import load_checkpoint, save_checkpoint

    path = Path(tempfile.mkdtemp()) / "x.safetensors"
    save_checkpoint(path, {"model": arrays()})
    return lambda: load_checkpoint(path)


def file_load() -> Step:
    """Read the same bytes from a file into arrays."""
    import numpy as np

    path = Path(tempfile.mkdtemp()) / "x"
    np.concatenate(list(arrays().values())).tofile(path)

    def load() -> Any:
        with open(path, "rb") as file:
            return [np.fromfile(file, np.float32, 2**19) for _ in range(50)]

    return load


CASES = [
    Case(
        "Trainer: three epochs of MLP 784-128-10, batch 64, SGD",
        {"tinytorch": lambda: by_trainer(mlp()), "by hand": lambda: by_hand(mlp())},
        limits={"by hand": 1.10},
    ),
    Case(
        "Trainer: three epochs of milestone 04's CNN on the digits",
        {"tinytorch": lambda: by_trainer(cnn()), "by hand": lambda: by_hand(cnn())},
        limits={"by hand": 1.02},
    ),
    Case(
        "Checkpoint of 100 MB: save, flushed to the disk",
        {"tinytorch": checkpoint_save, "file": file_save},
        threads=(1,),
    ),
    Case(
        "Checkpoint of 100 MB: load, checksums compared",
        {"tinytorch": checkpoint_load, "file": file_load},
        threads=(1,),
    ),
]
