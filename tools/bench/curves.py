"""Draw the curves of the bench: what a training step costs against length and width, beside PyTorch.

    nox -s bench -- curve --json build/curves.json
    python tools/bench/curves.py build/curves.json build/curves.png

The cases are those of `cases_language.py` whose names begin with "curve"; matplotlib draws them.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

COLOURS = {"tinytorch": "#0072B2", "torch": "#D55E00"}


def points(results: list[dict[str, Any]], axis: str, threads: int) -> list[tuple[int, float, float]]:
    """Return x, our time and PyTorch's, in microseconds for a token."""
    found = []
    for result in results:
        match = re.match(rf"curve, {axis} (\d+): GPT \d+ x \d+, (\d+) x (\d+) tokens", result["case"])
        if match and result["threads"] == threads and result["peer"] == "torch":
            tokens = int(match[2]) * int(match[3])
            found.append((int(match[1]), result["ours"] / tokens, result["theirs"] / tokens))
    return sorted(found)


def main(source: str, target: str) -> None:
    """Draw the picture."""
    results = json.loads(Path(source).read_text(encoding="utf-8"))["results"]
    figure = Figure(figsize=(9, 3.6), dpi=150)
    FigureCanvasAgg(figure)
    for i, axis in enumerate(("length", "width"), start=1):
        axes = figure.add_subplot(1, 2, i)
        for threads, dashes in ((1, "-"), (2, "--")):
            curve = points(results, axis, threads)
            if curve:
                x, ours, theirs = zip(*curve, strict=True)
                for name, y in (("tinytorch", ours), ("torch", theirs)):
                    label = f"{name}, {threads} thread{'s' if threads > 1 else ''}"
                    axes.plot(x, y, dashes, color=COLOURS[name], marker="o", markersize=3, label=label)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xlabel("tokens in a sequence" if axis == "length" else "width of the model")
        axes.set_ylabel("training step, microseconds a token")
        axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
