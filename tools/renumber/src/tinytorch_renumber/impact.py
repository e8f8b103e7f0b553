"""What a plan would cost: measured on the tree, one column for each plan."""

from __future__ import annotations

import posixpath
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .bump import plan_bumps
from .model import FileScan
from .names import Names
from .packages import Moved, find_packages, moved_paths
from .plan import Plan
from .shims import Shim, plan_shims
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
    "facade_imports": "public imports that break: facade",
    "numbered_imports": "public imports that break: numbered",
    "shims": "public imports that break: numbered, with --shims",
    "learner": "learner impact",
    "similarity": "git rename similarity, lowest",
    "bumps": "version bump of each package",
    "bumps_with_shims": "version bump of each package, with --shims",
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
    shims: str = ""
    learner: str = ""
    similarity: str = "-"
    bumps: dict[str, str] = field(default_factory=dict)
    bumps_with_shims: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    problem: str = ""  # why the plan doesn't fit the tree, where it doesn't


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
    moved = moved_paths(scan, find_packages(scan))
    result.numbered_imports = [item.before for item in moved]
    shims = plan_shims(scan)
    result.shims = forwarded(scan, shims, moved)
    result.learner = learner(plan)
    result.similarity = similarity(scan)
    result.bumps = {bump.package.name: str(bump) for bump in plan_bumps(scan).every}
    result.bumps_with_shims = {bump.package.name: str(bump) for bump in plan_bumps(scan, shims).every}
    result.seconds = round(time.process_time() - begin, 2)
    return result


def forwarded(scan: TreeScan, shims: Sequence[Shim], moved: Sequence[Moved]) -> str:
    """Say what shims change: which numbered imports go on working, with a warning, and which don't."""
    places = {shim.path.rpartition("/")[0] for shim in shims}
    broken = [item.before for item in moved if not (item.after and old_place(scan, item.path) in places)]
    works = (
        f"; {len(moved) - len(broken)} work, with a DeprecationWarning" if len(moved) > len(broken) else ""
    )
    return (", ".join(broken) or "none") + works


def old_place(scan: TreeScan, path: str) -> str:
    """Return where a path's old name is looked for afterwards."""
    folder, _, name = path.rpartition("/")
    return posixpath.join((scan.new_path(folder) if folder else "") or "", name)


def learner(plan: Plan) -> str:
    """Say what a learner notices who imports from the facades."""
    moved = [slug for slug in plan.source if plan.moves(slug) and slug in plan.target]
    lost = [slug for slug, fate in plan.removed.items() if fate == "unnumber"]
    deleted = [slug for slug, fate in plan.removed.items() if fate == "delete"]
    parts = [f"{len(moved)} modules get another number"] if moved and not plan.applied else []
    parts += [f"{slug} loses its number" for slug in lost]
    parts += [f"{slug} is deleted" for slug in deleted]
    for slug, marks in plan.marks.items():
        words = [
            f"path {value}" if key == "path" else f"{'' if value else 'not '}{key}"
            for key, value in marks.items()
        ]
        parts.append(f"{slug}: {', '.join(words)}")
    return "; ".join(parts) or "none"


def is_module(name: str, names: Names) -> bool:
    """Whether a folder's name is a module's, not one that only holds it."""
    match = re.fullmatch(r"(?:m|module_|module-)?\d+[_-](.+)", name)
    return match is not None and names.module(match[1]) is not None


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
            if column.problem:
                value = f"the plan doesn't fit this tree: {column.problem}" if key == "folders" else "-"
            cells.append(str(value))
        rows.append([label, *cells])
    return rows


def markdown(rows: list[list[str]]) -> str:
    """Return rows as a Markdown table."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, f"|{'---|' * len(rows[0])}")
    return "\n".join(lines) + "\n"
