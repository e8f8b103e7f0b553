"""A benchmark: who takes part in it, and what may come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .scenarios import Scenario

Build = Callable[[], Callable[[], Any]]
KINDS = ("time", "memory", "import", "cpu", "peak")


@dataclass
class Case:
    """One benchmark: its contestants, and how large the first one's figure may be against each other's.

    Args:
        name: what it measures.
        contestants: for each a function that builds its side and returns `step`, one unit of work (or, for a
            `scenario`, one query). It runs in a process of its own, so it imports its libraries itself.
        limits: ratios of the subject's figure to the peer's; for kind "import" seconds beyond the peer. The
            limit of the subject itself is one of its own figure: seconds or bytes.
        kind: "time", seconds of a step; "memory", bytes at the peak of five steps beyond those of a bare
            interpreter; "import", seconds of a statement in a fresh interpreter (contestants are
            statements); "cpu" and "peak", where a step runs a command and returns what `run_command` did.
        threads: the numbers of threads that it is measured with.
        scenario: measure the step as `SingleStream`, `Offline` or `Server` does; the figure is then the one
            that MLPerf reports, as seconds: less is better.
        prepare: called with the contestant's name and the number of threads before it is built, in its
            process: whatever a library needs to be told. What it loads isn't counted as memory.
        subject: whose figure is compared; the first contestant's if not given.

    Raises:
        ValueError: no contestants, an unknown kind, or a limit against somebody who doesn't take part.
    """

    name: str
    contestants: Mapping[str, Build | str]
    limits: Mapping[str, float] = field(default_factory=dict)
    kind: str = "time"
    threads: Sequence[int] = (1, 2)
    scenario: Scenario | None = None
    prepare: Callable[[str, int], Any] | None = None
    subject: str = ""

    def __post_init__(self) -> None:
        if not self.contestants:
            raise ValueError(f"{self.name!r} has no contestants")
        self.subject = self.subject or next(iter(self.contestants))
        if self.subject not in self.contestants:
            raise ValueError(f"{self.name!r} compares {self.subject!r}, which doesn't take part")
        if self.kind not in KINDS:
            raise ValueError(f"{self.name!r} is of kind {self.kind!r}; there are {', '.join(KINDS)}")
        strangers = set(self.limits) - set(self.contestants)
        if strangers:
            raise ValueError(f"{self.name!r} has limits against {sorted(strangers)}, which don't take part")
