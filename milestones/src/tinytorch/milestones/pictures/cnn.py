"""Pictures of milestone 04."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from ..outcome import Outcome
from .mlp import confusion, curves, mistakes
from .style import AMOUNT, BLUE, GREY, NO_YES, ORANGE, PAPER_INK, bare, figure

Drawn = tuple[Figure, str]
MAPS = 32  # of a layer that are shown


def distorted(outcome: Outcome) -> Drawn | None:
    """Draw a training image, and what the network gets to see of it."""
    images = outcome.show["distorted"]
    if not outcome.metrics["distorted"]:
        return None
    drawing = figure(6, 1.12, (0.01, 0.99, 0.02, 0.8), wspace=0.1)
    for i, image in enumerate(images):
        axes = drawing.add_subplot(1, len(images), i + 1)
        axes.imshow(shown(image), cmap=PAPER_INK, vmin=0, vmax=1)
        axes.set_title("original" if i == 0 else f"pass {i}", fontsize=9, pad=4)
        bare(axes)
    return drawing, f"A training image, and {len(images) - 1} variations of it, as they are used in training."


def shown(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image within the range that can be drawn."""
    clipped: NDArray[Any] = np.clip(image, 0, 1)
    return clipped


def filters(outcome: Outcome) -> Drawn:
    """Draw the filters of the first convolution as images."""
    weights = outcome.show["filters"]  # (filters, colours, 3, 3)
    n, colours = weights.shape[:2]
    columns = min(n, 12 if n <= 12 else 16 if n <= 16 else n // 2)
    rows = -(-n // columns)
    size = 6 / columns
    drawing = figure(6, size * rows * 1.04, (0.01, 0.99, 0.03, 0.97), wspace=0.12, hspace=0.12)
    reach = np.abs(weights).max()
    for i, weight in enumerate(weights):
        axes = drawing.add_subplot(rows, columns, i + 1)
        if colours == 1:
            axes.imshow(weight[0], cmap=NO_YES, vmin=-reach, vmax=reach)
        else:
            axes.imshow(shown(0.5 + 0.5 * weight.transpose(1, 2, 0) / reach))
        bare(axes)
    what = "blue where it wants ink, orange where it wants none" if colours == 1 else "in colour"
    return drawing, f"The {n} filters of the first convolution, 3 x 3 weights each: {what}."


def maps(outcome: Outcome) -> Drawn:
    """Draw a test image, and below it what each layer makes of it."""
    layers = outcome.show["maps"]
    columns = 12
    rows = [2, *(-(-min(MAPS, len(layer)) // columns) for layer in layers)]
    height = 0.52 * sum(rows) + 0.3 * len(rows)
    drawing = figure(6, height, (0.01, 0.99, 0.01, 1 - 0.22 / height))
    places = drawing.add_gridspec(len(rows), 1, height_ratios=rows, hspace=0.34 / 0.52 / np.mean(rows))
    image = drawing.add_subplot(places[0].subgridspec(1, 6)[0])
    image.imshow(shown(outcome.show["image"]), cmap=PAPER_INK, vmin=0, vmax=1)
    titled(image, "the image")
    bare(image)
    for number, layer in enumerate(layers, start=1):
        grid = places[number].subgridspec(
            -(-min(MAPS, len(layer)) // columns), columns, wspace=0.1, hspace=0.1
        )
        reach = max(float(layer.max()), 1e-9)
        for i, one in enumerate(layer[:MAPS]):
            axes = drawing.add_subplot(grid[i // columns, i % columns])
            axes.imshow(one, cmap=AMOUNT, vmin=0, vmax=reach)
            bare(axes)
            if i == 0:
                n, h, w = layer.shape
                some = "" if n <= MAPS else f", {MAPS} of them"
                titled(axes, f"after convolution {number}: {n} maps of {h} x {w}{some}")
    sizes = "; ".join(f"{len(layer)} maps of {layer.shape[1]} x {layer.shape[2]}" for layer in layers)
    return drawing, f"One test image, and what each convolution finds in it: {sizes}."


def titled(axes: Axes, text: str) -> None:
    """Write above a small picture, from its left edge on, however long the text is."""
    axes.set_title(text, fontsize=9, pad=4, loc="left")


def against(outcome: Outcome) -> Drawn | None:
    """Draw the test accuracies of networks from several seeds, of both kinds."""
    compared = outcome.metrics["against_mlp"]
    if compared is None:
        return None
    drawing = figure(6, 2.0, (0.2, 0.965, 0.23, 0.97))
    axes = drawing.add_subplot()
    kinds = (
        ("mlp", f"MLP\n{compared['mlp_parameters']:,} numbers", ORANGE, "^"),
        ("cnn", f"CNN\n{outcome.metrics['parameters']:,} numbers", BLUE, "o"),
    )
    for y, (name, _, colour, marker) in enumerate(kinds):
        values = np.array(compared[name])
        axes.plot([values.min(), values.max()], [y, y], color=colour, linewidth=1, alpha=0.5)
        heights = y + np.array([0.16 * (values[:i] == v).sum() for i, v in enumerate(values)])
        axes.scatter(values, heights, s=46, c=colour, marker=marker, alpha=0.85, linewidths=0)
        axes.plot([values.mean()] * 2, [y - 0.26, y + 0.26], color=colour, linewidth=2)
        axes.annotate(
            f"mean {values.mean():.2%}", (values.mean(), y - 0.31), ha="center", va="top", fontsize=9
        )
    axes.set_yticks(range(len(kinds)), [label for _, label, _, _ in kinds])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-0.8, 1.75)
    axes.margins(x=0.08)
    axes.grid(axis="x", color="#ececec", linewidth=0.8)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    axes.set_xlabel("test accuracy", color=GREY)
    means = " and ".join(f"{np.mean(compared[name]):.2%} for the {name.upper()}" for name, *_ in kinds)
    return drawing, (
        f"The test accuracy of {len(compared['cnn'])} networks of each kind, from different seeds. "
        f"On average {means}."
    )


DRAWINGS = (curves, distorted, filters, maps, confusion, mistakes, against)
