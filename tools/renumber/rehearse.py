"""Rehearse renumbering on a copy of the repository: apply, verify, test the copy, undo, compare every byte.

`nox -s renumber` runs it for the three plans that the course once chose from and for a permutation of all
modules; other plans follow after `--`. What git doesn't track is not copied.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tinytorch_renumber.course import COURSE, COURSE_NUMBERS

ROOT = Path(__file__).resolve().parents[2]
PLANS = ("option-1", "option-2", "option-3", "permutation")
SHUFFLED = [*COURSE[7:], *COURSE[:7]][::-1]


def copy_tree(target: Path) -> None:
    """Copy what git tracks, as it is on disk now."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in listing.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)


def picture(root: Path) -> dict[str, tuple[bytes, int]]:
    """Return the contents and modes of all files."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".renumber", ".nox", "build", "__pycache__"} & set(path.parts)
    }


def renumber(root: Path, *words: str, allowed: tuple[int, ...] = (0, 1)) -> str:
    """Run the command and return what it says."""
    command = [sys.executable, "-m", "tinytorch_renumber", *words, "--root", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if done.returncode not in allowed:
        sys.exit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def rehearse(plan: str, sessions: list[str]) -> str:
    """Go there and back on a copy; return a line of the report."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root, file = Path(folder, "copy"), Path(folder, "permutation.toml")
        copy_tree(root)
        numbers = "\n".join(f"{slug} = {n}" for slug, n in COURSE_NUMBERS.items())
        target = "\n".join(f"{slug} = {n}" for n, slug in enumerate(SHUFFLED, 1))
        file.write_text(f"[source]\n{numbers}\n\n[target]\n{target}\n", encoding="utf-8")
        before = picture(root)
        begin = time.perf_counter()
        renumber(root, "apply", str(file) if plan == "permutation" else plan, "--no-git", "--prose", "--bump")
        seconds = time.perf_counter() - begin
        after = picture(root)
        changed = sum(before.get(path) != entry for path, entry in after.items())
        if changed:
            renumber(root, "verify", allowed=(0,))
        if changed and sessions:
            command = [sys.executable, "-m", "nox", "-f", str(root / "noxfile.py"), "-s", *sessions]
            if plan == "permutation":  # of course a lesson comes before what it needs then
                command += ["--", "-k", "not comes_before_it"]
            if subprocess.run(command, cwd=root).returncode:
                sys.exit(f"{plan}: the tests of the renumbered copy fail")
        if changed:
            renumber(root, "undo")
        if picture(root) != before:
            sys.exit(f"{plan}: undo did not restore every byte")
        tested = f"; passed in the copy: {', '.join(sessions)}" if changed and sessions else ""
        done = f"{changed} files new or changed in {seconds:.1f} s, verified, undone byte by byte"
        return f"{plan}: {done if changed else 'nothing to change here'}{tested}"


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
