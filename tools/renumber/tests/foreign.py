"""A course that somebody else wrote, as a tree of about a hundred files with all that goes wrong in one.

Its modules were renumbered by hand once, so half of what speaks of the later ones has the old numbers. Two
folders share a number, one table disagrees with the folders, and some files don't parse.
"""

from __future__ import annotations

import json

SLUGS = [
    "vectors",
    "matrices",
    "gradients",
    "neurons",
    "networks",
    "training",
    "sampling",
    "convolution",
    "pooling",
    "recurrence",
]
SLUGS += ["attention", "decoding"]
NUMBERS = {slug: number for number, slug in enumerate(SLUGS, 1)} | {"decoding": 11}  # attention has 11, too
OLD = {slug: number - 1 for slug, number in NUMBERS.items() if number > 6}  # before training came in
TARGET = [slug for slug in SLUGS if slug != "training"]
PLAN = f"""name = "training last"
target = {json.dumps([*TARGET, "training"])}
"""


def old(slug):
    """Return the number that a careless author wrote: that of the order before."""
    return OLD.get(slug, NUMBERS[slug])


def code(slug, number):
    """Return a module's source file."""
    title = slug.capitalize()
    return f'''"""Module {number:02d}: {title}

    +----------------------+-------+
    | {number:02d}_{slug:17} | ready |
    +----------------------+-------+

Comes before Module {old("pooling"):02d}: Pooling, and after module 03.
"""

import os
import sys
from pathlib import Path

from course.m01_vectors import Vector

HERE = Path(__file__).parent / "modules" / "{number:02d}_{slug}"
sys.path.insert(0, os.path.join("modules", "{number:02d}_{slug}"))


def lazy():
    """Import late, on purpose."""
    from course.m{number:02d}_{slug} import make  # not at the top: it is slow

    return make(layers={number}, table={{{number}: "{slug}", "layers": {number}}})


if __name__ == "__main__":
    print(f"modules/{number:02d}_{slug}/{{lazy()}}", {number} - 1)
'''


def notebook(slug, number):
    """Return a notebook that was run."""
    cells = [
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": [f"# Module {number:02d}: {slug.title()}\n", "text\n"],
        },
        {
            "cell_type": "code",
            "execution_count": number,
            "metadata": {"tags": [f"{number:02d}_{slug}"]},
            "outputs": [
                {"name": "stdout", "output_type": "stream", "text": [f"modules/{number:02d}_{slug}\n"]}
            ],
            "source": [f"from course.m{number:02d}_{slug} import make\n", f"print('\\n{number:02d}_{slug}')"],
        },
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def tests(slug, number):
    """Return a test file; its comments have the old number."""
    return f"""# Tests of {old(slug):02d}_{slug}.
import importlib
from unittest import mock


def test_{number:02d}_{slug}():
    module = importlib.import_module("course.m{number:02d}_{slug}")
    with mock.patch("course.m{number:02d}_{slug}.make"):
        assert module
"""


def lesson(slug, number, newline):
    """Return a page of the documentation."""
    text = f"""---
title: "{number:02d}. {slug.capitalize()}"
---

# Module {number:02d}: {slug.capitalize()}

Back to [the start](#module-{number:02d}-{slug}), on to [attention](11-attention.md#module-11-attention).

| No | Name | Folder |
|----|------|--------|
| {number:02d} | {slug.capitalize()} | `modules/{number:02d}_{slug}/` |
| {old("pooling"):02d} | Pooling | |

Milestone 03 and checkpoint_{number:02d}_{slug} are something else; so is 2021-{number:02d}-08.
"""
    return text.replace("\n", newline).encode()


def module_files(slug, number):
    """Return what each module has."""
    pair = f"{number:02d}_{slug}"
    return {
        f"modules/{pair}/{slug}.py": code(slug, number),
        f"modules/{pair}/{pair}.ipynb": notebook(slug, number),
        f"modules/{pair}/README.md": f"# {number:02d}: {slug.title()}\n\nWas {old(slug):02d}_{slug} once.\n",
        f"course/m{pair}/__init__.py": f'make = "{pair}"\n',
        f"course/m{pair}/parts.py": f"from ..m01_vectors import make\nfrom ..m{pair} import make as own\n",
        f"tests/test_{pair}.py": tests(slug, number),
        f"docs/{pair.replace('_', '-', 1)}.md": lesson(slug, number, "\r\n" if number % 2 else "\n"),
    }


def files():
    """Return the tree: bytes or text by path."""
    tree = {}
    for slug, number in NUMBERS.items():
        tree |= module_files(slug, number)
    pairs = [f"{number:02d}_{slug}" for slug, number in NUMBERS.items()]
    stale = [f"{number:02d}_{slug}" for slug, number in OLD.items()]
    pages = [pair.replace("_", "-", 1) for pair in [*pairs, *stale]]
    table = "".join(f'    "{pair[:2]}": "{pair}",\n' for pair in [*pairs, *stale])
    toc = "".join(f"  - file: {page}\n    module: {pair}\n" for page, pair in zip(pages, pairs))
    progress = {"done": pairs[:7], "next": pairs[7], "scores": dict.fromkeys(pairs, 11)}
    make = "".join(
        f"test-{pair[3:]}:\n\tpytest tests/test_{pair}.py && cd modules/{pair}\n" for pair in pairs
    )
    dynamic = 'def path(n, name):\n    return f"modules/{n:02d}_{name}", "m%02d_%s" % (n, name)\n'
    half = f"from course.m{pairs[8]} import make\n\ndef forward(x:\n    return make(\n"
    script = f'train = "course.m{pairs[6]}.parts:make"'
    return tree | {
        "course/__init__.py": "__all__ = " + json.dumps([f"m{pair}" for pair in pairs]) + "\n",
        "course/m01_vectors/__init__.py": "class Vector: ...\nmake = Vector\n",
        "course/registry.py": f"NAMES = {{\n{table}}}\n",
        "course/dynamic.py": dynamic,
        "Makefile": make,
        "docs/_toc.yml": f"chapters:\n{toc}",
        "docs/index.html": "".join(f'<a href="{page}.html">{page}</a>\n' for page in pages),
        "progress.json": json.dumps(progress, indent=2),
        "pyproject.toml": f'[project.scripts]\n{script}\n\n[tool.x]\ny = ["tests/test_{pairs[7]}.py"]\n',
        "CHANGELOG.md": "- renamed " + ", ".join(stale) + "\n",
        "course.lock": "\n".join(pairs),
        "homework/half_finished.py": half,
        "homework/my notes.txt": f"{pairs[7]} is hard, {stale[0]} was easier. Module 06 next.\n",
        "homework/latin.py": f"# -*- coding: latin-1 -*-\n# caf\u00e9 {pairs[9]}\n".encode("latin-1"),
        "homework/undecodable.md": b"\xff\xfe " + pairs[9].encode() + b"\r\nno end",
        "milestones/06_2017_attention/run.py": '"""Milestone 06: Attention, after 11_attention."""\n',
        "milestones/01_1957_neurons/run.py": '"""Milestone 01: Neurons."""\n',
        "figure.png": b"\x89PNG\0" + pairs[3].encode(),
        "plan.toml": PLAN,
    }
