"""How the site behaves in Chromium: from a server and from a folder, light and dark, on a phone.

Two passes over all pages, side by side: one from a local server in light colours, one from the folder in
dark ones. Each watches the network and the console, measures the width of the page and lets axe look at
contrast and other basics.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, TimeoutError, sync_playwright

from checks.pages import Site

PHONE = {"width": 375, "height": 812}
SEARCHES = ("Conv2d", "kv cache", "renumber")
FOUND = """words => {
    const list = document.querySelector(".md-search-result__list");
    return list && words.every(word => list.innerText.toLowerCase().includes(word));
}"""
# The reference unfolds a thousand sources, and they look like all other code: the first ones are enough.
FEWER_SOURCES = """
    [...document.querySelectorAll("details.mkdocstrings-source")].slice(3).forEach(it => it.remove())
"""
AXE = Axe(Axe().axe_script + (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8"))
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
# Without preloading, in which axe asks for style sheets in a way that pages opened from a folder may not.
RULES = {"runOnly": STANDARDS, "resultTypes": ["violations"], "preload": False}


def faults(site: Site, program: str) -> list[str]:
    """Return what is wrong in a browser."""
    found = shutil.which(program)
    if found is None:
        return [f"there is no browser {program}"]
    names = [page.name for page in site.pages.values() if page.name != "404.html"]
    with served(site.root) as address, ThreadPoolExecutor(2) as pool:
        from_server = pool.submit(look, found, address, names, "light")
        from_folder = pool.submit(look, found, site.root.as_uri(), names, "dark")
        return [*from_server.result(), *from_folder.result()]


class Silent(http.server.SimpleHTTPRequestHandler):
    """A server of files that prints nothing."""

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a port of its own."""
    handler = functools.partial(Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def look(program: str, home: str, names: list[str], scheme: str) -> list[str]:
    """Look at all pages, and search, in a browser of its own; return what is wrong."""
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program) as browser:
        page = browser.new_page(viewport=PHONE, color_scheme=scheme, reduced_motion="reduce")
        said = listen(page, home)
        found = []
        for name in names:
            page.goto(f"{home}/{name}")
            drawn(page)
            found += [f"{scheme} {name}: {fault}" for fault in [*said, *too_wide(page), *accessibility(page)]]
            said.clear()
        for words in SEARCHES:
            page.goto(f"{home}/index.html")
            if not searched(page, words):
                found.append(f"{scheme}: nothing is found for {words!r}")
        return found + [f"{scheme} while searching: {fault}" for fault in said]


def listen(page: Page, home: str) -> list[str]:
    """Return a list that takes up what goes wrong in a page: errors, and what it asks the network for."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request",
        lambda request: said.append(f"asks for {request.url}") if leaves(request.url, home) else None,
    )
    page.on(
        "response",
        lambda answer: said.append(f"{answer.status}: {answer.url}") if answer.status > 399 else None,
    )
    page.on("requestfailed", lambda request: said.append(f"didn't get {request.url}"))
    return said


def leaves(url: str, home: str) -> bool:
    """Tell whether a request goes beyond the site."""
    return not url.startswith((home, "data:", "blob:"))


def drawn(page: Page) -> None:
    """Wait until the page's diagrams are drawn."""
    page.wait_for_function("!document.querySelector('pre.diagram')")


def too_wide(page: Page) -> list[str]:
    """Tell whether the page is wider than the phone, and what sticks out."""
    width = page.evaluate("document.documentElement.scrollWidth")
    return [f"is {width} px wide on a phone of {PHONE['width']}"] if width > PHONE["width"] else []


def accessibility(page: Page) -> list[str]:
    """Return what axe finds: the rule, how often, and the first place."""
    page.evaluate(FEWER_SOURCES)
    violations = AXE.run(page, options=RULES).response["violations"]
    return [f"{v['id']} ({len(v['nodes'])} times): {v['nodes'][0]['html'][:100]}" for v in violations]


def searched(page: Page, words: str) -> bool:
    """Tell whether the search finds something in which all the words stand."""
    field = page.locator("input.md-search__input")
    page.locator("label.md-header__button[for=__search]").click()
    page.get_by_text("Type to start searching").wait_for()  # the index is there
    field.press_sequentially(words)  # the page listens for keys
    try:  # what is found changes with each letter
        page.wait_for_function(FOUND, arg=words.lower().split(), timeout=30_000)
    except TimeoutError:
        return False
    return True
