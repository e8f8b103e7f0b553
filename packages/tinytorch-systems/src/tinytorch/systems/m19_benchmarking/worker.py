"""A process for each contestant: nothing of the others is loaded, and its threads are set before it starts.

Run as a program it is that process: it builds a contestant and answers requests, a line of JSON each.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any


def resident_bytes() -> int:
    """Return the memory that this process holds now (Linux), or at its peak so far (elsewhere)."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return peak_bytes()
    return int(status.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_bytes() -> int:
    """Return the largest amount of memory that this process has held.

    On Linux it is the system's VmHWM: what `getrusage` says includes the process that started this one.

    Raises:
        OSError: the system doesn't tell (Windows).
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        raise OSError("this system doesn't tell how much memory a process took at its peak") from None
    unit = 1 if sys.platform == "darwin" else 1024
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * unit


# Before any library is there: what a contestant loads counts, what the harness needs counts for all alike.
AT_FIRST = resident_bytes() if __name__ == "__main__" and os.name == "posix" else 0


class Worker:
    """A process that holds one contestant and does rounds of it on request; close it, or use `with`.

    Args:
        file: the Python file that has the cases.
        case: the case's name.
        contestant: who of it.
        threads: how many threads the libraries may use; set in the environment before they are loaded.
        round_seconds: how long a round takes.
    """

    def __init__(
        self, file: str | os.PathLike[str], case: str, contestant: str, threads: int, round_seconds: float
    ) -> None:
        from .machine import THREAD_VARIABLES

        environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads)), "PYTHONUTF8": "1"}
        self.who = f"{contestant!r} of {case!r}"
        words = [os.fspath(file), case, contestant, str(threads), str(round_seconds)]
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                __file__,
                *words,
            ],  # -P: the files beside this one are no top-level modules
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            encoding="utf-8",
        )

    def ask(self, request: str) -> Any:
        """Send a request and return what the process answers.

        Raises:
            RuntimeError: it has ended; what it said last is on the terminal.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except OSError:
            answer = ""
        if not answer:
            code = self.process.wait()
            raise RuntimeError(f"{self.who} ended with exit code {code}; its own words are above")
        return json.loads(answer)

    def warm_up(self) -> Any:
        """Warm the contestant up; return a `WarmUp`."""
        from .clock import WarmUp

        return WarmUp(**self.ask("warm_up"))

    def round(self) -> float:
        """Do one round and return seconds of a call."""
        return float(self.ask("round"))

    def close(self) -> None:
        """End the process."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):  # it had ended before it read all
                    stream.close()
        self.process.wait()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def load_cases(file: str | os.PathLike[str]) -> list[Any]:
    """Import a Python file, the files beside it at its hand, and return its list `CASES`.

    Raises:
        ValueError: it has no such list, or it isn't one of `Case`.
    """
    from tinytorch.systems import Case

    path = Path(file).resolve()
    if not path.is_file():
        raise ValueError(f"{file}: no such file")
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    cases = getattr(importlib.import_module(path.stem), "CASES", None)
    if not isinstance(cases, list) or not all(isinstance(case, Case) for case in cases):
        raise ValueError(f"{file} has no list `CASES` of `tinytorch.systems.Case`")
    return cases


def serve(file: str, case_name: str, contestant: str, threads: int, round_seconds: float) -> None:
    """Be a worker: build the contestant, then answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a contestant prints is no answer
    case = next(case for case in load_cases(file) if case.name == case_name)
    build = case.contestants[contestant]
    before, counted = AT_FIRST, case.kind == "memory"
    if case.prepare is not None:
        before -= resident_bytes() if counted else 0
        case.prepare(contestant, threads)
        before += resident_bytes() if counted else 0
    step = build()
    watch = None
    for line in sys.stdin:
        request = line.strip()
        if request == "memory":
            for _ in range(5):
                step()
            answer: Any = peak_bytes() - before
        elif request == "scenario":
            answer = vars(case.scenario.run(step))
        else:
            if watch is None:
                from tinytorch.systems import Stopwatch

                watch = Stopwatch(step, round_seconds)
            answer = vars(watch.warm_up()) if request == "warm_up" else watch.round()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    _, FILE, CASE, WHO, COUNT, SECONDS = sys.argv
    serve(FILE, CASE, WHO, int(COUNT), float(SECONDS))
