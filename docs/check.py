"""Check the site that was built: links, code, commands, reference, basics, and how it behaves in a browser.

    python docs/check.py --browser chromium
    python docs/check.py --no-browser

The second leaves out what needs a browser, and says so. Exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from checks import basics, code, commands, links, reference
from checks.pages import Site
from course import ROOT

CHECKS: dict[str, Callable[[Site], list[str]]] = {
    "links and anchors lead somewhere": links.broken,
    "nothing is loaded from elsewhere": links.foreign,
    "titles, headings, alternative texts": basics.faults,
    "the reference is complete": reference.missing,
    "the commands exist": commands.wrong,
    "the code of pages runs": code.failing,
}


def main() -> int:
    """Run all checks; return the exit code."""
    parser = argparse.ArgumentParser(description="Check the site in build/docs.")
    browser = parser.add_mutually_exclusive_group(required=True)
    browser.add_argument("--browser", metavar="PROGRAM", help="Chromium or Chrome: a name or a path")
    browser.add_argument("--no-browser", action="store_true", help="leave out what needs a browser")
    parser.add_argument("--only", metavar="WORD", default="", help="only checks with this word in their name")
    options = parser.parse_args()
    checks = dict(CHECKS)
    if options.browser:
        from checks import browser as browser_checks

        checks["in a browser"] = lambda site: browser_checks.faults(site, options.browser)
    site = Site(ROOT / "build")
    wrong = sum(report(name, check, site) for name, check in checks.items() if options.only in name)
    if options.no_browser:
        print(
            "NOT CHECKED: search, network, console, contrast, width. That needs Chromium: --browser PROGRAM"
        )
    return 1 if wrong else 0


def report(name: str, check: Callable[[Site], list[str]], site: Site) -> int:
    """Run a check, print what it found, return how much that is."""
    begin = time.perf_counter()
    found = check(site)
    print(f"{'WRONG' if found else 'ok':6}{name} ({time.perf_counter() - begin:.1f} s)", flush=True)
    for fault in found:
        print(f"      {fault}", flush=True)
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
