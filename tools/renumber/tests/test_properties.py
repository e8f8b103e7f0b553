"""What holds for any tree and any order."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from tinytorch_renumber.apply import apply
from tinytorch_renumber.plan import Plan
from tinytorch_renumber.tree import scan_tree
from tinytorch_renumber.undo import rewrite, undo
from tinytorch_renumber.verify import verify

SLUGS = [
    "alpha",
    "beta_two",
    "gamma",
    "delta",
    "eps_three",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lamb",
    "my",
]
FRAMES = [
    "{n:02d}_{s}",
    "m{n:02d}_{s}",
    "from a.m{n:02d}_{s} import x",
    "Module {n:02d}: {t}",
    "| {n:02d} | {t} |\n|---|---|",
    '"{n:02d}": "{n:02d}_{s}"',
    "# Module {n:02d} ({t})",
    "## {n:02d}. {t}\n[x](#{n:02d}-{a}) [y](modules/{n:02d}-{a}.md)",
    "  │ {n:02d}_{s} │",
    "checkpoint_{n:02d}_{s} {n:02d}_{s}_extra v{n:02d}_{s} Milestone {n:02d}: {t}",
    "Module {n:02d}, modules {n:02d}-14",
    "import a.m{n:02d}_{s} as m{n:02d}_{s}; y = m{n:02d}_{s}.x",
    "'\\n{n:02d}_{s}', r'modules\\{n:02d}_{s}'",
    '{{"number": {n}, "name": "{s}"}}',
    '{{{n}: ["{s}"], "other": ("{n:02d}", "m{n:02d}_{s}")}}',
    "| {t} | {n} |\n|---|---|\n",
]
NAMES = ["x.py", "x.md", "x.txt", "x.json", "x.yml", "Makefile", "x.html", "x.ipynb", "CHANGELOG.md"]


def fill(frame, number, slug):
    """Write one mention."""
    title = slug.replace("_", " ").title()
    return frame.format(n=number, s=slug, t=title, a=slug.replace("_", "-"))


@st.composite
def orders(draw):
    """Two orders of the same modules."""
    slugs = draw(st.lists(st.sampled_from(SLUGS), min_size=2, max_size=12, unique=True))
    source = {slug: number for number, slug in enumerate(slugs, 1)}
    target = {slug: number for number, slug in enumerate(draw(st.permutations(slugs)), 1)}
    return Plan("random", source, target)


@st.composite
def texts(draw, plan):
    """A text with right and wrong numbers; line ends and the last line vary."""
    slugs = sorted(plan.source)
    lines = []
    for _ in range(draw(st.integers(0, 8))):
        slug = draw(st.sampled_from(slugs))
        wrong = draw(st.integers(0, 4)) == 0
        number = draw(st.integers(1, len(slugs) + 2)) if wrong else plan.source[slug]
        lines.append(fill(draw(st.sampled_from(FRAMES)), number, slug))
    text = "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@st.composite
def trees(draw):
    """A plan and the files of a tree."""
    plan = draw(orders())
    files = {}
    for slug, number in plan.source.items():
        home = draw(st.sampled_from([f"modules/{number:02d}_{slug}", f"a/m{number:02d}_{slug}", "docs", ""]))
        name = draw(
            st.sampled_from(
                [*NAMES, f"{number:02d}-{slug.replace('_', '-')}.md", f"test_{number:02d}_{slug}.py"]
            )
        )
        text = draw(texts(plan))
        if name.endswith(".ipynb"):
            cells = [{"cell_type": "markdown", "source": text.splitlines(True), "outputs": [text]}]
            text = json.dumps(
                {"cells": cells, "metadata": {"t": text}}, indent=draw(st.sampled_from([None, 1]))
            )
        data = text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig"])))
        files[f"{home}/{name}".lstrip("/")] = data + draw(st.sampled_from([b"", b"", b"\xff\n"]))
    return plan, files


def make(files):
    """Write a tree to a new folder."""
    folder = tempfile.TemporaryDirectory()
    for path, data in files.items():
        target = Path(folder.name, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder


@settings(max_examples=100, deadline=None)
@given(trees())
def test_apply_and_undo(helpers, tree):
    """Apply then undo is byte-identical; verify finds nothing; applying again does nothing."""
    plan, files = tree
    with make(files) as name:
        root = Path(name)
        before = helpers.picture(root)
        journal = apply(scan_tree(root, plan), "first")
        assert verify(journal) == []
        after = helpers.picture(root)
        done = scan_tree(root, Plan("again", plan.target, plan.target))
        assert done.empty
        assert undo(journal) == []
        assert helpers.picture(root) == before
        assert (after == before) == scan_tree(root, plan).empty


@settings(max_examples=100, deadline=None)
@given(trees())
def test_the_inverse_plan_leads_back(helpers, tree):
    """Apply then the inverse plan is byte-identical, as far as the pairs agreed in the first place."""
    plan, files = tree
    right = {}
    with make(files) as name:
        root = Path(name)
        scan = scan_tree(root, plan)
        stale = {r.file for r in scan.references() if r.status == "stale"}
        right = {path: data for path, data in files.items() if path not in stale}
    with make(right) as name:
        root = Path(name)
        before = helpers.picture(root)
        apply(scan_tree(root, plan), "there")
        apply(scan_tree(root, plan.inverse()), "back")
        assert helpers.picture(root) == before


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_all_numbers_move_at_once(data):
    """The simultaneous map equals moving one module after the other by way of numbers that nobody has."""
    plan = data.draw(orders())
    text = data.draw(texts(plan)).encode()
    path = data.draw(st.sampled_from(["x.py", "x.md", "x.txt"]))
    at_once = rewrite(text, path, plan, False)
    numbers = dict(plan.source)
    for step in (lambda n: n + 50, lambda n: n):
        for slug in plan.source:
            moved = {**numbers, slug: step(plan.target[slug])}
            text = rewrite(text, path, Plan("one", numbers, moved), False)
            numbers = moved
    assert numbers == dict(plan.target)
    assert text == at_once


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_pairs_in_json(data):
    """Numbers and names that stand apart in JSON: each right pair moves, and all else stays."""
    plan = data.draw(orders())
    slugs = st.sampled_from(sorted(plan.source))
    wanted = data.draw(st.lists(st.tuples(slugs, st.integers(0, 12), st.booleans()), max_size=8))
    keyed = data.draw(st.booleans())
    before, after, wrong = [], [], 0
    for slug, drawn, right in wanted:
        number = plan.source[slug] if right else drawn
        wrong += number != plan.source[slug]
        new = plan.target[slug] if number == plan.source[slug] else number
        for rows, n in ((before, number), (after, new)):
            rows.append({f"{n:02d}": {"size": 3, "name": slug}} if keyed else {"number": n, "name": slug})
    indent = data.draw(st.sampled_from([None, 0, 2]))
    old, new = (json.dumps(rows, indent=indent).encode() for rows in (before, after))
    assert rewrite(old, "x.json", plan, False) == new
    if not wrong:
        assert rewrite(new, "x.json", plan.inverse(), False) == old


@settings(max_examples=100, deadline=None)
@given(trees(), st.data())
def test_verify_finds_every_planted_number(tree, data):
    """Change one number of one pair: verify names the file, and not just because it was edited."""
    plan, files = tree
    with make(files) as name:
        root = Path(name)
        first = scan_tree(root, plan)
        # One that contradicted the order before, and happens to be right now, may go wrong again.
        stale = {first.new_path(r.file) for r in first.references() if r.status == "stale"}
        journal = apply(first, "first")
        assert verify(journal) == []
        apart = Plan("apart", plan.target, {slug: number + 40 for slug, number in plan.target.items()})
        spots = [
            (scan.path, edit)
            for scan in scan_tree(root, apart).files
            for edit in scan.edits
            if edit.text.isdigit() and scan.path not in stale
        ]
        if not spots:
            return
        path, edit = data.draw(st.sampled_from(spots))
        content = (root / path).read_bytes()
        old = content[edit.start : edit.end]
        wrong = (int(old) + data.draw(st.integers(1, 20))) % 90
        planted = b"%0*d" % (len(old), wrong)
        (root / path).write_bytes(content[: edit.start] + planted + content[edit.end :])
        texts = [problem.text for problem in verify(journal) if problem.file == path]
        assert any("agree" in text for text in texts), (texts, planted, content)


@pytest.mark.parametrize("number", [7, 8])
def test_the_case_that_breaks_replacing_in_turn(number):
    """08 -> 07 and 07 -> 20 never meet."""
    plan = Plan("x", {"alpha": 7, "gamma": 8}, {"alpha": 20, "gamma": 7})
    assert rewrite(b"07_alpha 08_gamma", "x.txt", plan, False) == b"20_alpha 07_gamma"
