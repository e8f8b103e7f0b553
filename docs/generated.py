"""The parts of pages that are made from the tree: tables and diagrams of the course, pages of modules."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

from course import ROOT, Course, Module
from tinytorch.milestones.catalog import MILESTONES

TRACKS = {
    "core": "Foundation",
    "training": "Training",
    "vision": "Vision",
    "language": "Language",
    "systems": "Systems",
}


def front_matter(title: str, description: str, boost: int = 1) -> list[str]:
    """Return the head of a page; what is found in a page with more boost comes first in a search."""
    facts = {"title": title, "description": description, "search": {"boost": boost}}
    return ["---", *(f"{name}: {json.dumps(value)}" for name, value in facts.items()), "---"]


def link(module: Module, page: str) -> str:
    """Return a link to a module's page."""
    return f"[{module.name}]({Path(os.path.relpath(module.page, Path(page).parent)).as_posix()})"


def modules_table(course: Course, page: str) -> str:
    """Return the table of all modules."""
    rows = ["| module | what it is about | track |", "|---|---|---|"]
    for module in course.modules:
        optional = " (optional)" if module.optional else ""
        rows.append(f"| {link(module, page)}{optional} | {module.summary} | `{module.track}` |")
    return "\n".join(rows)


def paths_table(course: Course, page: str) -> str:
    """Return the two learning paths; an optional module is beside the core one and opens the advanced one."""
    lines = []
    for path, title in (
        ("core", "Core path: all that the milestones need"),
        ("advanced", "Advanced path: after them"),
    ):
        lines += [f"## {title}", ""]
        for track, name in TRACKS.items():
            modules = [m for m in course.modules if m.track == track and (m.path == path or m.optional)]
            if modules:
                optional = " (optional: skip it now)" if path == "core" and modules[0].optional else ""
                span = "-".join(dict.fromkeys([modules[0].number, modules[-1].number]))
                listed = ", ".join(link(m, page) for m in modules)
                lines.append(f"- **{f'{span} {name}'.strip()}**{optional}: {listed}")
        lines.append("")
    return "\n".join(lines)


def course_diagram(course: Course, page: str) -> str:
    """Return diagrams of modules and what they need: the core path with its milestones, the advanced path."""
    core = [m for m in course.modules if m.path == "core"]
    rest = [m for m in course.modules if m not in core]
    before = [course.by_slug[slug] for slug in dict.fromkeys(n for m in rest for n in m.needs)]
    lines = diagram(course, core)
    for milestone in MILESTONES:
        lines.append(f'  {milestone.name}(["{milestone.year}<br>{milestone.title}"])')
        lines.append(f"  {AFTER[milestone.name]} ==> {milestone.name}")
    advanced = diagram(course, [m for m in before if m not in rest] + rest)
    return "\n".join(
        [*lines, "```", "", "And the advanced path, with what it begins from:", "", *advanced, "```"]
    )


def diagram(course: Course, modules: list[Module]) -> list[str]:
    """Return the lines of a diagram of some modules: an arrow for each need that isn't implied by others."""
    lines = ["```mermaid", "flowchart TD"]
    lines += [f'  {m.slug}["{m.name}"]' for m in modules]
    slugs = {m.slug for m in modules}
    for module in modules:
        indirect = {far for need in module.needs for far in reached(course, need)}
        arrow = "-.->" if module.optional else "-->"
        direct = [need for need in module.needs if need not in indirect and need in slugs]
        lines += [f"  {need} {arrow} {module.slug}" for need in direct]
    return lines


# After which module, by slug, a milestone can be run.
AFTER = {
    "perceptron": "layers",
    "xor": "optimizers",
    "mlp": "optimizers",
    "cnn": "spatial",
    "transformer": "transformers",
}


def reached(course: Course, slug: str) -> set[str]:
    """Return the slugs of all modules that one needs, directly or through others."""
    return {far for need in course.by_slug[slug].needs for far in {need, *reached(course, need)}}


def milestones_table(course: Course, page: str) -> str:
    """Return the table of the milestones."""
    rows = ["| milestone | year | what is to be seen | after |", "|---|---|---|---|"]
    for m in MILESTONES:
        after = course.by_slug[AFTER[m.name]]
        target = Path(os.path.relpath(f"milestones/{m.name}.md", Path(page).parent)).as_posix()
        rows.append(f"| [{m.title}]({target}) | {m.year} | {m.summary} | {link(after, page)} |")
    return "\n".join(rows)


def module_facts(course: Course, module: Module) -> str:
    """Return the line of facts at the head of a module's page."""
    page = module.page
    needs = (
        ", ".join(link(course.by_slug[slug], page) for slug in module.needs) or "nothing but Python and NumPy"
    )
    ready = [f"[{m.title}](../milestones/{m.name}.md)" for m in MILESTONES if AFTER[m.name] == module.slug]
    unlocks = ", ".join([*(link(other, page) for other in course.unlocks(module)), *ready])
    path = "optional" if module.optional else f"{module.path} path"
    source = module.folder.relative_to(ROOT).as_posix()
    facts = [
        f"**Package** [`tinytorch-{module.track}`](../reference/{module.track}/index.md)",
        f"**Path** {path}",
        f"**Needs** {needs}",
        *([f"**Unlocks** {unlocks}"] if unlocks else []),
        f"**Source** `{source}`",
    ]
    return (
        '<div class="facts" markdown>\n'
        + "\n".join(f"<span markdown>{fact}</span>" for fact in facts)
        + "\n</div>"
    )


def module_names(course: Course, module: Module) -> str:
    """Return the end of a module's page: its steps, its checks, its names."""
    lines = ["## Check your own", "", checks_text(module), "", "## Names", ""]
    for facade, names in module.exports.items():
        shown = ", ".join(f"[`{name}`][{facade}.{name}]" for name in names)
        lines.append(f"From `{facade}`: {shown}.")
        lines.append("")
    return "\n".join(lines)


def checks_text(module: Module) -> str:
    """Return what a learner's own version is checked for, from the docstrings of its checks."""
    tree = ast.parse((module.folder / "checks.py").read_text(encoding="utf-8"))
    lines = ["What `checks.py` asks of your own version of this module:", ""]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
            said = (ast.get_docstring(node) or "").splitlines()[0]
            title = node.name.removeprefix("check_").replace("_", " ")
            lines.append(f"- **{title}**: {said}")
    return "\n".join(lines)
