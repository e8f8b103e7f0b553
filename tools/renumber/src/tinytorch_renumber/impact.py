"""What a plan would cost: measured on the tree, one column for each plan."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .model import FileScan
from .names import Names
from .plan import Plan
from .tree import TreeScan, scan_tree

LABELS = {
    "folders": "module folders renamed",
    "paths": "other files and folders renamed",
    "imports": "import statements changed",
    "documents": "documentation files updated",
    "tests": "test files changed",
    "notebooks": "notebooks updated",
    "references": "other references rewritten",
    "left": "places left for a person",
    "facade_imports": "facade imports that break",
    "numbered_imports": "numbered imports that break",
    "learner": "modules whose number a learner has to relearn",
    "similarity": "rename similarity, lowest",
    "bumps": "version bump",
    "seconds": "seconds of CPU for the measurement",
}


@dataclass
class Impact:
    """One column of the table."""

    plan: str
    folders: int = 0
    paths: int = 0
    imports: int = 0
    documents: int = 0
    tests: int = 0
    notebooks: int = 0
    references: int = 0
    left: int = 0
    facade_imports: int = 0
    numbered_imports: list[str] = field(default_factory=list)
    learner: int = 0
    similarity: str = "-"
    bumps: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def measure(root: Path, plan: Plan) -> Impact:
    """Scan a tree under a plan and count."""
    begin = time.process_time()
    scan = scan_tree(root, plan)
    result = Impact(plan.name)
    names = Names(plan)
    for rename in scan.renames:
        module = is_module(rename.before.rpartition("/")[2], names) and (root / rename.before).is_dir()
        result.folders += module
        result.paths += not module
    for item in scan.changed:
        changed = [r for r in item.references if r.after != r.before]
        statements = {r.line for r in changed if r.kind == "import"}
        result.imports += len(statements)
        result.references += sum(r.kind != "import" for r in changed)
        result.notebooks += item.form == "notebook"
        test = re.search(r"(?:^|/)tests?/|(?:^|/)test_[^/]*$", item.path) is not None
        result.tests += test
        result.documents += item.form in ("markdown", "rst", "html") and not test
    result.left = len(scan.left)
    # Only a deleted module's imports have nowhere to go; all others lead to the same code under another name.
    result.facade_imports = sum(r.kind == "import" for r in scan.left)
    result.numbered_imports = sorted(moved_packages(scan))
    result.learner = sum(plan.moves(slug) for slug in plan.source)
    result.similarity = similarity(scan)
    result.bumps = bumps(scan)
    result.seconds = round(time.process_time() - begin, 2)
    return result


def is_module(name: str, names: Names) -> bool:
    """Whether a folder's name is a module's, not one that only holds it."""
    match = re.fullmatch(r"(?:m|module_|module-)?\d+[_-](.+)", name)
    return match is not None and names.module(match[1]) is not None


def moved_packages(scan: TreeScan) -> set[str]:
    """Return the dotted names of the numbered packages that move: who imports them has to change."""
    packages = {entry.path.rpartition("/")[0] for entry in scan.entries if entry.name == "__init__.py"}
    found = set()
    for rename in scan.renames:
        if rename.before in packages and rename.before.rpartition("/")[2].isidentifier():
            found.add(re.sub(r"^.*?(?:^|/)src/", "", rename.before).replace("/", "."))
    return found


def similarity(scan: TreeScan) -> str:
    """Return the share of bytes that stays in the renamed file that changes most, as git counts it."""
    lowest = 1.0
    moved = False
    for item in scan.files:
        if scan.new_path(item.path) not in (item.path, None) and item.size:
            moved = True
            lowest = min(lowest, 1 - changed_lines(scan.root, item) / item.size)
    return f"{lowest:.0%}" if moved else "-"


def changed_lines(root: Path, item: FileScan) -> int:
    """Return the bytes of the lines that change: git compares lines."""
    if not item.edits:
        return 0
    data = (root / item.path).read_bytes()
    lines = set()
    for edit in item.edits:
        start = data.rfind(b"\n", 0, edit.start) + 1
        end = data.find(b"\n", edit.end)
        lines.add((start, len(data) if end < 0 else end + 1))
    return sum(end - start for start, end in lines)


def bumps(scan: TreeScan) -> dict[str, str]:
    """Return the version bump of each package: a moved numbered package breaks whoever imports it."""
    homes = {
        entry.path.rpartition("/")[0]
        for entry in scan.entries
        if entry.name == "pyproject.toml" and entry.kind == "file"
    }

    def home(path: str) -> str | None:
        parts = path.split("/")
        for size in range(len(parts) - 1, -1, -1):
            if "/".join(parts[:size]) in homes:
                return "/".join(parts[:size])
        return None

    result: dict[str, str] = {}
    for item in scan.changed:
        owner = home(item.path)
        if owner is not None and "/tests/" not in f"/{item.path}":
            result.setdefault(owner or ".", "patch")
    packages = {entry.path.rpartition("/")[0] for entry in scan.entries if entry.name == "__init__.py"}
    for rename in scan.renames:
        owner = home(rename.before)
        if owner is not None and rename.before in packages and "/tests/" not in f"/{rename.before}":
            result[owner or "."] = "major"
    return dict(sorted(result.items()))


def table(columns: Iterable[Impact]) -> list[list[str]]:
    """Return the comparison as rows of texts, the first of them the heading."""
    columns = list(columns)
    rows = [["", *(column.plan for column in columns)]]
    for key, label in LABELS.items():
        cells = []
        for column in columns:
            value = asdict(column)[key]
            if isinstance(value, dict):
                value = ", ".join(f"{name} {bump}" for name, bump in value.items()) or "none"
            elif isinstance(value, list):
                value = ", ".join(value) or "none"
            elif key == "facade_imports":
                value = value or "none"
            cells.append(str(value))
        rows.append([label, *cells])
    return rows


def markdown(rows: list[list[str]]) -> str:
    """Return rows as a Markdown table."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, f"|{'---|' * len(rows[0])}")
    return "\n".join(lines) + "\n"
