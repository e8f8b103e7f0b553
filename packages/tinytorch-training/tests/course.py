"""A small training run as a program, for tests that kill it: `python course.py FOLDER [CKPT_PATH]`.

It has everything that could go another way after a restart: an order drawn anew in each epoch, dropout,
accumulated gradients, schedules of steps and of epochs, validations in the middle of epochs, averages, logs.
"""

import signal
import sys
import time

import numpy as np
from tinytorch.core import AdamW, Dropout, Linear, ReLU, Sequential, from_numpy, functional, randperm
from tinytorch.training import (
    EMA,
    CosineAnnealingLR,
    CSVLogger,
    EarlyStopping,
    GradientMonitor,
    JSONLinesLogger,
    LearningRateMonitor,
    ModelCheckpoint,
    ReduceLROnPlateau,
    Trainer,
    TrainingModule,
    seed_everything,
)

rng = np.random.default_rng(0)
X = from_numpy(rng.standard_normal((400, 10)).astype(np.float32))
Y = (X[:, 0] * X[:, 1] > 0).long()


class Shuffled:
    """Batches in an order that the default generator draws."""

    def __len__(self):
        return 20

    def __iter__(self):
        order = randperm(400).numpy()
        for i in range(20):
            chosen = order[i * 20 : (i + 1) * 20]
            print("batch", flush=True)  # noqa: T201  (a program: who kills it counts the lines)
            time.sleep(0.002)  # so that there is time to be killed in
            yield X[chosen], Y[chosen]


class Model(TrainingModule):
    def __init__(self):
        super().__init__()
        self.net = Sequential(Linear(10, 32), ReLU(), Dropout(0.2), Linear(32, 2))

    def training_step(self, batch, batch_idx):
        loss = functional.cross_entropy(self.net(batch[0]), batch[1])
        self.log("train_loss", loss, on_epoch=True)
        return loss

    def validation_step(self, batch, batch_idx):
        outputs = self.net(batch[0])
        self.log("val_loss", functional.cross_entropy(outputs, batch[1]))
        self.log("val_acc", (outputs.argmax(1) == batch[1]).float().mean())

    def configure_optimizers(self):
        optimizer = AdamW(self.parameters(), lr=0.01)
        every_step = {"scheduler": CosineAnnealingLR(optimizer, 40), "interval": "step"}
        every_epoch = {"scheduler": ReduceLROnPlateau(optimizer, patience=1), "monitor": "val_loss"}
        return {"optimizer": optimizer, "lr_scheduler": [every_step, every_epoch]}


def main(folder, ckpt_path=None):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job begins with it ignored
    seed_everything(7)
    model = Model()
    callbacks = [
        ModelCheckpoint(f"{folder}/checkpoints", every_n_train_steps=3, every_n_epochs=1, save_last=True),
        EMA(0.9),
        CSVLogger(f"{folder}/metrics.csv"),
        JSONLinesLogger(f"{folder}/metrics.jsonl"),
        LearningRateMonitor(),
        GradientMonitor(5),
        EarlyStopping("val_loss", patience=9),
    ]
    trainer = Trainer(
        max_epochs=5,
        callbacks=callbacks,
        val_check_interval=7,
        log_every_n_steps=5,
        accumulate_grad_batches=2,
        gradient_clip_val=1.0,
    )
    trainer.fit(model, Shuffled(), [(X[:100], Y[:100]), (X[100:200], Y[100:200])], ckpt_path=ckpt_path)
    if not trainer.interrupted:
        np.savez(f"{folder}/final.npz", **{name: x.numpy() for name, x in model.state_dict().items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
