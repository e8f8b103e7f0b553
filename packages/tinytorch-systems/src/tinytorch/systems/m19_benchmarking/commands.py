"""What is measured from outside: commands that run to their end, and imports in fresh interpreters."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

Usage = tuple[float, float]

# A small process starts the command: Linux counts the memory of who starts a process as that one's peak.
LAUNCHER = """
import json, os, subprocess, sys
nowhere = subprocess.DEVNULL
process = subprocess.Popen(sys.argv[1:], stdin=nowhere, stdout=nowhere, stderr=nowhere)
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


def run_command(
    words: Sequence[str | Path], folder: str | Path | None = None, allowed: Sequence[int] = (0,)
) -> Usage:
    """Run a command; return the seconds of processor time and the peak bytes of it and of what it started.

    On Windows, which doesn't tell either, the seconds are those on the wall and the bytes are 0.

    Args:
        words: the program and what is told to it; what it prints is thrown away.
        folder: where it runs.
        allowed: its exit codes that are no failure.

    Raises:
        RuntimeError: it ended with another exit code.
        OSError: there is no such program.
    """
    texts = [str(word) for word in words]
    if sys.platform == "win32":
        began = time.perf_counter()
        code = subprocess.run(texts, cwd=folder, capture_output=True).returncode
        usage = (time.perf_counter() - began, 0.0)
    else:
        launch = [sys.executable, "-I", "-S", "-c", LAUNCHER, *texts]
        done = subprocess.run(launch, cwd=folder, capture_output=True, encoding="utf-8")
        if done.returncode:
            raise OSError(f"{texts[0]} can't be started: {done.stderr.strip().splitlines()[-1]}")
        code, seconds, size = json.loads(done.stdout)
        usage = (seconds, size * (1 if sys.platform == "darwin" else 1024))
    if code not in allowed:
        raise RuntimeError(f"exit code {code}: {' '.join(texts)}")
    return usage


def import_seconds(statement: str) -> float:
    """Return the seconds that a statement takes in a fresh interpreter.

    Raises:
        RuntimeError: it fails; the last line of what it said.
    """
    code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    words = [sys.executable, "-P", "-c", code]  # -P: nothing that lies here is imported by accident
    done = subprocess.run(words, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"{statement!r}: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout.split()[-1])
