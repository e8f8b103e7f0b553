"""`tinytorch-gpt compress`: make a smaller model of a model, and say what that costs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from .errors import TinyGPTError
from .learning import threads
from .progress import Bar
from .runs import begin
from .texts import Corpus, read_corpus
from .tinygpt import TinyGPT
from .variants import HEALING, Variant, measured, pruned, quantised, rendered


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which options there are."""
    add_run(parser)
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where it is written (default: RUN-small)")
    parser.add_argument("--replace", action="store_true", help="what is in --out is kept as FOLDER.bak")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--bits", type=int, choices=(8, 4), help="quantise: whole numbers instead of floats (default: 8)"
    )
    how.add_argument(
        "--sparsity", type=share, metavar="S", help="prune: this share of all weights become zeros"
    )
    how.add_argument(
        "--channels", type=share, metavar="S", help="prune: this share of each MLP's features goes altogether"
    )
    parser.add_argument(
        "--steps",
        type=int,
        metavar="N",
        help="training after pruning (default: a twentieth of what it had)",
    )


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a model and its text."""
    parser.add_argument(
        "run", nargs="?", type=Path, default=Path("tinygpt-run"), help="a run's folder (default: %(default)s)"
    )
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="the text that it learnt from, if that wasn't the plays"
    )


def share(text: str) -> float:
    """Return a number from 0 to 1, both left out."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(
            f"a share between 0 and 1, not {text!r}: with all gone nothing is left"
        )
    return value


def load_with_text(arguments: argparse.Namespace) -> tuple[TinyGPT, Corpus]:
    """Return a model and the text that it learnt from.

    Raises:
        TinyGPTError: the text is another one, so its held-out part may have been learnt from.
    """
    gpt = TinyGPT.load(arguments.run)
    corpus = read_corpus(arguments.data)
    if gpt.facts.get("crc32") != corpus.checksum:
        raise TinyGPTError(
            f"{arguments.run} learnt from another text ({gpt.facts.get('text', 'unknown')}): name it "
            "with --data, so that the loss is measured on what the model hasn't seen"
        )
    return gpt, corpus


def main(arguments: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Make a smaller model, measure both, write it; return the exit code."""
    gpt, corpus = load_with_text(arguments)
    if gpt.form != "float":
        raise TinyGPTError(f"{arguments.run} is {gpt.form} already: compress the model that it was made from")
    run: Path = arguments.run
    beside = run if run.name else run.resolve()  # "." has no name to add to
    out: Path = arguments.out or beside.with_name(f"{beside.name}-small")
    kept = begin(out, arguments.replace)
    if kept is not None:
        say(f"the old {out} is {kept} now")
    with threads(gpt.options.threads):
        name, small = make(gpt, corpus, arguments)
        small.facts = {**gpt.facts, "made": name}
        found = measured([Variant("as it was", gpt, True), Variant(name, small, True)], corpus)
    small.facts["loss"] = found[1].loss
    small.save(out)
    say(rendered(found))
    say(f"{out} holds it: `tinytorch-gpt sample {out}`, chat and serve take it like any other")
    return 0


def make(gpt: TinyGPT, corpus: Corpus, arguments: argparse.Namespace) -> tuple[str, TinyGPT]:
    """Return what was asked for, with its name.

    Raises:
        TinyGPTError: it can't be done.
    """
    try:
        if arguments.sparsity is None and arguments.channels is None:
            bits = arguments.bits or 8
            return f"int{bits}", quantised(gpt, bits)
        steps = gpt.options.steps // HEALING if arguments.steps is None else max(0, arguments.steps)
        with Bar(max(1, steps)) as bar:
            shares = {"sparsity": arguments.sparsity or 0.0, "channels": arguments.channels or 0.0}
            small = pruned(gpt, corpus, **shares, steps=steps, watch=lambda: bar.step("after pruning"))
    except ValueError as error:
        raise TinyGPTError(str(error)) from None
    if arguments.sparsity is not None:
        return f"pruned, {arguments.sparsity:.0%} zeros", small
    return f"pruned, {arguments.channels:.0%} of each MLP", small
