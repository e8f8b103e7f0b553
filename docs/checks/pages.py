"""The site as it was built: its pages as HTML, and the Markdown that they were made from."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lxml import html


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    title: str  # the file that it shows, where it is one of the tree
    text: str
    line: int  # of its first line, from 1


class Page:
    """A page of the site as HTML."""

    def __init__(self, file: Path, name: str) -> None:
        self.file = file
        self.name = name

    @cached_property
    def tree(self) -> html.HtmlElement:
        """The parsed page."""
        return html.document_fromstring(self.file.read_bytes())

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may name after `#`."""
        return {*self.tree.xpath("//@id"), ""}


class Site:
    """A site in a build folder: `docs` is what is published, `docs-src` what it was made from."""

    def __init__(self, build: Path) -> None:
        self.root = build / "docs"
        self.source = build / "docs-src"

    @cached_property
    def pages(self) -> dict[Path, Page]:
        """All pages by their files."""
        return {
            file: Page(file, file.relative_to(self.root).as_posix())
            for file in sorted(self.root.rglob("*.html"))
        }

    @cached_property
    def texts(self) -> dict[str, str]:
        """The Markdown of all pages, by their paths."""
        files = sorted(self.source.rglob("*.md"))
        return {file.relative_to(self.source).as_posix(): file.read_text(encoding="utf-8") for file in files}


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a Markdown text, those in lists and notes too."""
    fence = re.compile(r"^( *)(`{3,}|~{3,}) *([^\n]*)\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
    found = []
    for match in fence.finditer(text):
        line = text.count("\n", 0, match.start(4)) + 1
        language, _, rest = match[3].strip().partition(" ")
        title = re.search(r'title="([^"]+)"', rest)
        found.append(Block(language, title[1] if title else "", textwrap.dedent(match[4]), line))
    return found


def outside(text: str) -> str:
    """Return a Markdown text without its fenced blocks."""
    return re.sub(r"^( *)(`{3,}|~{3,})[^\n]*\n.*?^\1\2 *$", "", text, flags=re.MULTILINE | re.DOTALL)
