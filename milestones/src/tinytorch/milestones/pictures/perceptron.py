"""Pictures of milestone 01."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from ..outcome import Outcome
from .style import AMOUNT, BLUE, GREY, INK, NO_YES, ORANGE, PAPER_INK, bare, figure, widest

Drawn = tuple[Figure, str]
POINTS = 400  # more of them would only cover each other


def weights(outcome: Outcome) -> Drawn:
    """Draw the weights of each neuron as an image: what speaks for its class and what against it."""
    images, classes = outcome.show["weights"], outcome.data["classes"]
    columns = 5
    rows = -(-len(images) // columns)
    drawing = figure(6, 1.4 * rows, (0.01, 0.99, 0.01, 1 - 0.17 / rows), hspace=0.2, wspace=0.06)
    for i, image in enumerate(images):
        axes = drawing.add_subplot(rows, columns, i + 1)
        reach = np.abs(image).max() or 1.0
        axes.imshow(image, cmap=NO_YES, vmin=-reach, vmax=reach)
        axes.set_title(f"is it {classes[i]}?", fontsize=9.5, pad=4)
        bare(axes)
    return drawing, (
        "The weights of one neuron for each class, drawn as an image: blue pixels speak for the class, "
        "orange pixels against it."
    )


def pairs(outcome: Outcome) -> Drawn:
    """Draw the test accuracy of every pair of classes as a triangle of numbers."""
    classes, results = outcome.data["classes"], outcome.metrics["pairs"]
    n = len(classes)
    drawing = figure(6, 4.4, (0.06, 0.99, 0.065, 0.99))
    axes = drawing.add_subplot()
    low = min(0.95, min(r["accuracy"] for r in results))
    grid = np.full((n, n), np.nan)
    for r in results:
        a, b = r["pair"]
        grid[b, a] = r["accuracy"]
    axes.imshow(1 - grid, cmap=AMOUNT, vmin=0, vmax=(1 - low) * 1.6, aspect="auto")
    for r in results if n <= 12 else []:
        a, b = r["pair"]
        dark = (1 - r["accuracy"]) / ((1 - low) * 1.6) > 0.5
        axes.text(
            a,
            b,
            f"{100 * r['accuracy']:.4g}",
            ha="center",
            va="center",
            fontsize=9,
            color="white" if dark else INK,
        )
    for r in results:
        if r["easy"]:
            a, b = r["pair"]
            axes.add_patch(
                Rectangle((a - 0.44, b - 0.42), 0.88, 0.84, fill=False, edgecolor=ORANGE, linewidth=1.6)
            )
    axes.set_xticks(range(n - 1), classes[:-1])
    axes.set_yticks(range(1, n), classes[1:])
    axes.set_xlim(-0.5, n - 1.5)
    axes.set_ylim(n - 0.5, 0.5)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.text(
        0.985,
        0.93,
        "Test accuracy of each pair, in %\ndarker: more mistakes\norange frame: one of the easy pairs",
        transform=axes.transAxes,
        ha="right",
        va="top",
        linespacing=1.6,
    )
    worst = min(results, key=lambda r: r["accuracy"])
    a, b = worst["pair"]
    return drawing, (
        f"A triangle with the test accuracy of each of {len(results)} pairs of classes. The lowest is "
        f"{worst['accuracy']:.1%}, for {classes[a]} and {classes[b]}."
    )


def boundary(outcome: Outcome) -> Drawn:
    """Draw the images of two pairs as points, seen so that the neuron's boundary is a vertical line."""
    classes, found = outcome.data["classes"], outcome.show["boundaries"]
    drawing = figure(
        6, 2.9 * len(found), (0.05, 0.99, 0.1 / len(found), 1 - 0.1 / len(found)), hspace=0.26, wspace=0.08
    )
    panels = [(pair, when) for pair in found for when in ("before", "after")]
    for place, (pair, when) in enumerate(panels, start=1):
        axes = drawing.add_subplot(len(found), 2, place)
        names = classes[pair[0]], classes[pair[1]]
        project(axes, found[pair], when, names)
        axes.set_title(f"{names[0]} or {names[1]}: {'untrained' if when == 'before' else 'trained'}")
        if when == "before":
            axes.set_ylabel("across the weights")
        if place > len(panels) - 2:
            axes.set_xlabel("along the weights (the neuron's sum)")
    return drawing, (
        "Images of two classes as two clouds of points, before and after training, with the neuron's "
        "boundary as a vertical line."
    )


def project(axes: Axes, pair: dict[str, Any], when: str, names: tuple[str, str]) -> None:
    """Draw one panel: to the right the neuron's own direction, upwards the widest direction across it."""
    weight, bias = pair[when]
    length = float(np.linalg.norm(weight)) or 1.0
    along = weight / length
    images, _ = pair["train"]
    centre = images.mean(axis=0)
    across = widest(images, along)
    for part, size, strength in (("train", 9, 0.28), ("test", 20, 0.95)):
        images, answers = (values[:POINTS] for values in pair[part])
        x, y = (images @ weight + bias) / length, (images - centre) @ across
        for sign, colour, marker in ((1, BLUE, "o"), (-1, ORANGE, "^")):
            mine = answers == sign
            label = names[0 if sign > 0 else 1] if part == "test" else None
            axes.scatter(
                x[mine], y[mine], s=size, c=colour, marker=marker, alpha=strength, linewidths=0, label=label
            )
        if part == "test":
            wrong = (x > 0) != (answers > 0)
            if when == "after" and wrong.any():
                axes.scatter(
                    x[wrong],
                    y[wrong],
                    s=95,
                    facecolors="none",
                    edgecolors=INK,
                    linewidths=1.3,
                    label="mistake",
                )
    axes.axvline(0, color=INK, linewidth=1.4)
    axes.margins(0.06)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(loc="upper left", bbox_to_anchor=(0, 1.0), handletextpad=0.2, borderaxespad=0.1, fontsize=9)


def learning(outcome: Outcome) -> Drawn:
    """Draw how mistakes become fewer, and how far trained neurons are from untrained ones."""
    m = outcome.metrics
    drawing = figure(6, 2.9, (0.085, 0.975, 0.165, 0.9), wspace=0.27)

    axes = drawing.add_subplot(1, 2, 1)
    axes.set_title("mistakes in each pass")
    for r in m["pairs"]:
        axes.plot(range(1, len(r["mistakes"]) + 1), r["mistakes"], color=BLUE, alpha=0.35, linewidth=1)
    for r in m["one_against_the_rest"]:
        axes.plot(range(1, len(r["mistakes"]) + 1), r["mistakes"], color=ORANGE, alpha=0.6, linewidth=1)
    axes.plot([], [], color=BLUE, label="a pair")
    axes.plot([], [], color=ORANGE, label="one against the rest")
    axes.set_xlabel("pass")
    axes.set_xlim(0.6, max(2, outcome.epochs) + 0.4)
    axes.set_ylim(0, max(1, 1.25 * axes.get_ylim()[1]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="upper right")

    axes = drawing.add_subplot(1, 2, 2)
    axes.set_title("test accuracy on pairs")
    untrained = outcome.show["untrained"]
    bins = np.linspace(0, 1, 41).tolist()
    trained = [r["accuracy"] for r in m["pairs"]]
    for values, colour in ((untrained, GREY), (trained, BLUE)):
        axes.hist(
            values, bins=bins, weights=np.full(len(values), 100 / len(values)), color=colour, alpha=0.85
        )
    axes.axvline(0.5, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    top = axes.get_ylim()[1]
    axes.text(
        0.5,
        top * 0.42,
        "untrained:\nlike tossing a coin ",
        ha="center",
        color=GREY,
        linespacing=1.4,
        backgroundcolor="white",
    )
    axes.text(float(np.mean(trained)) - 0.06, top * 0.8, "trained", ha="right", color=BLUE)
    axes.set_xlim(0, 1.03)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.set_ylabel("% of neurons")
    return drawing, (
        f"Left: mistakes in each pass; {m['separated_pairs']} of {len(m['pairs'])} pairs reach a pass "
        f"without one. Right: the accuracy of untrained neurons spreads around "
        f"{m['untrained_accuracy']:.0%}, that of trained ones has a mean of {m['all_pairs_accuracy']:.1%}."
    )


def mistakes(outcome: Outcome) -> Drawn:
    """Draw the test images that the neurons of the pairs got wrong."""
    classes, wrong = outcome.data["classes"], outcome.show["mistakes"][:12]
    columns = 6
    rows = max(1, -(-len(wrong) // columns))
    drawing = figure(6, 1.27 * rows, (0.01, 0.99, 0.01, 1 - 0.23 / rows), hspace=0.36, wspace=0.1)
    for i, w in enumerate(wrong):
        axes = drawing.add_subplot(rows, columns, i + 1)
        axes.imshow(w["image"].reshape(outcome.show["size"]), cmap=PAPER_INK, vmin=0, vmax=1)
        axes.set_title(f"{classes[w['is']]}, said {classes[w['said']]}", fontsize=9.5, pad=4)
        bare(axes)
    if not wrong:
        drawing.text(0.5, 0.4, "no mistakes", ha="center", color=GREY)
    return drawing, f"{len(wrong)} test images that a neuron took for the other of its two classes."


DRAWINGS = (weights, pairs, boundary, learning, mistakes)
