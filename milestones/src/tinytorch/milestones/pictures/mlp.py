"""Pictures of milestone 03."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ..outcome import Outcome
from .style import AMOUNT, BLUE, GREY, INK, NO_YES, ORANGE, PAPER_INK, bare, figure

Drawn = tuple[Figure, str]


def curves(outcome: Outcome) -> Drawn:
    """Draw loss and accuracy, epoch by epoch."""
    m, threshold = outcome.metrics, outcome.show["threshold"]
    drawing = figure(6, 2.9, (0.075, 0.985, 0.165, 0.9), wspace=0.26)
    axes = drawing.add_subplot(1, 2, 1)
    axes.set_title("mean loss of each epoch")
    axes.plot(range(1, len(m["losses"]) + 1), m["losses"], color=BLUE, marker="o", markersize=3)
    axes.set_xlim(0, max(1, len(m["losses"])) + 0.5)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    axes = drawing.add_subplot(1, 2, 2)
    axes.set_title(f"accuracy, from {m['untrained_accuracy']:.0%} untrained")
    for name, colour, dashes in (("train", BLUE, "-"), ("test", ORANGE, (0, (5, 1.5)))):
        curve = m[f"{name}_curve"]
        axes.plot(range(len(curve)), curve, color=colour, linestyle=dashes, linewidth=1.7, label=f"{name}")
    axes.axhline(
        threshold, color=GREY, linewidth=0.9, linestyle=(0, (2, 2)), label=f"needed: {100 * threshold:.4g}%"
    )
    low = min([*m["test_curve"][1:], *m["train_curve"][1:], threshold])
    axes.set_ylim(max(0.0, low - 0.6 * (1 - low)), 1 + 0.1 * (1 - low))  # room for the legend below
    axes.set_xlim(0, max(1, len(m["losses"])) + 0.5)
    axes.yaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="lower right")
    return drawing, (
        f"Left: the loss falls from epoch to epoch. Right: the accuracy on test images rises from "
        f"{m['untrained_accuracy']:.1%} to {m['test_accuracy']:.1%}, on training images to "
        f"{m['train_accuracy']:.1%}."
    )


def confusion(outcome: Outcome) -> Drawn:
    """Draw what each class was taken for."""
    table, classes = np.array(outcome.metrics["confusion"]), outcome.data["classes"]
    n = len(classes)
    longest = max(map(len, classes))
    words = longest > 4  # names that would run into each other
    drawing = figure(
        6, 4.7, (0.076 + 0.014 * longest, 0.96 if words else 0.99, 0.01, 0.8 if words else 0.885)
    )
    axes = drawing.add_subplot()
    wrong = table * (1 - np.eye(n, dtype=int))
    share = wrong / np.maximum(1, table.sum(axis=1, keepdims=True))
    reach = max(share.max(), 1e-9)
    axes.imshow(share, cmap=AMOUNT, vmin=0, vmax=reach * 1.5, aspect="auto")
    for i in range(n if n <= 12 else 0):
        for j in range(n):
            if i == j:
                axes.text(j, i, f"{table[i, j]}", ha="center", va="center", color=GREY)
            elif table[i, j]:
                white = share[i, j] > 0.75 * reach
                axes.text(
                    j,
                    i,
                    f"{table[i, j]}",
                    ha="center",
                    va="center",
                    color="white" if white else INK,
                    weight="bold",
                )
    slanted: dict[str, Any] = {"rotation": 35, "ha": "left", "rotation_mode": "anchor"} if words else {}
    axes.set_xticks(range(n), classes, **slanted)
    axes.set_yticks(range(n), classes)
    axes.set_xticks(np.arange(0.5, n - 1), minor=True)
    axes.set_yticks(np.arange(0.5, n - 1), minor=True)
    axes.grid(which="minor", color="#ececec", linewidth=0.8)
    axes.tick_params(which="both", length=0, top=False, labeltop=True, labelbottom=False)
    axes.set_xlabel("the network says")
    axes.xaxis.set_label_position("top")
    axes.set_ylabel("it is")
    for spine in axes.spines.values():
        spine.set_visible(False)
    i, j = np.unravel_index(wrong.argmax(), wrong.shape)
    worst = (
        f"The most frequent mistake: {classes[i]} taken for {classes[j]}, {wrong[i, j]} times."
        if wrong.any()
        else ""
    )
    return drawing, (
        f"A table of what each class was taken for. {table.trace()} of {table.sum()} test images are on the "
        f"diagonal, that is right. {worst}"
    ).strip()


def mistakes(outcome: Outcome) -> Drawn:
    """Draw the test images about which the network was wrong and most sure."""
    classes, wrong = outcome.data["classes"], outcome.show["mistakes"]
    columns = 6
    rows = max(1, -(-len(wrong) // columns))
    drawing = figure(6, 1.46 * rows, (0.01, 0.99, 0.16 / rows, 1 - 0.18 / rows), hspace=0.52, wspace=0.1)
    for place, w in enumerate(wrong, start=1):
        axes = drawing.add_subplot(rows, columns, place)
        axes.imshow(w["image"], cmap=PAPER_INK, vmin=0, vmax=1)
        axes.set_title(f"is {classes[w['is']]}", fontsize=9.5, pad=4)
        axes.set_xlabel(
            f"said {classes[w['said']]} ({w['beliefs'][w['said']]:.0%})",
            fontsize=9.5,
            color=ORANGE,
            labelpad=4,
        )
        bare(axes)
    if not wrong:
        drawing.text(0.5, 0.4, "no mistakes", ha="center", color=GREY)
    return drawing, f"The {len(wrong)} test images about which the network was surest and wrong."


def hidden(outcome: Outcome) -> Drawn:
    """Draw hidden neurons that matter much: their weights, and below what excites them."""
    neurons = outcome.show["neurons"]
    columns = 8
    blocks = -(-len(neurons) // columns)
    drawing = figure(6, 1.56 * blocks, (0.01, 0.99, 0.01, 0.99))
    places = drawing.add_gridspec(blocks, columns, hspace=0.08, wspace=0.1)
    for i, neuron in enumerate(neurons):
        pair = places[i // columns, i % columns].subgridspec(2, 1, hspace=0.06)
        reach = np.abs(neuron["weights"]).max() or 1.0
        upper, lower = drawing.add_subplot(pair[0]), drawing.add_subplot(pair[1])
        upper.imshow(neuron["weights"], cmap=NO_YES, vmin=-reach, vmax=reach)
        lower.imshow(neuron["excited_by"], cmap=PAPER_INK, vmin=0, vmax=1)
        bare(upper)
        bare(lower)
    return drawing, (
        f"{len(neurons)} hidden neurons. Above, the weights of each as an image; below, the average of the "
        "training images that excite it most."
    )


DRAWINGS = (curves, confusion, mistakes, hidden)
