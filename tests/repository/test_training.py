"""The training track is optional: nothing needs it. With it, vision's loader resumes within an epoch."""

from __future__ import annotations

import re
import subprocess
import sys

PROGRAM = """
import sys
import numpy as np
from tinytorch.core import SGD, CrossEntropyLoss, Dropout, Linear, Sequential, from_numpy, manual_seed
from tinytorch.training import Callback, ModelCheckpoint, Trainer
from tinytorch.vision import DataLoader, TensorDataset

folder, resume = sys.argv[1], sys.argv[4] == "yes"
stop, workers, limit = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[5])


class Stop(Callback):
    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if trainer.global_step == stop:
            sys.exit(0)


def main():
    manual_seed(0)
    rng = np.random.default_rng(0)
    x = from_numpy(rng.standard_normal((100, 4)).astype(np.float32))
    y = (x[:, 0] > 0).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True, num_workers=workers)
    model = Sequential(Linear(4, 8), Dropout(0.5), Linear(8, 2))
    callbacks = [ModelCheckpoint(folder, every_n_train_steps=1, every_n_epochs=1), Stop()]
    trainer = Trainer(max_epochs=3, callbacks=callbacks, enable_progress_bar=False, limit_train_batches=limit)
    optimizer = SGD(model.parameters(), lr=0.1)
    ckpt_path = "last" if resume else None
    trainer.fit(model, loader, loss=CrossEntropyLoss(), optimizer=optimizer, ckpt_path=ckpt_path)
    print(model[0].weight.array.tobytes().hex())


if __name__ == "__main__":
    main()
"""


def run(program, *arguments):
    command = [sys.executable, str(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_imports_the_training_track(packages):
    """Who learns writes loops by hand; so must everything that they read on the way."""
    assert "tinytorch-training" in packages
    for name, package in packages.items():
        if name in ("tinytorch-training", "tinytorch-renumber"):
            continue
        assert "tinytorch-training" not in {requirement.name for requirement in package.dependencies}, name
        for path in (package.folder / "src").rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"^\s*(from|import) tinytorch\.training\b", text, re.MULTILINE), path
            assert not re.search(r"^\s*from tinytorch import .*\btraining\b", text, re.MULTILINE), path


def test_a_data_loader_resumes_in_the_middle_of_an_epoch(tmp_path):
    """Stopped after any batch, with or without workers, a run ends as one that never stopped."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    for limit in (1.0, 0.5):
        whole = run(program, tmp_path / f"whole{limit}", -1, 0, "no", limit)
        for stop, workers in ((1, 0), (7, 0), (13, 0), (17, 2), (6, 0), (12, 2)):
            folder = tmp_path / f"stopped-{limit}-{stop}-{workers}"
            assert run(program, folder, stop, workers, "no", limit) == ""
            assert run(program, folder, -1, workers, "yes", limit) == whole, (limit, stop, workers)
