"""Callbacks: what they keep, when they stop, what they write."""

import csv
import json
import math
import sys

import numpy as np
import pytest
from tinytorch.core import (
    SGD,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Linear,
    ReLU,
    Sequential,
    from_numpy,
    manual_seed,
)
from tinytorch.training import (
    EMA,
    AveragedModel,
    Callback,
    CheckpointError,
    CSVLogger,
    CurvePlot,
    EarlyStopping,
    ExponentialLR,
    GradientMonitor,
    JSONLinesLogger,
    LearningRateFinder,
    LearningRateMonitor,
    ModelCheckpoint,
    StepLR,
    TensorBoardLogger,
    Trainer,
    TrainingModule,
    get_ema_avg_fn,
    load_checkpoint,
    save_checkpoint,
)

rng = np.random.default_rng(0)
X = from_numpy(rng.standard_normal((60, 4)).astype(np.float32))
Y = (X[:, 0] > 0).long()
BATCHES = [(X[i : i + 10], Y[i : i + 10]) for i in range(0, 60, 10)]


def net(seed=0):
    manual_seed(seed)
    return Sequential(Linear(4, 8), ReLU(), Linear(8, 2))


class Measures(TrainingModule):
    """Learns nothing; its validation loss is what is given, one number for each validation."""

    def __init__(self, losses):
        super().__init__()
        self.net = net()
        self.losses = iter(losses)

    def training_step(self, batch, batch_idx):
        return CrossEntropyLoss()(self.net(batch[0]), batch[1])

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", next(self.losses))

    def configure_optimizers(self):
        return SGD(self.parameters(), lr=0.0)


def run(task, *callbacks, val=BATCHES[:1], train=BATCHES, **options):
    trainer = Trainer(callbacks=list(callbacks), enable_progress_bar=False, num_sanity_val_steps=0, **options)
    trainer.fit(task, train, val)
    return trainer


def fit(model, *callbacks, lr=0.1, max_epochs=1, **options):
    trainer = Trainer(callbacks=list(callbacks), enable_progress_bar=False, max_epochs=max_epochs, **options)
    trainer.fit(model, BATCHES, BATCHES, loss=CrossEntropyLoss(), optimizer=SGD(model.parameters(), lr=lr))
    return trainer


def names(folder):
    return sorted(path.name.removesuffix(".safetensors") for path in folder.iterdir())


# ModelCheckpoint


def test_the_best_ones_are_kept(tmp_path):
    keep = ModelCheckpoint(tmp_path, "{epoch}-{val_loss:.1f}", monitor="val_loss", save_top_k=2)
    run(Measures([3.0, 1.0, 4.0, 2.0, 5.0]), keep, max_epochs=5)
    assert names(tmp_path) == ["epoch=1-val_loss=1.0", "epoch=3-val_loss=2.0"]
    assert keep.best_model_path.endswith("epoch=1-val_loss=1.0.safetensors")
    assert keep.best_model_score == 1.0


def test_the_largest_can_be_the_best(tmp_path):
    keep = ModelCheckpoint(tmp_path, "{epoch}", monitor="val_loss", mode="max")
    run(Measures([3.0, 1.0, 4.0, 2.0]), keep, max_epochs=4)
    assert names(tmp_path) == ["epoch=2"]


def test_a_nan_is_never_the_best(tmp_path):
    keep = ModelCheckpoint(tmp_path, "{epoch}", monitor="val_loss")
    run(Measures([math.nan, 3.0, math.nan]), keep, max_epochs=3)
    assert names(tmp_path) == ["epoch=1"]


def test_without_a_measure_the_newest_is_kept(tmp_path):
    fit(net(), ModelCheckpoint(tmp_path), max_epochs=3)
    assert names(tmp_path) == ["epoch=2-step=18"]


def test_all_and_none(tmp_path):
    fit(net(), ModelCheckpoint(tmp_path / "all", save_top_k=-1), max_epochs=3)
    assert len(names(tmp_path / "all")) == 3
    fit(net(), ModelCheckpoint(tmp_path / "none", save_top_k=0, save_last=True), max_epochs=3)
    assert names(tmp_path / "none") == ["last", "last-previous"]
    assert load_checkpoint(tmp_path / "none" / "last-previous.safetensors")["loop"]["at"]["epoch"] == 2


def test_every_n_steps_and_every_n_epochs(tmp_path):
    fit(net(), ModelCheckpoint(tmp_path / "a", every_n_train_steps=4, save_top_k=-1), max_epochs=2)
    assert names(tmp_path / "a") == ["epoch=0-step=4", "epoch=1-step=12", "epoch=1-step=8"]
    fit(net(), ModelCheckpoint(tmp_path / "b", every_n_epochs=2, save_top_k=-1), max_epochs=5)
    assert names(tmp_path / "b") == ["epoch=1-step=12", "epoch=3-step=24"]


def test_files_of_another_run_are_left_alone(tmp_path):
    for _ in range(2):
        fit(net(), ModelCheckpoint(tmp_path, "{epoch}"))
    assert names(tmp_path) == ["epoch=0", "epoch=0-v1"]


def test_a_checkpoint_is_a_whole_run(tmp_path):
    """Going on from the second epoch's checkpoint gives the weights of a run without interruption."""
    whole, first, second = net(), net(), net(1)
    fit(whole, max_epochs=4)
    fit(first, ModelCheckpoint(tmp_path), max_epochs=2)
    path = next(tmp_path.iterdir())
    trainer = Trainer(max_epochs=4, enable_progress_bar=False)
    trainer.fit(
        second, BATCHES, ckpt_path=path, loss=CrossEntropyLoss(), optimizer=SGD(second.parameters(), lr=0.1)
    )
    assert trainer.global_step == 24
    assert all((a == b).all() for a, b in zip(whole.parameters(), second.parameters()))


def test_weights_of_a_checkpoint_can_be_validated(tmp_path):
    model = net()
    expected = fit(model, ModelCheckpoint(tmp_path), max_epochs=3).callback_metrics["val_loss"]
    trainer = Trainer(enable_progress_bar=False)
    path = next(tmp_path.iterdir())
    found = trainer.validate(net(1), BATCHES, ckpt_path=path, loss=CrossEntropyLoss())
    assert found[0]["val_loss"] == pytest.approx(expected, rel=1e-6)


def test_another_model_doesnt_fit_and_nothing_changes(tmp_path):
    fit(net(), ModelCheckpoint(tmp_path))
    other = Sequential(Linear(4, 3))
    before = other[0].weight.array.copy()
    trainer = Trainer(enable_progress_bar=False, max_epochs=2)
    optimizer = SGD(other.parameters(), lr=0.1)
    with pytest.raises(RuntimeError, match=r"size mismatch for 0\.weight"):
        trainer.fit(
            other, BATCHES, ckpt_path=next(tmp_path.iterdir()), loss=CrossEntropyLoss(), optimizer=optimizer
        )
    assert (other[0].weight.array == before).all()


def test_a_file_that_no_trainer_wrote(tmp_path):
    path = tmp_path / "x.safetensors"
    save_checkpoint(path, {"model": net().state_dict()})
    model, trainer = net(), Trainer(enable_progress_bar=False)
    optimizer = SGD(model.parameters(), lr=0.1)
    with pytest.raises(CheckpointError, match=r"wasn't written by a Trainer: it lacks callbacks, loop, opti"):
        trainer.fit(model, BATCHES, ckpt_path=path, loss=CrossEntropyLoss(), optimizer=optimizer)


@pytest.mark.parametrize(
    ("model", "groups", "scheduler", "error"),
    [
        (net, 1, None, CheckpointError),
        (net, 1, lambda o: ExponentialLR(o, 0.5), KeyError),
        (net, 4, lambda o: StepLR(o, 1), ValueError),
        (lambda: Sequential(Linear(4, 3)), 1, lambda o: StepLR(o, 1), RuntimeError),
        (lambda: Sequential(Linear(9, 8)), 1, lambda o: StepLR(o, 1), RuntimeError),
    ],
)
def test_a_checkpoint_that_doesnt_fit_changes_nothing(tmp_path, model, groups, scheduler, error):
    """Another number or kind of schedules, other groups of parameters, another model."""
    first = net(1)
    optimizer = SGD(first.parameters(), lr=0.1)
    trainer = Trainer(callbacks=[ModelCheckpoint(tmp_path)], enable_progress_bar=False, max_epochs=1)
    trainer.fit(first, BATCHES, loss=CrossEntropyLoss(), optimizer=optimizer, scheduler=StepLR(optimizer, 1))
    mine = model()
    before = [p.array.copy() for p in mine.parameters()]
    parts = list(mine.parameters())
    optimizer = SGD([{"params": [p]} for p in parts] if groups > 1 else parts, lr=0.3)
    schedule = scheduler and scheduler(optimizer)
    state = schedule and schedule.state_dict()
    with pytest.raises(error):
        Trainer(enable_progress_bar=False, max_epochs=2).fit(
            mine,
            BATCHES,
            ckpt_path=next(tmp_path.iterdir()),
            loss=CrossEntropyLoss(),
            optimizer=optimizer,
            scheduler=schedule,
        )
    assert all((p.array == old).all() for p, old in zip(mine.parameters(), before))
    assert all(group["lr"] == 0.3 for group in optimizer.param_groups)
    assert schedule is None or schedule.state_dict() == state


def test_a_checkpoint_holds_what_other_callbacks_have_made_of_the_moment(tmp_path):
    """Whatever their order in the list, the checkpoint is written last."""
    stop, ema = EarlyStopping("val_loss", patience=9), EMA(0.8)
    fit(net(), ModelCheckpoint(tmp_path), stop, ema, max_epochs=2)
    found = load_checkpoint(next(tmp_path.iterdir()))["callbacks"]
    assert found["EarlyStopping"]["best_score"] == stop.best_score
    assert found["EMA"]["last_step"] == 12


def test_the_last_checkpoint_of_another_run_is_put_aside(tmp_path):
    for _ in range(2):
        fit(net(), ModelCheckpoint(tmp_path, save_top_k=0, save_last=True), max_epochs=2)
    assert names(tmp_path) == ["last", "last-previous", "last-previous-v1", "last-v1"]


def test_a_folder_that_cant_be_written(tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(OSError, match="file"):
        fit(net(), ModelCheckpoint(tmp_path / "file"))
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_name_that_wasnt_logged(tmp_path):
    with pytest.raises(KeyError, match="filename uses 'acc'"):
        fit(net(), ModelCheckpoint(tmp_path, "{acc:.2f}"))


# EarlyStopping


@pytest.mark.parametrize(
    ("losses", "options", "epochs"),
    [
        ([3, 2, 2, 2, 1], {"patience": 2}, 4),
        ([3, 2, 1, 0, -1], {"patience": 1}, 5),
        ([3, 2.9, 2.8, 2.7], {"patience": 2, "min_delta": 0.5}, 3),
        ([1, 2, 3, 3, 3], {"patience": 1, "mode": "max"}, 4),
        ([3, math.nan, 1], {}, 2),
        ([3, 0.5, 1], {"stopping_threshold": 1}, 2),
        ([3, 20, 1], {"divergence_threshold": 10, "patience": 9}, 2),
    ],
)
def test_when_it_stops(losses, options, epochs):
    stop = EarlyStopping("val_loss", **options)
    trainer = run(Measures(losses), stop, max_epochs=len(losses))
    assert trainer.current_epoch == epochs
    assert bool(stop.reason) == (epochs < len(losses))


def test_at_least_so_many_epochs():
    trainer = run(Measures([1.0] * 9), EarlyStopping("val_loss", patience=1), max_epochs=9, min_epochs=5)
    assert trainer.current_epoch == 5


# Monitors and loggers


class Log(Callback):
    def __init__(self):
        self.rows = []

    def log_metrics(self, trainer, module, metrics, step):
        self.rows.append((step, dict(metrics)))


def test_learning_rates_are_logged():
    model, log = net(), Log()
    optimizer = SGD(model.parameters(), lr=0.1)
    callbacks = [LearningRateMonitor("epoch"), log]
    trainer = Trainer(max_epochs=3, callbacks=callbacks, enable_progress_bar=False)
    trainer.fit(model, BATCHES, loss=CrossEntropyLoss(), optimizer=optimizer, scheduler=StepLR(optimizer, 1))
    assert [row["lr-SGD"] for _, row in log.rows] == pytest.approx([0.1, 0.01, 0.001])


def test_gradients_are_measured_before_they_are_clipped():
    log = Log()
    fit(net(), GradientMonitor(3, per_parameter=True), log, gradient_clip_val=1e-6, log_every_n_steps=99)
    rows = [row for _, row in log.rows if "grad_norm" in row]
    assert len(rows) == 2
    each = [rows[0][f"grad_norm/{name}"] for name, _ in net().named_parameters()]
    assert rows[0]["grad_norm"] == pytest.approx(math.hypot(*each), rel=1e-5)
    assert rows[0]["grad_norm"] > 1e-3


def test_csv_and_json_lines(tmp_path):
    table, lines = CSVLogger(tmp_path / "m.csv"), JSONLinesLogger(tmp_path / "m.jsonl")
    fit(net(), table, lines, LearningRateMonitor(), max_epochs=2, log_every_n_steps=3)
    rows = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["step"] for row in rows] == [3, 6, 6, 9, 12, 12]
    with open(tmp_path / "m.csv", encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [{k: float(v) for k, v in row.items() if v} for row in found] == rows
    assert rows[2].keys() == {"epoch", "step", "val_loss"}


@pytest.mark.parametrize("kind", [CSVLogger, JSONLinesLogger])
def test_the_file_of_another_run_is_left_alone(tmp_path, kind):
    path = tmp_path / "m.txt"
    path.write_text("mine", encoding="utf-8")
    fit(net(), kind(path))
    assert path.read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "m-1.txt").exists()


def test_tensorboard(tmp_path):
    fit(net(), TensorBoardLogger(tmp_path / "tb"), log_every_n_steps=2)
    events = b"".join(path.read_bytes() for path in (tmp_path / "tb").iterdir())
    assert b"train_loss" in events
    assert b"val_loss" in events


@pytest.mark.parametrize(
    ("callback", "missing", "extra"),
    [(TensorBoardLogger, "tensorboardX", "tensorboard"), (CurvePlot, "matplotlib.figure", "plot")],
)
def test_a_missing_extra_is_named(tmp_path, monkeypatch, callback, missing, extra):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModuleNotFoundError, match=rf"tinytorch-training\[{extra}\]"):
        fit(net(), callback(tmp_path / "x.png"))


def test_curves_are_drawn(tmp_path):
    path = tmp_path / "pictures" / "c.svg"
    fit(net(), CurvePlot(path, "Title"), max_epochs=2, log_every_n_steps=2)
    assert "<svg" in path.read_text(encoding="utf-8")


def test_trying_everything_writes_nothing(tmp_path):
    writers = [ModelCheckpoint(tmp_path), CSVLogger(tmp_path / "a.csv"), CurvePlot(tmp_path / "c.png")]
    fit(net(), *writers, fast_dev_run=True)
    assert not list(tmp_path.iterdir())


# EMA and the search for a learning rate


def test_ema_is_what_an_averaged_model_is():
    model, by_hand = net(), net()
    fit(model, EMA(0.8), max_epochs=2)
    average = AveragedModel(by_hand, avg_fn=get_ema_avg_fn(0.8))
    optimizer, loss = SGD(by_hand.parameters(), lr=0.1), CrossEntropyLoss()
    for x, y in BATCHES * 2:
        optimizer.zero_grad()
        loss(by_hand(x), y).backward()
        optimizer.step()
        average.update_parameters(by_hand)
    assert all((a == b).all() for a, b in zip(model.parameters(), average.module.parameters()))


def test_the_average_is_validated_and_the_weights_go_on():
    seen = {}

    class Spy(Callback):
        def on_validation_batch_start(self, trainer, module, batch, batch_idx):
            seen["during"] = module[0].weight.array.copy()

        def on_train_epoch_end(self, trainer, module):
            seen["after"] = module[0].weight.array.copy()

    ema = EMA(0.8)
    fit(net(), ema, Spy(), num_sanity_val_steps=0)
    assert (seen["during"] == ema.average.module[0].weight.array).all()
    assert (seen["during"] != seen["after"]).any()


def test_the_search_finds_a_rate_that_learns_and_changes_nothing_else():
    finder = LearningRateFinder(min_lr=1e-5, max_lr=10, num_training_steps=60)
    weights = {}

    class Spy(Callback):
        def on_train_start(self, trainer, module):
            weights.update({name: p.array.copy() for name, p in module.named_parameters()})
            weights["lr"] = trainer.optimizer.param_groups[0]["lr"]
            weights["random"] = rng_state()

    def rng_state():
        from tinytorch.core import default_generator

        return default_generator.get_state()

    model = net()
    before = {name: p.array.copy() for name, p in model.named_parameters()}
    random = rng_state()
    trainer = fit(model, finder, Spy(), lr=1e-5, max_epochs=20)
    assert 1e-3 < finder.suggestion < 10
    assert weights.pop("lr") == finder.suggestion
    assert weights.pop("random") == random
    assert all((weights[name] == before[name]).all() for name in before)
    assert trainer.callback_metrics["val_loss"] < 0.55, "it was 0.7"
    assert len(finder.results["lr"]) == len(finder.results["loss"]) > 20


def test_the_search_says_that_nothing_falls():
    class Flat(Measures):
        def training_step(self, batch, batch_idx):
            return BCEWithLogitsLoss()(self.net(batch[0]) * 0, self.net(batch[0]).detach() * 0 + 0.5)

    finder = LearningRateFinder(num_training_steps=10)
    run(Flat([1.0]), finder, max_epochs=1)
    assert finder.suggestion is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ModelCheckpoint(mode="best"), "mode is 'min' or 'max'"),
        (lambda: ModelCheckpoint(save_top_k=-2), "save_top_k"),
        (lambda: ModelCheckpoint(every_n_train_steps=0), "every_n_train_steps"),
        (lambda: EarlyStopping("x", mode="best"), "mode is 'min' or 'max'"),
        (lambda: LearningRateMonitor("batch"), "logging_interval"),
        (lambda: GradientMonitor(0), "every_n_steps"),
        (lambda: EMA(1.5), "decay"),
        (lambda: LearningRateFinder(1, 0.1), "min_lr < max_lr"),
        (lambda: LearningRateFinder(num_training_steps=2), "num_training_steps"),
    ],
)
def test_what_is_wrong_is_said(make, words):
    with pytest.raises(ValueError, match=words):
        make()
