"""The command line of tinytorch-renumber."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import __version__
from .course import BUILT_IN
from .errors import PlanError
from .plan import FATES, Spec, load_plan, spec_from

EXIT_CODES = "exit codes: 0 done; 1 done, and things are left for a person; 2 refused, nothing was touched"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    top = argparse.ArgumentParser(prog="tinytorch-renumber", description=__doc__, epilog=EXIT_CODES)
    top.description = "Renumber a course over a whole tree of files, and take it back byte for byte."
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str, planned: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text, epilog=EXIT_CODES)
        sub.add_argument("--root", type=Path, default=Path(), help="the tree (default: this folder)")
        if planned:
            add_plan(sub)
        return sub

    doctor = commands.add_parser("doctor", help="show what is wrong with a tree's numbers")
    doctor.add_argument("root", type=Path, nargs="?", default=Path(), metavar="ROOT")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    impact = command("impact", "measure what plans would cost, side by side", planned=False)
    impact.add_argument("plans", nargs="+", metavar="PLAN", help=f"plan files, {', '.join(BUILT_IN)}")
    form = impact.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--markdown", action="store_true", help="print a Markdown table")
    preview = command("preview", "show what a plan would change, as a diff and a list")
    preview.add_argument("--json", action="store_true", help="print every reference as JSON")
    preview.add_argument("--no-diff", action="store_true", help="print the summary alone")
    preview.add_argument("--shims", action="store_true", help="show the import shims, too")
    preview.add_argument("--bump", action="store_true", help="show versions and change logs in the diff, too")
    applying = command("apply", "change the tree; `undo` takes it back")
    applying.add_argument("--shims", action="store_true", help="leave import shims at the old paths")
    applying.add_argument("--bump", action="store_true", help="raise versions, with entries in change logs")
    applying.add_argument("--no-git", action="store_true", help="go on without a git repository")
    applying.add_argument("--dirty", action="store_true", help="go on although files aren't committed")
    for sub in (preview, applying):
        sub.add_argument("--prose", action="store_true", help="rewrite numbers without a name, too")
    verify = command("verify", "check the last change, or a tree against a plan")
    verify.add_argument("--json", action="store_true", help="print JSON")
    undo = command("undo", "take the last change back", planned=False)
    undo.add_argument("--keep-edits", action="store_true", help="keep what was written since")
    command("resume", "finish a change that was interrupted", planned=False)
    command("status", "say what was done and whether it is complete", planned=False)
    return top


class Swap(argparse.Action):
    """Appends a swap to the operations."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Append."""
        namespace.operations = [*(namespace.operations or []), ("swap", *(values or ()))]


def add_plan(sub: argparse.ArgumentParser) -> None:
    """Add a plan's name and the operations that may take its place."""
    sub.add_argument("plan", nargs="?", metavar="PLAN", help=f"a plan file, or {', '.join(BUILT_IN)}")
    add: dict[str, Any] = {"dest": "operations", "action": "append"}
    sub.add_argument("--move", type=move, metavar="NAME=NUMBER", help="give a module another place", **add)
    sub.add_argument(
        "--swap", dest="operations", action=Swap, nargs=2, metavar=("A", "B"), help="swap two modules"
    )
    sub.add_argument(
        "--remove", type=remove, metavar="NAME[=FATE]", help=f"take out: {', '.join(FATES)}", **add
    )
    sub.add_argument("--insert", type=insert, metavar="NAME@NUMBER", help="make room for a module", **add)


def move(text: str) -> tuple[str, ...]:
    """Read NAME=NUMBER."""
    slug, _, number = text.partition("=")
    if not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} isn't like kv_caching=17")
    return "move", slug, number


def remove(text: str) -> tuple[str, ...]:
    """Read NAME or NAME=FATE."""
    slug, _, fate = text.partition("=")
    if fate not in ("", *FATES):
        raise argparse.ArgumentTypeError(f"{fate!r} isn't one of {', '.join(FATES)}")
    return "remove", slug, fate or "unnumber"


def insert(text: str) -> tuple[str, ...]:
    """Read NAME@NUMBER."""
    slug, _, number = text.partition("@")
    if not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} isn't like transfer@05")
    return "insert", slug, number


def read_spec(arguments: argparse.Namespace) -> Spec:
    """Return the plan that the command line asks for."""
    operations = tuple(arguments.operations or ())
    if arguments.plan and operations:
        raise PlanError("give a plan or operations, not both")
    if arguments.plan:
        return load_plan(arguments.plan)
    if not operations:
        raise PlanError(
            f"give a plan file, one of {', '.join(BUILT_IN)}, or an operation such as --swap 15 17"
        )
    words = " ".join("-".join(operation) for operation in operations)
    spec = spec_from({}, words)
    return Spec(**{**vars(spec), "operations": operations})


def request_of(arguments: argparse.Namespace, spec: Spec) -> str:
    """Return what was asked for as a text that is equal when it is asked again."""
    wanted = {**vars(spec), "prose": getattr(arguments, "prose", False)}
    return json.dumps(wanted, sort_keys=True, default=str)
