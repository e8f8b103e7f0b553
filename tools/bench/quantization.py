"""Train the models of milestones 04 and 05 and show what quantizing them saves and costs.

    python tools/bench/quantization.py
    python tools/bench/quantization.py --seeds 0 1 2

Accuracy is that on the test images of the embedded digits, loss that on all of the plays that weren't trained
on. Bytes are those of the arrays that the model holds, and of its file (safetensors in both cases).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tinytorch.core import from_numpy
from tinytorch.milestones import cnn_1998, transformer_2017
from tinytorch.milestones.data import digits, plays
from tinytorch.milestones.progress import Progress
from tinytorch.milestones.recipes import RECIPES
from tinytorch.systems import model_nbytes, quantize, save_quantized

Score = Callable[[Any], float]
WAYS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("int8", {}),
    ("int8, inputs too (dynamic)", {"activations": "dynamic"}),
    ("int8, inputs too (static)", {"activations": "static"}),
    ("int4, groups of 32", {"dtype": "int4"}),
    ("int4, groups of 32, mse", {"dtype": "int4", "calibration": "mse"}),
    ("int4, one scale, mse", {"dtype": "int4", "granularity": "tensor", "calibration": "mse"}),
)


def cnn(seed: int) -> tuple[Any, Score, Any]:
    """Return the trained network of milestone 04, what judges it, and some of its inputs."""
    data, recipe = digits(), RECIPES["digits"]
    run = cnn_1998.learn(data, recipe.epochs, seed, "", Progress("", quiet=True))
    unknown = cnn_1998.batches(data.test_images, data.test_labels, 256)
    some = run["centre"](cnn_1998.pixels(data.train_images[:256]))
    return run["net"].eval(), lambda net: cnn_1998.test(net, unknown, run["centre"])[0], some


def gpt(seed: int) -> tuple[Any, Score, Any]:
    """Return the trained GPT of milestone 05's default run, what judges it, and some of its inputs."""
    data, recipe = plays(), transformer_2017.QUICK
    run = transformer_2017.learn(data, recipe, recipe.iterations, seed, Progress("", quiet=True))
    train, test = (np.array(run["tokenizer"].encode(text)) for text in (data.train, data.test))
    some = from_numpy(train[: 64 * recipe.context].reshape(64, recipe.context))
    return run["net"].eval(), lambda net: transformer_2017.test(net, test, None), some


def rows(make: Callable[[int], tuple[Any, Score, Any]], seed: int) -> Iterator[tuple[str, int, int, float]]:
    """Yield a name, bytes in memory, bytes of the file, and the score: first of the floats."""
    model, score, some = make(seed)
    path = Path(tempfile.mkdtemp()) / "x.safetensors"
    save_file({name: p.detach().numpy() for name, p in model.named_parameters()}, path)
    yield "float32", model_nbytes(model), path.stat().st_size, score(model)
    for name, options in WAYS:
        data = {"data": [some]} if options.get("activations") == "static" else {}
        small = quantize(model, **options, **data)
        yield name, model_nbytes(small), save_quantized(small, path), score(small)


def main() -> None:
    """Print a table for each model and seed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of the training runs")
    seeds = parser.parse_args().seeds
    for title, make, what in (("CNN, milestone 04", cnn, "accuracy"), ("GPT, milestone 05", gpt, "loss")):
        for seed in seeds:
            print(f"{title}, seed {seed}")
            print(f"  {'':28}{'memory':>11}{'':>7}{'file':>11}{'':>7}{what:>11}")
            first: tuple[str, int, int, float] | None = None
            for row in rows(make, seed):
                first = first or row
                name, memory, file, score = row
                change = (
                    f"{100 * (score - first[3]):+.2f} points"
                    if what == "accuracy"
                    else f"{100 * (score / first[3] - 1):+.2f}%"
                )
                print(
                    f"  {name:28}{memory:>11,}{first[1] / memory:>6.2f}x{file:>11,}{first[2] / file:>6.2f}x"
                    f"{score:>11.4f}  {change}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
