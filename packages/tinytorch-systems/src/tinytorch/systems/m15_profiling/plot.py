"""Drawing with matplotlib, which is an extra."""

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .roofline import Roofline

FORMATS = (".png", ".svg", ".pdf")
LABELLED = 10  # points; the names of more would hide each other
COLORS = {"operation": "#3573b9", "backward": "#d9772b"}


def roofline_figure(points: Roofline, title: str) -> Any:
    """Return the figure.

    Raises:
        ImportError: matplotlib isn't there.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "plotting needs matplotlib: pip install 'tinytorch-systems[plot]'. "
            "The figures are there without it: print(roofline(prof))"
        ) from error
    machine = points.machine
    figure = Figure(figsize=(9.5, 6), dpi=120, layout="constrained")
    axes = figure.subplots()
    intensities = [p.intensity for p in points] or [machine.ridge]
    low = min(0.05, min(intensities) / 2)
    high = max(4 * machine.ridge, 2 * max(intensities))
    x = np.geomspace(low, high, 200)
    axes.loglog(x, np.minimum(machine.flops_per_second, x * machine.bytes_per_second), color="#555", lw=2)
    axes.axvline(machine.ridge, color="#999", lw=1, ls=":")
    axes.annotate(
        f"{machine.flops_per_second / 1e9:.0f} GFLOP/s", (high, machine.flops_per_second), xytext=(-4, 5),
        textcoords="offset points", ha="right", color="#555",
    )  # fmt: skip
    bottom = min([p.achieved for p in points] + [low * machine.bytes_per_second]) / 2
    top = max([p.achieved for p in points] + [machine.flops_per_second]) * 2
    axes.set(xlim=(low, high), ylim=(bottom, top))
    wide, tall = math.log10(high / low) / 8.8, math.log10(top / bottom) / 5.3  # decades an inch
    axes.text(
        low * 1.2, low * 1.45 * machine.bytes_per_second, f"{machine.bytes_per_second / 1e9:.1f} GB/s",
        color="#555", rotation=math.degrees(math.atan2(wide, tall)), rotation_mode="anchor", va="bottom",
    )  # fmt: skip
    longest = max((p.seconds for p in points), default=1.0)
    for kind, color in COLORS.items():
        some = [p for p in points if p.kind == kind]
        axes.scatter(
            [p.intensity for p in some], [p.achieved for p in some],
            s=[20 + 380 * p.seconds / longest for p in some], color=color, alpha=0.75, edgecolor="white",
            label={"operation": "operations", "backward": "gradient rules"}[kind],
        )  # fmt: skip
    for number, p in enumerate(points[:LABELLED]):
        axes.annotate(
            p.key,
            (p.intensity, p.achieved),
            xytext=(7, (7, -13)[number % 2]),
            textcoords="offset points",
            fontsize=8,
        )
    axes.set_xlabel("floating-point operations per byte moved")
    axes.set_ylabel("floating-point operations per second")
    axes.set_title(title)
    axes.grid(True, which="major", color="#ddd", lw=0.6)
    axes.set_axisbelow(True)
    handles: Any = axes.legend(loc="lower right").legend_handles
    for handle in handles:
        handle.set_sizes([60])
    return figure


def saved(figure: Any, path: Path) -> bytes:
    """Return the figure as a file of the kind that the name asks for.

    Raises:
        ValueError: it is none that we write.
    """
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"a plot is saved as {', '.join(FORMATS)}; not {path.name!r}")
    buffer = BytesIO()
    figure.savefig(buffer, format=path.suffix[1:].lower())
    return buffer.getvalue()
