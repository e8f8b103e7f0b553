"""Milestone 01 with a trainer: Rosenblatt's rule as a loss, so that it can be told as one.

The rule adds `answer * x` to the weights when an answer is wrong. That is a step of gradient descent with a
learning rate of 1 on `max(0, -answer * sum)`, one image at a time.
"""

from itertools import combinations

import numpy as np
from tinytorch.core import SGD, from_numpy, manual_seed, randperm
from tinytorch.milestones.data import digits
from tinytorch.milestones.perceptron_1957 import EASY_PAIRS, THRESHOLD, Net, test
from tinytorch.training import EarlyStopping, Trainer, TrainingModule


class Perceptron(TrainingModule):
    """One neuron and its rule."""

    def __init__(self, pixels):
        super().__init__()
        self.net = Net(pixels)

    def training_step(self, batch, batch_idx):
        """Return how far the sum lies on the wrong side."""
        image, answer = batch
        loss = (-answer * self.net(image)).clamp(min=0).sum()
        self.log("mistakes", float(loss.item() > 0), on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self):
        """Take whole steps."""
        return SGD(self.parameters(), lr=1.0)


class OneByOne:
    """The images in a new order in each epoch."""

    def __init__(self, images, answers):
        self.examples = list(zip(images.unbind(), answers.unbind()))

    def __len__(self):
        return len(self.examples)

    def __iter__(self):
        return (self.examples[i] for i in randperm(len(self)).tolist())


def easy_pairs(data, count=EASY_PAIRS):
    """Return the pairs of digits whose average training images lie farthest apart, as the milestone does."""
    averages = [data.train_images[data.train_labels == c].mean(axis=0) for c in range(len(data.classes))]
    pairs = combinations(range(len(averages)), 2)
    return sorted(pairs, key=lambda pair: -np.linalg.norm(averages[pair[0]] - averages[pair[1]]))[:count]


def learn(data, pair):
    """Learn to tell two digits apart, and return the accuracy on images that it hasn't seen."""

    def only(images, labels):
        chosen = np.isin(labels, pair)
        return from_numpy(images[chosen]).flatten(1), (from_numpy(labels[chosen]) == pair[0]).float() * 2 - 1

    images, answers = only(data.train_images, data.train_labels)
    perceptron = Perceptron(images.shape[1])
    stop = EarlyStopping("mistakes", patience=100, stopping_threshold=0.5 / len(images))
    trainer = Trainer(max_epochs=10, callbacks=stop, enable_progress_bar=False)
    trainer.fit(perceptron, OneByOne(images, answers))
    return test(perceptron.net, *only(data.test_images, data.test_labels)).float().mean().item()


def main():
    """Return the mean accuracy over the easy pairs."""
    manual_seed(0)
    data = digits()
    return sum(learn(data, pair) for pair in easy_pairs(data)) / EASY_PAIRS


if __name__ == "__main__":
    accuracy = main()
    print(f"mean test accuracy of the easy pairs {accuracy:.1%}")
    assert accuracy >= THRESHOLD
