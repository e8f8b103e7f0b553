"""Milestone 03, 1986: the multilayer perceptron.

Rumelhart, Hinton and Williams showed that the chain rule, run backwards through a network, trains its hidden
layers, and that these find useful features by themselves. Here a network with one hidden layer learns to
read handwritten digits, or with `--data` the 70,000 images of MNIST or Fashion-MNIST.

Needs modules "losses", "autograd" and "optimizers". Run it: `python -m tinytorch.milestones.mlp_1986`

Source: D. Rumelhart, G. Hinton, R. Williams, Learning representations by back-propagating errors, Nature 323
(1986), 533-536. https://doi.org/10.1038/323533a0
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tinytorch.core import (
    SGD,
    CrossEntropyLoss,
    Linear,
    Module,
    ReLU,
    Tensor,
    from_numpy,
    manual_seed,
    no_grad,
    randperm,
)

from .command import script
from .data import Images, digits_by_unknown_hands
from .outcome import Check, Options, Outcome
from .progress import Progress

HIDDEN = 128
EPOCHS = 30  # or 10 if there are many images
BATCH = 64
RATE = 0.05
MOMENTUM = 0.9
SHOWN = 16  # hidden neurons to look at
THRESHOLD_DIGITS = 0.96
THRESHOLD_FILES = 0.87  # for 28 x 28 images such as Fashion-MNIST's


# ---- Net -----------------------------------------------------------------------------------------------


class Net(Module):
    """Pixels, a hidden layer, one output for each class."""

    def __init__(self, pixels: int, classes: int) -> None:
        super().__init__()
        self.hidden = Linear(pixels, HIDDEN)
        self.relu = ReLU()
        self.output = Linear(HIDDEN, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return a score for each class: (N, pixels) -> (N, classes)."""
        scores: Tensor = self.output(self.relu(self.hidden(x)))
        return scores


# ---- train ---------------------------------------------------------------------------------------------


def train(net: Net, optimizer: SGD, images: Tensor, labels: Tensor, epoch: int, epochs: int) -> float:
    """Go through the images once, in a new random order and in small batches.

    Args:
        net: the network.
        optimizer: what changes its parameters.
        images: (N, pixels).
        labels: (N,), int64.
        epoch: how many epochs are behind us.
        epochs: how many there will be; the learning rate falls to zero in a straight line until then.

    Returns:
        The mean loss.
    """
    loss_of = CrossEntropyLoss()
    order = randperm(len(images))
    total = 0.0
    for start in range(0, len(images), BATCH):
        optimizer.param_groups[0]["lr"] = RATE * (1 - (epoch + start / len(images)) / epochs)
        batch = order[start : start + BATCH]
        loss = loss_of(net(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(images)


# ---- test ----------------------------------------------------------------------------------------------


@no_grad()
def test(net: Net, images: Tensor, labels: Tensor) -> tuple[float, Tensor]:
    """Return the accuracy, and the network's belief in each class for each image, (N, classes)."""
    beliefs = net(images).softmax(dim=1)
    return (beliefs.argmax(dim=1) == labels).float().mean().item(), beliefs


# ---- main ----------------------------------------------------------------------------------------------


def prepare(data: Images) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return training images and labels, test images and labels, with pixels around zero.

    Mean and spread are the training images' own: the test images have no part in what is learnt.
    """
    mean, spread = data.train_images.mean(), data.train_images.std()

    def flat(images: NDArray[np.float32]) -> Tensor:
        return from_numpy((images - mean) / spread).flatten(1)  # (N, pixels)

    return (
        flat(data.train_images),
        from_numpy(data.train_labels),
        flat(data.test_images),
        from_numpy(data.test_labels),
    )


def learn(data: Images, epochs: int, seed: int, label: str, progress: Progress) -> dict[str, Any]:
    """Train a network from start to end and note how it does before each epoch and at the end."""
    manual_seed(seed)
    train_x, train_y, test_x, test_y = prepare(data)
    net = Net(train_x.shape[1], len(data.classes))
    optimizer = SGD(net.parameters(), lr=RATE, momentum=MOMENTUM)
    losses: list[float] = []
    curve = {"train": [test(net, train_x, train_y)[0]], "test": [test(net, test_x, test_y)[0]]}
    for epoch in progress(range(epochs), label):
        losses.append(train(net, optimizer, train_x, train_y, epoch, epochs))
        curve["train"].append(test(net, train_x, train_y)[0])
        curve["test"].append(test(net, test_x, test_y)[0])
        progress.note(f"loss {losses[-1]:.3f}  test {curve['test'][-1]:.1%}")
    return {"net": net, "losses": losses, "curve": curve, "beliefs": test(net, test_x, test_y)[1].numpy()}


@no_grad()
def look_inside(net: Net, data: Images) -> list[dict[str, Any]]:
    """Return what the hidden neurons with the strongest connections look for, and what excites them."""
    strength = (net.hidden.weight**2).sum(dim=1) * (net.output.weight**2).sum(dim=0)  # (HIDDEN,)
    images = prepare(data)[0]
    neurons = []
    for i in strength.argsort(descending=True)[:SHOWN].tolist():
        excitement = images @ net.hidden.weight[i]  # (N,)
        most = excitement.argsort(descending=True)[:20].numpy()
        neurons.append(
            {
                "weights": net.hidden.weight[i].numpy().reshape(data.size),
                "excited_by": data.train_images[most].mean(axis=0),
            }
        )
    return neurons


def main(options: Options, progress: Progress) -> Outcome:
    """Train the network, look at what it confuses, and at how it does with hands that it never saw."""
    data = options.images()
    epochs = options.epochs if options.epochs is not None else 10 if data.large else EPOCHS
    run = learn(data, epochs, options.seed, "training", progress)
    net, curve, beliefs, truth = run["net"], run["curve"], run["beliefs"], data.test_labels
    guess = beliefs.argmax(axis=1)
    confusion = np.zeros((len(data.classes), len(data.classes)), dtype=np.int64)
    np.add.at(confusion, (truth, guess), 1)  # row: what it is, column: what the network says
    wrong = np.flatnonzero(guess != truth)
    wrong = wrong[np.argsort(-beliefs[wrong, guess[wrong]], kind="stable")]  # the surest mistakes first

    unknown_hands = None
    if data.embedded:
        again = learn(digits_by_unknown_hands(), epochs, options.seed, "other hands", progress)
        unknown_hands = again["curve"]["test"][-1]

    threshold = THRESHOLD_DIGITS if data.embedded else THRESHOLD_FILES
    return Outcome(
        epochs=epochs,
        checks=[Check("test accuracy", curve["test"][-1], at_least=threshold)],
        metrics={
            "test_accuracy": curve["test"][-1],
            "train_accuracy": curve["train"][-1],
            "untrained_accuracy": curve["test"][0],
            "unknown_hands_accuracy": unknown_hands,
            "parameters": sum(p.numel() for p in net.parameters()),
            "hidden": HIDDEN,
            "shown_neurons": SHOWN,
            "losses": [round(loss, 6) for loss in run["losses"]],
            "train_curve": curve["train"],
            "test_curve": curve["test"],
            "confusion": confusion.tolist(),
            "wrong": len(wrong),
        },
        data=data.facts(),
        show={
            "threshold": threshold,
            "neurons": look_inside(net, data),
            "mistakes": [
                {"image": data.test_images[i], "is": truth[i], "said": guess[i], "beliefs": beliefs[i]}
                for i in wrong[:12]
            ],
        },
    )


if __name__ == "__main__":
    raise SystemExit(script("mlp", main))
