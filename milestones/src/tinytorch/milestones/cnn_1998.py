"""Milestone 04, 1998: the convolutional network.

LeCun, Bottou, Bengio and Haffner let a network look at images patch by patch, with the same few weights
everywhere, and read cheques with it. Here such a network reads the digits that the multilayer perceptron
read, better and with fewer parameters; with `--data` it learns MNIST, Fashion-MNIST or CIFAR-10.

Needs modules "dataloader" and "spatial". Run it: `python -m tinytorch.milestones.cnn_1998`

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition,
Proceedings of the IEEE 86 (1998), 2278-2324. https://doi.org/10.1109/5.726791
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tinytorch.core import (
    AdamW,
    CrossEntropyLoss,
    Flatten,
    Linear,
    Module,
    ReLU,
    Sequential,
    Tensor,
    cat,
    from_numpy,
    manual_seed,
    no_grad,
)
from tinytorch.vision import BatchNorm2d, Conv2d, DataLoader, MaxPool2d, TensorDataset, transforms

from .command import script
from .data import DataError, Images
from .inside import costs_of_layers, feature_maps, judged, spread, variations
from .mlp_1986 import EPOCHS as EPOCHS_MLP, learn as learn_mlp
from .outcome import Check, Options, Outcome
from .progress import Progress
from .recipes import RECIPES, Prepare, Recipe, centring, pixels

Batches = DataLoader[Any]
SMALLEST = 4  # height and width of an image that can be halved twice
KNOWN = 500  # of so many training images is measured how well they are known
SEEDS = 5  # how many networks of each kind are compared


# ---- Net -----------------------------------------------------------------------------------------------


class Net(Module):
    """Convolutions that look at 3 x 3 pixels at a time, pooling, and one linear layer that decides."""

    def __init__(self, data: Images, recipe: Recipe) -> None:
        super().__init__()
        layers: list[Module] = []
        channels, (height, width) = data.colours, data.size
        for layer in recipe.layers:
            if isinstance(layer, int):
                norm = [BatchNorm2d(layer)] if recipe.norm else []
                layers += [Conv2d(channels, layer, 3, padding=1), *norm, ReLU()]
                channels = layer
            else:
                layers.append(MaxPool2d(2))
                height, width = height // 2, width // 2
        self.features = Sequential(*layers)
        self.flatten = Flatten()
        self.classifier = Linear(channels * height * width, len(data.classes))

    def forward(self, x: Tensor) -> Tensor:
        """Return a score for each class: (N, colours, height, width) -> (N, classes)."""
        scores: Tensor = self.classifier(self.flatten(self.features(x)))
        return scores


# ---- train ---------------------------------------------------------------------------------------------


def train(net: Net, optimizer: AdamW, loader: Batches, prepare: Prepare, rates: Iterator[float]) -> float:
    """Go through the images once, in a new random order and in small batches.

    Args:
        net: the network.
        optimizer: what changes its parameters.
        loader: gives (N, colours, height, width) images and their labels (N,).
        prepare: distorts the images of a batch at random, and moves their pixels around zero.
        rates: the learning rate of each step.

    Returns:
        The mean loss.
    """
    loss_of = CrossEntropyLoss()
    net.train()
    total, seen = 0.0, 0
    for (images, labels), rate in zip(loader, rates):
        optimizer.param_groups[0]["lr"] = rate
        loss = loss_of(net(prepare(images)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        seen += len(labels)
    return total / seen


def learning_rates(highest: float, steps: int) -> Iterator[float]:
    """Yield a learning rate for each step: up during the first tenth, then down to zero."""
    for step in range(steps):
        done = step / steps
        yield highest * min(10 * (done + 1 / steps), (1 - done) / 0.9)


# ---- test ----------------------------------------------------------------------------------------------


@no_grad()
def test(net: Net, loader: Batches, prepare: Prepare) -> tuple[float, Tensor]:
    """Return the accuracy, and the network's belief in each class for each image, (N, classes)."""
    net.eval()
    beliefs, right = [], []
    for images, labels in loader:
        beliefs.append(net(prepare(images)).softmax(dim=1))
        right.append(beliefs[-1].argmax(dim=1) == labels)
    return cat(right).float().mean().item(), cat(beliefs)


# ---- main ----------------------------------------------------------------------------------------------


def batches(
    images: NDArray[np.float32], labels: NDArray[np.int64], size: int, shuffle: bool = False
) -> Batches:
    """Return what gives images and labels, `size` at a time."""
    return DataLoader(TensorDataset(pixels(images), from_numpy(labels)), size, shuffle)


def learn(data: Images, epochs: int, seed: int, label: str, progress: Progress) -> dict[str, Any]:
    """Train a network from start to end and note how it does before each epoch and at the end."""
    manual_seed(seed)
    recipe = RECIPES[data.source]
    net = Net(data, recipe)
    optimizer = AdamW(net.parameters(), lr=recipe.rate)
    loader = batches(data.train_images, data.train_labels, recipe.batch, shuffle=True)
    some = slice(0, None, -(-len(data.train_images) // KNOWN))
    known = batches(data.train_images[some], data.train_labels[some], 256)
    unknown = batches(data.test_images, data.test_labels, 256)
    centre = centring(data.train_images)
    distort = transforms.Batched(transforms.Compose([*recipe.distort, centre]))
    rates = learning_rates(recipe.rate, epochs * len(loader))
    losses: list[float] = []
    curve = {"train": [test(net, known, centre)[0]], "test": [test(net, unknown, centre)[0]]}
    for _ in progress(range(epochs), label):
        losses.append(train(net, optimizer, loader, distort, rates))
        curve["train"].append(test(net, known, centre)[0])
        curve["test"].append(test(net, unknown, centre)[0])
        progress.note(f"loss {losses[-1]:.3f}  test {curve['test'][-1]:.1%}")
    beliefs = test(net, unknown, centre)[1].numpy()
    return {"net": net, "centre": centre, "losses": losses, "curve": curve, "beliefs": beliefs}


def compare(data: Images, first: float, options: Options, epochs: int, progress: Progress) -> dict[str, Any]:
    """Train networks of this kind and of the milestone before from several seeds; return their accuracies."""
    mlp_epochs = EPOCHS_MLP if options.epochs is None else options.epochs
    cnn, mlp = [first], []
    for seed in range(options.seed + 1, options.seed + SEEDS):
        run = learn(data, epochs, seed, f"seed {seed}", progress)
        cnn.append(run["curve"]["test"][-1])
    for seed in range(options.seed, options.seed + SEEDS):
        run = learn_mlp(data, mlp_epochs, seed, f"MLP, seed {seed}", progress)
        mlp.append(run["curve"]["test"][-1])
    return {
        "seeds": list(range(options.seed, options.seed + SEEDS)),
        **spread("cnn", cnn),
        **spread("mlp", mlp),
        "mlp_parameters": sum(p.numel() for p in run["net"].parameters()),
    }


def main(options: Options, progress: Progress) -> Outcome:
    """Train the network, look inside, and compare it with the milestone before."""
    data = options.images()
    if min(data.size) < SMALLEST:
        raise DataError(
            f"images of {data.size[0]} x {data.size[1]} are too small, {SMALLEST} x {SMALLEST} are needed"
        )
    recipe = RECIPES[data.source]
    epochs = recipe.epochs if options.epochs is None else options.epochs
    run = learn(data, epochs, options.seed, "training", progress)
    net, curve, beliefs, truth = run["net"], run["curve"], run["beliefs"], data.test_labels
    parameters = sum(p.numel() for p in net.parameters())
    confusion, wrong = judged(beliefs, truth)
    image = run["centre"](pixels(data.test_images[:1]))
    costs, milliseconds = costs_of_layers([*net.features, net.flatten, net.classifier], image)

    checks = [Check("test accuracy", curve["test"][-1], at_least=recipe.threshold)]
    against = None
    if data.embedded:
        against = compare(data, curve["test"][-1], options, epochs, progress)
        lead, size = against["cnn_mean"] - against["mlp_mean"], against["mlp_parameters"]
        one_image = 1 / SEEDS / len(truth)
        checks += [
            Check(f"lead over the MLP, mean of {SEEDS} seeds", lead, at_least=one_image),
            Check("parameters, of the MLP's", parameters, at_most=size - 1, of=size),
        ]
    return Outcome(
        epochs=epochs,
        checks=checks,
        metrics={
            "test_accuracy": curve["test"][-1],
            "train_accuracy": curve["train"][-1],
            "untrained_accuracy": curve["test"][0],
            "parameters": parameters,
            "layers": list(recipe.layers),
            "losses": [round(loss, 6) for loss in run["losses"]],
            "train_curve": curve["train"],
            "test_curve": curve["test"],
            "confusion": confusion.tolist(),
            "wrong": len(wrong),
            "costs": costs,
            "against_mlp": against,
            "distorted": [str(transform) for transform in recipe.distort],
        },
        data=data.facts(),
        speed={"milliseconds_of_layers": milliseconds},
        show={
            "threshold": recipe.threshold,
            "filters": net.features[0].weight.detach().numpy(),
            "image": data.test_images[0],
            "maps": feature_maps(net.features, image),
            "distorted": variations(pixels(data.train_images[:1]), recipe.distort),
            "mistakes": [
                {"image": data.test_images[i], "is": truth[i], "said": b.argmax(), "beliefs": b}
                for i, b in zip(wrong[:12], beliefs[wrong[:12]])
            ],
        },
    )


if __name__ == "__main__":
    raise SystemExit(script("cnn", main))
