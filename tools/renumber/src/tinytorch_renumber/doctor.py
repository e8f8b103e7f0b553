"""What is wrong with a tree before anybody renumbers it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from .course import COURSE_NUMBERS
from .errors import PlanError
from .model import Status
from .order import Order, Orders, find_orders
from .plan import Plan
from .tree import scan_tree


def examine(root: Path) -> dict[str, Any]:
    """Return the orders of a tree and every pair in it that contradicts the main one."""
    orders = find_orders(root)
    numbers = main_order(orders)
    plan = Plan("doctor", numbers, numbers, titles=orders.titles, width=orders.width)
    scan = scan_tree(root, plan)
    references = list(scan.references())

    def listed(status: Status) -> list[dict[str, Any]]:
        return [
            {"file": r.file, "line": r.line, "column": r.column, "text": r.before, "reason": r.reason}
            for r in references
            if r.status == status
        ]

    return {
        "order": dict(sorted(orders.numbers.items(), key=lambda item: item[1])),
        "conflicts": orders.conflicts,
        "orders": [
            told
            for order in orders.every
            if (told := describe(order, numbers))["disagrees"] or len(order.numbers) > 1
        ],
        "used_twice": twice(orders.numbers),
        "stale": listed(Status.STALE),
        "dangling": listed(Status.DANGLING),
        "dynamic": listed(Status.DYNAMIC),
        "counts": dict(Counter(r.status.value for r in references)),
    }


def main_order(orders: Orders) -> dict[str, int]:
    """Return the tree's order, completed by the course's where they agree."""
    found = orders.numbers
    if all(COURSE_NUMBERS.get(slug) == number for slug, number in found.items()):
        return dict(COURSE_NUMBERS)
    if not found:
        raise PlanError("no numbered modules were found")
    return found


def describe(order: Order, numbers: dict[str, int]) -> dict[str, Any]:
    """Return one folder's order and where it differs from the main one."""
    differs = {slug: n for slug, n in order.numbers.items() if slug in numbers and numbers[slug] != n}
    return {
        "folder": order.folder or ".",
        "what": "folders" if order.folders else "files",
        "numbers": dict(sorted(order.numbers.items(), key=lambda item: item[1])),
        "disagrees": differs,
        "unknown": sorted(slug for slug in order.numbers if slug not in numbers),
        "used_twice": twice(order.numbers),
    }


def twice(numbers: dict[str, int]) -> dict[int, list[str]]:
    """Return the numbers that several modules have."""
    counts = Counter(numbers.values())
    return {
        n: sorted(s for s, m in numbers.items() if m == n) for n, count in sorted(counts.items()) if count > 1
    }
