"""Make the pages of the site: those written by hand, and those that are made from the tree.

    python docs/build.py

writes build/docs-src (Markdown) and build/mkdocs.yml, from which `mkdocs build` makes build/docs. The site
tool sees nothing but Markdown and a list of pages, so another one can take its place.

In a page written by hand, `[[slug]]` becomes a link to the module of that name with its number and title, and
a line `<!-- generate: NAME -->` becomes what the function NAME of generated.py, guides.py, reference.py or
stories.py returns.

`--pictures` first takes new numbers and pictures of the milestones from build/milestones, where
`python -m nox -s milestones` puts them.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import generated
import guides
import reference
import stories
import yaml
from course import ROOT, Course, Module

DOCS = ROOT / "docs"
OUT = ROOT / "build" / "docs-src"
CONFIG = ROOT / "build" / "mkdocs.yml"
# The pages written by hand, in the order of the navigation; a folder's pages stand in it by name.
SECTIONS = {
    "Start": ["index.md", "install.md", "paths.md"],
    "Modules": ["modules/index.md"],
    "Milestones": ["milestones/index.md"],
    "Guides": ["guides/index.md"],
    "Decisions": ["decisions/index.md"],
    "Reference": ["reference/index.md"],
}


def main() -> int:
    """Write all pages and the site tool's settings; return the exit code."""
    parser = argparse.ArgumentParser(description="Make the pages of the site.")
    parser.add_argument("--pictures", action="store_true", help="take new ones from build/milestones")
    if parser.parse_args().pictures:
        stories.take_pictures(ROOT / "build" / "milestones")
    course = Course()
    shutil.rmtree(OUT, ignore_errors=True)
    shutil.copytree(DOCS / "pages", OUT)
    shutil.copytree(DOCS / "assets", OUT / "assets")
    for module in course.modules:
        write(OUT / module.page, module_page(course, module))
    for name, text in reference.reference_pages(course).items():
        write(OUT / "reference" / name, text)
    for page in sorted(OUT.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        write(page, expanded(course, text, page.relative_to(OUT).as_posix()))
    config = (DOCS / "mkdocs.yml").read_text(encoding="utf-8")
    added = {
        "docs_dir": str(OUT),
        "site_dir": str(ROOT / "build" / "docs"),
        "hooks": [str(DOCS / "hooks.py")],
        "nav": navigation(course),
    }
    config = config.replace(
        "          options:\n", f"          paths: {source_folders()}\n          options:\n", 1
    )
    CONFIG.write_text(f"{config}\n{yaml.safe_dump(added, sort_keys=False)}", encoding="utf-8")
    sys.stdout.write(f"{len(list(OUT.rglob('*.md')))} pages in {OUT.relative_to(ROOT)}\n")
    return 0


def source_folders() -> list[str]:
    """Return where the packages' sources are."""
    return [str(path) for path in [*sorted(ROOT.glob("packages/*/src")), ROOT / "milestones" / "src"]]


def write(path: Path, text: str) -> None:
    """Write a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def expanded(course: Course, text: str, page: str) -> str:
    """Replace what is to be generated in a page, and the links to modules."""

    def made(match: re.Match[str]) -> str:
        name = match[1].replace("-", "_")
        module = next(m for m in (generated, guides, reference, stories) if hasattr(m, name))
        return str(getattr(module, name)(course, page))

    def linked(match: re.Match[str]) -> str:
        module = course.by_slug[match[1]]
        words = match[2] or module.name
        return f"[{words}]({relative(module.page, page)})"

    text = re.sub(r"^<!-- generate: ([\w-]+) -->$", made, text, flags=re.MULTILINE)
    return re.sub(r"\[\[(\w+)(?:\|([^\]]+))?\]\]", linked, text)


def relative(target: str, page: str) -> str:
    """Return the path from one page to another."""
    return Path(os.path.relpath(target, Path(page).parent)).as_posix()


def module_page(course: Course, module: Module) -> str:
    """Return a module's page: what it is, its lesson, its names."""
    heading, body = module.lesson.split("\n", 1)
    assert heading.startswith("# "), f"{module.folder}: the lesson begins with its title"
    facts = generated.module_facts(course, module)
    return "\n".join(
        [
            *generated.front_matter(module.name, module.summary, boost=2),
            f"# {module.name}",
            "",
            f"*{module.summary}*",
            "",
            facts,
            "",
            body.strip(),
            "",
            generated.module_names(course, module),
        ]
    )


def navigation(course: Course) -> list[dict[str, object]]:
    """Return the site's navigation: each section begins with its first page."""
    nav: list[dict[str, object]] = []
    for section, pages in SECTIONS.items():
        listed: list[object] = list(pages)
        folder = OUT / Path(pages[0]).parent
        if section == "Modules":
            listed += [{module.name: module.page} for module in course.modules]
        elif section == "Reference":
            for track, modules in reference.tracks(course).items():
                parts: list[object] = [f"reference/{track}/index.md"]
                parts += [{module.title: f"reference/{track}/{module.slug}.md"} for module in modules]
                listed.append({f"tinytorch.{track}": parts})
        elif section != "Start":
            listed += [f"{folder.name}/{page.name}" for page in ordered(folder) if page.name != "index.md"]
        nav.append({section: listed})
    return nav


def ordered(folder: Path) -> list[Path]:
    """Return a folder's pages: as its file `order.txt` lists them, the others after these."""
    order = folder / "order.txt"
    names = order.read_text(encoding="utf-8").split() if order.exists() else []
    rank = {f"{name}.md": i for i, name in enumerate(names)}
    return sorted(folder.glob("*.md"), key=lambda page: (rank.get(page.name, len(rank)), page.name))


if __name__ == "__main__":
    sys.exit(main())
