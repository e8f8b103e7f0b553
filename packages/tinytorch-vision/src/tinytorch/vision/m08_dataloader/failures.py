"""What goes wrong in a worker, told so that the user of the loader understands it."""

from __future__ import annotations

import pickle
import signal
import traceback
from pathlib import Path

from .pickling import loads

_HERE = str(Path(__file__).parent)


def described(error: BaseException, id: int, doing: str) -> tuple[bytes, str]:
    """Return the type of an error, pickled, and a message with the traceback of the user's code."""
    inner = error.__traceback__
    while inner is not None and inner.tb_frame.f_code.co_filename.startswith(_HERE):
        inner = inner.tb_next  # our own functions on the way to the user's say nothing to him
    lines = "".join(traceback.format_exception(type(error), error, inner)).rstrip()
    message = (
        f"Caught {type(error).__name__} in DataLoader worker process {id}, while {doing}.\n"
        f"{'Original ' if inner is not None else ''}{lines}"
    )
    kind: type[BaseException] = type(error)
    if not isinstance(error, Exception) or isinstance(error, MemoryError):
        kind = RuntimeError  # sys.exit() in a worker shall not end the loader's process
    try:
        return pickle.dumps(kind), message
    except Exception:  # a class that was made inside a function
        return pickle.dumps(RuntimeError), message


def rebuilt(kind: bytes, message: str) -> Exception:
    """Return an error of the type that a worker described; RuntimeError if it can't be made of a message."""
    try:
        cls = loads(kind)
        error = cls(_Text(message) if issubclass(cls, KeyError) else message)
    except Exception:  # its constructor wants something else
        return RuntimeError(message)
    return error if isinstance(error, Exception) else RuntimeError(message)


def death(id: int, pid: int | None, code: int, doing: str, forked: bool) -> RuntimeError:
    """Return the error that says how a worker ended that shouldn't have."""
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        how = f"was killed by {name}"
        if name in ("SIGKILL", "SIGBUS"):
            how += ", as the system does when memory runs out"
    else:
        how = f"ended with exit code {code}"
        if not forked:
            how += (
                ". If this is a script, its main part must stand below "
                '`if __name__ == "__main__":`, since each worker imports the script'
            )
    return RuntimeError(
        f"DataLoader worker {id} (pid {pid}) exited unexpectedly: it {how}; {doing}. With num_workers=0 it "
        "would happen in this process, where a debugger can look at it"
    )


class _Text(str):
    """A message that KeyError, which shows the repr of its argument, shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
