"""Pictures of milestone 05."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..outcome import Outcome
from .style import AMOUNT, BLUE, GREEN, GREY, INK, ORANGE, SKY, bare, figure

Drawn = tuple[Figure, str]
READ = 24  # characters of the text whose attention is shown large
VISIBLE = {"\n": "\u21b5", " ": "\u2423", "\t": "\u21e5"}


def visible(c: str) -> str:
    """Return a sign for a character that one wouldn't see, or that matplotlib would take for a formula."""
    return VISIBLE.get(c, "\\$" if c == "$" else c if c.isprintable() else "\u25a1")


def proof(outcome: Outcome) -> Drawn:
    """Draw where each place of the answer looks, for a sequence to reverse and one to sort."""
    proofs = outcome.show["proofs"]
    drawing = figure(6, 3.25, (0.075, 0.985, 0.03, 0.8), wspace=0.2)
    for i, (task, p) in enumerate(proofs.items(), start=1):
        axes = drawing.add_subplot(1, 2, i)
        axes.imshow(p["weights"].mean(axis=0), cmap=AMOUNT, vmin=0)
        axes.set_xticks(range(len(p["ids"])), [str(n) for n in p["ids"]])
        axes.set_yticks(range(len(p["said"])), [str(n) for n in p["said"]])
        axes.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
        axes.set_xlabel("the sequence", labelpad=6)
        axes.xaxis.set_label_position("top")
        axes.set_ylabel("the answer")
        axes.set_title(f"{task}: {p['accuracy']:.1%} right", pad=10)
    reverse, sort = proofs["reverse"], proofs["sort"]
    return drawing, (
        f"Two maps of attention, the mean over all heads. Left: to reverse, each place looks at its mirror "
        f"image, a diagonal from the bottom left to the top right; {reverse['accuracy']:.1%} of sequences "
        f"are right. Right: to sort, each place looks at digits of about the size that belongs there; "
        f"{sort['accuracy']:.1%} are right."
    )


def curves(outcome: Outcome) -> Drawn:
    """Draw the loss, iteration by iteration, beside what one gets without context."""
    m, losses = outcome.metrics, np.array(outcome.metrics["losses"])
    drawing = figure(6, 3.1, (0.085, 0.985, 0.15, 0.97))
    axes = drawing.add_subplot()
    if len(losses):
        width = max(1, len(losses) // 100)
        smooth = np.convolve(losses, np.ones(width) / width, "valid")
        at = np.arange(len(smooth)) + (width + 1) / 2
        axes.plot(np.arange(1, len(losses) + 1), losses, color=SKY, linewidth=0.5, alpha=0.6)
        axes.plot(at, smooth, color=BLUE, linewidth=1.5, label="training")
    steps, tested = np.array(m["test_curve"]).T
    axes.plot(
        steps, tested, color=ORANGE, linestyle=(0, (5, 1.5)), marker="o", markersize=3, label="validation"
    )
    top = max(tested[0], m["loss_of_singles"])
    right = max(1, len(losses))
    for level, text in (
        (m["loss_of_singles"], "letter frequencies"),
        (m["loss_of_pairs"], "pairs of letters"),
    ):
        axes.axhline(level, color=GREY, linewidth=0.9, linestyle=(0, (2, 2)))
        axes.text(right, level + 0.012 * top, text, color=GREY, ha="right", va="bottom", fontsize=9)
    if outcome.show["threshold"]:
        axes.axhline(outcome.show["threshold"], color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
        text = f"needed: {outcome.show['threshold']:.2f}"
        axes.text(0, outcome.show["threshold"] - 0.012 * top, text, ha="left", va="top", fontsize=9)
    axes.set_xlim(-0.01 * right, right * 1.01)
    axes.set_ylim(min([*tested, outcome.show["threshold"] or tested[-1]]) - 0.35, top * 1.05)
    axes.set_xlabel("iteration")
    axes.set_ylabel("loss")
    axes.legend(loc="upper right", bbox_to_anchor=(1, 0.93))
    return drawing, (
        f"The loss falls from {tested[0]:.2f}, untrained, to {m['test_loss']:.2f} on text that it never saw. "
        f"Who knows how often letters occur gets {m['loss_of_singles']:.2f}, who knows pairs of letters "
        f"{m['loss_of_pairs']:.2f}."
    )


def attention(outcome: Outcome) -> Drawn:
    """Draw what the heads look at while the network reads: all of them small, one of them large."""
    maps, text = outcome.show["maps"], outcome.show["text"]
    layers, heads = maps.shape[:2]
    layer, head = farthest(maps)
    drawing = figure(6, 3.7, (0.055, 0.99, 0.02, 0.87), wspace=0.2)
    places = drawing.add_gridspec(1, 2, width_ratios=(1.25, 1))
    axes = drawing.add_subplot(places[0])
    n = min(READ, len(text))
    axes.imshow(maps[layer, head, :n, :n], cmap=AMOUNT, vmin=0)
    signs = [visible(c) for c in text[:n]]
    axes.set_xticks(range(n), signs, fontsize=7.5)
    axes.set_yticks(range(n), signs, fontsize=7.5)
    axes.tick_params(length=0, top=False, labeltop=True, labelbottom=False, pad=1.5)
    axes.set_title(f"layer {layer + 1}, head {head + 1}", pad=16)
    grid = places[1].subgridspec(layers, heads, hspace=0.12, wspace=0.12)
    for i in range(layers):
        for j in range(heads):
            small = drawing.add_subplot(grid[i, j])
            small.imshow(maps[i, j], cmap=AMOUNT, vmin=0, vmax=max(0.05, np.quantile(maps[i, j], 0.99)))
            bare(small)
            if (i, j) == (layer, head):
                frame(small)
            if i == 0 and j == 0:
                small.set_title(f"all {layers} layers of {heads} heads", pad=16)
            if j == 0:
                small.set_ylabel(f"{i + 1}", rotation=0, labelpad=7, va="center", color=GREY)
    return drawing, (
        f"Who looks at whom while the network reads: a row for each character, nothing to the right of it. "
        f"Large: head {head + 1} of layer {layer + 1} over the first {n} characters. Small: all {layers} "
        f"layers of {heads} heads over {len(text)} characters."
    )


def frame(axes: Axes) -> None:
    """Mark a panel."""
    for spine in axes.spines.values():
        spine.set_edgecolor(ORANGE)
        spine.set_linewidth(1.6)


def farthest(maps: NDArray[np.float32]) -> tuple[int, int]:
    """Return the layer and head that choose most sharply among places farther back than the last two."""
    T = maps.shape[-1]
    far = np.tri(T, T, -2)
    sharpness = (maps * far).max(axis=-1).mean(axis=-1)  # (layers, heads)
    layer, head = np.unravel_index(sharpness.argmax(), sharpness.shape)
    return int(layer), int(head)


def embeddings(outcome: Outcome) -> Drawn:
    """Draw the characters where the network keeps them, seen from the side where they are spread most."""
    letters = outcome.show["letters"]
    points = outcome.show["embeddings"] - outcome.show["embeddings"].mean(axis=0)
    flat = points @ np.linalg.svd(points, full_matrices=False)[2][:2].T  # (letters, 2)
    drawing = figure(6, 4.2, (0.01, 0.99, 0.01, 0.93))
    axes = drawing.add_subplot()
    kinds = [kind_of(c) for c in letters]
    colours = {"vowels": ORANGE, "other small letters": BLUE, "capitals": GREEN, "all else": GREY}
    for (x, y), c, kind in zip(flat, letters, kinds, strict=True):
        axes.text(x, y, visible(c), color=colours[kind], ha="center", va="center", weight="bold", fontsize=11)
    for i, (kind, colour) in enumerate(colours.items()):
        axes.text(0.005 + 0.25 * i, 1.02, kind, color=colour, transform=axes.transAxes, va="bottom")
    low, high = flat.min(axis=0), flat.max(axis=0)
    room = 0.06 * np.maximum(high - low, 1e-6)
    axes.set_xlim(low[0] - room[0], high[0] + room[0])
    axes.set_ylim(low[1] - room[1], high[1] + room[1])
    bare(axes)
    return drawing, (
        f"The {len(letters)} characters as points, {points.shape[1]} numbers each, projected to the two "
        "directions in which they differ most. Vowels, consonants, capitals and signs have their own colours."
    )


def kind_of(c: str) -> str:
    """Return to which group a character belongs."""
    if c.lower() in "aeiou" and c.islower():
        return "vowels"
    return "other small letters" if c.islower() else "capitals" if c.isupper() else "all else"


DRAWINGS = (proof, curves, attention, embeddings)
