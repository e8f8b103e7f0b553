"""A run that was killed and goes on ends with the weights, and the logs, of one that never stopped."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

COURSE = Path(__file__).with_name("course.py")


BATCHES = 100  # of the whole run
FIRST = 8  # batches after which there is a checkpoint, at the latest


def start(folder, *ckpt_path):
    command = [sys.executable, str(COURSE), str(folder), *ckpt_path]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(folder, *ckpt_path):
    process = start(folder, *ckpt_path)
    errors = process.communicate(timeout=120)[1]
    assert process.returncode == 0, errors


def results(folder):
    weights = np.load(folder / "final.npz")
    logs = {name: (folder / name).read_text(encoding="utf-8") for name in ("metrics.csv", "metrics.jsonl")}
    return {**{name: weights[name].tobytes() for name in weights.files}, **logs}


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory):
    """The results of a run that nothing happens to."""
    folder = tmp_path_factory.mktemp("whole")
    finish(folder)
    return results(folder)


def after(process, batches):
    """Wait until a run has begun so many batches; return whether there were as many."""
    return all(process.stdout.readline() for _ in range(batches))


def killed_at(folder, batches, *ckpt_path, pause=0.0):
    """Kill a run some seconds after it has begun so many batches; return whether it was in their middle."""
    process = start(folder, *ckpt_path)
    alive = after(process, batches)
    time.sleep(pause)
    process.kill()
    process.communicate()
    return alive


def test_killed_at_twenty_random_moments(never_stopped, tmp_path):
    drawn = random.Random(20)
    kills = 0
    for run in range(5):
        folder = tmp_path / str(run)
        folder.mkdir()
        for resumed in range(4):
            batches = drawn.randrange(0 if resumed else FIRST, BATCHES // 4)
            resume = ["last"] if resumed else []
            if not killed_at(folder, batches, *resume, pause=drawn.uniform(0, 0.01)):
                break
            kills += 1
        finish(folder, "last")
        assert results(folder) == never_stopped
    assert kills >= 15, "nearly all were killed in the middle"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT that can be sent to another process")
def test_ctrl_c_saves_and_ends_cleanly_and_the_run_goes_on(never_stopped, tmp_path):
    process = start(tmp_path)
    assert after(process, BATCHES // 3)
    os.kill(process.pid, signal.SIGINT)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 0, errors
    assert "stopping after this batch" in errors
    assert (tmp_path / "checkpoints" / "interrupted.safetensors").exists()
    assert not (tmp_path / "final.npz").exists()
    finish(tmp_path, str(tmp_path / "checkpoints" / "interrupted.safetensors"))
    assert results(tmp_path) == never_stopped


def test_a_damaged_last_checkpoint_is_an_error_and_the_one_before_can_be_asked_for(never_stopped, tmp_path):
    assert killed_at(tmp_path, BATCHES // 3)
    files = sorted((tmp_path / "checkpoints").glob("*.safetensors"), key=lambda p: p.stat().st_mtime_ns)
    files[-1].write_bytes(files[-1].read_bytes()[:-100])
    process = start(tmp_path, "last")
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "CheckpointError" in errors
    assert "cut off" in errors
    finish(tmp_path, "last_good")
    assert results(tmp_path) == never_stopped
