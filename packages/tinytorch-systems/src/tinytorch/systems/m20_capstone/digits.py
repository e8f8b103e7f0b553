"""The convolutional network of 1998 on handwritten digits: how it is made, taught and tested."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tinytorch.core import AdamW, CrossEntropyLoss, Flatten, Linear, Module, ReLU, Sequential, Tensor, no_grad

from .errors import TinyGPTError

CHANNELS = (12, 24)  # as in the milestone
EPOCHS, BATCH, RATE = 15, 32, 0.008
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]  # of images, scores, labels


def load_vision() -> Any:
    """Return tinytorch.vision.

    Raises:
        TinyGPTError: it isn't installed.
    """
    try:
        import tinytorch.vision as vision
    except ImportError:
        raise TinyGPTError(
            "the olympics need tinytorch-vision: python -m pip install 'tinytorch-systems[vision]'"
        ) from None
    return vision


def network(channels: Sequence[int] = CHANNELS) -> Module:
    """Return two convolutions, a pool and a classifier: (N, 1, 8, 8) -> (N, 10)."""
    vision = load_vision()
    conv = vision.Conv2d
    first, second = channels
    return Sequential(
        conv(1, first, 3, padding=1),
        ReLU(),
        conv(first, second, 3, padding=1),
        ReLU(),
        vision.MaxPool2d(2),
        Flatten(),
        Linear(second * 16, 10),
    )


class Digits:
    """The embedded digits, their pixels around zero; training images are turned and moved at random.

    Attributes:
        batches: gives training images, (B, 1, 8, 8) from 0 to 1, and their labels, (B).
        test: images (355, 1, 8, 8).
        labels: (355).
    """

    def __init__(self) -> None:
        vision = load_vision()
        tools = vision.transforms
        images = vision.datasets.Digits()
        ink = images.data.float() / 255  # (1442, 8, 8)
        mean, spread = ink.mean().item(), ink.std().item()
        smooth = tools.InterpolationMode.BILINEAR
        distort = tools.RandomAffine(10, translate=(0.15, 0.15), scale=(0.9, 1.1), interpolation=smooth)
        normal = tools.Normalize([mean], [spread])
        self.prepare = tools.Compose([tools.Batched(distort), normal])
        data = vision.TensorDataset(ink[:, None], images.targets)
        self.batches = vision.DataLoader(data, BATCH, shuffle=True)
        others = vision.datasets.Digits(train=False)
        self.test = normal((others.data.float() / 255)[:, None])
        self.labels = others.targets

    def teach(
        self,
        model: Module,
        epochs: int,
        rate: float = RATE,
        loss: Loss | None = None,
        watch: Callable[[], None] = lambda: None,
    ) -> Module:
        """Train a network: the rate rises during the first tenth, then falls to zero.

        Args:
            model: is changed.
            epochs: passes through the images.
            rate: the highest learning rate.
            loss: of images, scores and labels; left out, the cross-entropy.
            watch: is called after each epoch.
        """
        plain = CrossEntropyLoss()
        optimizer = AdamW(model.parameters(), lr=rate)
        steps, step = epochs * len(self.batches), 0
        model.train()
        for _ in range(epochs):
            for images, labels in self.batches:
                done = step / steps
                optimizer.param_groups[0]["lr"] = rate * min(10 * (done + 1 / steps), (1 - done) / 0.9)
                images = self.prepare(images)
                scores = model(images)
                value = plain(scores, labels) if loss is None else loss(images, scores, labels)
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
                step += 1
            watch()
        return model.eval()

    def accuracy(self, model: Module) -> float:
        """Return the share of test images that are read right."""
        with no_grad():
            right = model(self.test).argmax(dim=1) == self.labels
        return float(right.float().mean().item())
