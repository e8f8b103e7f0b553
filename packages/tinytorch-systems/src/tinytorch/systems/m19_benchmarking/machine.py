"""The machine: what figures depend on, and what else it does while something is measured."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

THREAD_VARIABLES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS"),
)
PEERS = ("numpy", "torch", "numba", "libcst", "tokenizers", "safetensors")


def environment() -> dict[str, Any]:
    """Return what figures depend on: versions, processor, BLAS, threads, load, date, the commit if any."""
    from threadpoolctl import threadpool_info

    mine = {d.metadata["Name"]: d.version for d in metadata.distributions() if _ours(d.metadata["Name"])}
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": processor(),
        "cores": cores(),
        "load": load_average(),
        "versions": dict(sorted({**_versions(), **mine}.items())),
        "blas": sorted(
            {
                f"{pool['internal_api']} {pool.get('version') or ''} {pool.get('architecture') or ''}".strip()
                for pool in threadpool_info()
            }
        ),
        "threads": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        "commit": commit(),
    }


def _ours(name: str | None) -> bool:
    return (name or "").lower().startswith("tinytorch-")


def _versions() -> dict[str, str]:
    found = {}
    for name in PEERS:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def processor() -> str:
    """Return the name of the processor, as its maker calls it, if the system tells."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("model name", "Hardware", "Model")) and ":" in line:
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        return _said("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    return platform.processor() or platform.machine()


def commit() -> str | None:
    """Return the git commit of the folder one works in, with "+" if files differ; None without git."""
    found = _said("git", "rev-parse", "--short=12", "HEAD")
    if not found:
        return None
    return found + ("+" if _said("git", "status", "--porcelain", "--untracked-files=no") else "")


def _said(*words: str) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(words, capture_output=True, timeout=10, encoding="utf-8", errors="replace")
        if done.returncode == 0:
            return done.stdout.strip()
    return ""


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_average() -> float | None:
    """Return how many programs wanted to run in the last minute, on average; None where nobody counts."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


@dataclass(frozen=True)
class Reading:
    """What the system counted until now: processor seconds of all, of this program and what it started."""

    wall: float
    total: float | None
    own: float | None
    cores: int
    average: float | None

    def busy_since(self, before: Reading) -> float | None:
        """Return which part of the processors' time others took since an earlier reading."""
        there = (self.wall - before.wall) * self.cores
        if None in (self.total, before.total, self.own, before.own) or there < 0.1:
            return None
        assert self.total is not None and before.total is not None  # noqa: PT018 - for the type checker
        assert self.own is not None and before.own is not None  # noqa: PT018
        return max(0.0, (self.total - before.total - (self.own - before.own)) / there)


class Load:
    """Reads the system's counters: on Linux all that it counts, elsewhere the load average."""

    def __init__(self) -> None:
        self.cores = os.cpu_count() or 1  # counted are all of them

    def read(self) -> Reading:
        """Return the counters of now."""
        total, own = None, None
        with suppress(OSError, ValueError, AttributeError):
            total, own = _total(), _own()
        return Reading(time.perf_counter(), total, own, self.cores, load_average())


def _total() -> float:
    """Return the seconds that all processors worked since the system started (Linux)."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    """Return the seconds that this process and all that it started worked, the ended ones included."""
    parents, ticks = dict[int, int](), dict[int, int]()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
                fields = text.rpartition(")")[2].split()  # a program's name may hold anything
                parents[int(folder.name)] = int(fields[1])
                ticks[int(folder.name)] = sum(map(int, fields[11:15]))
    mine = [os.getpid()]
    for pid in mine:  # grows while it is walked
        mine += [child for child, parent in parents.items() if parent == pid]
    return sum(ticks.get(pid, 0) for pid in mine) / os.sysconf("SC_CLK_TCK")
