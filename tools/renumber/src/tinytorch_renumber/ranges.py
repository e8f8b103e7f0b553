"""Version ranges: letting those of siblings admit a package's next version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from .model import Edit

REQUIREMENT = re.compile(
    r"[\"'](?P<name>[A-Za-z0-9][\w.-]*)[ \t]*(?:\[[^\]\"']*\])?[ \t]*(?P<range>\(?[<>=!~][^;\"'@)\n]*)",
    re.ASCII,
)
CLAUSE = re.compile(r"(===|~=|==|!=|<=|>=|<|>)([ \t]*)([^,\s]+)")


def widened(text: str, new: Mapping[str, Version]) -> Iterator[Edit]:
    """Yield the edits that let each range in a pyproject.toml admit the new versions, where it doesn't."""
    for match in REQUIREMENT.finditer(text):
        version = new.get(canonicalize_name(match["name"]))
        if version is None or admits(match["range"], version):
            continue
        after = CLAUSE.sub(partial(moved, version), match["range"])
        if admits(after, version):
            yield Edit(*match.span("range"), after.encode("latin-1"))


def admits(text: str, version: Version) -> bool:
    """Whether a range holds a version; one that can't be read is left alone as if it did."""
    try:
        return SpecifierSet(text.strip("() \t")).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True


def moved(new: Version, clause: re.Match[str]) -> str:
    """Return one clause of a range with its number moved on, in as many parts as it had."""
    operator, space, number = clause.groups()
    bare = number.removesuffix(".*")
    try:
        old = Version(bare)
    except InvalidVersion:
        return clause[0]
    size = len(old.release)
    if operator in ("<", "<="):
        ahead = (new.major + 1,) if new.major else (0, new.minor + 1)
        operator = "<"
        parts = (*ahead, *[0] * size)[: max(size, len(ahead))]
    elif operator in ("!=", ">") or (operator == ">=" and old > new):
        return clause[0]
    elif operator in ("==", "===") and bare == number:
        parts = new.release
    else:
        parts = (*new.release, *[0] * size)[:size]
    return f"{operator}{space}{'.'.join(map(str, parts))}{number[len(bare) :]}"
