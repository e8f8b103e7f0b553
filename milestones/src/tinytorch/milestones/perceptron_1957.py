"""Milestone 01, 1957: the perceptron.

Frank Rosenblatt's neuron adds up its inputs, each times a weight, and says yes if the sum is positive. It
learns from its mistakes alone: no loss, no gradient, one example at a time. Here one neuron tells two digits
apart, for each of the 45 pairs of digits, and ten neurons learn one digit against the rest.

Needs module "layers". Run it: `python -m tinytorch.milestones.perceptron_1957`

Source: F. Rosenblatt, The Perceptron: A Probabilistic Model for Information Storage and Organization in the
Brain, Psychological Review 65 (1958), 386-408. https://doi.org/10.1037/h0042519
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tinytorch.core import Linear, Module, Tensor, from_numpy, manual_seed, no_grad, randperm, stack

from .command import script
from .outcome import Check, Options, Outcome
from .progress import Progress

EASY_PAIRS = 10
THRESHOLD = 0.98
UNTRAINED = 100  # how many untrained neurons stand for chance


# ---- Net -----------------------------------------------------------------------------------------------


class Net(Module):
    """One neuron: a weight for each pixel and a bias, summed up. Above zero means yes."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.sum = Linear(pixels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum for one image, (pixels,) -> (1,), or for many, (N, pixels) -> (N, 1)."""
        total: Tensor = self.sum(x)
        return total

    def boundary(self) -> tuple[NDArray[np.float32], float]:
        """Return a copy of weights and bias, which say where yes ends and no begins."""
        weight, bias = self.sum.parameters()
        return weight.detach().numpy()[0].copy(), bias.item()


# ---- train ---------------------------------------------------------------------------------------------


@no_grad()
def train(net: Net, images: Tensor, answers: Tensor, passes: int) -> list[int]:
    """Teach the neuron by Rosenblatt's rule: leave it alone when it is right, correct it when it is wrong.

    Args:
        net: the neuron.
        images: (N, pixels).
        answers: (N,), +1 for yes and -1 for no.
        passes: how often to go through the images at most; a pass without a mistake is the last.

    Returns:
        The mistakes of each pass.
    """
    weight, bias = net.sum.parameters()  # (1, pixels), (1,)
    examples = list(zip(images.unbind(), answers.tolist()))
    mistakes = []
    for _ in range(passes):
        wrong = 0
        for i in randperm(len(examples)).tolist():
            x, answer = examples[i]
            if answer * net(x).item() <= 0:  # the sum has the wrong sign
                weight.add_(answer * x)  # now this image's sum lies further towards its answer
                bias.add_(answer)
                wrong += 1
        mistakes.append(wrong)
        if wrong == 0:
            break
    return mistakes


# ---- test ----------------------------------------------------------------------------------------------


@no_grad()
def test(net: Net, images: Tensor, answers: Tensor) -> Tensor:
    """Return for each image whether the neuron's answer is right: (N, pixels), (N,) -> (N,) of bools."""
    sums: Tensor = net(images).flatten()  # (N,)
    return (sums > 0) == (answers > 0)


@no_grad()
def test_untrained(images: Tensor, answers: Tensor) -> list[float]:
    """Return the accuracy of each of many untrained neurons, which are one layer with many outputs."""
    sums = Linear(images.shape[1], UNTRAINED)(images)  # (N, UNTRAINED)
    right = (sums > 0) == (answers > 0).unsqueeze(1)
    return list(right.float().mean(dim=0).tolist())


# ---- main ----------------------------------------------------------------------------------------------


def against(labels: Tensor, yes: int) -> Tensor:
    """Return +1 for each label that is `yes`, -1 for all others."""
    answers: Tensor = (labels == yes).float() * 2 - 1
    return answers


def two_classes(images: Tensor, labels: Tensor, pair: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return the images of two classes, and +1 for the first or -1 for the second."""
    chosen = (labels == pair[0]) | (labels == pair[1])
    return images[chosen], against(labels[chosen], pair[0])


def find_mistakes(net: Net, images: Tensor, answers: Tensor, pair: tuple[int, int]) -> list[dict[str, Any]]:
    """Return the images that a trained neuron takes for the other class, with the sum that misled it."""
    wrong = (~test(net, images, answers)).nonzero().flatten().tolist()
    return [
        {
            "image": images[i].numpy(),
            "is": pair[0] if answers[i] > 0 else pair[1],
            "said": pair[1] if answers[i] > 0 else pair[0],
            "sum": abs(net(images[i]).item()),
        }
        for i in wrong
    ]


def main(options: Options, progress: Progress) -> Outcome:
    """Train a neuron for each pair of classes and one for each class against the rest."""
    manual_seed(options.seed)
    data = options.images()
    train_x = from_numpy(data.train_images).flatten(1)  # (N, pixels), 0 to 1
    train_y = from_numpy(data.train_labels)  # (N,)
    test_x = from_numpy(data.test_images).flatten(1)
    test_y = from_numpy(data.test_labels)
    pixels, classes = train_x.shape[1], len(data.classes)
    passes = options.epochs if options.epochs is not None else 2 if data.large else 10

    # Which pairs ought to be easy is decided by the training images: those whose averages lie far apart.
    averages = stack([train_x[train_y == c].mean(dim=0) for c in range(classes)])  # (classes, pixels)
    distance = {(a, b): (averages[a] - averages[b]).norm().item() for a, b in combinations(range(classes), 2)}
    by_distance = sorted(distance, key=lambda pair: -distance[pair])
    easy, shown = by_distance[:EASY_PAIRS], (by_distance[0], by_distance[-1])

    pairs: list[dict[str, Any]] = []
    untrained: list[float] = []
    wrong: list[dict[str, Any]] = []
    boundaries: dict[tuple[int, int], dict[str, Any]] = {}
    for pair in progress(distance, "pairs of classes"):
        learn = two_classes(train_x, train_y, pair)
        ask = two_classes(test_x, test_y, pair)
        net = Net(pixels)
        before = net.boundary()
        mistakes = train(net, *learn, passes)
        right = test(net, *ask)
        pairs.append(
            {
                "pair": list(pair),
                "easy": pair in easy,
                "distance": round(distance[pair], 4),
                "mistakes": mistakes,
                "test_images": len(right),
                "accuracy": right.float().mean().item(),
            }
        )
        progress.note(f"{data.classes[pair[0]]} or {data.classes[pair[1]]}: {pairs[-1]['accuracy']:.1%}")
        untrained += test_untrained(*ask)
        wrong += find_mistakes(net, *ask, pair)
        if pair in shown:
            sets = {"train": [x.numpy() for x in learn], "test": [x.numpy() for x in ask]}
            boundaries[pair] = {"before": before, "after": net.boundary(), **sets}

    # One class against the rest. Saying "no" to everything is right most of the time, so what counts is
    # whether all neurons together, the largest sum wins, name the right class.
    weights, sums, rest = [], [], []
    for c in progress(range(classes), "one against the rest"):
        net = Net(pixels)
        mistakes = train(net, train_x, against(train_y, c), passes)
        accuracy = test(net, test_x, against(test_y, c)).float().mean().item()
        progress.note(f"{data.classes[c]}: {accuracy:.1%}")
        rest.append({"class": c, "mistakes": mistakes, "accuracy": accuracy})
        weights.append(net.boundary()[0].reshape(data.size))
        sums.append(net(test_x).detach().flatten())
    together = (stack(sums).argmax(dim=0) == test_y).float().mean().item()

    easy_images = sum(r["test_images"] for r in pairs if r["easy"])
    easy_right = sum(r["accuracy"] * r["test_images"] for r in pairs if r["easy"])
    chance = sum(untrained) / len(untrained)
    return Outcome(
        epochs=passes,
        checks=[
            Check("test accuracy on the easy pairs", easy_right / easy_images, at_least=THRESHOLD),
            Check("untrained neurons are at chance", chance, at_least=0.45, at_most=0.55),
        ],
        metrics={
            "easy_pairs_accuracy": easy_right / easy_images,
            "easy_pairs_worst": min(r["accuracy"] for r in pairs if r["easy"]),
            "all_pairs_accuracy": sum(r["accuracy"] for r in pairs) / len(pairs),
            "separated_pairs": sum(r["mistakes"][-1:] == [0] for r in pairs),
            "untrained_neurons": len(untrained),
            "untrained_accuracy": chance,
            "together_accuracy": together,
            "pairs": pairs,
            "one_against_the_rest": rest,
        },
        data=data.facts(),
        show={
            "weights": weights,
            "untrained": untrained,
            "boundaries": {pair: boundaries[pair] for pair in shown},
            "size": data.size,
            "mistakes": sorted(wrong, key=lambda w: -w["sum"]),
        },
    )


if __name__ == "__main__":
    raise SystemExit(script("perceptron", main))
