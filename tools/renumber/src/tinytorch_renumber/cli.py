"""The commands."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from . import report
from .apply import apply, refuse_unfinished, resume
from .arguments import parser, read_spec, request_of
from .bump import Bumps, add_to, plan_bumps
from .doctor import examine
from .errors import PlanError, RenumberError, TreeError
from .git import require_clean
from .impact import Impact, markdown, measure, table
from .journal import FOLDER, clear_unbegun, current
from .order import Orders, find_orders, source_of
from .plan import Plan, Spec, load_plan
from .resolve import resolve
from .shims import plan_shims
from .tree import TreeScan, scan_tree
from .undo import undo
from .verify import Problem, identity, verify


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = parser().parse_args(words)
    commands = {
        "doctor": doctor,
        "impact": impact,
        "preview": preview,
        "apply": apply_plan,
        "verify": verify_tree,
        "undo": take_back,
        "resume": finish,
        "status": status,
    }
    try:
        arguments.root = arguments.root.resolve()
        if not arguments.root.is_dir():
            raise TreeError(f"{arguments.root} is no folder")
        with uncollected():
            return commands[arguments.command](arguments)
    except (RenumberError, OSError) as error:
        report.console(error=True).print(str(error), style="red", markup=False)
        return 2


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold the garbage collector: syntax trees have no cycles, and looking for some takes its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def planned(root: Path, spec: Spec) -> tuple[Plan, Orders]:
    """Return a plan that fits the tree."""
    orders = find_orders(root, spec.roots, spec.ignore)
    return resolve(spec, source_of(orders, spec.source is not None), orders.titles, orders.width), orders


def scanned(arguments: argparse.Namespace, spec: Spec, quiet: bool = False) -> TreeScan:
    """Scan the tree under the plan."""
    plan, _ = planned(arguments.root, spec)
    with report.progress("reading", quiet) as bar:
        return scan_tree(arguments.root, plan, arguments.prose, progress=bar)


def doctor(arguments: argparse.Namespace) -> int:
    """Show what is wrong with a tree's numbers."""
    found = examine(arguments.root)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        report.examination(report.console(), found)
    wrong = found["conflicts"] or found["used_twice"] or found["stale"] or found["dangling"]
    return 1 if wrong or any(order["disagrees"] for order in found["orders"]) else 0


def impact(arguments: argparse.Namespace) -> int:
    """Compare plans."""
    specs = [load_plan(word) for word in arguments.plans]
    columns = []
    for spec in specs:
        try:
            columns.append(measure(arguments.root, planned(arguments.root, spec)[0]))
        except PlanError as error:  # the other plans can be compared all the same
            columns.append(Impact(spec.name, problem=str(error)))
    if all(column.problem for column in columns):
        raise PlanError(columns[0].problem)
    if arguments.json:
        print(json.dumps([asdict(column) for column in columns], indent=2))
    elif arguments.markdown:
        print(markdown(table(columns)), end="")
    else:
        report.rows_table(report.console(), table(columns))
    return 1 if any(column.problem for column in columns) else 0


def preview(arguments: argparse.Namespace) -> int:
    """Show what a plan would change."""
    scan = scanned(arguments, read_spec(arguments), quiet=arguments.json)
    shims = plan_shims(scan) if arguments.shims else []
    bumps = plan_bumps(scan, shims)
    created = [*shims, *(bumps.created if arguments.bump else [])]
    if arguments.bump:
        add_to(scan, bumps)
    if arguments.json:
        print(report.as_json(scan, bumps, created))
        return 1 if scan.left else 0
    out = report.console()
    if scan.plan.applied:
        out.print("the tree has this order already")
        return 0
    if not arguments.no_diff:
        report.show_diff(out, scan, created)
    report.summary(out, scan)
    report.versions(out, bumps, planned=not arguments.bump)
    return 1 if scan.left or (arguments.bump and bumps.left) else 0


def apply_plan(arguments: argparse.Namespace) -> int:
    """Change the tree, and check the result."""
    out, root = report.console(), arguments.root
    spec = read_spec(arguments)
    request = request_of(arguments, spec)
    refuse_unfinished(root)
    clear_unbegun(root)
    last = current(root)
    if last and last.read().request == request:
        out.print("this plan is applied already; nothing was changed")
        return 0
    require_clean(root, arguments.no_git, arguments.dirty)
    scan = scanned(arguments, spec)
    if scan.plan.applied or scan.empty:
        out.print("nothing has to be changed")
        report.left(out, [] if scan.plan.applied else scan.left)
        return 1 if scan.left and not scan.plan.applied else 0
    created = plan_shims(scan) if arguments.shims else []
    bumps = plan_bumps(scan, created) if arguments.bump else Bumps([])
    add_to(scan, bumps)
    with report.progress("writing", quiet=False) as bar:
        journal = apply(scan, request, [*created, *bumps.created], progress=bar)
    problems = verify(journal)
    if problems:
        undo(journal, force=True)
        show_problems(problems)
        raise TreeError("the result was wrong, so everything was put back")
    report.summary(out, scan)
    report.versions(out, bumps)
    out.print(f"done and checked; `tinytorch-renumber undo --root {root}` takes it back")
    return 1 if scan.left or bumps.left else 0


def show_problems(problems: list[Problem]) -> None:
    """Print what a check found."""
    out = report.console()
    for problem in problems[: report.SHOWN]:
        out.print(f"{problem.file}: {problem.text}", markup=False)
    report.more(out, len(problems))


def verify_tree(arguments: argparse.Namespace) -> int:
    """Check the last change, or a tree against a plan's order."""
    root = arguments.root
    refuse_unfinished(root)
    last = current(root)
    if last:
        if arguments.plan or arguments.operations:
            name, done = read_spec(arguments).name, last.read().plan["name"]
            if name != done:
                raise TreeError(f"the last change was {done}, not {name}")
        problems = verify(last)
    else:
        plan = identity(planned(root, read_spec(arguments))[0])
        scan = scan_tree(root, plan)
        problems = [Problem(f"{r.file}:{r.line}", r.reason) for r in scan.references() if r.status == "stale"]
    if arguments.json:
        print(json.dumps([problem._asdict() for problem in problems], indent=2))
    else:
        show_problems(problems)
        report.console().print("everything agrees" if not problems else f"{len(problems)} problems")
    return 1 if problems else 0


def take_back(arguments: argparse.Namespace) -> int:
    """Take the last change back."""
    clear_unbegun(arguments.root)
    last = current(arguments.root)
    if last is None:
        report.console().print("there is nothing to undo")
        return 0
    kept = undo(last, arguments.keep_edits)
    out = report.console()
    out.print("everything is as it was before" + (", but for what you wrote since:" if kept else ""))
    for path in kept:
        out.print(f"  {path}", markup=False)
    return 1 if kept else 0


def finish(arguments: argparse.Namespace) -> int:
    """Finish what was interrupted."""
    clear_unbegun(arguments.root)
    last = current(arguments.root)
    state = resume(last) if last else "unchanged"
    report.console().print(f"the tree is complete: {state}")
    return 0


def status(arguments: argparse.Namespace) -> int:
    """Say what was done."""
    last = current(arguments.root)
    out = report.console()
    if last is None:
        out.print(f"no change is recorded in {FOLDER}")
        return 0
    state, steps = last.told()
    record = last.read()
    size = f"{len(record.files)} files, {len(record.paths)} names"
    out.print(f"{record.plan['name']}: {state}; {size}; {steps} of {len(record.steps)} renaming steps")
    return 0 if state == "applied" else 1


if __name__ == "__main__":
    sys.exit(main())
