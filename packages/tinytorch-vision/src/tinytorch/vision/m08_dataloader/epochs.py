"""Which epoch and batch a loader stands at, and how to get there again.

All that is random in an epoch follows from generators: the loader's, and those of its samplers. So where a
loader stands is told by their states at the beginning of the epoch and the number of batches since; to
resume means to begin that epoch again and leave out so many lists of indices, without loading anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tinytorch.core import Generator, default_generator

_SEEDS = 2**63


@dataclass
class Epoch:
    """One pass over the dataset.

    Attributes:
        base_seed: from it follow the seeds of workers and batches.
        start: the states of all sources of randomness when it began.
        skip: how many batches to leave out because they were handed out before.
        batches: how many have been handed out, those included.
        ended: whether the last one has been.
    """

    base_seed: int
    start: list[Any]
    skip: int = 0
    batches: int = 0
    ended: bool = False


class Epochs:
    """Begins the epochs of a loader.

    Without a generator of its own the loader makes one, seeded by a number from the default generator: once,
    and again if that has been seeded since. So `manual_seed` has the effect that one expects, and still the
    order of the samples doesn't depend on how many random numbers the training has drawn meanwhile.
    """

    def __init__(self, generator: Generator | None, sampler: Any, batch_sampler: Any) -> None:
        self.own = generator is None
        self.generator = Generator() if generator is None else generator
        self.seeded: Any = None  # the state of the default generator's seeding that `generator` follows
        self.current: Epoch | None = None
        self.loaded: Mapping[str, Any] | None = None
        self.sources = _sources(self.generator, sampler, batch_sampler)

    def begin(self) -> Epoch:
        """Begin the next epoch, or the rest of the one that was loaded."""
        skip = 0
        if self.loaded is not None:
            for (_, restore), state in zip(self.sources, self.loaded["sources"], strict=True):
                restore(state)
            skip = self.loaded["batches"]
            self.loaded = None
        elif self.own and default_generator.rng is not self.seeded:
            self.generator.manual_seed(int(default_generator.rng.integers(_SEEDS)))
        self.seeded = default_generator.rng  # seeding replaces it, drawing doesn't
        start = [store() for store, _ in self.sources]
        base_seed = int(self.generator.rng.integers(_SEEDS))
        self.current = Epoch(base_seed, start, skip, skip)
        return self.current

    def state_dict(self) -> dict[str, Any]:
        """Return the state; see `DataLoader.state_dict`."""
        if self.loaded is not None:
            return {"batches": self.loaded["batches"], "sources": list(self.loaded["sources"])}
        if self.current is None and self.own:
            # Nothing was drawn so far; settle the seed, so that this loader goes on as the state says.
            self.generator.manual_seed(int(default_generator.rng.integers(_SEEDS)))
            self.seeded = default_generator.rng
        if self.current is None or self.current.ended:
            return {"batches": 0, "sources": [store() for store, _ in self.sources]}
        return {"batches": self.current.batches, "sources": list(self.current.start)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a state; see `DataLoader.load_state_dict`."""
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"the state of a DataLoader is a dict, not {type(state_dict).__name__}")
        if set(state_dict) != {"batches", "sources"}:
            raise ValueError(f"not the state of a DataLoader: its keys are {sorted(map(str, state_dict))}")
        batches, sources = state_dict["batches"], state_dict["sources"]
        if not isinstance(batches, int) or isinstance(batches, bool) or batches < 0:
            raise ValueError(f"not the state of a DataLoader: batches is {batches!r}")
        if not isinstance(sources, list) or len(sources) != len(self.sources):
            raise ValueError(
                f"the state is of a loader with other samplers: {len(sources)} sources of "
                f"randomness there, {len(self.sources)} here"
            )
        before = [store() for store, _ in self.sources]
        try:
            for (_, restore), state in zip(self.sources, sources, strict=True):
                restore(state)
        finally:
            for (_, restore), state in zip(self.sources, before, strict=True):
                restore(state)
        self.loaded = {"batches": batches, "sources": list(sources)}
        self.current = None


Source = tuple[Callable[[], Any], Callable[[Any], None]]


def _sources(generator: Generator, sampler: Any, batch_sampler: Any) -> list[Source]:
    """Return how to store and restore each source of randomness: generators, and samplers with a state."""
    found: dict[int, Source] = {id(generator): (generator.get_state, generator.set_state)}
    waiting = [batch_sampler, sampler]
    for thing in waiting:  # grows while it is walked
        if thing is None or id(thing) in found:
            continue
        if hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict"):
            found[id(thing)] = (thing.state_dict, thing.load_state_dict)
            continue
        inner = getattr(thing, "generator", None)
        if isinstance(inner, Generator):
            found.setdefault(id(inner), (inner.get_state, inner.set_state))
        waiting.append(getattr(thing, "sampler", None))
    return list(found.values())
