"""What several tests need: IDX files, a way to run the command, and one run of everything."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

NAMES = {
    "train-images": "train-images-idx3-ubyte",
    "train-labels": "train-labels-idx1-ubyte",
    "test-images": "t10k-images-idx3-ubyte",
    "test-labels": "t10k-labels-idx1-ubyte",
}


def idx(array: np.ndarray) -> bytes:
    """Return an array of bytes as an IDX file."""
    return (
        bytes([0, 0, 8, array.ndim])
        + np.array(array.shape, ">u4").tobytes()
        + array.astype(np.uint8).tobytes()
    )


def bright_corners(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return noisy 6 x 6 images with one bright corner, and which corner it is."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    images = random.integers(0, 60, (count, 6, 6))
    for image, label in zip(images, labels):
        row, column = (label // 2) * 4, (label % 2) * 4
        image[row : row + 2, column : column + 2] += 180
    return images, labels


@pytest.fixture
def make_idx_folder(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a small, learnable data set; arrays can be replaced by name."""

    def make(name: str = "corners", compress: bool = False, **arrays: np.ndarray) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        content = dict(zip(NAMES, (*bright_corners(200, 0), *bright_corners(80, 1))))
        content |= {key.replace("_", "-"): array for key, array in arrays.items()}
        for key, array in content.items():
            data = idx(array)
            path = folder / (NAMES[key] + (".gz" if compress else ""))
            path.write_bytes(gzip.compress(data) if compress else data)
        return folder

    return make


@dataclass
class Run:
    """A run of the command: exit code, what it wrote, and where its results are."""

    code: int
    out: bytes
    err: bytes
    folder: Path


def run_python(arguments: Sequence[str | Path], **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run Python with arguments and extra environment variables."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        timeout=900,
    )


@pytest.fixture(scope="session")
def python() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Return a function that runs Python in a process of its own."""
    return run_python


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run all milestones once, as a user on a console that knows ASCII only."""
    folder = tmp_path_factory.mktemp("everything") / "results"
    arguments = ["-m", "tinytorch.milestones", "run", "all", "--out", folder]
    done = run_python(arguments, PYTHONIOENCODING="ascii", TERM="dumb")
    return Run(done.returncode, done.stdout, done.stderr, folder)
