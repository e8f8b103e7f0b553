"""How all pictures look: one set of colours that colour-blind people can tell apart, little else.

The colours are those of M. Okabe and K. Ito, https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any, cast

import numpy as np
from matplotlib import rc_context, rcdefaults, rcParams
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..files import MARK

BLUE, ORANGE, GREEN, SKY = "#0072B2", "#D55E00", "#009E73", "#56B4E9"
INK, GREY, LINE, PALE = "#1a1a1a", "#767676", "#b4b4b4", "#d9d9d9"

# From "no" through nothing to "yes", and from little to much.
NO_YES = LinearSegmentedColormap.from_list(
    "no_yes", ["#8a3a00", ORANGE, "#f3c9a8", "#ffffff", "#a9d0ea", BLUE, "#003f66"]
)
AMOUNT = LinearSegmentedColormap.from_list("amount", ["#ffffff", "#cfe5f3", SKY, BLUE, "#002b47"])
PAPER_INK = LinearSegmentedColormap.from_list("paper_ink", ["#ffffff", INK])

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
DPI = 180


def figure(width: float, height: float, edges: Sequence[float], **gaps: float) -> Figure:
    """Return an empty figure of that size in inches, without pyplot, so that no window system is needed.

    Args:
        width: in inches.
        height: in inches.
        edges: left, right, bottom and top edge of what is drawn, as shares of the figure.
        gaps: `hspace` and `wspace` between panels, as shares of a panel.
    """
    result = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(result)
    left, right, bottom, top = edges
    result.subplots_adjust(left=left, right=right, bottom=bottom, top=top, **gaps)
    return result


def bare(axes: Axes, frame: str | None = PALE) -> None:
    """Take away ticks, and leave a thin frame or none."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(frame is not None)
        spine.set_edgecolor(frame or PALE)


def widest(points: NDArray[Any], along: NDArray[Any]) -> NDArray[Any]:
    """Return the direction across `along` in which the points are spread most: (N, D), (D,) -> (D,)."""
    rest = points - points.mean(axis=0)
    rest = rest - np.outer(rest @ along, along)
    across: NDArray[Any] = np.linalg.eigh(rest.T @ rest)[1][:, -1]
    return across if across[np.abs(across).argmax()] > 0 else -across


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in our style, whatever matplotlib's settings are on this machine."""
    with rc_context():
        rcdefaults()
        rcParams.update(cast(Any, STYLE))
        yield


def render(drawing: Figure) -> bytes:
    """Return the figure as a PNG file."""
    file = BytesIO()
    drawing.savefig(file, format="png", metadata={"Software": MARK})
    return file.getvalue()
