"""Pictures of milestone 02."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..outcome import Outcome
from .style import BLUE, INK, LINE, NO_YES, ORANGE, bare, figure, widest

Drawn = tuple[Figure, str]
Points = NDArray[Any]
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
TRUE = np.array([False, True, True, False])
LABEL = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2}


def corners(axes: Axes, points: Points, names: bool = False) -> None:
    """Draw the four questions with their answers: circles are true, squares false."""
    for point, true, (first, second) in zip(points, TRUE, CORNERS):
        marker, colour = ("o", BLUE) if true else ("s", ORANGE)
        x, y = point
        axes.scatter(x, y, s=230, marker=marker, c=colour, edgecolors="white", linewidths=1.8, zorder=4)
        centred: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9.5, "zorder": 5}
        axes.text(x, y, str(int(true)), color="white", weight="bold", **centred)
        if names:
            above = y > points[true == TRUE, 1].mean()  # so that two near each other stay readable
            place = (0, 18 if above else -18)
            axes.annotate(f"{first} xor {second}", point, xytext=place, textcoords="offset points", **centred)


def surfaces(outcome: Outcome) -> Drawn:
    """Draw what a trained single layer, the best line, and a network with a hidden layer answer."""
    m = outcome.metrics
    weight, bias = outcome.show["best_line"]
    side = np.linspace(-0.5, 1.5, len(outcome.show["single_surface"]))
    line = weight[0] * side + weight[1] * side[:, None] + bias
    drawing = figure(6, 2.22, (0.005, 0.995, 0.01, 0.885), wspace=0.05)
    panels = (
        ("one layer, trained", outcome.show["single_surface"]),
        (f"best straight line: {m['best_of_random_lines']:.0%}", line > 0),
        (f"{m['hidden']} hidden neurons: {m['shown_accuracy']:.0%}", outcome.show["double_surface"]),
    )
    for place, (title, belief) in enumerate(panels, start=1):
        axes = drawing.add_subplot(1, 3, place)
        square = (-0.5, 1.5, -0.5, 1.5)
        axes.imshow(belief, cmap=NO_YES, vmin=-0.25, vmax=1.25, origin="lower", extent=square, alpha=0.85)
        if place == 2:
            axes.contour(side, side, line, levels=[0], colors=INK, linewidths=1.5)
        elif belief.min() < 0.4 and belief.max() > 0.6:
            axes.contour(side, side, belief, levels=[0.5], colors=INK, linewidths=1.5)
        corners(axes, CORNERS)
        axes.set_title(title)
        bare(axes)
    return drawing, (
        "Three squares with the four questions at their corners, coloured by the answer: blue for 1, orange "
        "for 0. A trained single layer is undecided everywhere; the best straight line leaves a corner on "
        "the wrong side; the network with a hidden layer has a bent boundary."
    )


def hidden(outcome: Outcome) -> Drawn:
    """Draw the square of inputs, and what the hidden layer makes of it."""
    grid, bent = outcome.show["grid"], outcome.show["hidden_grid"]
    weight, bias = outcome.show["readout"]
    length = float(np.linalg.norm(weight)) or 1.0
    along = weight / length
    flat = bent.reshape(-1, bent.shape[-1])
    centre = flat.mean(axis=0)
    across = widest(flat, along)

    def seen(points: Points) -> Points:
        return np.stack([(points @ weight + bias) / length, (points - centre) @ across], axis=-1)

    drawing = figure(6, 3.2, (0.015, 0.985, 0.02, 0.91), wspace=0.06)
    axes = drawing.add_subplot(1, 2, 1)
    mesh(axes, grid)
    corners(axes, CORNERS, names=True)
    axes.set_title("the inputs: no line will do")
    axes.margins(0.22)
    axes.set_aspect("equal")
    bare(axes, None)
    axes = drawing.add_subplot(1, 2, 2)
    mesh(axes, seen(bent))
    axes.axvline(0, color=INK, linewidth=1.5)
    corners(axes, seen(outcome.show["hidden_points"]), names=True)
    axes.set_title("after the hidden layer: one does")
    axes.margins(0.22)
    bare(axes, None)
    return drawing, (
        "Left: a square grid of inputs with the four questions at its corners. Right: the same grid, folded "
        "by the hidden layer so that one straight line separates the true corners from the false ones."
    )


def mesh(axes: Axes, points: Points) -> None:
    """Draw a grid of points (rows, columns, 2) as the lines that join them."""
    lines = [*points, *points.swapaxes(0, 1)]
    axes.add_collection(LineCollection(lines, colors=LINE, linewidths=0.7, zorder=1))
    axes.update_datalim(points.reshape(-1, 2))


def losses(outcome: Outcome) -> Drawn:
    """Draw the loss of every network while it learns, and how many networks of each width get there."""
    m = outcome.metrics
    drawing = figure(6, 3.0, (0.075, 0.985, 0.165, 0.9), wspace=0.2)
    places = drawing.add_gridspec(1, 2, width_ratios=(1.5, 1))

    axes = drawing.add_subplot(places[0])
    axes.set_title(f"the loss of {m['seeds']} networks of each kind")
    for kind, colour in (("single", ORANGE), ("double", BLUE)):
        curves = [np.column_stack([np.arange(len(c)), c]) for c in outcome.show[f"{kind}_losses"] if c]
        axes.add_collection(LineCollection(curves, colors=colour, linewidths=0.8, alpha=0.4))
    axes.axhline(np.log(2), color=INK, linewidth=1, linestyle=(0, (4, 3)))
    longest = max([len(c) for c in outcome.show["double_losses"]] + [1])
    axes.set_xlim(0, min(outcome.epochs, round(1.15 * longest)) or 1)
    axes.set_ylim(0, 1.0)
    right = axes.get_xlim()[1]
    axes.text(right, np.log(2) + 0.02, "ln 2: knows nothing", ha="right", va="bottom")
    axes.text(right, np.log(2) - 0.03, "a single layer", color=ORANGE, ha="right", va="top")
    axes.text(right * 0.55, 0.2, f"{m['hidden']} hidden neurons", color=BLUE, va="center", bbox=LABEL)
    axes.set_xlabel("step")

    axes = drawing.add_subplot(places[1])
    axes.set_title("how many solve it")
    names = ["none", *m["solved"]]
    counts = [0, *m["solved"].values()]
    bars = axes.bar(names, counts, color=[ORANGE] + [BLUE] * len(m["solved"]), width=0.62)
    axes.bar_label(bars, padding=2)
    axes.set_ylim(0, m["seeds"] * 1.08)
    axes.set_xlabel("hidden neurons")
    axes.tick_params(axis="x", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    told = ", ".join(f"{count} with {width}" for width, count in m["solved"].items())
    return drawing, (
        "Left: the loss of every single layer stays at ln 2, while networks with a hidden layer fall below "
        f"it. Right: of {m['seeds']} networks, none without hidden neurons solves XOR; with hidden neurons "
        f"it is {told}."
    )


DRAWINGS = (surfaces, hidden, losses)
