"""The same model in several sizes: as it was learnt, with a cache, in few bits, without some weights."""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import ASCII_DOUBLE_HEAD
from rich.console import Console
from rich.table import Table

from ..m17_quantization import quantize
from ..m18_compression import finish_pruning, prune_channels, prune_model, shrink
from .learning import TinyGPTTraining
from .texts import Corpus
from .tinygpt import TinyGPT, new_generator
from .weights import COMPRESSED, QUANTISED

SPARSITY = 0.5
HEALING = 20  # one step for so many of the training, in which what is left makes up for what is gone
HEALING_RATE = 1e-3
ROUNDS = 5


@dataclass(frozen=True)
class Variant:
    """A model and what was measured of it.

    Attributes:
        name: what it is.
        gpt: the model.
        use_cache: whether it writes with a cache.
        nbytes: of the file with its weights.
        loss: on the held-out text, in nats for each character.
        rate: tokens a second, the median of a few rounds in which all variants take turns.
    """

    name: str
    gpt: TinyGPT
    use_cache: bool
    nbytes: int = 0
    loss: float = 0.0
    rate: float = 0.0


def quantised(gpt: TinyGPT, bits: int) -> TinyGPT:
    """Return a copy whose matrices are whole numbers of eight or four bits."""
    return TinyGPT(quantize(gpt.model, f"int{bits}"), gpt.tokenizer, gpt.options, dict(gpt.facts), QUANTISED)


def pruned(
    gpt: TinyGPT,
    corpus: Corpus,
    *,
    sparsity: float = 0.0,
    channels: float = 0.0,
    steps: int | None = None,
    watch: Callable[[], None] = lambda: None,
) -> TinyGPT:
    """Return a copy without its least important weights, trained a little further.

    Args:
        gpt: the model; it stays as it is.
        corpus: what it learnt from.
        sparsity: the share of the weights, the smallest of all matrices, that become zeros.
        channels: the share of the hidden features of each MLP that go altogether.
        steps: how many steps of training follow; left out, a twentieth of those that it had.
        watch: is called after each of them.

    Raises:
        ValueError: a share is out of range.
    """
    steps = gpt.options.steps // HEALING if steps is None else steps
    model = copy.deepcopy(gpt.model)
    if channels:
        model = shrink(prune_channels(model, channels, heads=0.0))
    if sparsity:
        prune_model(model, sparsity)
    recipe: dict[str, Any] = {
        "steps": max(1, steps),
        "warmup": 0,
        "lr": min(HEALING_RATE, gpt.options.lr),
        "last_lr": 0.0,
    }
    # Other batches than the first steps had: the seed is moved by the steps that were done.
    options = replace(gpt.options, **recipe, seed=(gpt.options.seed + gpt.options.steps) % 2**32)
    healing = TinyGPTTraining(TinyGPT(model, gpt.tokenizer, options, {}), corpus)
    for _ in healing.run(until=steps):
        watch()
    if sparsity:
        finish_pruning(model)
    return TinyGPT(model, gpt.tokenizer, gpt.options, dict(gpt.facts), COMPRESSED)


def measured(variants: Sequence[Variant], corpus: Corpus, tokens: int | None = None) -> list[Variant]:
    """Return variants with what they measure: bytes on the disk, loss, tokens a second."""
    count = tokens or variants[0].gpt.options.block_size - 1
    times: dict[str, list[float]] = {variant.name: [] for variant in variants}
    for i in range(ROUNDS + 1):
        for variant in variants:
            began = time.perf_counter()
            write(variant, count)
            if i:  # the first round warms up
                times[variant.name].append(time.perf_counter() - began)
    return [
        replace(
            variant,
            nbytes=size_on_disk(variant.gpt),
            loss=variant.gpt.loss(corpus.test),
            rate=count / float(np.median(times[variant.name])),
        )
        for variant in variants
    ]


def write(variant: Variant, count: int) -> None:
    """Write so many tokens, as `sample` does."""
    gpt = variant.gpt
    cache = gpt.new_cache() if variant.use_cache else None
    for _ in gpt.stream_ids(gpt.encode(""), count, 0.8, 40, None, new_generator(0), cache):
        pass


def size_on_disk(gpt: TinyGPT) -> int:
    """Return how many bytes the file with the weights takes."""
    with tempfile.TemporaryDirectory() as folder:
        gpt.save(Path(folder))
        return (Path(folder) / "model.safetensors").stat().st_size


def usual(gpt: TinyGPT, corpus: Corpus) -> list[Variant]:
    """Return the variants of the table that training ends with."""
    return [
        Variant("baseline", gpt, False),
        Variant("cached", gpt, True),
        Variant("quantised, int8", quantised(gpt, 8), True),
        Variant("quantised, int4", quantised(gpt, 4), True),
        Variant(f"pruned, {SPARSITY:.0%} zeros", pruned(gpt, corpus, sparsity=SPARSITY), True),
        Variant("pruned, half of each MLP", pruned(gpt, corpus, channels=0.5), True),
    ]


def show_table(gpt: TinyGPT, corpus: Corpus, say: Callable[[str], None]) -> list[Variant]:
    """Measure the usual variants, show them, and return them."""
    say("measuring it cached, quantised and pruned ...")
    found = measured(usual(gpt, corpus), corpus)
    say(rendered(found))
    say("size: of the file with the weights; loss: nats per character on the whole last tenth of the text;")
    say("tokens/s: the median of 5 rounds in which all take turns; all but the baseline write with a cache")
    return found


def rendered(variants: Sequence[Variant]) -> str:
    """Return a table of variants; the first is what the others are compared with."""
    first = variants[0]
    rows = [
        (
            v.name,
            f"{v.nbytes:,}",
            f"{first.nbytes / v.nbytes:.2f}x",
            f"{v.rate:,.0f}",
            f"{v.rate / first.rate:.2f}x",
            f"{v.loss:.4f}",
            f"{(v.loss / first.loss - 1):+.2%}",
        )
        for v in variants
    ]
    return text_table(("", "bytes", "smaller", "tokens/s", "faster", "loss", ""), rows)


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in ASCII: the first column to the left, all others to the right."""
    table = Table(box=ASCII_DOUBLE_HEAD)
    for i, name in enumerate(head):
        table.add_column(name, justify="right" if i else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console = Console(
        width=110, color_system=None, force_terminal=False, markup=False, emoji=False, highlight=False
    )
    with console.capture() as capture:
        console.print(table)
    return capture.get().rstrip("\n")
