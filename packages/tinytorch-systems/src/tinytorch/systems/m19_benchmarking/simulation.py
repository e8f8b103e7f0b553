"""A machine that is made up: its clock moves only by the work that is done, and its noise is known.

A harness can be believed if it says the right thing where the right thing is known: of two works that take
the same time by construction, or differ by five percent, on a machine with this noise or that.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

from .clock import Step
from .race import Race, race

BURST = 0.05  # seconds that something else takes half of the processor
MEMORY = 1.0  # seconds after which the walk has forgotten where it was


class SimulatedMachine:
    """A clock, and whatever disturbs it. Called, it tells the time in seconds.

    Args:
        seed: of its noise.
        jitter: the spread of each call by itself, as a part: 0.03 for three percent.
        wander: the spread of a slow walk that all calls share, as neighbours on a machine make it.
        drift: how much slower the machine is after each second, as a part.
        bursts: how many times a second something else takes half of the processor, for 50 ms.
    """

    def __init__(
        self, seed: int = 0, jitter: float = 0.0, wander: float = 0.0, drift: float = 0.0, bursts: float = 0.0
    ) -> None:
        self.jitter, self.wander, self.drift, self.bursts = jitter, wander, drift, bursts
        self.now = 0.0
        self._random = random.Random(seed)
        self._walk = 0.0
        self._until = 0.0
        self._next = self._random.expovariate(bursts) if bursts else math.inf

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let some seconds pass."""
        self.now += seconds

    def work(self, seconds: float) -> Step:
        """Return a function that takes so long where nothing disturbs it."""

        def step() -> None:
            taken = seconds * (1 + self.drift * self.now)
            taken *= math.exp(self.jitter * self._random.gauss(0, 1) + self._walk)
            if self.wander:
                keep = math.exp(-taken / MEMORY)
                push = math.sqrt(1 - keep * keep) * self.wander
                self._walk = keep * self._walk + push * self._random.gauss(0, 1)
            if self.now >= self._next:
                self._until = self.now + BURST
                self._next = self._until + self._random.expovariate(self.bursts)
            self.now += 2 * taken if self.now < self._until else taken

        return step

    def race(self, seconds: Mapping[str, float], **options: Any) -> Race:
        """Let works that take so many seconds race; the options are those of `race`."""
        contestants = {name: self.work(time) for name, time in seconds.items()}
        options = {"work": self.work(0.001), "num_threads": None, **options}
        return race(contestants, timer=self, sleep=self.sleep, **options)
