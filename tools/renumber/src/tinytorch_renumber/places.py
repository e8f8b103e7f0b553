"""Where a mention stands in a file of some format, and whether it may be one there."""

from __future__ import annotations

import re

from . import regions as rg
from .joined import Mention
from .python import Spot
from .regions import Regions

PROSE_FORMS = {"markdown", "rst", "text", "html", "yaml", "toml", "json"}
DATA = ("entry", "member", "maybe", "listed")  # what numbers in code may be
NO_EXTENSION_TEXT = re.compile(r"(?i)readme|license|notes?|todo|authors")


def places(form: str, path: str, text: str, broken: bool) -> Regions:
    """Return the parts of a file that may be rewritten."""
    if broken:
        return rg.whole(text, "code", "text")
    if form == "markdown":
        return rg.markdown(text)
    if form == "notebook":
        return rg.notebook(text)
    plain = form in PROSE_FORMS and (form != "text" or path.endswith(".txt"))
    name = path.rpartition("/")[2]
    zone = "text" if plain or NO_EXTENSION_TEXT.match(name) else "code"
    return rg.whole(text, zone, form)


def detail(kind: str, text: str, mention: Mention) -> str:
    """Name the place in Markdown more exactly: heading, table, link, command."""
    if kind not in ("markdown", "text cell"):
        return "command" if mention.form == "command" else kind
    start = text.rfind("\n", 0, mention.start) + 1
    line = text[start : start + 400].split("\n", 1)[0].lstrip(' "')
    if line.startswith("#"):
        return "heading"
    if line.startswith("|"):
        return "table"
    return "link" if re.search(r"\]\([^()]*$|\]:[ \t]*\S*$", text[start : mention.start]) else kind


def anchor(mention: Mention) -> int:
    """Return the offset that says where a mention stands."""
    return mention.numbers[0][0] if mention.numbers and mention.form != "joined" else mention.start


def fits(mention: Mention, spot: Spot) -> bool:
    """Whether Python's syntax allows the mention: names as a whole, numbers in code only as keys."""
    if spot.zone == "name":
        return (mention.start, mention.end) == (spot.start, spot.end) or mention.form == "bare"
    if spot.zone == "code":
        return mention.form in DATA
    return mention.form in DATA or mention.end <= spot.end or mention.form == "dynamic"
