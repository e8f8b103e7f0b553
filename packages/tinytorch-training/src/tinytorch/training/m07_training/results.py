"""The measures of a run: of the last batch, and their means over the epoch."""

from __future__ import annotations

from typing import Any

from tinytorch.core import Tensor


class Results:
    """What was logged.

    Attributes:
        latest: every measure by its name, as callbacks ask for it.
        shown: the names in the progress bar.
        step: the measures of the last batch.
    """

    def __init__(self) -> None:
        self.latest: dict[str, float] = {}
        self.shown: dict[str, None] = {}  # in order of their first appearance
        self.step: dict[str, float] = {}
        self.batch_size = 1
        self.stages: list[str] = []  # a validation takes place within an epoch of training
        self._sums: dict[str, dict[str, list[float]]] = {}

    def begin(self, stage: str) -> None:
        """Begin an epoch of "train", "val", "test" or "predict"."""
        self.stages.append(stage)
        self._sums[stage] = {}

    def log(
        self,
        name: str,
        value: Any,
        prog_bar: bool = False,
        on_step: bool | None = None,
        on_epoch: bool | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Note a measure (see `TrainingModule.log`)."""
        stage = self.stages[-1]
        number = value.item() if isinstance(value, Tensor) else float(value)
        on_step = stage == "train" if on_step is None else on_step
        on_epoch = stage != "train" if on_epoch is None else on_epoch
        both = on_step and on_epoch
        if on_step:
            key = f"{name}_step" if both else name
            self.step[key] = self.latest[key] = number
            if prog_bar:
                self.shown[key] = None
        if on_epoch:
            key = f"{name}_epoch" if both else name
            weight = self.batch_size if batch_size is None else batch_size
            total = self._sums[stage].setdefault(key, [0.0, 0.0])
            total[0] += number * weight
            total[1] += weight
            if prog_bar:
                self.shown[key] = None

    def end(self) -> dict[str, float]:
        """End an epoch, and return the means of its measures."""
        sums = self._sums.pop(self.stages.pop())
        means = {name: total / weight for name, (total, weight) in sums.items() if weight}
        self.latest.update(means)
        return means

    def state_dict(self) -> dict[str, Any]:
        """Return the measures, for a checkpoint."""
        sums = {name: list(pair) for name, pair in self._sums.get("train", {}).items()}
        return {"latest": dict(self.latest), "shown": list(self.shown), "sums": sums}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the measures of a checkpoint; `begin` comes after."""
        self.latest = dict(state["latest"])
        self.shown = dict.fromkeys(state["shown"])

    def continue_epoch(self, state: dict[str, Any]) -> None:
        """Begin an epoch of training where a checkpoint left it."""
        self.begin("train")
        self._sums["train"] = {name: list(pair) for name, pair in state["sums"].items()}


def samples_in(batch: Any) -> int:
    """Return how many samples a batch has: the length of the first tensor in it."""
    while isinstance(batch, (list, tuple, dict)) and batch:
        batch = next(iter(batch.values())) if isinstance(batch, dict) else batch[0]
    shape = getattr(batch, "shape", ())
    return int(shape[0]) if shape else 1
