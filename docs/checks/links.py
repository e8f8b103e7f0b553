"""Links lead somewhere, and a page needs nothing from elsewhere."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from checks.pages import Page, Site

LOADED = {"img": "src", "script": "src", "iframe": "src", "source": "srcset", "video": "src", "audio": "src"}


def broken(site: Site) -> list[str]:
    """Return the links within the site that lead to no file, or to no place on a page."""
    faults = []
    for page in site.pages.values():
        for tag, target in references(page):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            file = (page.file.parent / unquote(parts.path)).resolve() if parts.path else page.file
            if page.name == "404.html" and parts.path.startswith("/"):
                file = (site.root / unquote(parts.path).lstrip("/")).resolve()
            elif parts.path.startswith("/"):
                faults.append(f"{page.name}: <{tag}> {target}: begins at the server's root")
                continue
            if not file.is_file():
                faults.append(f"{page.name}: <{tag}> {target}: there is no such file")
            elif file in site.pages and unquote(parts.fragment) not in site.pages[file].anchors:
                faults.append(f"{page.name}: <{tag}> {target}: there is no such place")
    return sorted(set(faults))


def references(page: Page) -> list[tuple[str, str]]:
    """Return all addresses that a page names, with the tag that does."""
    found = []
    for tag in page.tree.iter("a", "link", *LOADED):
        value = tag.get(LOADED.get(tag.tag, "href"))
        if value and not value.startswith("data:"):
            found.append((tag.tag, value.split(" ")[0] if tag.tag == "source" else value))
    return found


def foreign(site: Site) -> list[str]:
    """Return the scripts, styles, fonts and pictures that would come over the network."""
    faults = []
    for page in site.pages.values():
        for tag, target in references(page):
            if tag != "a" and (urlsplit(target).netloc or urlsplit(target).scheme in ("http", "https")):
                faults.append(f"{page.name}: <{tag}> {target}")
        for style in page.tree.iter("style"):
            faults += [f"{page.name}: {url}" for url in foreign_in_style(style.text or "")]
    for file in sorted(site.root.rglob("*.css")):
        faults += [f"{file.name}: {url}" for url in foreign_in_style(file.read_text(encoding="utf-8"))]
    return faults


def foreign_in_style(text: str) -> list[str]:
    """Return what a style sheet would load from other servers."""
    return re.findall(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""", text)
