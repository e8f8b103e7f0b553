"""What a worker knows about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker of a loader.

    Attributes:
        id: from 0 to `num_workers - 1`.
        num_workers: how many there are.
        seed: of its random numbers: the epoch's base seed plus its id.
        dataset: its copy of the dataset.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.get_worker_info
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_current: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Return which worker of a loader this process is; None if it isn't one."""
    return _current


def set_worker_info(info: WorkerInfo) -> None:
    """Say that this process is a worker."""
    global _current
    _current = info
