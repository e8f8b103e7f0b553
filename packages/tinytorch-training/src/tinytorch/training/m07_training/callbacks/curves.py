"""Pictures of the measures over the steps."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinytorch.core import Module

from ..callback import Callback

if TYPE_CHECKING:
    from ..trainer import Trainer


class CurvePlot(Callback):
    """Draws the curves of all measures into a picture; needs `pip install tinytorch-training[plot]`.

    Measures of one kind, like `train_loss` and `val_loss`, share a panel. The picture is drawn at the end,
    also after an error or Ctrl-C.

    Args:
        path: the file, PNG, SVG or PDF by its ending.
        title: what stands above.
    """

    writes_files = True

    def __init__(self, path: str | os.PathLike[str] = "curves.png", title: str = "") -> None:
        self.path = Path(path)
        self.title = title
        self.points: dict[str, list[tuple[int, float]]] = {}

    def setup(self, trainer: Trainer, module: Module, stage: str) -> None:
        """Begin without points."""
        if stage == "fit":
            self.points = {}

    def log_metrics(self, trainer: Trainer, module: Module, metrics: Mapping[str, float], step: int) -> None:
        """Add a point to each curve."""
        for name, value in metrics.items():
            self.points.setdefault(name, []).append((step, float(value)))

    def teardown(self, trainer: Trainer, module: Module, stage: str) -> None:
        """Draw."""
        if stage == "fit" and self.points:
            self.draw()

    def draw(self) -> None:
        """Draw the curves that there are so far.

        Raises:
            ModuleNotFoundError: matplotlib isn't installed.
        """
        try:
            from matplotlib.figure import Figure
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "CurvePlot needs matplotlib: pip install 'tinytorch-training[plot]'"
            ) from error
        panels: dict[str, list[str]] = {}
        for name in self.points:
            panels.setdefault(kind_of(name), []).append(name)
        figure = Figure(figsize=(7, 2.6 * len(panels)), layout="constrained")
        for axes, (kind, names) in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels.items()):
            for name in names:
                steps, values = zip(*self.points[name])
                axes.plot(steps, values, marker="." if len(steps) < 30 else None, label=name)
            axes.set_ylabel(kind)
            axes.grid(alpha=0.3)
            axes.legend(frameon=False)
        axes.set_xlabel("step")
        if self.title:
            figure.suptitle(self.title)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(self.path, dpi=120)

    def state_dict(self) -> dict[str, Any]:
        """Return the points."""
        return {"points": {name: [list(p) for p in points] for name, points in self.points.items()}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the points."""
        self.points = {name: [(p[0], p[1]) for p in points] for name, points in state_dict["points"].items()}


def kind_of(name: str) -> str:
    """Return what kind of measure a name is of: "val_loss" and "train_loss_epoch" are losses."""
    for stage in ("train_", "val_", "test_"):
        name = name.removeprefix(stage)
    return name.removesuffix("_step").removesuffix("_epoch").partition("/")[0]
