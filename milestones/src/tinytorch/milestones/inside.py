"""What happens inside a convolutional network: feature maps, and what each layer costs."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from statistics import mean, median, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tinytorch.core import Linear, Module, ReLU, Tensor, from_numpy, no_grad
from tinytorch.vision import Conv2d, transforms

BATCH = 64
ROUNDS = 7
VARIATIONS = 6


def judged(beliefs: NDArray[Any], truth: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the confusion (row: what it is, column: what the network says), and the surest mistakes first.

    Args:
        beliefs: the network's belief in each class for each image, (N, classes).
        truth: (N,).
    """
    guess = beliefs.argmax(axis=1)
    confusion = np.zeros((beliefs.shape[1],) * 2, dtype=np.int64)
    np.add.at(confusion, (truth, guess), 1)
    wrong = np.flatnonzero(guess != truth)
    return confusion, wrong[np.argsort(-beliefs[wrong, guess[wrong]], kind="stable")]


def spread(name: str, accuracies: list[float]) -> dict[str, Any]:
    """Return accuracies of networks of one kind, their mean and their standard deviation, ready for JSON."""
    return {name: accuracies, f"{name}_mean": mean(accuracies), f"{name}_std": stdev(accuracies)}


def variations(image: Tensor, distort: Sequence[Any]) -> list[NDArray[np.float32]]:
    """Return an image (1, colours, height, width), and how the network sees it in some passes."""
    copies = from_numpy(np.repeat(image.numpy(), VARIATIONS, axis=0))
    changed = transforms.Batched(transforms.Compose(list(distort)))(copies)
    both = np.concatenate([image.numpy(), changed.numpy()])
    return list(both[:, 0] if both.shape[1] == 1 else both.transpose(0, 2, 3, 1))


@no_grad()
def feature_maps(features: Module, image: Tensor) -> list[NDArray[np.float32]]:
    """Return what leaves each ReLU when the network looks at one image: (channels, height, width) each.

    Args:
        features: the layers, in a Sequential.
        image: (1, colours, height, width), as the network takes it.
    """
    maps = []
    x = image
    for layer in features.children():
        x = layer(x)
        if isinstance(layer, ReLU):
            maps.append(x[0].numpy())
    return maps


def costs_of_layers(layers: list[Module], image: Tensor) -> tuple[list[dict[str, Any]], list[list[float]]]:
    """Return what each layer costs: parameters and multiply-adds for one image, and the time it takes.

    Args:
        layers: in the order in which they are applied.
        image: (1, colours, height, width), as the network takes it.

    Returns:
        For each layer a dictionary, and the milliseconds forward and backward for a batch of 64.
    """
    x = from_numpy(np.repeat(image.numpy(), BATCH, axis=0))
    costs, seconds = [], []
    for layer in layers:
        seconds.append(measured(layer, x))
        with no_grad():
            x = layer(x)
        costs.append(
            {
                "layer": type(layer).__name__,
                "output": list(x.shape[1:]),
                "parameters": sum(p.numel() for p in layer.parameters()),
                "multiply_adds": multiply_adds(layer, x.shape),
            }
        )
    return costs, seconds


def multiply_adds(layer: Module, output: tuple[int, ...]) -> int:
    """Return how many products a layer with weights adds up for one image; 0 for a layer without."""
    if isinstance(layer, Conv2d | Linear):
        return math.prod(layer.weight.shape[1:]) * math.prod(output[1:])
    return 0


def measured(layer: Module, x: Tensor) -> list[float]:
    """Return the milliseconds that a layer takes, forward and backward: medians of a few rounds."""
    times = []
    for _ in range(ROUNDS):
        given = x.detach().requires_grad_()
        begin = time.perf_counter()
        out = layer(given)
        middle = time.perf_counter()
        out.backward(out.detach())
        times.append((middle - begin, time.perf_counter() - middle))
    layer.zero_grad()
    return [round(1000 * median(column), 3) for column in zip(*times)]
