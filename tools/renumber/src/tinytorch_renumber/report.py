"""What the command prints: for people, in plain ASCII where the terminal has no more, or as JSON."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from .bump import Bumps
from .diff import diff, new_file
from .model import Reference, Status
from .shims import Shim
from .tree import TreeScan

SHOWN = 40  # lines of a list; --json has all


def console(error: bool = False) -> Console:
    """Return a console on which nothing that is printed can fail."""
    stream = sys.stderr if error else sys.stdout
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")
    return Console(file=stream, soft_wrap=True, highlight=False)


@contextmanager
def progress(what: str, quiet: bool) -> Iterator[Any]:
    """Show a bar on standard error while something is done; yield the function that moves it."""
    out = console(error=True)
    if quiet or not out.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def as_json(scan: TreeScan, bumps: Bumps, created: Sequence[Shim]) -> str:
    """Return everything that a scan found, and what would be written besides."""
    plan = scan.plan
    table = {
        "plan": {"name": plan.name, "source": dict(plan.source), "target": dict(plan.target)},
        "renames": [{"before": r.before, "after": scan.new_path(r.before)} for r in scan.renames],
        "links": [{"path": path, "before": old, "after": new} for path, old, new in scan.links],
        "files": [item.path for item in scan.changed],
        "created": [shim.path for shim in created],
        "bumps": [
            {
                "package": bump.package.name,
                "part": bump.part,
                "before": str(bump.package.version or ""),
                "after": bump.new,
                "entry": bumps.entries.get(bump.package.name, ""),
            }
            for bump in bumps.every
        ],
        "references": [reference_json(r) for r in scan.references()],
    }
    return json.dumps(table, indent=2)


def reference_json(reference: Reference) -> dict[str, Any]:
    """Return one reference as plain data."""
    return {
        "file": reference.file,
        "line": reference.line,
        "column": reference.column,
        "kind": reference.kind,
        "status": reference.status.value,
        "before": reference.before,
        "after": reference.after,
        "module": reference.module,
        "reason": reference.reason,
        "left": reference.left,
    }


def show_diff(out: Console, scan: TreeScan, created: Sequence[Shim] = ()) -> None:
    """Print the diff; on a terminal in the colours of git."""
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in chain(diff(scan), *(new_file(shim.path, shim.content) for shim in created)):
        if out.is_terminal:
            out.print(Text(line, colours.get(line[:1], "")))
        else:
            out.file.write(f"{line}\n")


def summary(out: Console, scan: TreeScan) -> None:
    """Print what will be renamed, how many references there are of each kind, and what is left."""
    for rename in scan.renames[:SHOWN]:
        out.print(f"rename {escape(rename.before)} -> {escape(rename.after or '(deleted)')}", style="bold")
    more(out, len(scan.renames))
    for path, old, new in scan.links:
        out.print(f"link   {escape(path)}: {escape(old)} -> {escape(new)}")
    counts = Counter(r.status for r in scan.references())
    changed = Counter(r.status for r in scan.references() if r.after != r.before)
    out.print(f"{escape(scan.plan.name)}: {len(scan.changed)} files change")
    table = Table("what", "mentions", "rewritten", box=box.ASCII)
    for status in Status:
        if counts[status]:
            table.add_row(status.value, str(counts[status]), str(changed[status]))
    out.print(table)
    left(out, scan.left)


def versions(out: Console, bumps: Bumps, planned: bool = False) -> None:
    """Print the versions that rise, or would, and those that a person has to raise."""
    if planned and bumps.every:
        out.print("with --bump, which `preview --bump` shows with the entries of the change logs:")
    for bump in bumps.every:
        if bump.new:
            out.print(f"version {escape(bump.package.name)}: {bump}", style="bold")
    for text in bumps.left:
        out.print(f"left for you: {escape(text)}", style="yellow")


def left(out: Console, references: list[Reference]) -> None:
    """Print what a person has to look at."""
    if references:
        out.print(f"left for you ({len(references)}):", style="yellow")
    for r in references[:SHOWN]:
        place = f"{r.file}:{r.line}:{r.column}" if r.line else r.file
        out.print(f"  {escape(place)}: {r.status.value}: {escape(r.before)}: {escape(r.reason)}")
    more(out, len(references))


def more(out: Console, count: int) -> None:
    """Say how many lines weren't shown."""
    if count > SHOWN:
        out.print(f"  ... and {count - SHOWN} more; --json lists all")


def rows_table(out: Console, rows: list[list[str]]) -> None:
    """Print rows, the first of them the heading."""
    table = Table(box=box.ASCII)
    for heading in rows[0]:
        table.add_column(escape(heading), overflow="fold")  # an ellipsis would be no ASCII
    for row in rows[1:]:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table)


def examination(out: Console, found: dict[str, Any]) -> None:
    """Print what the doctor found."""
    out.print("order: " + escape(", ".join(f"{n:02d} {slug}" for slug, n in found["order"].items())))
    for text in found["conflicts"]:
        out.print(f"conflict: {escape(text)}", style="red")
    for order in found["orders"]:
        differs = ", ".join(f"{n:02d} {slug}" for slug, n in order["disagrees"].items())
        count, what = len(order["numbers"]), order["what"]
        verdict = f"disagrees in {differs}" if differs else "agrees"
        out.print(f"{escape(order['folder'])}: {count} {what if count > 1 else what[:-1]}; {escape(verdict)}")
        for number, slugs in order["used_twice"].items():
            out.print(f"  {number:02d} is used twice: {escape(', '.join(slugs))}", style="red")
    for status in ("stale", "dangling", "dynamic"):
        listing(out, status, found[status])


def listing(out: Console, title: str, items: Iterable[dict[str, Any]]) -> None:
    """Print a list of places."""
    items = list(items)
    if items:
        out.print(f"{title} ({len(items)}):", style="yellow")
    for item in items[:SHOWN]:
        place = f"{item['file']}:{item['line']}:{item['column']}"
        out.print(f"  {escape(place)}: {escape(item['text'])}: {escape(item['reason'])}")
    more(out, len(items))
