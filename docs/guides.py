"""The tables of the guides: what packages bring, options of numbering, PyTorch name by name, speed, jobs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

from course import ROOT, Course, Module, Package
from generated import AFTER, MILESTONES, link


def packages_table(course: Course, page: str) -> str:
    """Return the table of the packages: what each brings and needs."""
    rows = ["| package | what it brings | needs | extras |", "|---|---|---|---|"]
    for package in course.packages:
        needs = ", ".join(name_of(text) for text in package.dependencies)
        extras = "; ".join(
            f"`[{extra}]` {', '.join(map(name_of, found))}" for extra, found in package.extras.items()
        )
        rows.append(f"| `{package.name}` {package.version} | {package.description} | {needs} | {extras} |")
    return "\n".join(rows)


def sizes_table(course: Course, page: str) -> str:
    """Return what each package brings and how large it is, measured from the wheels that were built."""
    rows = ["| package | modules | wheel | installed | needs |", "|---|---|---|---|---|"]
    for package in course.packages:
        modules = [m for m in course.modules if f"tinytorch-{m.track}" == package.name]
        named = ", ".join(link(m, page) for m in modules) or package.description
        wheel, unpacked = measured(package)
        needs = ", ".join(name_of(text) for text in package.dependencies)
        rows.append(f"| `{package.name}` | {named} | {wheel} | {unpacked} | {needs} |")
    return "\n".join(rows)


def measured(package: Package) -> tuple[str, str]:
    """Return the size of a package's wheel, and of what is in it."""
    wheels = sorted((ROOT / "build" / "dist" / package.name).glob("*.whl"))
    if not wheels:
        return "not built", "not built"
    with zipfile.ZipFile(wheels[-1]) as files:
        unpacked = sum(entry.file_size for entry in files.infolist())
    return kilobytes(wheels[-1].stat().st_size), kilobytes(unpacked)


def kilobytes(size: int) -> str:
    """Return a size in words."""
    return f"{size / 1000:,.0f}&nbsp;kB" if size < 10_000_000 else f"{size / 1_000_000:,.0f}&nbsp;MB"


def foreign_table(course: Course, page: str) -> str:
    """Return how large the packages of others are that ours need, as they are installed here."""
    users: dict[str, list[str]] = {}
    for package in course.packages:
        for text in package.dependencies:
            if not name_of(text).startswith("tinytorch"):
                users.setdefault(name_of(text), []).append(f"`{package.name}`")
    rows = ["| package | installed | needed by |", "|---|---|---|"]
    for name, ours in sorted(users.items()):
        files = metadata.distribution(name).files or []
        paths = [Path(str(file.locate())) for file in files]
        size = sum(path.stat().st_size for path in paths if path.is_file())
        rows.append(f"| {name} | {kilobytes(size)} | {', '.join(ours)} |")
    return "\n".join(rows)


def name_of(requirement: str) -> str:
    """Return the package that a requirement names."""
    return requirement.split(">")[0].split("=")[0].split("[")[0].strip()


def impact_table(course: Course, page: str) -> str:
    """Return the table that compares the three options, as the migration tool measures it on this tree."""
    command = [sys.executable, "-m", "tinytorch_renumber", "impact", "option-1", "option-2", "option-3"]
    command += ["--markdown", "--root", str(ROOT)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def slug_table(course: Course, page: str) -> str:
    """Return slug, number and page of every module."""
    rows = ["| slug | number here | module |", "|---|---|---|"]
    rows += [f"| `{m.slug}` | {m.number} | {link(m, page)} |" for m in course.modules]
    return "\n".join(rows)


def semester_table(course: Course, page: str) -> str:
    """Return the core path as weeks: a module a week, a milestone as soon as it can be run."""
    rows = ["| week | module | to hand in | milestone at its end |", "|---|---|---|---|"]
    modules = [m for m in course.modules if m.path == "core" and not m.optional]
    for week, module in enumerate(modules, 1):
        ready = [m for m in MILESTONES if AFTER[m.name] == module.slug]
        named = ", ".join(f"[{m.title}](../milestones/{m.name}.md)" for m in ready)
        rows.append(f"| {week} | {link(module, page)} | {checks_of(module)} checks | {named} |")
    return "\n".join(rows)


def checks_of(module: Module) -> int:
    """Return how many checks a module has."""
    tree = ast.parse((module.folder / "checks.py").read_text(encoding="utf-8"))
    return sum(isinstance(n, ast.FunctionDef) and n.name.startswith("check_") for n in tree.body)


def trainer_examples(course: Course, page: str) -> str:
    """Return each milestone's loop as a trainer runs it."""
    lines = []
    for m in MILESTONES:
        name = f"{m.name}_{m.year}"
        code = (ROOT / "docs" / "examples" / f"{name}.py").read_text(encoding="utf-8").strip()
        lines += [f"## {m.title}", "", f"`python docs/examples/{name}.py`", ""]
        lines += [f'``` {{ .python title="{name}.py" }}', code, "```", ""]
    return "\n".join(lines)


def jobs_table(course: Course, page: str) -> str:
    """Return the jobs of noxfile.py with what each says of itself."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    rows = ["| job | what it does | in plain `python -m nox` |", "|---|---|---|"]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            marks = [ast.unparse(mark) for mark in node.decorator_list if "session" in ast.unparse(mark)]
            if marks:
                words = (ast.get_docstring(node) or "").splitlines()[0]
                rows.append(f"| `{node.name}` | {words} | {'no' if 'default=False' in marks[0] else 'yes'} |")
    return "\n".join(rows)


def mapping() -> dict[str, Any]:
    """Return what tools/oracle/mapping.py found."""
    found: dict[str, Any] = json.loads((ROOT / "docs" / "pytorch.json").read_text(encoding="utf-8"))
    return found


def pytorch_names(course: Course, page: str) -> str:
    """Return every public name with its place in PyTorch and how it differs, a table for each facade."""
    facades: dict[str, list[str]] = {entry["name"].rpartition(".")[0]: [] for entry in mapping()["names"]}
    for entry in mapping()["names"]:
        facade, _, name = entry["name"].rpartition(".")
        notes = [f"without `{'`, `'.join(entry['without'])}`"] if "without" in entry else []
        notes += entry.get("differs", [])
        said = "differs: " + "; ".join(notes) if notes else "same" if entry["pytorch"] else ""
        place = f"`{entry['pytorch']}`" if entry["pytorch"] else "*only here*"
        link_to = f"[{entry['name']}]"
        if entry["name"] in facades:  # it has a place, but no entry
            link_to = f"(../reference/{facade.split('.')[1]}/index.md#{entry['name']})"
        facades[facade].append(f"| [`{name}`]{link_to} | {place} | {said} |")
    lines = []
    for facade, rows in facades.items():
        lines += [f"### From `{facade}`", "", "| here | in PyTorch | |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def pytorch_counts(course: Course, page: str) -> str:
    """Return in one sentence how many names are the same, differ, or exist only here."""
    names = mapping()["names"]
    theirs = [entry for entry in names if entry["pytorch"]]
    same = [entry for entry in theirs if "differs" not in entry and "without" not in entry]
    return (
        f"Of {len(names)} public names, {len(same)} are the same as in PyTorch {mapping()['torch']}, "
        f"{len(theirs) - len(same)} differ in something that the tables name, and "
        f"{len(names) - len(theirs)} exist only here."
    )


def pytorch_missing(course: Course, page: str) -> str:
    """Return the names of PyTorch's that don't exist here."""
    lines = []
    for module, names in mapping()["missing"].items():
        if names:
            lines += [f"**`{module}`**: " + ", ".join(f"`{name}`" for name in names) + ".", ""]
    return "\n".join(lines)


def pytorch_general(course: Course, page: str) -> str:
    """Return what differs everywhere, as the comparison with PyTorch has it."""
    tree = ast.parse((ROOT / "tools" / "oracle" / "deviations.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "GENERAL":
            found: dict[str, str] = ast.literal_eval(node.value)
            return "\n".join(f"- **{what}**: {how}" for what, how in found.items())
    raise LookupError("GENERAL")


def bench_tables(course: Course, page: str) -> str:
    """Return the figures of docs/bench.json, as the benchmark wrote them."""
    found = json.loads((ROOT / "docs" / "bench.json").read_text(encoding="utf-8"))
    lines = [f"Measured on {found['machine']}, with {found['versions']}, by `{found['command']}`.", ""]
    for table in found["tables"]:
        heads = table["columns"]
        lines += [f"### {table['title']}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
        lines += [f"| {' | '.join(map(str, row))} |" for row in table["rows"]]
        lines.append("")
    return "\n".join(lines)
