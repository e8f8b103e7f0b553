"""The training loop: epochs, batches, steps, validations, and where it stands."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from tinytorch.core import Tensor

from .clipping import clip_grad_norm_, clip_grad_value_
from .data import Batches
from .faults import check_precision, not_finite
from .optimization import Schedule
from .random_state import random_state, set_random_state
from .results import samples_in

if TYPE_CHECKING:
    from tinytorch.core import Optimizer

    from .trainer import Trainer

BEGINNING = {"batches": 0, "accumulated": 0, "validated": -1}  # of an epoch


class FitLoop:
    """One run of `fit`: everything that it counts is in `at`, which a checkpoint keeps.

    Attributes:
        at: the epoch; the optimizer's steps so far; the batches of this epoch so far; the batches whose
            gradients wait for a step; after which batch of this epoch the last validation was.
    """

    def __init__(
        self,
        trainer: Trainer,
        optimizer: Optimizer,
        schedules: list[Schedule],
        train: Batches,
        val: Batches | None,
    ) -> None:
        self.trainer = trainer
        self.optimizer = optimizer
        self.schedules = schedules
        self.train = train
        self.val = val
        self.at: dict[str, Any] = {"epoch": 0, "global_step": 0, **BEGINNING}
        self.ended = False  # whether all of this epoch is done but its last hook
        self.epoch_began: dict[str, Any] = random_state()
        self.resumed: dict[str, Any] | None = None  # the measures of the epoch that a checkpoint cut off
        self.seconds_before = 0.0  # of the runs that this one continues
        self.started = time.monotonic()
        self.validate_every = self._validate_every()

    def run(self) -> None:
        """Go through the epochs until one of the limits is reached."""
        trainer = self.trainer
        trainer.call("on_train_start")
        while not self._done():
            self._epoch()
            if trainer.interrupted:
                trainer.save_interrupted()
            if trainer.interrupted or not self.ended:
                break
            self.at.update(BEGINNING, epoch=self.at["epoch"] + 1)
            self.ended = False
        trainer.call("on_train_end")

    def _epoch(self) -> None:
        trainer, at, results = self.trainer, self.at, self.trainer.results
        if self.resumed is None:
            self.epoch_began = random_state()
            results.begin("train")
            trainer.call("on_train_epoch_start")
        else:
            results.continue_epoch(self.resumed)
            self.resumed = None
            if at["batches"]:
                self._validate_if_due()
        self.ended = self._batches()
        if trainer.interrupted and not self.ended:
            return
        if self.ended:
            self._finish_epoch()
        measures = results.end()
        if measures:
            trainer.call("log_metrics", measures, at["global_step"])
        trainer.call("on_train_epoch_end")

    def _batches(self) -> bool:
        """Train on the batches that are left of this epoch; return whether it's at its end."""
        at = self.at
        for batch in self.train.start(at["batches"], self.epoch_began):
            if self._batch(batch, at["batches"]) == -1:
                break
            if self._stops():
                return bool(self.train.length == at["batches"])
        if not at["batches"] and self.train.length is None:
            raise ValueError(f"{self.train.name} gave no batch; can it be gone through more than once?")
        if at["accumulated"]:  # which batch is the last wasn't known before
            self._optimizer_step()
        return True

    def _batch(self, batch: Any, index: int) -> int | None:
        """Train on one batch; return -1 if a hook wants the rest of the epoch to be left out."""
        trainer, at, hooks = self.trainer, self.at, self.trainer.hooks
        for hook in hooks["on_train_batch_start"]:
            if hook(batch, index) == -1:
                return -1
        trainer.results.batch_size = samples_in(batch)
        output = trainer.task.training_step(batch, index)
        loss = output["loss"] if isinstance(output, dict) else output
        if loss is not None:
            self._gradients(loss, batch, index)
        at["batches"] = index + 1
        if at["accumulated"] == trainer.accumulate_grad_batches or (
            at["accumulated"] and at["batches"] == self.train.length
        ):
            self._optimizer_step()
        for hook in hooks["on_train_batch_end"]:
            hook(output, batch, index)
        self._validate_if_due()
        return None

    def _gradients(self, loss: Any, batch: Any, index: int) -> None:
        trainer, hooks = self.trainer, self.trainer.hooks
        if not isinstance(loss, Tensor) or loss.array.size != 1:
            what = f"a tensor of shape {loss.shape}" if isinstance(loss, Tensor) else type(loss).__name__
            raise TypeError(f"training_step returns the loss, a tensor with one number, not {what}")
        if not math.isfinite(loss.item()):
            raise not_finite(trainer, loss, batch, index)
        if trainer.precision is not None:
            check_precision(trainer, loss)
        if self.at["accumulated"] == 0:
            for hook in hooks["on_before_zero_grad"]:
                hook(self.optimizer)
            self.optimizer.zero_grad()
        for hook in hooks["on_before_backward"]:
            hook(loss)
        share = trainer.accumulate_grad_batches
        (loss if share == 1 else loss / share).backward()
        for hook in hooks["on_after_backward"]:
            hook()
        self.at["accumulated"] += 1

    def _optimizer_step(self) -> None:
        trainer, at, results = self.trainer, self.at, self.trainer.results
        for hook in trainer.hooks["on_before_optimizer_step"]:
            hook(self.optimizer)
        limit = trainer.gradient_clip_val
        if limit is not None:
            parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
            if trainer.gradient_clip_algorithm == "value":
                clip_grad_value_(parameters, limit)
            else:
                clip_grad_norm_(parameters, limit)
        self.optimizer.step()
        at["accumulated"] = 0
        at["global_step"] += 1
        for schedule in self.schedules:
            if schedule.interval == "step":
                schedule.step(at["global_step"], results.latest)
        if at["global_step"] % trainer.log_every_n_steps == 0:
            trainer.call("log_metrics", results.step, at["global_step"])

    def _finish_epoch(self) -> None:
        """Validate, if that comes after the last batch, and let the schedules that count epochs go on."""
        at = self.at
        if self.validate_every is None:
            self._validate_if_due(now=True)
        for schedule in self.schedules:
            if schedule.interval == "epoch":
                schedule.step(at["epoch"] + 1, self.trainer.results.latest)

    def _validate_every(self) -> int | None:
        """Return after how many batches comes a validation; None for the end of the epoch only."""
        trainer = self.trainer
        interval, length = trainer.val_check_interval, self.train.length
        if isinstance(interval, int):
            if length is not None and interval > length:
                raise ValueError(
                    f"val_check_interval={interval} is more than the {length} batches of an epoch, so "
                    "nothing would be validated"
                )
            return interval
        if interval == 1.0:
            return length
        if length is None:
            raise ValueError("val_check_interval as a part of an epoch needs to know how many batches it has")
        return max(1, int(length * interval))

    def _validate_if_due(self, now: bool = False) -> None:
        trainer, at, every = self.trainer, self.at, self.validate_every
        if self.val is None or (at["epoch"] + 1) % trainer.check_val_every_n_epoch:
            return
        if (now or (every and at["batches"] % every == 0)) and at["validated"] != at["batches"]:
            at["validated"] = at["batches"]
            trainer.evaluate("validate", self.val)

    def _stops(self) -> bool:
        """Whether to stop in the middle of an epoch."""
        trainer, at = self.trainer, self.at
        if trainer.interrupted:
            return True
        if 0 <= trainer.max_steps <= at["global_step"]:
            return True
        if trainer.max_seconds is not None and self.seconds() >= trainer.max_seconds:
            trainer.should_stop = True
        return self._may_stop()

    def _may_stop(self) -> bool:
        """Whether somebody wants to stop and the least number of epochs and steps is reached."""
        trainer, at = self.trainer, self.at
        enough = at["epoch"] >= trainer.min_epochs and at["global_step"] >= trainer.min_steps
        return trainer.should_stop and enough

    def _done(self) -> bool:
        trainer, at = self.trainer, self.at
        if trainer.max_epochs is not None and 0 <= trainer.max_epochs <= at["epoch"]:
            return True
        return (0 <= trainer.max_steps <= at["global_step"]) or self._may_stop() or self.train.length == 0

    def state_dict(self) -> dict[str, Any]:
        """Return where the run stands, with all that going on from there needs."""
        at = self.at
        if self.ended:
            at = {**at, **BEGINNING, "epoch": at["epoch"] + 1}
        state = {
            "at": dict(at),
            "seconds": self.seconds(),
            "random": random_state(),
            "epoch_began": self.epoch_began,
            "loader": self.train.state_dict(),
            "results": self.trainer.results.state_dict(),
        }
        if at["accumulated"]:
            groups = self.optimizer.param_groups
            state["gradients"] = [p.grad for group in groups for p in group["params"]]
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where another run stood."""
        self.at = dict(state["at"])
        self.seconds_before = state["seconds"]
        self.epoch_began = state["epoch_began"]
        self.trainer.results.load_state_dict(state["results"])
        if self.at["batches"]:
            self.resumed = state["results"]
        if "gradients" in state:
            parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
            for p, gradient in zip(parameters, state["gradients"], strict=True):
                p.grad = gradient
        set_random_state(state["random"])
        # After that: a loader with random numbers of its own starts anew when it sees the others do so.
        begun = self.at["epoch"] > 0 or self.at["batches"] > 0
        self.train.load_state_dict(state["loader"], new_epoch=begun and self.at["batches"] == 0)

    def seconds(self) -> float:
        """Return how long the run has taken so far, with the runs that it continues."""
        return self.seconds_before + time.monotonic() - self.started
