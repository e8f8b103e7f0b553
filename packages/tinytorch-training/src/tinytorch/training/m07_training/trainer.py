"""The trainer: what to run, how long, with which callbacks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tinytorch.core import Module, Optimizer, Tensor

from .callback import HOOKS, Callback
from .callbacks.checkpointing import ModelCheckpoint, free
from .checkpoint import load_checkpoint
from .data import Batches, Overfit
from .evaluation import evaluate
from .faults import check_parameters
from .fitting import FitLoop
from .interrupt import ctrl_c_ends_cleanly
from .optimization import configured
from .options import PRECISIONS, at_least, seconds_of
from .progress import ProgressBar
from .random_state import same_random_state_afterwards, seed_everything
from .results import Results
from .saving import checkpoint_to_load, restore, save
from .task import PlainTask, TrainingModule


class Trainer:
    """Runs a training loop, so that what stays to be written is the model and what it learns from.

    Args:
        max_epochs: how many epochs; without this and `max_steps` and `max_time`: 1000. -1 for no limit.
        min_epochs: at least so many, whoever wants to stop early.
        max_steps: how many steps of the optimizer; -1 for no limit.
        min_steps: at least so many, whoever wants to stop early.
        max_time: how long: a timedelta, "DD:HH:MM:SS", or a dict like `{"minutes": 5}`.
        limit_train_batches: use only so many batches of an epoch (an int), or this part of them (a float).
        limit_val_batches: the same for validation.
        limit_test_batches: the same for testing.
        limit_predict_batches: the same for prediction.
        fast_dev_run: try everything with one batch (or so many), without callbacks that write files.
        overfit_batches: train and validate on these first batches only, again and again.
        val_check_interval: validate after so many batches (an int), or parts of an epoch (a float).
        check_val_every_n_epoch: validate only in every n-th epoch.
        num_sanity_val_steps: how many batches of validation are tried before training.
        accumulate_grad_batches: add the gradients of so many batches before each step.
        gradient_clip_val: the largest norm of all gradients together (or the largest value); None for none.
        gradient_clip_algorithm: "norm" or "value".
        precision: check that parameters and loss are float32 ("32-true"), float64 ("64-true") or float16.
        seed: seed all generators of random numbers at the beginning of each run.
        callbacks: one or several.
        enable_progress_bar: show progress on the terminal, or lines where there is none.
        log_every_n_steps: how often measures of single steps are given to the loggers.
        default_root_dir: where files go whose place isn't said.

    Attributes:
        current_epoch: the number of the epoch, from 0.
        global_step: how many steps the optimizer has made.
        callback_metrics: every measure that was logged, by its name.
        should_stop: set to True, the run ends after this batch.
        interrupted: whether Ctrl-C ended the run.

    Examples:
        >>> trainer = training.Trainer(max_epochs=10, gradient_clip_val=1.0, callbacks=[training.EMA()])
        >>> trainer.max_epochs
        10

    Source: https://lightning.ai/docs/pytorch/stable/common/trainer.html
    """

    def __init__(
        self,
        *,
        max_epochs: int | None = None,
        min_epochs: int = 0,
        max_steps: int = -1,
        min_steps: int = 0,
        max_time: str | timedelta | Mapping[str, float] | None = None,
        limit_train_batches: int | float = 1.0,
        limit_val_batches: int | float = 1.0,
        limit_test_batches: int | float = 1.0,
        limit_predict_batches: int | float = 1.0,
        fast_dev_run: bool | int = False,
        overfit_batches: int | float = 0,
        val_check_interval: int | float = 1.0,
        check_val_every_n_epoch: int = 1,
        num_sanity_val_steps: int = 2,
        accumulate_grad_batches: int = 1,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str = "norm",
        precision: str | int | None = None,
        seed: int | None = None,
        callbacks: Callback | Sequence[Callback] | None = None,
        enable_progress_bar: bool = True,
        log_every_n_steps: int = 50,
        default_root_dir: str | os.PathLike[str] = ".",
    ) -> None:
        at_least(1, accumulate_grad_batches=accumulate_grad_batches, log_every_n_steps=log_every_n_steps)
        at_least(1, check_val_every_n_epoch=check_val_every_n_epoch)
        at_least(-1, max_steps=max_steps, max_epochs=-1 if max_epochs is None else max_epochs)
        if gradient_clip_algorithm not in ("norm", "value"):
            raise ValueError(f"gradient_clip_algorithm is 'norm' or 'value', not {gradient_clip_algorithm!r}")
        if precision is not None and str(precision) not in PRECISIONS:
            raise ValueError(f"precision is one of {', '.join(PRECISIONS)}, not {precision!r}")
        self.max_seconds = seconds_of(max_time)
        if max_epochs is None and max_steps == -1 and self.max_seconds is None:
            max_epochs = 1000
        self.fast_dev_run = int(fast_dev_run)
        limits = dict(fit=limit_train_batches, validate=limit_val_batches)
        limits.update(test=limit_test_batches, predict=limit_predict_batches)
        if fast_dev_run:
            max_epochs, max_steps, num_sanity_val_steps = 1, self.fast_dev_run, 0
            limits, val_check_interval = dict.fromkeys(limits, self.fast_dev_run), 1.0
            check_val_every_n_epoch = 1
        self.max_epochs, self.min_epochs = max_epochs, min_epochs
        self.max_steps, self.min_steps = max_steps, min_steps
        self.limits = limits
        self.overfit_batches = overfit_batches
        self.val_check_interval = val_check_interval
        self.check_val_every_n_epoch = check_val_every_n_epoch
        self.num_sanity_val_steps = num_sanity_val_steps
        self.accumulate_grad_batches = accumulate_grad_batches
        self.gradient_clip_val = gradient_clip_val
        self.gradient_clip_algorithm = gradient_clip_algorithm
        self.precision = None if precision is None else np.dtype(PRECISIONS[str(precision)])
        self.seed = seed
        self.log_every_n_steps = log_every_n_steps
        self.default_root_dir = Path(default_root_dir)
        given = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or [])
        if fast_dev_run:
            given = [callback for callback in given if not getattr(callback, "writes_files", False)]
        if enable_progress_bar and not any(isinstance(callback, ProgressBar) for callback in given):
            given.append(ProgressBar())
        # A checkpoint is to hold what the other callbacks have made of this moment, so it's made last.
        self.callbacks = sorted(given, key=lambda callback: isinstance(callback, ModelCheckpoint))
        self.results = Results()
        self.hooks: dict[str, list[Callable[..., Any]]] = {name: [] for name in HOOKS}
        self.loop: FitLoop | None = None
        self.should_stop = self.interrupted = self.sanity_checking = False

    # What to run

    def fit(
        self,
        model: Module,
        train_dataloaders: Iterable[Any],
        val_dataloaders: Iterable[Any] | None = None,
        *,
        ckpt_path: str | os.PathLike[str] | None = None,
        loss: Callable[[Any, Any], Tensor] | None = None,
        optimizer: Optimizer | None = None,
        scheduler: Any = None,
        metrics: Mapping[str, Callable[[Any, Any], Any]] | None = None,
    ) -> None:
        """Train a model.

        Args:
            model: a `TrainingModule`, or any module together with a loss and an optimizer.
            train_dataloaders: batches for training: a list, a DataLoader, any iterable but an iterator.
            val_dataloaders: batches for validation.
            ckpt_path: a checkpoint to go on from; "last" for the newest one of `ModelCheckpoint`'s folder,
                if there is one, and "last_good" for the newest one that isn't damaged.
            loss: for a plain module: what makes the loss from output and target.
            optimizer: for a plain module: its optimizer.
            scheduler: for a plain module: a schedule, or a dict as in `configure_optimizers`.
            metrics: for a plain module: functions of output and target, by their names.

        Raises:
            CheckpointError: `ckpt_path` can't be used; nothing has changed then.
            NonFiniteError: the loss became NaN or infinite.
        """
        with self._running(model, "fit", loss, optimizer, scheduler, metrics):
            optimizer, schedules = configured(self.task.configure_optimizers())
            train: Batches = Batches(train_dataloaders, self.limits["fit"], "limit_train_batches")
            if train.length == 0 and self.limits["fit"]:
                raise ValueError("there are no batches to train on; limit_train_batches=0 asks for none")
            if self.overfit_batches:
                train = Overfit(train_dataloaders, self.overfit_batches)
                val_dataloaders = None if val_dataloaders is None else train.loader
            val = None
            if val_dataloaders is not None:
                val = Batches(val_dataloaders, self.limits["validate"], "limit_val_batches")
            self.loop = FitLoop(self, optimizer, schedules, train, val)
            if self.precision is not None:
                check_parameters(self)
            self.task.train()
            self.call("on_fit_start")
            path = checkpoint_to_load(self, ckpt_path)
            if path is not None:
                restore(self, path)
            elif val is not None and self.num_sanity_val_steps:
                self._sanity_check(val_dataloaders)
            with ctrl_c_ends_cleanly(self):
                self.loop.run()
            self.call("on_fit_end")

    def validate(
        self, model: Module, dataloaders: Iterable[Any], *, ckpt_path: Any = None, **plain: Any
    ) -> list[dict[str, float]]:
        """Validate a model, and return its measures.

        Args:
            model: a `TrainingModule`, or any module together with a loss.
            dataloaders: batches.
            ckpt_path: a checkpoint whose weights are loaded first.
            plain: `loss` and `metrics` for a plain module (see `fit`).
        """
        return self._evaluate(model, dataloaders, "validate", ckpt_path, plain)

    def test(
        self, model: Module, dataloaders: Iterable[Any], *, ckpt_path: Any = None, **plain: Any
    ) -> list[dict[str, float]]:
        """Test a model, and return its measures; the arguments are those of `validate`."""
        return self._evaluate(model, dataloaders, "test", ckpt_path, plain)

    def predict(self, model: Module, dataloaders: Iterable[Any], *, ckpt_path: Any = None) -> list[Any]:
        """Return the predictions of a model, one for each batch; the arguments are those of `validate`."""
        return self._evaluate(model, dataloaders, "predict", ckpt_path, {})

    # What callbacks look at

    @property
    def current_epoch(self) -> int:
        """The number of the epoch, from 0."""
        return self.loop.at["epoch"] if self.loop else 0

    @property
    def global_step(self) -> int:
        """How many steps the optimizer has made."""
        return self.loop.at["global_step"] if self.loop else 0

    @property
    def callback_metrics(self) -> dict[str, float]:
        """Every measure that was logged, by its name."""
        return self.results.latest

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer of the run."""
        if self.loop is None:
            raise RuntimeError("there is an optimizer only while fit runs, and afterwards")
        return self.loop.optimizer

    def call(self, hook: str, *args: Any) -> None:
        """Call a hook of all callbacks, then of the module."""
        for function in self.hooks[hook]:
            function(*args)

    # Checkpoints

    def save_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Write everything that going on from here needs to a file, completely or not at all."""
        save(self, path)

    def save_interrupted(self) -> None:
        """Write a checkpoint where Ctrl-C stopped the run, if checkpoints are written at all."""
        for callback in self.callbacks:
            if isinstance(callback, ModelCheckpoint):
                self.save_checkpoint(free(callback.folder(self) / "interrupted.safetensors"))
                return

    def evaluate(self, stage: str, batches: Batches) -> list[Any]:
        """Go through batches without learning from them."""
        return evaluate(self, stage, batches)

    # How it is done

    @contextmanager
    def _running(self, model: Module, stage: str, *plain: Any) -> Iterator[None]:
        """Set up a run, and tear it down whatever happens."""
        if not isinstance(model, Module):
            raise TypeError(f"expected a Module to {stage}, got {type(model).__name__}")
        self.task = model if isinstance(model, TrainingModule) else PlainTask(model, *plain)
        self.module = self.task.saved
        self.task.trainer = self
        self.results = Results()
        self.should_stop = self.interrupted = False
        self.hooks = {name: list(self._hooks_called(name)) for name in HOOKS}
        if self.seed is not None:
            seed_everything(self.seed)
        try:
            self.call("setup", stage)
            yield
        except BaseException as error:
            self.call("on_exception", error)
            raise
        finally:
            self.call("teardown", stage)

    def _hooks_called(self, name: str) -> Iterator[Callable[..., Any]]:
        for callback in self.callbacks:
            if getattr(type(callback), name) is not getattr(Callback, name):
                yield partial(getattr(callback, name), self, self.module)
        own = getattr(self.task, name, None)
        if callable(own):
            yield own

    def _evaluate(
        self, model: Module, dataloaders: Iterable[Any], stage: str, ckpt_path: Any, plain: dict[str, Any]
    ) -> list[Any]:
        with self._running(model, stage, plain.pop("loss", None), None, None, plain.pop("metrics", None)):
            if plain:
                raise TypeError(f"{stage}() got unexpected arguments: {', '.join(plain)}")
            path = checkpoint_to_load(self, ckpt_path)
            if path is not None:
                self.module.load_state_dict(load_checkpoint(path)["model"])
            return evaluate(self, stage, Batches(dataloaders, self.limits[stage], f"limit_{stage}_batches"))

    def _sanity_check(self, val_dataloaders: Any) -> None:
        steps = self.num_sanity_val_steps
        batches = Batches(val_dataloaders, 1.0 if steps == -1 else steps)
        self.sanity_checking = True
        try:
            with same_random_state_afterwards():
                self.call("on_sanity_check_start")
                evaluate(self, "validate", batches)
                self.call("on_sanity_check_end")
        finally:
            self.sanity_checking = False
            self.results = Results()
