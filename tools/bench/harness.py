"""What the files `cases_*.py` are made of: the package's `Case`, in which TinyTorch is who is compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinytorch import systems
from tinytorch.systems import run_command

command = run_command


def prepare(contestant: str, threads: int) -> None:
    """Load PyTorch for its contestant and tell it the number of threads."""
    if contestant == "torch":
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(0)


@dataclass
class Case(systems.Case):
    """A benchmark; see `tinytorch.systems.Case`."""

    prepare: Callable[[str, int], Any] | None = prepare
    subject: str = "tinytorch"
