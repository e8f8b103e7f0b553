"""Draw the moving picture of the home page: a network learns two spirals, trained here with tinytorch.core.

    python docs/picture.py

writes docs/assets/spirals.webp, which moves, and spirals.png, its last frame, for who wants no motion.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from tinytorch.core import Adam, CrossEntropyLoss, Linear, Sequential, Tanh, from_numpy, manual_seed, no_grad

ASSETS = Path(__file__).resolve().parent / "assets"
FRAMES = [0, 5, 10, 15, 20, 30, 40, 50, 60, 75, 90, 110, 130, 150, 175, 200, 230, 260, 300, 350, 400, 500]
SIZE = 360  # pixels
LABEL = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85}


def spirals(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return 2n points of two spirals around each other, and which spiral each is of."""
    turn = np.sqrt(np.linspace(0.02, 1, n)) * 2.2 * np.pi
    arm = np.stack([turn * np.cos(turn), turn * np.sin(turn)], axis=1) / 7
    points = np.concatenate([arm, -arm]) + np.random.default_rng(0).normal(0, 0.02, (2 * n, 2))
    return points.astype(np.float32), np.repeat([0, 1], n)


def frame(model: Sequential, points: np.ndarray, labels: np.ndarray, step: int) -> Image.Image:
    """Return a picture of what the network believes about every point of the plane."""
    line = np.linspace(-1.15, 1.15, 120, dtype=np.float32)
    plane = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    with no_grad():
        belief = model(from_numpy(plane)).softmax(dim=1)[:, 1].numpy().reshape(120, 120)
    figure = Figure(figsize=(SIZE / 100, SIZE / 100), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(belief, extent=(-1.15, 1.15, -1.15, 1.15), origin="lower", cmap="PuOr", vmin=-0.15, vmax=1.15)
    for label, colour in ((0, "#fed7aa"), (1, "#ddd6fe")):
        mine = points[labels == label]
        axes.scatter(*mine.T, s=10, color=colour, edgecolors="#222", linewidths=0.4)
    axes.text(0.04, 0.04, f"step {step}", transform=axes.transAxes, family="monospace", bbox=LABEL)
    axes.axis("off")
    buffer = io.BytesIO()
    figure.savefig(buffer)
    return Image.open(buffer).convert("RGB")


def main() -> None:
    """Train, and take a picture from time to time."""
    manual_seed(3)
    points, labels = spirals(110)
    x, y = from_numpy(points), from_numpy(labels)
    model = Sequential(Linear(2, 32), Tanh(), Linear(32, 32), Tanh(), Linear(32, 2))
    optimizer, loss_function = Adam(model.parameters(), lr=0.02), CrossEntropyLoss()
    frames = []
    for step in range(max(FRAMES) + 1):
        if step in FRAMES:
            frames.append(frame(model, points, labels, step))
        optimizer.zero_grad()
        loss_function(model(x), y).backward()
        optimizer.step()
    accuracy = (model(x).argmax(dim=1) == y).float().mean().item()
    assert accuracy > 0.98, accuracy
    pauses = [400] + [140] * (len(frames) - 2) + [3000]  # milliseconds
    frames[0].save(
        ASSETS / "spirals.webp", save_all=True, append_images=frames[1:], duration=pauses, loop=0, quality=70
    )
    frames[-1].save(ASSETS / "spirals.png", optimize=True)


if __name__ == "__main__":
    main()
