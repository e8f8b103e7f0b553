"""`tinytorch-gpt train`: learn from a text, save along the way, and show what came out of it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .learning import TinyGPTTraining, kernels, threads
from .options import TinyGPTOptions
from .progress import Bar, interruptible
from .runs import begin, resume_run, save_run
from .texts import Corpus, read_corpus
from .tinygpt import TinyGPT

Say = Callable[[str], None]
LOOKS = 10  # looks at the held-out text along the way
LOOKED_AT = 20_000  # its characters that are looked at then


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which options there are."""
    default = TinyGPTOptions()
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("tinygpt-run"),
        metavar="FOLDER",
        help="the run's folder (default: %(default)s)",
    )
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="your own text, UTF-8, instead of nine plays"
    )
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on with the run in --out")
    again.add_argument(
        "--replace", action="store_true", help="begin anew; keep what is in --out as FOLDER.bak"
    )
    parser.add_argument(
        "--save-every", type=positive, default=200, metavar="STEPS", help="checkpoints (default: %(default)s)"
    )
    parser.add_argument(
        "--no-table", action="store_true", help="don't measure cached, quantised and pruned models at the end"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    recipe = parser.add_argument_group("recipe")
    recipe.add_argument(
        "--accelerate", action="store_true", default=None, help="compiled kernels instead of NumPy's"
    )
    recipe.add_argument("--tokenizer", choices=("bpe", "char"), help=f"default: {default.tokenizer}")
    for flag, name, kind in RECIPE:
        recipe.add_argument(
            flag,
            dest=name,
            type=kind,
            metavar=kind.__name__.upper(),
            help=f"{name.replace('_', ' ')} (default: {getattr(default, name)})",
        )


RECIPE = (
    ("--vocab", "vocab_size", int),
    ("--context", "block_size", int),
    ("--layers", "n_layer", int),
    ("--heads", "n_head", int),
    ("--width", "n_embd", int),
    ("--batch", "batch_size", int),
    ("--steps", "steps", int),
    ("--warmup", "warmup", int),
    ("--lr", "lr", float),
    ("--seed", "seed", int),
    ("--threads", "threads", int),
)


def positive(text: str) -> int:
    """Return a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on, not {text!r}")
    return int(text)


def given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the recipe that were named on the command line."""
    names = ["tokenizer", "accelerate", *(name for _, name, _ in RECIPE)]
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}


def main(arguments: argparse.Namespace, say: Say) -> int:
    """Train; return the exit code."""
    folder: Path = arguments.out
    corpus = read_corpus(arguments.data)
    training = start(folder, given(arguments), corpus, arguments.resume, arguments.replace, say)
    with threads(training.gpt.options.threads), kernels(training.gpt.options.accelerate, say):
        finished = follow(folder, training, arguments.save_every, arguments.quiet, say)
        if not finished:
            return 130
        facts = training.gpt.facts
        say(
            f"validation loss {facts['loss']:.3f} nats per character, on the last tenth of the text; "
            f"{facts['seconds']:.0f} s of training"
        )
        say(f"the model is in {folder}; try: tinytorch-gpt sample {folder}")
        if not arguments.no_table:
            from .variants import show_table

            show_table(training.gpt, corpus, say)
    return 0


def start(
    folder: Path, options: Mapping[str, Any], corpus: Corpus, resume: bool, aside: bool, say: Say
) -> TinyGPTTraining:
    """Begin a run, or take one up again."""
    if resume:
        training = resume_run(folder, options, corpus, say)
        say(f"going on with {folder} at step {training.step} of {training.gpt.options.steps}")
        return training
    recipe = TinyGPTOptions(**options)
    kept = begin(folder, aside)
    if kept is not None:
        say(f"the old {folder} is {kept} now")
    gpt = TinyGPT.new(recipe, corpus.train)
    training = TinyGPTTraining(gpt, corpus)
    say(
        f"{corpus.name}: {len(corpus.train):,} characters to learn from, {len(corpus.test):,} held out; "
        f"{gpt.tokenizer.vocab_size:,} tokens, {len(corpus.train) / len(training.ids):.2f} characters each; "
        f"{gpt.facts['parameters']:,} parameters"
    )
    save_run(folder, training)
    return training


def follow(folder: Path, training: TinyGPTTraining, save_every: int, quiet: bool, say: Say) -> bool:
    """Do all steps that are left; return whether they are done, and not interrupted."""
    gpt, steps = training.gpt, training.gpt.options.steps
    every = max(1, steps // LOOKS)
    began, before = time.perf_counter(), gpt.facts.get("seconds", 0.0)
    with interruptible() as asked, Bar(steps, training.step, quiet) as bar:
        for loss in training.run():
            if training.step % every == 0:
                training.look(LOOKED_AT)
            held_out = f"  held out {training.looks[-1][1]:.3f} per character" if training.looks else ""
            bar.step(f"loss {loss:.3f} per token{held_out}")
            gpt.facts["seconds"] = before + time.perf_counter() - began
            if training.step % save_every == 0 and training.step < steps:
                save_run(folder, training)
            if asked.is_set():
                break
        if training.step < steps:
            save_run(folder, training)
            say(
                f"stopped at step {training.step} of {steps}, all of it saved; "
                f"go on with: tinytorch-gpt train --out {folder} --resume"
            )
            return False
        text = {"text": training.corpus.name, "crc32": training.corpus.checksum}
        gpt.facts |= {"loss": gpt.loss(training.corpus.test), **text, "steps": steps}
        save_run(folder, training)
    return True
