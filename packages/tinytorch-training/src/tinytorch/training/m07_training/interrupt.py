"""Ctrl-C while training: the batch is finished, a checkpoint written, and the run ends."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .trainer import Trainer


@contextmanager
def ctrl_c_ends_cleanly(trainer: Trainer) -> Iterator[None]:
    """Within this block the first Ctrl-C ends the run after the present batch; a second one stops at once.

    So weights are never left half changed. Only the main thread may ask for that, and where Ctrl-C is
    ignored, as in a shell script's background jobs, it stays so.
    """
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        yield
        return

    def on_ctrl_c(signum: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, before)
        trainer.interrupted = True
        sys.stderr.write("\nstopping after this batch; Ctrl-C again stops at once\n")

    before = signal.signal(signal.SIGINT, on_ctrl_c)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
