"""The optimisation olympics: one network made smaller in every way, and what is left of it."""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save
from tinytorch.core import Module, Tensor, manual_seed, no_grad

from ..m17_quantization import quantize, save_quantized
from ..m18_compression import (
    distillation_loss,
    factorize,
    finish_pruning,
    prune_channels,
    prune_model,
    save_compressed,
    shrink,
)
from .digits import EPOCHS, RATE, Digits, network

SPARSITY, CHANNELS, RANK, STUDENT = 0.8, 0.5, 6, (6, 12)
HEALING = 1 / 3  # of the epochs, after something was taken away
ROUNDS = 15


@dataclass(frozen=True)
class Contestant:
    """A network that takes part.

    Attributes:
        name: what was done to it.
        model: the network.
        form: "float", "quantised" or "compressed": how its file is written.
        nbytes: of that file.
        accuracy: the share of the test images that it reads right.
        rate: images a second, all test images at once, on one thread; the median of rounds in turn.
    """

    name: str
    model: Module
    form: str
    nbytes: int = 0
    accuracy: float = 0.0
    rate: float = 0.0


def olympics(
    seed: int = 0, epochs: int = EPOCHS, watch: Callable[[str], None] = lambda name: None
) -> list[Contestant]:
    """Train the milestone's network on the digits, make it smaller in six ways, and measure all.

    Args:
        seed: of the weights, the order and the distortions.
        epochs: passes through the images for a network that begins anew; a third of them heals one from which
            something was taken.
        watch: is told the name of each before it is made.

    Returns:
        The contestants, the untouched one first.

    Raises:
        TinyGPTError: tinytorch-vision isn't installed.
    """
    digits = Digits()
    manual_seed(seed)
    some = max(1, round(epochs * HEALING))
    watch("float32")
    base = digits.teach(network(), epochs)

    def healed(model: Module) -> Module:
        return digits.teach(model, some, RATE / 4)

    def pruned() -> Module:
        return finish_pruning(healed(prune_model(copy.deepcopy(base), SPARSITY)))

    def narrow() -> Module:
        return healed(shrink(prune_channels(copy.deepcopy(base), CHANNELS, digits.test[:1]), digits.test[:1]))

    def distilled() -> Module:
        def loss(images: Tensor, scores: Tensor, labels: Tensor) -> Tensor:
            with no_grad():
                beliefs = base(images)
            return distillation_loss(scores, beliefs, labels, temperature=3.0, alpha=0.7)

        return digits.teach(network(STUDENT), epochs, loss=loss)

    ways: tuple[tuple[str, str, Callable[[], Module]], ...] = (
        ("int8", "quantised", lambda: quantize(base)),
        (f"pruned, {SPARSITY:.0%} zeros", "compressed", pruned),
        (f"structured, {CHANNELS:.0%} of the channels gone", "compressed", narrow),
        (f"low rank, {RANK}", "compressed", lambda: healed(factorize(copy.deepcopy(base), rank=RANK))),
        (f"distilled into {STUDENT[0]} and {STUDENT[1]} channels", "float", distilled),
    )
    found = [Contestant("float32", base, "float")]
    for name, form, make in ways:
        watch(name)
        found.append(Contestant(name, make(), form))
    smallest = next(one for one in found if one.name.startswith("distilled"))
    watch("distilled, then int8")
    found.append(Contestant("distilled, then int8", quantize(smallest.model), "quantised"))
    return measured(found, digits)


def measured(contestants: Sequence[Contestant], digits: Digits) -> list[Contestant]:
    """Return contestants with their bytes, accuracy and images a second."""
    times: dict[str, list[float]] = {one.name: [] for one in contestants}
    with no_grad():
        for i in range(ROUNDS + 2):
            for one in contestants:
                began = time.perf_counter()
                one.model(digits.test)
                if i > 1:  # the first rounds warm up
                    times[one.name].append(time.perf_counter() - began)
    return [
        replace(
            one,
            nbytes=size_on_disk(one),
            accuracy=digits.accuracy(one.model),
            rate=len(digits.labels) / float(np.median(times[one.name])),
        )
        for one in contestants
    ]


def size_on_disk(one: Contestant) -> int:
    """Return how many bytes the network's file takes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        if one.form == "quantised":
            save_quantized(one.model, path)
        elif one.form == "compressed":
            save_compressed(one.model, path)
        else:
            path.write_bytes(save({name: x.numpy() for name, x in one.model.state_dict().items()}))
        return path.stat().st_size
