"""Rehearse renumbering on a copy of the repository: apply, verify, test the copy, undo, compare every byte.

`nox -s renumber` runs it for the three plans that the course once chose from and for a permutation of all
modules, with every package's tests, the guards and the documentation; `nox -s renumber -- option-1 --session
guards` for one plan and what is named. What git ignores is not copied.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from tinytorch_renumber.course import COURSE, COURSE_NUMBERS

ROOT = Path(__file__).resolve().parents[2]
PLANS = ("option-1", "option-2", "option-3", "permutation")
SHUFFLED = [*COURSE[7:], *COURSE[:7]][::-1]
LIST = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
MADE = {".renumber", ".nox", "build", "__pycache__", ".hypothesis", ".pytest_cache", "site"}  # by tests
FORWARDED = r"tinytorch[.]\w+[.]m\d\d_\w+ is tinytorch[.]\w+[.]\w+ now"  # what a shim says
Picture = dict[str, tuple[bytes, int]]


def copy_tree(target: Path) -> None:
    """Copy what git tracks or would track, as it is on disk now."""
    listing = subprocess.run(LIST, cwd=ROOT, check=True, capture_output=True).stdout
    for name in listing.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)


def picture(root: Path) -> Picture:
    """Return the contents and modes of all files."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(root.rglob("*"))
        if path.is_file() and not MADE & set(path.parts)
    }


def renumber(root: Path, *words: str, allowed: tuple[int, ...] = (0, 1)) -> str:
    """Run the command and return what it says."""
    command = [sys.executable, "-m", "tinytorch_renumber", *words, "--root", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if done.returncode not in allowed:
        sys.exit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def words_of(plan: str, folder: Path) -> list[str]:
    """Return how the command names a plan; the permutation is written to a file first."""
    if plan != "permutation":
        return [plan]
    file = folder / "permutation.toml"
    numbers = "\n".join(f"{slug} = {n}" for slug, n in COURSE_NUMBERS.items())
    target = "\n".join(f"{slug} = {n}" for n, slug in enumerate(SHUFFLED, 1))
    file.write_text(f"[source]\n{numbers}\n\n[target]\n{target}\n", encoding="utf-8")
    return [str(file)]


def imports(root: Path) -> tuple[str, str]:
    """Return what learners write: one name of each room, from the facades and from the numbered packages."""
    facade, numbered = [], []
    for stub in sorted(root.glob("packages/*/src/tinytorch/*/__init__.pyi")):
        track = f"tinytorch.{stub.parent.name}"
        for node in ast.parse(stub.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.module and re.match(r"m\d\d_", node.module):
                name = node.names[0].name
                facade.append(f"from {track} import {name}")
                numbered.append(f"from {track}.{node.module} import {name}")
    return "\n".join(facade), "\n".join(numbered)


def learn(root: Path, script: str, moved: int) -> None:
    """Run a learner's script; of so many packages it must be said that they moved, and where to."""
    code = f"""
import re, sys, warnings
with warnings.catch_warnings(record=True) as found:
    warnings.simplefilter("always", DeprecationWarning)
{textwrap.indent(script, "    ")}
texts = sorted({{str(w.message) for w in found if issubclass(w.category, DeprecationWarning)}})
wrong = [text for text in texts if not re.fullmatch(r"{FORWARDED}", text)]
if wrong or len(texts) != {moved}:
    sys.exit(f"warnings of {moved} packages that moved were expected, not {{texts}}")
"""
    paths = [str(path) for path in sorted(root.glob("packages/*/src"))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=root.parent)
    if done.returncode:
        sys.exit(f"a learner's script fails:\n{script}")


def with_shims(root: Path, plan: list[str], before: Picture) -> int:
    """Apply with shims and take it back: both scripts run before, during and after. Return how many moved."""
    facade, numbered = imports(root)
    learn(root, facade, 0)
    learn(root, numbered, 0)
    told = json.loads(renumber(root, "preview", *plan, "--prose", "--shims", "--json"))
    moved = sum(
        re.search(r"/src/tinytorch/\w+/m\d\d_\w+/__init__[.]py$", path) is not None
        for path in told["created"]
    )
    renumber(root, "apply", *plan, "--no-git", "--prose", "--shims", "--bump")
    learn(root, facade, 0)
    learn(root, numbered, moved)
    if told["renames"] or told["files"]:  # a plan that the tree follows already leaves nothing to take back
        renumber(root, "verify", allowed=(0,))
        renumber(root, "undo")
    same(root, before, "undo after an apply with shims")
    learn(root, numbered, 0)
    return moved


def tested(root: Path, plan: str, sessions: list[str]) -> None:
    """Run nox in the renumbered copy: all wheels are built there, and what is tested are they."""
    command = [sys.executable, "-m", "nox", "-f", str(root / "noxfile.py"), "-s"]
    tests = [name for name in sessions if name.startswith(("tests", "guards"))]
    # In a permutation of all modules a lesson may come before what it needs, of course.
    unordered = ["--", "-k", "not comes_before_it"] if plan == "permutation" else []
    for names, words in ((tests, unordered), ([name for name in sessions if name not in tests], [])):
        if names and subprocess.run([*command, *names, *words], cwd=root).returncode:
            sys.exit(f"{plan}: {', '.join(names)} failed in the renumbered copy")


def same(root: Path, before: Picture, what: str) -> None:
    """Stop unless every file is what it was."""
    now = picture(root)
    wrong = sorted(path for path in {*before, *now} if before.get(path) != now.get(path))
    if wrong:
        sys.exit(f"{what} did not restore {', '.join(wrong[:10])}")


def rehearse(plan: str, sessions: list[str]) -> str:
    """Go there and back on a copy, twice; return a line of the report."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder, "copy")
        copy_tree(root)
        words = words_of(plan, Path(folder))
        before = picture(root)
        facade, _ = imports(root)
        forwarded = with_shims(root, words, before)
        begin = time.perf_counter()
        renumber(root, "apply", *words, "--no-git", "--prose", "--bump")
        seconds = time.perf_counter() - begin
        after = picture(root)
        changed = sum(before.get(path) != entry for path, entry in after.items())
        learn(root, facade, 0)
        if changed:
            renumber(root, "verify", allowed=(0,))
            tested(root, plan, sessions)
            same(root, after, "testing")
            renumber(root, "undo")
        same(root, before, "undo")
        if not changed:
            return f"{plan}: nothing to change here"
        passed = f"; passed in the copy: {', '.join(sessions)}" if sessions else ""
        return (
            f"{plan}: {changed} files new or changed in {seconds:.1f} s, verified, undone byte by byte; "
            f"{forwarded} import paths forwarded by shims{passed}"
        )


def main() -> None:
    """Read the command line and rehearse each plan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plans", nargs="*", default=PLANS, help="built-in plans, or `permutation`")
    parser.add_argument("--session", action="append", default=[], help="a nox session to run in the copy")
    arguments = parser.parse_args()
    for plan in arguments.plans:
        print(rehearse(plan, arguments.session), flush=True)


if __name__ == "__main__":
    main()
