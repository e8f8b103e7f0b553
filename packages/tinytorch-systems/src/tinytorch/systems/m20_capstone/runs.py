"""A run's folder: what was learnt so far, in steps that a kill can't spoil.

    tinygpt.json, tokenizer.json, model.safetensors     the model (`TinyGPT.load`)
    training/last.json                                  the newest checkpoint: all but the arrays
    training/step-000800.safetensors                    its arrays: weights and what the optimizer remembers
    training/previous.json, training/step-000600...     the one before

A JSON file names its arrays and their checksum, and is replaced in one step after they are on the disk. So
at every moment `last.json` describes something whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinytorch.language import GPT

from .errors import TinyGPTError
from .folders import read_tokenizer
from .learning import TinyGPTTraining
from .options import TinyGPTOptions
from .storage import read_arrays, read_json, write_arrays, write_file, write_json
from .texts import Corpus
from .tinygpt import TinyGPT

FORMAT = 1
LAST, PREVIOUS = "last.json", "previous.json"


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run or a model."""
    return (folder / "tinygpt.json").exists() or (folder / "training").exists()


def begin(folder: Path, aside: bool) -> Path | None:
    """Make the folder of a new run; what is there already is never overwritten.

    Args:
        folder: where the run is to be.
        aside: move what is there aside instead of refusing.

    Returns:
        Where the old folder is now, if it was moved.

    Raises:
        TinyGPTError: the folder isn't empty, or can't be made.
    """
    kept = None
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            if not aside:
                what = (
                    "holds a run already"
                    if folder.is_dir() and is_run(folder)
                    else "is there already, and not empty"
                )
                raise TinyGPTError(
                    f"{folder} {what}: --resume goes on with a run, --out NAME begins in another folder, "
                    "--replace begins anew and keeps the old one under another name"
                )
            folder = folder if folder.name else folder.resolve()  # "." has no name to add to
            kept = free_name(folder)
            folder.rename(kept)
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise TinyGPTError(f"{folder} can't be written to: choose another folder with --out")
    except OSError as error:
        raise TinyGPTError(f"{folder} can't be made: {error.strerror or error}") from error
    return kept


def free_name(folder: Path) -> Path:
    """Return the first of name.bak, name.bak2, ... that is free."""
    number = 1
    while (kept := folder.with_name(f"{folder.name}.bak{number if number > 1 else ''}")).exists():
        number += 1
    return kept


def save_run(folder: Path, training: TinyGPTTraining) -> None:
    """Write a checkpoint, keep the one before it, and write the model as it is now.

    Raises:
        TinyGPTError: something can't be written. The last checkpoint is whole nevertheless.
    """
    place = folder / "training"
    arrays, facts = training.state()
    name = f"step-{training.step:06d}.safetensors"
    last = place / LAST
    before = last.read_bytes() if last.is_file() else None
    if before is not None and read_if_whole(last).get("step") == training.step:
        return  # nothing is new
    checksum = write_arrays(place / name, arrays)
    options = training.gpt.options.to_json()
    corpus = {"name": training.corpus.name, "crc32": training.corpus.checksum}
    content = {
        "format": FORMAT,
        **facts,
        "arrays": name,
        "crc32": checksum,
        "options": options,
        "corpus": corpus,
        "facts": training.gpt.facts,
    }
    if before is not None:
        write_file(place / PREVIOUS, before)
    write_json(last, content)
    keep = {name, read_if_whole(place / PREVIOUS).get("arrays")}
    for path in place.glob("step-*.safetensors"):
        if path.name not in keep:
            path.unlink(missing_ok=True)
    training.gpt.save(folder)


def read_if_whole(path: Path) -> dict[str, Any]:
    """Return what a JSON file holds, or nothing."""
    try:
        return read_json(path)
    except TinyGPTError:
        return {}


def resume_run(
    folder: Path, given: Mapping[str, Any], corpus: Corpus, warn: Callable[[str], None]
) -> TinyGPTTraining:
    """Return the training of a folder as it was at its newest checkpoint that is whole.

    Args:
        folder: a run's folder.
        given: options that the user asked for; all others are the run's own.
        corpus: the text to go on with.
        warn: takes a sentence if the newest checkpoint is damaged and the one before it is used.

    Raises:
        TinyGPTError: there is no whole checkpoint, or it is of another recipe or text.
    """
    place = folder / "training"
    for draft in [*folder.glob(".*.tmp"), *place.glob(".*.tmp")]:
        draft.unlink(missing_ok=True)  # of a run that was killed while it wrote
    if not (place / LAST).is_file() and not (place / PREVIOUS).is_file():
        raise TinyGPTError(
            f"{folder} holds no run to go on with: begin one, without --resume, "
            "and with --replace if the folder is there"
        )
    facts, arrays, fault = None, {}, None
    for name in (LAST, PREVIOUS):
        try:
            facts = read_facts(place / name)
            arrays = read_arrays(place / facts["arrays"], facts["crc32"])
            break
        except TinyGPTError as error:
            facts, fault = None, fault or error
    if facts is None:
        raise TinyGPTError(f"no checkpoint in {place} is whole: {fault}; begin anew with --replace")
    if fault is not None:
        warn(f"{fault}; going on from the checkpoint before it, step {facts['step']}")
    own = TinyGPTOptions.from_json(facts["options"])
    if found := replace(own, **given).differences(own):
        raise TinyGPTError(
            f"{folder} was begun with another recipe: {'; '.join(found)}. Leave that option out to go on "
            "as it was begun, or begin anew with --out NAME"
        )
    if corpus.checksum != facts["corpus"]["crc32"]:
        raise TinyGPTError(
            f"{folder} was begun with another text ({facts['corpus']['name']}): give the same --data, or "
            "begin anew with --out NAME"
        )
    training = TinyGPTTraining(TinyGPT(*fresh(folder, own, corpus), own, facts["facts"]), corpus)
    training.restore(arrays, facts)
    return training


def fresh(folder: Path, options: TinyGPTOptions, corpus: Corpus) -> tuple[Any, Any]:
    """Return a network to put weights into, and the run's tokenizer, learnt again if its file is damaged."""
    try:
        tokenizer = read_tokenizer(folder, options)
    except TinyGPTError:
        tokenizer = TinyGPT.new(options, corpus.train).tokenizer
    return GPT(options.config(tokenizer.vocab_size)), tokenizer


def read_facts(path: Path) -> dict[str, Any]:
    """Return a checkpoint's JSON.

    Raises:
        TinyGPTError: it is missing, damaged or of a newer version.
    """
    facts = read_json(path)
    needed = {
        "format",
        "step",
        "losses",
        "looks",
        "random",
        "arrays",
        "crc32",
        "options",
        "corpus",
        "facts",
    }
    if facts.get("format", 0) > FORMAT:
        raise TinyGPTError(f"{path} was written by a newer tinytorch-systems: upgrade it")
    if not needed <= set(facts) or Path(str(facts["arrays"])).name != facts["arrays"]:
        raise TinyGPTError(f"{path} is damaged: it isn't what a run writes")
    return facts
