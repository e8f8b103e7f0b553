"""The drawings of a report: intervals on a common scale, and the figures round by round. SVG, no script."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 220, 22  # of an interval
LEFT, TOP, WIDE, HIGH = 76, 8, 640, 150  # of the rounds
COLOURS = 6


class Scale:
    """A logarithmic axis that holds 1 and all intervals."""

    def __init__(self, values: Sequence[float]) -> None:
        known = [math.log(v) for v in values if v > 0]
        low, high = min([*known, math.log(0.8)]), max([*known, math.log(1.25)])
        room = (high - low) * 0.06
        self.low, self.high = low - room, high + room

    def place(self, value: float) -> float:
        """Return where a value stands, from the left, in a drawing of an interval."""
        share = (math.log(max(value, 1e-12)) - self.low) / (self.high - self.low)
        return round(WIDTH * min(max(share, 0.0), 1.0), 1)


def interval(value: float, low: float, high: float, limit: float | None, verdict: str, scale: Scale) -> str:
    """Return a bar from `low` to `high` with its value, the line at 1, and the limit, dashed."""
    middle = HEIGHT / 2
    kind = {"faster": "good", "slower": "bad"}.get(verdict, "same")
    left, right = scale.place(low), scale.place(high)
    one = scale.place(1.0)
    marks = [f'<line class="one" x1="{one}" x2="{one}" y1="0" y2="{HEIGHT}"/>']
    if limit:
        x = scale.place(limit)
        marks.append(f'<line class="limit" x1="{x}" x2="{x}" y1="0" y2="{HEIGHT}"/>')
    wide = max(right - left, 2.0)
    marks.append(f'<rect class="{kind}" x="{left}" y="{middle - 4}" width="{wide:.1f}" height="8" rx="2"/>')
    marks.append(f'<circle class="{kind}" cx="{scale.place(value)}" cy="{middle}" r="5"/>')
    words = f"{value:.3f}, interval {low:.3f} to {high:.3f}"
    return _svg(WIDTH, HEIGHT, f"ratio {words}", "".join(marks), "interval")


def rounds(figures: Mapping[str, Sequence[float]], scale: float, unit: str) -> str:
    """Return the figures of all contestants, round by round: drift and bursts are seen at once."""
    times = [x * scale for series in figures.values() for x in series]
    low, high = min(times), max(times)
    if high <= low:
        low, high = low * 0.9, high * 1.1 or 1.0
    room = (high - low) * 0.08
    low, high = max(low - room, 0.0), high + room

    def y(value: float) -> float:
        return round(TOP + HIGH * (1 - (value - low) / (high - low)), 1)

    parts = []
    for share in (0.0, 0.5, 1.0):
        at = low + (high - low) * share
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDE}" y1="{y(at)}" y2="{y(at)}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(at) + 4}" text-anchor="end">{number(at)}</text>')
    for place, series in enumerate(figures.values()):
        step = (WIDE - LEFT - 16) / max(len(series) - 1, 1)
        points = [(round(LEFT + 8 + i * step, 1), y(x * scale)) for i, x in enumerate(series)]
        way = " ".join(f"{a},{b}" for a, b in points)
        colour = f"c{place % COLOURS}"
        parts.append(f'<polyline class="{colour}" points="{way}"/>')
        parts += [f'<circle class="{colour}" cx="{a}" cy="{b}" r="3"/>' for a, b in points]
    words = f"figures in {unit} of {', '.join(figures)}, round by round"
    legend = "".join(
        f'<li><span class="key c{i % COLOURS}"></span>{escape(name)}</li>' for i, name in enumerate(figures)
    )
    return _svg(WIDE, TOP * 2 + HIGH, words, "".join(parts), "rounds") + f'<ul class="legend">{legend}</ul>'


def number(value: float) -> str:
    """Return a number as people write it, with three digits at least."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 3
    return f"{value:,.{digits}f}"


def _svg(width: float, height: float, words: str, content: str, kind: str) -> str:
    return (
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(words)}">'
        f"<title>{escape(words)}</title>{content}</svg>"
    )
