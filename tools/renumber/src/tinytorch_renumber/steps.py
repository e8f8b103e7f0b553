"""Renaming in two phases: everything gets a temporary name before anything gets its new one.

So two folders can swap their names, and a name can change in nothing but its case. What lies deepest comes
first; the paths of a step are those at the time when its turn comes.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from .disk import rename
from .errors import TreeError
from .journal import FOLDER, Journal
from .model import Rename


def plan_steps(renames: Sequence[Rename], number: int) -> list[tuple[str, str]]:
    """Return all renaming steps in order."""
    by_depth: dict[int, list[Rename]] = defaultdict(list)
    for item in renames:
        by_depth[item.before.count("/")].append(item)
    steps: list[tuple[str, str]] = []
    count = 0
    for depth in sorted(by_depth, reverse=True):
        second: list[tuple[str, str]] = []
        for item in by_depth[depth]:
            count += 1
            if item.after is None:
                steps.append((item.before, f"{FOLDER}/{number:04d}/deleted/{count}"))
                continue
            folder = item.before.rpartition("/")[0]
            temporary = f"{folder}/.renumber-{number}-{count}".lstrip("/")
            steps.append((item.before, temporary))
            second.append((temporary, f"{folder}/{item.after}".lstrip("/")))
        steps += second
    return steps


def check_names(root: Path, renames: Sequence[Rename], created: Sequence[str] = ()) -> list[str]:
    """Return what stands in the way: names that exist already, folders that can't be written."""
    problems: list[str] = []
    by_folder: dict[str, list[Rename]] = defaultdict(list)
    for item in renames:
        by_folder[item.before.rpartition("/")[0]].append(item)
    for folder, items in by_folder.items():
        leaving = {item.before.rpartition("/")[2] for item in items}
        staying = {name.casefold(): name for name in os.listdir(root / folder) if name not in leaving}
        for item in items:
            if item.after is None:
                continue
            other = staying.get(item.after.casefold())
            if other is not None:
                problems.append(f"{item.before} can't become {item.after}: {folder or '.'}/{other} exists")
            staying[item.after.casefold()] = item.after
        if not os.access(root / folder, os.W_OK):
            problems.append(f"the folder {folder or '.'} can't be written")
    problems += [f"{path} exists already" for path in created if os.path.lexists(root / path)]
    return problems


def position(journal: Journal, steps: Sequence[tuple[str, str]]) -> int:
    """Return how many steps are in effect: the log may lack the last one before a kill."""
    state, told = journal.told()
    root = journal.root
    if state == "applying" and told < len(steps) and is_done(root, steps[told]):
        return told + 1
    if state == "undoing" and told and not is_done(root, steps[told - 1]):
        return told - 1
    return told


def settled(journal: Journal, steps: Sequence[tuple[str, str]]) -> int:
    """Return the position and see to it that the log has it."""
    at = position(journal, steps)
    if at != journal.told()[1]:
        journal.say(str(at))
    return at


def is_done(root: Path, step: tuple[str, str]) -> bool:
    """Whether a step is in effect, given that the one before it is; one of its names is temporary."""
    source, target = step
    if ".renumber-" in target.rpartition("/")[2] or target.startswith(f"{FOLDER}/"):
        return os.path.lexists(root / target)
    return not os.path.lexists(root / source)


def forward(journal: Journal, steps: Sequence[tuple[str, str]]) -> None:
    """Do the steps that are still to be done."""
    for at in range(settled(journal, steps), len(steps)):
        rename(journal.root / steps[at][0], journal.root / steps[at][1])
        journal.say(str(at + 1))


def backward(journal: Journal, steps: Sequence[tuple[str, str]]) -> None:
    """Undo the steps that are in effect."""
    for at in range(settled(journal, steps) - 1, -1, -1):
        try:
            rename(journal.root / steps[at][1], journal.root / steps[at][0])
        except FileNotFoundError as error:
            raise TreeError(f"{steps[at][1]} is gone, so {steps[at][0]} can't be put back") from error
        journal.say(str(at))
