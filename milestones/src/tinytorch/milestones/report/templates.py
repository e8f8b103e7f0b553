"""HTML with places to fill in."""

from __future__ import annotations

from importlib.resources import files
from string import Template

NO_PICTURE = '<div class="nopicture">Not drawn. For pictures: <code>pip install matplotlib</code></div>'


def read(name: str) -> str:
    """Return a file that lies beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def fill(name: str, **words: str) -> str:
    """Fill the places that a template leaves open.

    Args:
        name: the template's file.
        words: what goes into each place, as HTML; only pictures may be missing.
    """
    template = Template(read(name))
    absent = {place: NO_PICTURE for place in template.get_identifiers() if place.startswith("picture_")}
    return template.substitute(absent | words)
