"""Puts the page together: a frame, a story for each milestone, its pictures and its numbers."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from .numbers import Facts
from .templates import fill, read
from .words import WORDS

MISSED = ' class="missed"'
PHOTOS = ("distorted", "filters", "maps", "mistakes")  # pictures that show the images themselves
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five")


def page(results: Sequence[tuple[Facts, Path]]) -> str:
    """Return the report as one self-contained HTML page.

    Args:
        results: for each milestone its metrics and the folder that holds its pictures, in their order.
    """
    by_name = {facts["milestone"]: facts for facts, _ in results}
    first, last = results[0][0]["year"], results[-1][0]["year"]
    seconds = max(1, round(sum(facts["seconds"]["learning"] for facts, _ in results)))
    several = len(results) > 1
    credits = sorted(
        {
            ("Text" if facts["data"].get("kind") == "text" else "Images", facts["data"]["credit"])
            for facts, _ in results
            if facts["data"]["credit"]
        }
    )
    return fill(
        "page.html",
        title=f"{NUMBERS[len(results)]} network{'s' if several else ''} that made history",
        years=f"From {first} to {last}" if several else str(first),
        seconds=f"{seconds} second{'s' if seconds > 1 else ''}",
        style=read("style.css"),
        timeline="".join(card(facts) for facts, _ in results),
        sections="".join(section(facts, folder, by_name) for facts, folder in results),
        credits=" ".join(f"{kind}: {escape(credit)}" for kind, credit in credits),
    )


def card(facts: Facts) -> str:
    """Return a milestone's place in the timeline: its year, its name and its number."""
    first = facts["checks"][0]
    number = first["shown"].partition(" (")[0]
    return (
        f'<li><a href="#{facts["milestone"]}"><span class="year">{facts["year"]}</span>'
        f'<span class="what">{escape(facts["title"])}</span><span class="number">{escape(number)}</span>'
        f"<small>{escape(first['what'])}</small></a></li>\n"
    )


def section(facts: Facts, folder: Path, others: dict[str, Facts]) -> str:
    """Return a milestone's story with its pictures and numbers."""
    name = facts["milestone"]
    photos = PHOTOS if facts["data"].get("colours") == 3 else ()
    drawn = {
        f"picture_{entry['name']}": picture(folder / entry["file"], entry["alt"], entry["name"] in photos)
        for entry in facts["pictures"]
        if (folder / entry["file"]).is_file()
    }
    words = WORDS[name](facts | {"drawn": drawn}, others) | drawn
    words |= {"epochs": str(facts["epochs"]), "verdict": verdict(facts)}
    story = fill(f"stories/{name}.html", **words)
    return f'<section id="{name}">\n{story}{reproduce(facts)}</section>\n'


def picture(file: Path, alt: str, photo: bool) -> str:
    """Return a picture with all its bytes, as an element; a photo stays as it is when all turns dark."""
    content = file.read_bytes()
    width, height = (int.from_bytes(content[i : i + 4], "big") for i in (16, 20))  # PNG's header
    source = base64.b64encode(content).decode("ascii")
    kind = ' class="photo"' if photo else ""
    size = f'width="{width}" height="{height}"'
    return f'<img{kind} src="data:image/png;base64,{source}" alt="{escape(alt)}" {size}>'


def verdict(facts: Facts) -> str:
    """Return whether the thresholds were met, with the numbers."""
    state, word = ("passed", "Passed") if facts["passed"] else ("missed", "Missed")
    lines = "".join(
        f"<li{'' if check['passed'] else MISSED}>{escape(check['what'])}: {readable(check['shown'])}</li>"
        for check in facts["checks"]
    )
    return f'<div class="verdict {state}"><strong>{word}</strong><ul>{lines}</ul></div>'


def readable(text: str) -> str:
    """Return text for HTML, with the signs that a console may not have."""
    return escape(text).replace("&gt;=", "&ge;").replace("&lt;=", "&le;")


def reproduce(facts: Facts) -> str:
    """Return how to get the same numbers again."""
    data, seconds = facts["data"], facts["seconds"]
    return fill(
        "again.html",
        command=escape(facts["command"]),
        script=facts["script"],
        seed=str(facts["seed"]),
        epochs=str(facts["epochs"]),
        data=escape(data["name"]),
        train=f"{data['train']:,}",
        test=f"{data['test']:,}",
        learning=f"{seconds['learning']:.1f}",
        drawing=f"{seconds['pictures']:.1f}",
        versions=", ".join(f"{name} {version}" for name, version in facts["versions"].items()),
    )
