"""The reference shows every public name, at the place that links to it expect."""

from __future__ import annotations

from course import ROOT, stubs

from checks.pages import Site


def missing(site: Site) -> list[str]:
    """Return the public names, as the facades' stubs list them, that have no place on the track's page."""
    faults = []
    for core in sorted(ROOT.glob("packages/*/src/tinytorch/*/__init__.pyi")):
        page = site.pages.get(site.root / "reference" / f"{core.parent.name}.html")
        for facade, names in stubs(core.parent):
            for name in names:
                if page is None or f"{facade}.{name}" not in page.anchors:
                    faults.append(f"{facade}.{name} isn't in the reference")
    return faults
