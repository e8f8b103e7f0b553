"""How things are measured: one process a contestant, rounds in turn, medians, ratios of the same round."""

from __future__ import annotations

import gc
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ROUND_SECONDS = 0.15  # how long one contestant works in one round
PAUSE_SECONDS = 0.05  # between contestants: the threads of the one before stop spinning meanwhile


@dataclass
class Case:
    """One benchmark: who takes part, and how large tinytorch's figure may be against each peer.

    `limits` are ratios tinytorch / peer; for kind "import" they are seconds beyond the peer. The limit of
    "tinytorch" itself is one of its own figure: seconds or bytes.
    """

    name: str
    contestants: Mapping[str, Callable[[], Callable[[], Any]] | str]
    limits: Mapping[str, float] = field(default_factory=dict)
    kind: str = "time"  # or "memory", "import", "cpu", "peak"
    threads: Sequence[int] = (1, 2)


class Worker:
    """A process that holds one contestant and does rounds of it on request."""

    def __init__(self, case_name: str, contestant: str, threads: int) -> None:
        environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads))}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "__main__.py"), "--worker", case_name, contestant, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            encoding="utf-8",
        )

    def ask(self, request: str) -> float:
        """Send a request and return the number that the process answers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"a contestant ended early: {self.process.args}")
        return float(json.loads(answer))

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def serve(case: Case, contestant: str, threads: int) -> None:
    """Be a worker: build the contestant, then answer requests until the input ends."""
    build = case.contestants[contestant]
    assert not isinstance(build, str)
    if contestant == "torch":
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(0)
    before = resident_bytes()
    step = build()
    count = 1
    for line in sys.stdin:
        if line.strip() == "memory":
            for _ in range(5):
                step()
            print(json.dumps(peak_bytes() - before), flush=True)
        elif line.strip() == "warm":
            began = time.perf_counter()
            rounds = 0
            while time.perf_counter() - began < 2 * ROUND_SECONDS:
                step()
                rounds += 1
            count = max(1, rounds // 2)
            print(json.dumps(count), flush=True)
        else:
            gc.collect()
            step()  # the first one after a pause pays for cold caches and sleeping threads
            began = time.perf_counter()
            for _ in range(count):
                step()
            print(json.dumps((time.perf_counter() - began) / count), flush=True)


def resident_bytes() -> int:
    """Return the memory that this process holds now (Linux), or at its peak so far (elsewhere)."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return peak_bytes()
    return int(status.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_bytes() -> int:
    """Return the largest amount of memory that this process has held."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measure(case: Case, threads: int, rounds: int) -> dict[str, list[float]]:
    """Return each contestant's figure in each round: seconds a step, bytes, or seconds of an import."""
    if case.kind == "import":
        return measure_import(case, rounds)
    if case.kind in ("cpu", "peak"):
        return measure_commands(case, rounds)
    names = list(case.contestants)
    if case.kind == "memory":
        figures: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(max(3, rounds // 5)):
            for name in names:
                worker = Worker(case.name, name, threads)
                figures[name].append(worker.ask("memory"))
                worker.close()
        return figures
    workers = {name: Worker(case.name, name, threads) for name in names}
    for worker in workers.values():
        worker.ask("warm")
        time.sleep(PAUSE_SECONDS)
    figures = {name: [] for name in names}
    shuffled = random.Random(0)
    for _ in range(rounds):
        shuffled.shuffle(names)
        for name in names:
            figures[name].append(workers[name].ask("round"))
            time.sleep(PAUSE_SECONDS)
    for worker in workers.values():
        worker.close()
    return figures


def measure_import(case: Case, rounds: int) -> dict[str, list[float]]:
    """Time each statement in a fresh interpreter, in turn."""
    figures: dict[str, list[float]] = {name: [] for name in case.contestants}
    for i in range(rounds + 1):
        for name, statement in case.contestants.items():
            code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, check=True, text=True, encoding="utf-8"
            )
            if i:  # the first round fills the disk cache
                figures[name].append(float(done.stdout))
    return figures


def measure_commands(case: Case, rounds: int) -> dict[str, list[float]]:
    """Take commands in turn: each step prepares one, then returns the figure that `command` gave for it."""
    steps = {name: build() for name, build in case.contestants.items() if not isinstance(build, str)}
    figures: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(max(3, rounds // 5)):
        for name, step in steps.items():
            figures[name].append(step()[("cpu", "peak").index(case.kind)])
    return figures


def command(words: Sequence[str | Path], folder: Path, allowed: Sequence[int] = (0,)) -> tuple[float, float]:
    """Run a command; return the seconds of CPU and the peak bytes of it and of what it started."""
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen([*map(str, words)], cwd=folder, stdout=nowhere, stderr=nowhere)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        raise RuntimeError(f"exit code {process.returncode}: {process.args}")
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit


def compare(case: Case, figures: Mapping[str, list[float]], peer: str) -> float:
    """Return the median over the rounds of tinytorch against `peer`: a ratio, or seconds for imports.

    Against itself, tinytorch is its own figure.
    """
    if peer == "tinytorch":
        return statistics.median(figures[peer])
    pairs = zip(figures["tinytorch"], figures[peer], strict=True)
    if case.kind == "import":
        return statistics.median(ours - theirs for ours, theirs in pairs)
    return statistics.median(ours / theirs for ours, theirs in pairs)
