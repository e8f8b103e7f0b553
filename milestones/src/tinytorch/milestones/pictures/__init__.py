"""Draws what a milestone found, as PNG files, if matplotlib is there."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from ..outcome import Outcome
from ..progress import Progress


@dataclass(frozen=True)
class Picture:
    """A drawn picture.

    Attributes:
        name: what it is called; the file is this name with `.png`.
        alt: what is to be seen, for those who can't see it.
        png: the file's content.
    """

    name: str
    alt: str
    png: bytes

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.png"


def possible() -> bool:
    """Whether pictures can be drawn here."""
    try:
        return importlib.util.find_spec("matplotlib") is not None
    except ValueError:  # something else stands in its place
        return False


def draw(name: str, outcome: Outcome, progress: Progress) -> list[Picture]:
    """Draw a milestone's pictures, or none if matplotlib isn't installed."""
    if not possible():
        return []
    from .style import house_style, render

    drawings = importlib.import_module(f".{name}", __package__).DRAWINGS
    pictures = []
    with house_style():
        for drawing in progress(drawings, "pictures"):
            drawn = drawing(outcome)
            if drawn is not None:  # there is something to be seen
                figure, alt = drawn
                pictures.append(Picture(drawing.__name__, alt, render(figure)))
    return pictures
