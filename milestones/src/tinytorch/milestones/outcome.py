"""What a milestone is told, and what it gives back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .data import Images, Text, digits, plays, read_cifar10, read_folder, read_text


@dataclass(frozen=True)
class Options:
    """What the user asked for.

    Attributes:
        seed: where all randomness starts.
        epochs: the most passes through the training data; None is the milestone's own choice.
        data: a folder with images to use in place of the embedded digits, or a text in place of the plays.
        source: "cifar10" if that is what the folder holds; None: it shows what it is.
        full: train for as long as it takes to do well, rather than for a minute.
    """

    seed: int = 0
    epochs: int | None = None
    data: Path | None = None
    source: str | None = None
    full: bool = False

    def text(self) -> Text:
        """Read the text to learn from."""
        return plays() if self.data is None else read_text(self.data)

    def images(self) -> Images:
        """Read the images to learn from."""
        if self.data is None:
            return digits()
        return read_cifar10(self.data) if self.source == "cifar10" else read_folder(self.data)


@dataclass(frozen=True)
class Check:
    """A number that has to be reached.

    Attributes:
        what: what was measured.
        value: what came out.
        at_least, at_most: the threshold, or the two ends of a range.
        of: the whole that `value` counts a part of; None when `value` is a share from 0 to 1.
        plain: whether `value` is neither of these but a number to be read as it is, such as a loss.
    """

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None
    of: int | None = None
    plain: bool = False

    @property
    def passed(self) -> bool:
        """Whether the threshold is met; a value that isn't a number meets none."""
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= self.value <= high

    @property
    def shown(self) -> str:
        """The number and its threshold, to be read."""
        return f"{self.number(self.value)} (needs {self.needs})"

    @property
    def needs(self) -> str:
        """The threshold, to be read."""
        low = None if self.at_least is None else self.number(self.at_least)
        high = None if self.at_most is None else self.number(self.at_most)
        return f"{low} to {high}" if low and high else f">= {low}" if low else f"<= {high}"

    def number(self, value: float) -> str:
        """Write a number in the check's own unit."""
        if self.plain:
            return f"{value:.3f}"
        return f"{100 * value:.4g}%" if self.of is None else f"{value:.0f} of {self.of}"

    def facts(self) -> dict[str, Any]:
        """Return what the metrics say about the check."""
        return {
            "what": self.what,
            "value": self.value,
            "at_least": self.at_least,
            "at_most": self.at_most,
            "of": self.of,
            "passed": self.passed,
            "shown": self.shown,
        }


@dataclass
class Outcome:
    """What a milestone found.

    Attributes:
        epochs: how many passes it was allowed.
        checks: the numbers that decide; the first is the one to remember.
        metrics: all other numbers, ready for JSON.
        data: what it learnt from, ready for JSON.
        show: arrays for the pictures.
        speed: how fast it was, ready for JSON; the only numbers that differ from run to run.
    """

    epochs: int
    checks: list[Check]
    metrics: dict[str, Any]
    data: dict[str, Any]
    show: dict[str, Any] = field(default_factory=dict)
    speed: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every threshold is met."""
        return all(check.passed for check in self.checks)
