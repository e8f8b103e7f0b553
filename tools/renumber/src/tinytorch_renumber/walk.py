"""Walking a tree: what is a file of the course, what tells the past, and what is nobody's business."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .plan import Plan

# Folders that tools fill, and that are neither read nor entered. They move along with the folder they lie in.
SKIPPED = frozenset(
    re.findall(
        r"\S+",
        """
        .git .hg .svn .renumber __pycache__ .nox .tox .venv venv node_modules .mypy_cache .pytest_cache
        .ruff_cache .hypothesis .ipynb_checkpoints .eggs .cache build dist _build site-packages
        """,
    )
)
GENERATED = re.compile(r".*\.(?:lock|pyc|pyo|min\.js|map|egg-info)$|.*-lock\.(?:json|yaml)$|uv\.lock$")
HISTORY = re.compile(
    r"(?i)(?:changelog|changes|history|news|release[-_]?notes)(?:\.\w+)?$|.*\.log(?:\.\d+)?$"
)
BINARY = re.compile(
    r"\.(?:png|jpe?g|gif|webp|ico|pdf|zip|gz|bz2|xz|tar|whl|np[yz]|so|dll|pyd|exe|woff2?|ttf|mp[34]|pth?|onnx|bin)$"
)
FORMS = {
    ".py": "python", ".pyi": "python", ".ipynb": "notebook", ".md": "markdown", ".markdown": "markdown",
    ".qmd": "markdown", ".json": "json", ".toml": "toml", ".yml": "yaml", ".yaml": "yaml", ".html": "html",
    ".htm": "html", ".csv": "csv", ".tsv": "csv",
    ".rst": "rst", ".txt": "text", ".safetensors": "safetensors",
}  # fmt: skip
MARKER = ".renumberignore"  # a folder with a file of this name is left alone, with all it holds
LARGEST = 64 * 2**20  # bytes; larger files are reported, not read


@dataclass(slots=True)
class Entry:
    """A file, folder or link below the root, by its path with slashes."""

    path: str
    kind: str  # file folder link
    size: int = 0

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def form(self) -> str:
        """The format, or the reason why it is never rewritten: history, generated, binary, large."""
        suffix = os.path.splitext(self.name)[1].lower()
        if GENERATED.match(self.name):
            return "generated"
        if HISTORY.match(self.name):
            return "history"
        if BINARY.match(suffix):
            return "binary"
        if self.size > LARGEST and suffix != ".safetensors":
            return "large"
        return FORMS.get(suffix, "text")


def walk(root: Path, plan: Plan) -> Iterator[Entry]:
    """Yield everything below the plan's roots, folders before what they hold, never through a link."""
    seen: set[str] = set()
    for start in plan.roots:
        folder = start.strip("/") if start not in (".", "") else ""
        folder = folder.removeprefix("./")
        if any((root / part).is_symlink() for part in above(folder)):
            continue
        yield from _walk(root, folder, plan.ignore, seen)


def above(folder: str) -> list[str]:
    """Return a relative path and those of all folders above it."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _walk(root: Path, folder: str, ignore: tuple[str, ...], seen: set[str]) -> Iterator[Entry]:
    waiting = [folder]
    while waiting:
        folder = waiting.pop()
        if folder in seen:
            continue
        seen.add(folder)
        try:
            found = sorted(os.scandir(root / folder), key=lambda item: item.name)
        except PermissionError:
            continue
        if any(item.name == MARKER for item in found):
            continue
        below = []
        for item in found:
            path = f"{folder}/{item.name}" if folder else item.name
            if any(fnmatch.fnmatch(path, pattern) for pattern in ignore):
                continue
            if item.is_symlink():
                yield Entry(path, "link")
            elif item.is_dir(follow_symlinks=False):
                if item.name in SKIPPED or item.name.endswith(".egg-info"):
                    continue
                yield Entry(path, "folder")
                below.append(path)
            elif item.is_file(follow_symlinks=False):
                yield Entry(path, "file", item.stat(follow_symlinks=False).st_size)
        waiting += reversed(below)
