"""Finding the orders in which a tree numbers its modules: each folder that holds several may have its own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .errors import PlanError
from .plan import Plan
from .walk import Entry, walk

NUMBERED = re.compile(
    r"(m|module_|module-|)(\d{1,3})[_-]([A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)*)(?=$|\.\w+$)"
)
FILED = re.compile(
    r"(test_module_|test_m|test_|tests_)(\d{1,3})[_-]([A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)*)\.\w+$"
)
ELSEWHERE = re.compile(
    r"(?i)(?:^|/)[\w-]*(?:milestones?|checkpoints?|examples?|exercises?|weeks?|archive)(?:/|$)"
)
FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.MULTILINE | re.DOTALL)
HOMES = ("modules", "src", "source", "course")  # where modules are likelier than elsewhere
SHIM = "tinytorch-renumber: shim"


@dataclass
class Order:
    """What one folder numbers, and how."""

    folder: str
    prefix: str
    folders: bool  # folders are numbered here, not files
    numbers: dict[str, int] = field(default_factory=dict)
    width: int = 2
    twice: list[str] = field(default_factory=list)  # the same module with two numbers


@dataclass
class Orders:
    """All orders of a tree, and the one that its modules have."""

    every: list[Order]
    numbers: dict[str, int]
    titles: dict[str, str]
    width: int
    conflicts: list[str]
    homes: dict[str, str]  # the folder of each module


def find_orders(root: Path, roots: tuple[str, ...] = (".",), ignore: tuple[str, ...] = ()) -> Orders:
    """Read the names of a tree and the front matter of its lessons."""
    plan = Plan("all", {}, {}, roots=roots, ignore=ignore)
    return orders_of(root, list(walk(root, plan)))


def orders_of(root: Path, entries: Iterable[Entry]) -> Orders:
    """Work out the orders from what a walk has found."""
    groups: dict[tuple[str, str, bool], Order] = {}
    lessons: set[str] = set()
    inits: set[str] = set()
    for entry in entries:
        if entry.kind == "link":
            continue
        folder, _, name = entry.path.rpartition("/")
        if name == "LESSON.md":
            lessons.add(folder)
        if name == "__init__.py":
            inits.add(folder)
        match = NUMBERED.match(name) or (FILED.match(name) if entry.kind == "file" else None)
        if match is None or (entry.kind == "folder" and match.end() != len(name)):
            continue
        if entry.kind == "folder" and is_shim(root / entry.path):
            continue
        prefix, number, rest = match.groups()
        key = (folder, prefix, entry.kind == "folder")
        order = groups.setdefault(key, Order(folder, prefix, key[2]))
        slug = re.sub(r"[-_]+", "_", rest).lower()
        if order.numbers.get(slug, int(number)) != int(number):
            order.twice.append(slug)
        order.numbers.setdefault(slug, int(number))
        order.width = min(len(number), order.width) if len(order.numbers) > 1 else len(number)
    every = sorted(groups.values(), key=lambda order: (not order.folders, order.folder, order.prefix))
    chosen = choose([o for o in every if o.folders and not ELSEWHERE.search(o.folder)], lessons, inits)
    numbers: dict[str, int] = {}
    conflicts: list[str] = []
    homes: dict[str, str] = {}
    for order in chosen:
        conflicts += [f"{slug} has two numbers in {order.folder or '.'}" for slug in order.twice]
        for slug, number in order.numbers.items():
            if numbers.get(slug, number) != number:
                conflicts.append(f"{slug} is {numbers[slug]:02d} and, in {order.folder}, {number:02d}")
            numbers.setdefault(slug, number)
            homes.setdefault(slug, order.folder)
    width = min((order.width for order in chosen), default=2)
    titles = read_titles(root, lessons)
    return Orders(every, numbers, {s: t for s, t in titles.items() if s in numbers}, width, conflicts, homes)


def choose(orders: list[Order], lessons: set[str], inits: set[str]) -> list[Order]:
    """Return the orders that are the course: folders with lessons, or those that number most modules."""

    def holds(order: Order, places: set[str]) -> bool:
        for place in places:
            folder, _, name = place.rpartition("/")
            match = NUMBERED.fullmatch(name)
            if folder == order.folder and match and match[1] == order.prefix:
                return True
        return False

    taught = [order for order in orders if holds(order, lessons)]
    if taught:
        return taught
    packages = [order for order in orders if order.prefix == "m" and holds(order, inits)]
    candidates = [packages, *([order] for order in orders)]

    def rank(group: list[Order]) -> tuple[int, bool, bool, int]:
        slugs = {slug for order in group for slug in order.numbers}
        home = any(
            order.folder.rpartition("/")[2] in ("modules", "src", "source", "course") for order in group
        )
        depth = min((order.folder.count("/") for order in group), default=0)
        return len(slugs), group is packages, home, -depth

    return max(candidates, key=rank)


def is_shim(folder: Path) -> bool:
    """Whether a folder only forwards imports to where a module is now."""
    init = folder / "__init__.py"
    try:
        with init.open("rb") as file:
            return SHIM.encode() in file.read(200)
    except OSError:
        return False


def read_titles(root: Path, lessons: Iterable[str]) -> dict[str, str]:
    """Return the titles that the lessons' front matter gives, by module."""
    titles: dict[str, str] = {}
    for folder in sorted(lessons):
        match = NUMBERED.fullmatch(folder.rpartition("/")[2])
        if match is None:
            continue
        text = (root / folder / "LESSON.md").read_bytes()[:4000].decode("utf-8", errors="replace")
        front = FRONT.match(text)
        title = (
            re.search(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*\r?$", front[1], re.MULTILINE) if front else None
        )
        if title and re.search(r"[A-Za-z]{3}", title[1]):
            titles[re.sub(r"[-_]+", "_", match[3]).lower()] = title[1]
    return titles


def source_of(orders: Orders, given: bool) -> dict[str, int]:
    """Return the tree's order; raise PlanError if it has two, unless a plan says which."""
    if orders.conflicts and not given:
        raise PlanError(f"{'; '.join(orders.conflicts)}: a plan file with [source] settles it")
    return orders.numbers


def by_module(orders: Orders) -> dict[tuple[int, str], str]:
    """Return where each (number, name) pair that isn't the course's own is right."""
    known: dict[tuple[int, str], str] = defaultdict(str)
    for order in orders.every:
        for slug, number in order.numbers.items():
            known[number, slug] = known[number, slug] or f"the order of {order.folder or 'the root'}"
    return dict(known)
