"""Ctrl-C: it reaches all processes of a terminal at once, and must neither be lost nor told several times."""

from __future__ import annotations

import signal
import threading
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def held_back() -> Iterator[None]:
    """Let Ctrl-C wait while a process is started, which begins its life with Ctrl-C blocked.

    Blocking alone doesn't keep it from this process: one of its other threads (NumPy's) may take the signal.
    """
    came: list[Any] = []
    here = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT)
    ours = here and handler is not None  # only the main thread may exchange a handler, and only Python's
    masked = hasattr(signal, "pthread_sigmask")
    if ours:
        signal.signal(signal.SIGINT, lambda *_: came.append(True))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if masked else None
    try:
        yield
    finally:
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if ours:
            signal.signal(signal.SIGINT, handler)
            if came:
                signal.raise_signal(signal.SIGINT)


def ignore() -> None:
    """Take no notice of Ctrl-C, in a worker: the loader's process answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def clearing_up(do: Callable[[], None]) -> None:
    """Do something in a finalizer, where Python drops every exception: repeat Ctrl-C when that is over."""
    try:
        do()
    except KeyboardInterrupt:
        again = threading.Timer(0.05, _interrupt)
        again.daemon = True
        again.start()


def _interrupt() -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # wakes it if it waits
    else:
        interrupt_main()
