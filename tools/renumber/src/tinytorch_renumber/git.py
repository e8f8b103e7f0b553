"""Asking git, where there is one, whether the tree is clean."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .errors import TreeError


def git(root: Path, *arguments: str) -> str | None:
    """Return what git says, or None if there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def require_clean(root: Path, without_git: bool, dirty: bool) -> None:
    """Refuse a tree that git couldn't bring back, unless that was asked for."""
    if without_git:
        return
    status = git(root, "status", "--porcelain", "--untracked-files=all", "--", ".")
    if status is None:
        raise TreeError(f"{root} is no git repository: --no-git goes on without (undo works all the same)")
    lines = [line for line in status.splitlines() if line[3:].strip('"').split("/")[0] != ".renumber"]
    if lines and not dirty:
        shown = "\n".join(lines[:10])
        raise TreeError(f"{len(lines)} files are not committed; commit them, or go on with --dirty:\n{shown}")
