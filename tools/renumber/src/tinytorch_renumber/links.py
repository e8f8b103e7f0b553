"""Whether the links of a documentation still lead somewhere: to files, headings, and from its navigation."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from functools import cache

from . import yamltext
from .anchors import anchors_of
from .names import view

LINK = re.compile(
    r"\]\(<?([^\s()<>]+)|^[ ]{0,3}\[[^\]\n]+\]:[ \t]*<?([^\s<>]+)|\b(?:href|src)=[\"']([^\"'\n]+)[\"']",
    re.MULTILINE,
)
ENTRY = re.compile(r"^[ \t]+(?:[^<\n]*<)?([\w./-]+)>?[ \t]*\r?$", re.MULTILINE | re.ASCII)  # of a toctree
EXPLICIT = re.compile(r"\b(?:id|name)=[\"']([^\"'\n]+)[\"']|\{#([\w-]+)\}")
ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|mailto:")
DOCS_DIR = re.compile(r"^docs_dir:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)
PAGES = (".md", ".rst", ".ipynb", ".html", "/index.md", "/README.md", "/index.html", "/LESSON.md")
FORMS = ("markdown", "rst", "html", "yaml")


class Site:
    """The pages of a tree, before or after a change."""

    def __init__(self, paths: set[str], read: Callable[[str], bytes]) -> None:
        self.paths = paths
        self.anchors = cache(lambda path: anchors_in(read(path)))

    def leads(self, file: str, text: str, link: str) -> str:
        """Return the path, with its anchor, to which a link in a file leads; empty where it leads nowhere."""
        target, _, anchor = link.partition("#")
        target = target.partition("?")[0]
        path = file if not target else self.find(file, text, target)
        if not path or (anchor and path.endswith((".md", ".html")) and anchor not in self.anchors(path)):
            return ""
        return f"{path}#{anchor}"

    def find(self, file: str, text: str, target: str) -> str:
        """Return the file or folder that a relative path means."""
        folder = posixpath.dirname(file)
        named = DOCS_DIR.search(text) if file.endswith((".yml", ".yaml")) else None
        bases = [folder] if not target.startswith("/") else [""]
        bases += [posixpath.join(bases[0], named[1] if named else "docs")]
        for base in bases:
            path = posixpath.normpath(posixpath.join(base, target.strip("/"))).lstrip("/")
            bare = path.removesuffix(".html")
            for candidate in (path, *(f"{bare}{page}" for page in PAGES)):
                if candidate in self.paths:
                    return candidate
        return ""


def anchors_in(data: bytes) -> set[str]:
    """Return the anchors of a page: its headings, and what says that it is one."""
    text = view(data)
    explicit = {match[1] or match[2] for match in EXPLICIT.finditer(text)}
    return explicit | set(anchors_of(text))


def links_in(data: bytes, form: str) -> list[str]:
    """Return the links of a page, in order; of YAML all texts, since any may be a page of a navigation."""
    if form == "yaml":
        try:
            spans = yamltext.read(data)[1]
        except ValueError:
            return []
        return [view(data[start:end]) for start, end in sorted(spans)]
    text = view(data)
    found = [next(filter(None, match.groups())) for match in LINK.finditer(text)]
    if form == "rst" or "toctree" in text:
        found += [match[1] for match in ENTRY.finditer(text)]
    return found


def broken(form: str, before: tuple[Site, str, bytes], now: tuple[Site, str, bytes]) -> Iterator[str]:
    """Yield the links of a page that led somewhere before and lead nowhere now."""
    if form not in FORMS:
        return
    old, new = links_in(before[2], form), links_in(now[2], form)
    if len(old) != len(new):
        return  # somebody edited it
    text = view(before[2]), view(now[2])
    for was, link in zip(old, new, strict=True):
        if ELSEWHERE.match(was) or not (led := before[0].leads(before[1], text[0], was)):
            continue
        if not now[0].leads(now[1], text[1], link):
            yield f"{was} led to {led.removesuffix('#')}, and {link} leads nowhere"
