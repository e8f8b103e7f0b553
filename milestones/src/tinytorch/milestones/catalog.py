"""The milestones of the course: what they are, what they need, and which script runs them.

Their numbers are a sequence of their own and have nothing to do with the numbers of modules.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True)
class Milestone:
    """One network of history.

    Attributes:
        number: its place among the milestones.
        name: what it is called on the command line.
        year: when it made history.
        title: its name in words.
        summary: what is to be seen, in a few words.
        script: the module of this package that runs it; None while it doesn't exist yet.
        track: the part of TinyTorch that it needs, as an import.
        distribution: what to install to have that part.
        takes_data: whether it can learn from the user's own images.
        takes_text: whether it can learn from the user's own text.
        sources: what else it can learn from, if the user names it.
    """

    number: int
    name: str
    year: int
    title: str
    summary: str
    script: str | None
    track: str
    distribution: str
    takes_data: bool = False
    takes_text: bool = False
    sources: tuple[str, ...] = ()

    @property
    def obstacle(self) -> str | None:
        """Why it can't run here and what to do about it, or None if it can."""
        track = self.track.rpartition(".")[2]
        if not installed(self.track):
            return f"comes with the {track} track: pip install {self.distribution}"
        if self.script is None:
            return "comes with a later release: pip install --upgrade tinytorch-milestones"
        return None

    def load(self) -> ModuleType:
        """Import its script."""
        return importlib.import_module(f".{self.script}", __package__)


def installed(module: str) -> bool:
    """Whether a module can be imported, found out without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


MILESTONES = (
    Milestone(
        number=1,
        name="perceptron",
        year=1957,
        title="Perceptron",
        summary="one neuron learns to tell handwritten digits apart",
        script="perceptron_1957",
        track="tinytorch.core",
        distribution="tinytorch-core",
        takes_data=True,
    ),
    Milestone(
        number=2,
        name="xor",
        year=1969,
        title="XOR",
        summary="what no single layer can do, and how a second layer does it",
        script="xor_1969",
        track="tinytorch.core",
        distribution="tinytorch-core",
    ),
    Milestone(
        number=3,
        name="mlp",
        year=1986,
        title="MNIST MLP",
        summary="backpropagation trains a hidden layer to read digits",
        script="mlp_1986",
        track="tinytorch.core",
        distribution="tinytorch-core",
        takes_data=True,
    ),
    Milestone(
        number=4,
        name="cnn",
        year=1998,
        title="CNN",
        summary="convolutions look at images patch by patch",
        script="cnn_1998",
        track="tinytorch.vision",
        distribution="tinytorch-vision",
        takes_data=True,
        sources=("cifar10",),
    ),
    Milestone(
        number=5,
        name="transformer",
        year=2017,
        title="Transformer",
        summary="attention reads and writes text",
        script="transformer_2017",
        track="tinytorch.language",
        distribution="tinytorch-language",
        takes_text=True,
    ),
)
RUNNABLE = tuple(milestone for milestone in MILESTONES if milestone.script)
