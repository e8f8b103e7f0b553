"""What your own version of this module must do."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from tinytorch.core import (
    SGD,
    CrossEntropyLoss,
    Linear,
    ReLU,
    Sequential,
    from_numpy,
    manual_seed,
    tensor,
    zeros,
)
from tinytorch.training import (
    AveragedModel,
    Callback,
    CheckpointError,
    CosineAnnealingLR,
    EarlyStopping,
    ModelCheckpoint,
    StepLR,
    Trainer,
    WarmupCosineLR,
    clip_grad_norm_,
    load_checkpoint,
    save_checkpoint,
)

_RNG = np.random.default_rng(0)
_X = from_numpy(_RNG.standard_normal((60, 4)).astype(np.float32))
_Y = (_X[:, 0] > 0).long()
_BATCHES = [(_X[i : i + 10], _Y[i : i + 10]) for i in range(0, 60, 10)]


def _net() -> Sequential:
    manual_seed(0)
    return Sequential(Linear(4, 8), ReLU(), Linear(8, 2))


def _by_hand(epochs: int) -> Sequential:
    model = _net()
    optimizer, loss = SGD(model.parameters(), lr=0.1), CrossEntropyLoss()
    for _ in range(epochs):
        for x, y in _BATCHES:
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()
    return model


def _fit(model: Sequential, *callbacks: Callback, ckpt_path: Any = None, **options: Any) -> Trainer:
    trainer = Trainer(callbacks=list(callbacks), enable_progress_bar=False, **options)
    optimizer = SGD(model.parameters(), lr=0.1)
    trainer.fit(
        model, _BATCHES, _BATCHES[:1], loss=CrossEntropyLoss(), optimizer=optimizer, ckpt_path=ckpt_path
    )
    return trainer


def _same(a: Sequential, b: Sequential) -> bool:
    return all(bool((p == q).all()) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def _rates(make: Any, steps: int) -> list[float]:
    optimizer = SGD([zeros(1).requires_grad_(True)], lr=1.0)
    schedule = make(optimizer)
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


def check_schedules_follow_their_formulas() -> None:
    """Steps, a cosine, and a warm-up with a cosine after it."""
    steps = _rates(lambda o: StepLR(o, 2, 0.5), 5)
    assert np.allclose(steps, [1, 1, 0.5, 0.5, 0.25]), f"StepLR(2, 0.5) from 1.0 gives {steps}"
    cosine = _rates(lambda o: CosineAnnealingLR(o, 4), 5)
    expected = [(1 + math.cos(math.pi * t / 4)) / 2 for t in range(5)]
    assert np.allclose(cosine, expected), f"CosineAnnealingLR(4) gives {cosine}, the formula {expected}"
    warm = _rates(lambda o: WarmupCosineLR(o, 2, 6), 7)
    assert np.allclose(warm[:3], [0.5, 1, 1]), f"a warm-up of 2 steps begins 0.5, 1, 1, not {warm[:3]}"
    assert abs(warm[6]) < 1e-9, f"at its end the cosine is 0, not {warm[6]}"


def check_clipping_keeps_the_direction() -> None:
    """A gradient of length 5 becomes one of length 1, and the old length is returned."""
    p = zeros(2).requires_grad_(True)
    p.grad = tensor([3.0, 4.0])
    length = clip_grad_norm_([p], 1.0).item()
    assert abs(length - 5) < 1e-5, f"the length of (3, 4) is 5, not {length}"
    assert np.allclose(p.grad.numpy(), [0.6, 0.8], atol=1e-5), f"it becomes (0.6, 0.8), not {p.grad}"


def check_an_average_is_the_mean_of_the_weights() -> None:
    """After 1, 2 and 6 the average is 3, and the model keeps its own weights."""
    model = Linear(1, 1)
    average = AveragedModel(model)
    for value in (1.0, 2.0, 6.0):
        model.weight.array[...] = value
        average.update_parameters(model)
    copied: Any = average.module
    found = copied.weight
    assert abs(found.item() - 3) < 1e-6, f"the mean of 1, 2, 6 is 3, not {found.item()}"
    assert model.weight.item() == 6, "the model itself must stay as it is"


def check_the_trainer_does_what_the_loop_does() -> None:
    """The weights are those of a loop written by hand, bit by bit."""
    model = _net()
    trainer = _fit(model, max_epochs=3)
    assert trainer.global_step == 18, f"3 epochs of 6 batches are 18 steps, not {trainer.global_step}"
    assert _same(model, _by_hand(3)), "the weights aren't those of the loop written by hand"


def check_hooks_are_called_in_order() -> None:
    """Start, batches with their ends, validation, end."""
    called: list[str] = []

    class Spy(Callback):
        def on_train_start(self, trainer: Any, module: Any) -> None:
            called.append("start")

        def on_train_batch_end(
            self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int
        ) -> None:
            called.append("batch")

        def on_validation_end(self, trainer: Any, module: Any) -> None:
            called.append("validation")

        def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
            called.append("epoch")

    _fit(_net(), Spy(), max_epochs=1, limit_train_batches=2, num_sanity_val_steps=0)
    expected = ["start", "batch", "batch", "validation", "epoch"]
    assert called == expected, f"the hooks came as {called}, expected {expected}"


def check_it_stops_when_nothing_gets_better() -> None:
    """With a learning rate of 0 the loss never changes, so patience ends."""
    model = _net()
    trainer = Trainer(
        max_epochs=50, callbacks=EarlyStopping("val_loss", patience=3), enable_progress_bar=False
    )
    optimizer = SGD(model.parameters(), lr=0.0)
    trainer.fit(model, _BATCHES, _BATCHES, loss=CrossEntropyLoss(), optimizer=optimizer)
    assert trainer.current_epoch == 4, f"patience 3 ends after 4 epochs, not {trainer.current_epoch}"


def check_a_checkpoint_gives_back_what_it_got() -> None:
    """Tensors, numbers and nesting come back; a file that was cut off is an error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.safetensors"
        save_checkpoint(path, {"model": {"w": tensor([1.0, 2.0])}, "pair": (1, None)})
        state = load_checkpoint(path)
        assert state["model"]["w"].tolist() == [1, 2], f"the tensor came back as {state['model']['w']}"
        assert state["pair"] == (1, None), f"the pair came back as {state['pair']!r}"
        path.write_bytes(path.read_bytes()[:-3])
        try:
            load_checkpoint(path)
        except CheckpointError:
            return
        raise AssertionError("a file that was cut off must raise CheckpointError")


def check_a_run_goes_on_where_it_stopped() -> None:
    """Two epochs, a stop, two more: the weights of four epochs without a stop."""
    with tempfile.TemporaryDirectory() as folder:
        _fit(_net(), ModelCheckpoint(folder), max_epochs=2)
        model = Sequential(Linear(4, 8), ReLU(), Linear(8, 2))
        _fit(model, ModelCheckpoint(folder), max_epochs=4, ckpt_path="last")
    assert _same(model, _by_hand(4)), "the weights aren't those of a run that never stopped"
