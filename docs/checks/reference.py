"""The reference shows every public name, at a place that is called like it."""

from __future__ import annotations

from course import ROOT, stubs

from checks.pages import Site


def missing(site: Site) -> list[str]:
    """Return the public names, as the facades' stubs list them, that have no place in the track's pages."""
    faults = []
    for stub in sorted(ROOT.glob("packages/*/src/tinytorch/*/__init__.pyi")):
        folder = site.root / "reference" / stub.parent.name
        pages = [page for page in site.pages.values() if folder in page.file.parents]
        places = {place for page in pages for place in page.anchors}
        wanted = {f"{facade}.{name}" for facade, names in stubs(stub.parent) for name in names}
        faults += [f"{name} isn't in the reference" for name in sorted(wanted - places)]
    return faults
