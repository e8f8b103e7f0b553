"""What of a run goes into a checkpoint, and back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .callback import Callback
from .callbacks.checkpointing import ModelCheckpoint
from .checkpoint import CheckpointError, latest_checkpoint, load_checkpoint, save_checkpoint

if TYPE_CHECKING:
    from .trainer import Trainer


def save(trainer: Trainer, path: str | os.PathLike[str]) -> None:
    """Write everything that going on from here needs."""
    if trainer.loop is None:
        raise RuntimeError("there is nothing to save before fit")
    checkpoint = {
        "model": trainer.module.state_dict(),
        "optimizer": trainer.loop.optimizer.state_dict(),
        "schedules": [schedule.scheduler.state_dict() for schedule in trainer.loop.schedules],
        "loop": trainer.loop.state_dict(),
        "callbacks": {name: callback.state_dict() for name, callback in named_callbacks(trainer)},
    }
    trainer.call("on_save_checkpoint", checkpoint)
    save_checkpoint(path, checkpoint)


def restore(trainer: Trainer, path: str | os.PathLike[str]) -> None:
    """Go on from a checkpoint; if one part of it doesn't fit, everything stays as it was.

    Raises:
        CheckpointError: the file is damaged, or no trainer wrote it, or one with other schedules.
    """
    assert trainer.loop is not None
    checkpoint = load_checkpoint(path)
    missing = {"model", "optimizer", "schedules", "loop", "callbacks"} - set(checkpoint)
    if missing:
        raise CheckpointError(f"{path} wasn't written by a Trainer: it lacks {', '.join(sorted(missing))}")
    schedulers = [schedule.scheduler for schedule in trainer.loop.schedules]
    if len(schedulers) != len(checkpoint["schedules"]):
        raise CheckpointError(
            f"{path} is of a run with {len(checkpoint['schedules'])} schedules, here are {len(schedulers)}"
        )
    trainer.call("on_load_checkpoint", checkpoint)
    if shapes(trainer.module.state_dict()) != shapes(checkpoint["model"]):
        trainer.module.load_state_dict(checkpoint["model"])  # says what doesn't fit, and changes nothing
    with ExitStack() as undo:
        for part, state in zip(schedulers, checkpoint["schedules"], strict=True):
            undo.callback(part.load_state_dict, part.state_dict())
            part.load_state_dict(state)
        trainer.loop.optimizer.load_state_dict(checkpoint.pop("optimizer"))
        undo.pop_all()
    trainer.module.load_state_dict(checkpoint.pop("model"))
    states = checkpoint["callbacks"]
    for name, callback in named_callbacks(trainer):
        if name in states:
            callback.load_state_dict(states[name])
    trainer.loop.load_state_dict(checkpoint["loop"])


def shapes(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shape of each tensor of a module's state."""
    return {name: tensor.shape for name, tensor in state.items()}


def checkpoint_to_load(trainer: Trainer, given: str | os.PathLike[str] | None) -> Path | None:
    """Return the file that `ckpt_path` means, or None to begin anew."""
    if given is None:
        return None
    if given not in ("last", "last_good"):
        return Path(given)
    folders = [c.folder(trainer) for c in trainer.callbacks if isinstance(c, ModelCheckpoint)]
    folder = folders[0] if folders else trainer.default_root_dir
    if not any(folder.glob("*.safetensors")):
        return None  # the first run
    return latest_checkpoint(folder, skip_damaged=given == "last_good")


def named_callbacks(trainer: Trainer) -> Iterator[tuple[str, Callback]]:
    """Return each callback and the name under which its state stands; two of a kind are numbered."""
    seen: dict[str, int] = {}
    for callback in trainer.callbacks:
        key = callback.state_key
        seen[key] = seen.get(key, 0) + 1
        yield (key if seen[key] == 1 else f"{key}#{seen[key]}"), callback
