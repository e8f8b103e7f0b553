"""The Python code of pages runs.

That of lessons is run where lessons are tested, in tests/tracks; a block with a title shows a file of the
tree, which has tests of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from checks.pages import Site, blocks

# Blocks of a page share their names. What follows `>>>` is compared exactly. A process for each page.
RUN = """
import doctest, json, sys
page, blocks = json.load(sys.stdin)
names = {"__name__": "page"}
for code, line in blocks:
    if ">>>" in code:
        test = doctest.DocTestParser().get_doctest(code, names, page, page, line - 1)
        test.globs = names
        report = []
        if doctest.DocTestRunner(verbose=False).run(test, out=report.append, clear_globs=False).failed:
            sys.exit("".join(report))
    else:
        exec(compile("\\n" * (line - 1) + code, page, "exec"), names)
"""


def failing(site: Site) -> list[str]:
    """Return for each page whose code fails the end of what was said."""
    pages = {name: text for name, text in site.texts.items() if not name.startswith("modules/")}
    with ThreadPoolExecutor(4) as pool:
        return [fault for faults in pool.map(run, pages, pages.values()) for fault in faults]


def run(page: str, text: str) -> list[str]:
    """Run the blocks of one page; return what is wrong."""
    found = blocks(text)
    faults = [
        f"{page}:{block.line}: marked {block.language!r}; Python is marked 'python', so that it runs"
        for block in found
        if block.language.startswith("py") and block.language != "python"
    ]
    code = [(block.text, block.line) for block in found if block.language == "python" and not block.title]
    if code:
        given = json.dumps([page, code])
        done = subprocess.run([sys.executable, "-c", RUN], input=given, capture_output=True, encoding="utf-8")
        if done.returncode:
            faults.append(f"{page}: " + " | ".join(done.stderr.strip().splitlines()[-6:]))
    return faults
