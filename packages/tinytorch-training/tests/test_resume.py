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


def start(folder, *ckpt_path):
    command = [sys.executable, str(COURSE), str(folder), *ckpt_path]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


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
    """The results of a run that nothing happens to, and the seconds that its training takes."""
    folder = tmp_path_factory.mktemp("whole")
    process = start(folder)
    while not (folder / "checkpoints").exists() and process.poll() is None:
        time.sleep(0.005)
    began = time.monotonic()
    assert process.wait(120) == 0, process.stderr.read()
    process.stderr.close()
    return results(folder), time.monotonic() - began


def killed_at(folder, moment, *ckpt_path):
    """Kill a run some seconds after it has begun to write checkpoints; return whether it was still alive."""
    before = set(folder.glob("checkpoints/*"))
    process = start(folder, *ckpt_path)
    while set(folder.glob("checkpoints/*")) == before and process.poll() is None:
        time.sleep(0.005)
    time.sleep(moment)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    return alive


def test_killed_at_twenty_random_moments(never_stopped, tmp_path):
    expected, seconds = never_stopped
    drawn = random.Random(20)
    kills = 0
    for run in range(5):
        folder = tmp_path / str(run)
        folder.mkdir()
        for resumed in range(4):
            resume = ["last"] if resumed else []
            if not killed_at(folder, drawn.uniform(0, seconds / 4), *resume):
                break
            kills += 1
        finish(folder, "last")
        assert results(folder) == expected
    assert kills >= 15, "nearly all were killed in the middle"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT that can be sent to another process")
def test_ctrl_c_saves_and_ends_cleanly_and_the_run_goes_on(never_stopped, tmp_path):
    expected, seconds = never_stopped
    process = start(tmp_path)
    while not (tmp_path / "checkpoints").exists():
        time.sleep(0.005)
    time.sleep(seconds / 3)
    os.kill(process.pid, signal.SIGINT)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 0, errors
    assert "stopping after this batch" in errors
    assert (tmp_path / "checkpoints" / "interrupted.safetensors").exists()
    assert not (tmp_path / "final.npz").exists()
    finish(tmp_path, str(tmp_path / "checkpoints" / "interrupted.safetensors"))
    assert results(tmp_path) == expected


def test_a_damaged_last_checkpoint_is_an_error_and_the_one_before_can_be_asked_for(never_stopped, tmp_path):
    expected, seconds = never_stopped
    assert killed_at(tmp_path, seconds / 3)
    files = sorted((tmp_path / "checkpoints").glob("*.safetensors"), key=lambda p: p.stat().st_mtime_ns)
    files[-1].write_bytes(files[-1].read_bytes()[:-100])
    process = start(tmp_path, "last")
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "CheckpointError" in errors
    assert "cut off" in errors
    finish(tmp_path, "last_good")
    assert results(tmp_path) == expected
