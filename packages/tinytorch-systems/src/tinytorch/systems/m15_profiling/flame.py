"""A flame graph: every box is as wide as the time that was spent in it, and stands on what it is part of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from .events import BACKWARD, MODULE, Event
from .flame_style import SCRIPT, STYLE
from .text import duration, percent

WIDTH, ROW, TOP, MARGIN = 1200, 20, 56, 10  # pixels
LETTER = 6.7  # the width of one
NARROWEST = 0.4  # pixels: boxes that nobody could see are left out


@dataclass
class Box:
    """A box: the time spent under one name, on one stack of names."""

    name: str
    kind: str
    own: int = 0
    count: int = 0
    parts: dict[str, Box] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Nanoseconds with its parts."""
        return self.own + sum(part.total for part in self.parts.values())

    def part(self, name: str, kind: str) -> Box:
        """Return the box of that name on this one."""
        return self.parts.setdefault(f"{kind} {name}", Box(name, kind))


def stacked(events: list[Event], total: int) -> Box:
    """Put the events on top of what they are part of; a gradient rule on the modules of its operation.

    Args:
        events: those of a profile.
        total: the nanoseconds of all.
    """
    root = Box("all", "all", count=1)
    boxes: dict[int, Box] = {}

    def box(event: Event) -> Box:
        known = boxes.get(id(event))
        if known is None:
            under = root if event.parent is None else box(event.parent)
            if event.kind == BACKWARD and event.forward is not None:
                for call in reversed([x for x in event.forward.parents() if x.kind == MODULE]):
                    under = under.part(label(call), MODULE)
            known = boxes[id(event)] = under.part(label(event), event.kind)
        return known

    for event in sorted(events, key=lambda e: (e.start, -e.end)):
        place = box(event)
        place.own += max(0, event.own)
        place.count += 1
    root.own = max(0, total - root.total)
    return root


def label(event: Event) -> str:
    """Return the name of an event in its parent: of a module the last part of its path, and its class."""
    if event.kind != MODULE:
        return event.name
    outer = next((p.path for p in event.parents() if p.kind == MODULE), "")
    name = event.path[len(outer) + 1 :] if outer and event.path.startswith(f"{outer}.") else event.path
    return name if name == event.name else f"{name} ({event.name})"


def flame_graph(events: list[Event], total: int, title: str) -> str:
    """Return the drawing as SVG: readable by itself, in light and dark; in a browser a click zooms in.

    Args:
        events: those of a profile.
        total: the nanoseconds of all.
        title: the line above.
    """
    root = stacked(events, total)
    boxes = list(_placed(root, 0.0, WIDTH - 2 * MARGIN, 0))
    depth = 1 + max(level for _, _, _, level in boxes)
    height = TOP + depth * ROW + MARGIN
    note = f"{duration(root.total / 1000)}. Blue: operations, orange: their gradient rules. A click zooms in."
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label={quoteattr(clean(title))}>',
        f"<style>{STYLE}</style>",
        f'<text class="h" x="{MARGIN}" y="24">{escape(clean(title))}</text>',
        f'<text class="n" x="{MARGIN}" y="42">{note}</text>',
        *(_drawn(*placed, depth, root.total) for placed in boxes),
        f"<script><![CDATA[{SCRIPT}]]></script>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


Placed = tuple[Box, float, float, int]  # a box, its left end, its width and its level


def _placed(box: Box, x: float, width: float, level: int) -> Iterator[Placed]:
    yield box, x, width, level
    scale = width / box.total if box.total else 0.0
    for part in box.parts.values():
        wide = part.total * scale
        if wide >= NARROWEST:
            yield from _placed(part, x, wide, level + 1)
        x += wide


def _drawn(box: Box, x: float, width: float, level: int, depth: int, total: int) -> str:
    name = clean(box.name)
    y = TOP + (depth - 1 - level) * ROW
    calls = f"{box.count} call{'s' if box.count != 1 else ''}" if box.count else "gradient rules"
    tip = f"{name}: {duration(box.total / 1000)} ({percent(box.total, total)}), {calls}"
    return (
        f'<g class="f {box.kind}" data-n={quoteattr(name)} '
        f'data-x="{x:.3f}" data-w="{width:.3f}" data-l="{level}">'
        f"<title>{escape(tip)}</title>"
        f'<rect x="{MARGIN + x:.2f}" y="{y}" width="{width:.2f}" height="{ROW - 1}" rx="2"/>'
        f'<text x="{MARGIN + x + 4:.2f}" y="{y + 14}">{escape(shortened(name, width))}</text></g>'
    )


def shortened(name: str, width: float) -> str:
    """Return as much of a name as fits."""
    fit = int((width - 8) / LETTER)
    if len(name) <= fit:
        return name
    return f"{name[: fit - 2]}.." if fit > 3 else ""


def clean(name: str) -> str:
    """Replace the characters that XML doesn't allow, also escaped."""
    return "".join(c if c.isprintable() or c == " " else "?" for c in name)
