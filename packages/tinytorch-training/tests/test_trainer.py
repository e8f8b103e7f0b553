"""The trainer does what a loop written by hand does, in the right order, and stops when it is told to."""

import io
import math
import signal
import time
from datetime import timedelta

import numpy as np
import pytest
from tinytorch.core import (
    SGD,
    CrossEntropyLoss,
    Dropout,
    Linear,
    MSELoss,
    ReLU,
    Sequential,
    from_numpy,
    manual_seed,
    no_grad,
    randn,
    zeros,
)
from tinytorch.training import (
    Callback,
    EarlyStopping,
    ModelCheckpoint,
    NonFiniteError,
    ProgressBar,
    ReduceLROnPlateau,
    StepLR,
    Trainer,
    TrainingModule,
    clip_grad_norm_,
)

rng = np.random.default_rng(0)
X = from_numpy(rng.standard_normal((60, 4)).astype(np.float32))
Y = (X[:, 0] > 0).long()
BATCHES = [(X[i : i + 10], Y[i : i + 10]) for i in range(0, 60, 10)]


def net(seed=0):
    manual_seed(seed)
    return Sequential(Linear(4, 8), ReLU(), Linear(8, 2))


class Quiet(Trainer):
    def __init__(self, **options):
        super().__init__(enable_progress_bar=False, **options)


def fit(model, batches=BATCHES, val=None, lr=0.1, **options):
    trainer = Quiet(**{"max_epochs": 1, **options})
    optimizer = SGD(model.parameters(), lr=lr)
    trainer.fit(model, batches, val, loss=CrossEntropyLoss(), optimizer=optimizer)
    return trainer


def by_hand(model, batches=BATCHES, epochs=1, every=1, clip=None, lr=0.1):
    optimizer, loss = SGD(model.parameters(), lr=lr), CrossEntropyLoss()
    for _ in range(epochs):
        for i, (x, y) in enumerate(batches):
            if i % every == 0:
                optimizer.zero_grad()
            (loss(model(x), y) / every).backward()
            if (i + 1) % every == 0 or i + 1 == len(batches):
                if clip is not None:
                    clip_grad_norm_(model.parameters(), clip)
                optimizer.step()
    return model


def same(a, b):
    return all((x.array == y.array).all() for x, y in zip(a.parameters(), b.parameters(), strict=True))


class Task(TrainingModule):
    def __init__(self):
        super().__init__()
        self.net = net()

    def training_step(self, batch, batch_idx):
        loss = CrossEntropyLoss()(self.net(batch[0]), batch[1])
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", CrossEntropyLoss()(self.net(batch[0]), batch[1]))

    test_step = validation_step

    def configure_optimizers(self):
        return SGD(self.parameters(), lr=0.1)

    def forward(self, x):
        return self.net(x)


# The same as by hand


def test_a_plain_model_is_trained_as_by_hand():
    model = net()
    trainer = fit(model, max_epochs=3)
    assert same(model, by_hand(net(), epochs=3))
    assert trainer.global_step == 18
    assert trainer.current_epoch == 3


def test_a_training_module_is_trained_as_by_hand():
    task = Task()
    Quiet(max_epochs=3).fit(task, BATCHES)
    assert same(task.net, by_hand(net(), epochs=3))


@pytest.mark.parametrize("every", [2, 4, 10])
def test_gradients_are_accumulated_and_the_last_batches_are_not_lost(every):
    model = net()
    trainer = fit(model, max_epochs=2, accumulate_grad_batches=every)
    assert same(model, by_hand(net(), epochs=2, every=every))
    assert trainer.global_step == 2 * math.ceil(6 / every)


class Unknown:
    """Batches whose number nobody knows before."""

    def __iter__(self):
        return iter(BATCHES)


class Empty:
    """An iterable that nobody can count and that gives nothing."""

    def __iter__(self):
        return iter(())


def test_accumulating_over_an_unknown_number_of_batches():
    model = net()
    fit(model, Unknown(), accumulate_grad_batches=4)
    assert same(model, by_hand(net(), every=4))


def test_gradients_are_clipped():
    model = net()
    fit(model, gradient_clip_val=0.01)
    assert same(model, by_hand(net(), clip=0.01))


def test_schedules_of_steps_and_epochs():
    class Scheduled(Task):
        def configure_optimizers(self):
            self.optimizer = super().configure_optimizers()
            steps = {"scheduler": StepLR(self.optimizer, 1, 0.5), "interval": "step", "frequency": 3}
            return {"optimizer": self.optimizer, "lr_scheduler": [steps, StepLR(self.optimizer, 1, 0.1)]}

    task = Scheduled()
    Quiet(max_epochs=2).fit(task, BATCHES)
    assert task.optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * 0.5**4 * 0.1**2)


# The order of hooks

VALIDATION = [
    "on_validation_start",
    "on_validation_epoch_start",
    "on_validation_batch_start",
    "on_validation_batch_end",
    "on_validation_epoch_end",
]
BATCH = [
    "on_train_batch_start",
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
]
EXPECTED = [
    *("setup", "on_fit_start"),
    *("on_sanity_check_start", *VALIDATION, "on_validation_end", "on_sanity_check_end"),
    *("on_train_start", "on_train_epoch_start"),
    *(*BATCH, "on_train_batch_end"),
    *(*BATCH, "log_metrics", "on_train_batch_end"),
    *(*VALIDATION, "log_metrics", "on_validation_end"),
    *("on_train_epoch_end", "on_train_end", "on_fit_end", "teardown"),
]


def test_hooks_come_in_lightnings_order():
    called = []

    class Spy(Callback):
        pass

    def hook(name):
        return lambda self, *args: called.append(name)

    for name in vars(Callback):
        if name.startswith(("on_", "log_", "setup", "teardown")):
            setattr(Spy, name, hook(name))
    trainer = Quiet(max_epochs=1, callbacks=[Spy()], log_every_n_steps=2)
    trainer.fit(Task(), BATCHES[:2], BATCHES[:1])
    assert called == EXPECTED


def test_the_modules_own_hooks_come_after_those_of_callbacks():
    called = []

    class Own(Task):
        def on_train_epoch_start(self):
            called.append("module")

    class Spy(Callback):
        def on_train_epoch_start(self, trainer, module):
            called.append("callback")
            assert isinstance(module, Own)
            assert trainer.current_epoch == 0

    Quiet(max_epochs=1, callbacks=Spy()).fit(Own(), BATCHES)
    assert called == ["callback", "module"]


def test_a_hook_can_leave_out_the_rest_of_an_epoch():
    class Half(Callback):
        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            return -1 if batch_idx == 3 else None

    model = net()
    trainer = fit(model, max_epochs=2, callbacks=Half())
    assert trainer.global_step == 6
    assert same(model, by_hand(net(), BATCHES[:3], epochs=2))


def test_teardown_comes_after_an_error_too():
    called = []

    class Spy(Callback):
        def on_exception(self, trainer, module, exception):
            called.append(type(exception).__name__)

        def teardown(self, trainer, module, stage):
            called.append(stage)

    class Broken(Task):
        def training_step(self, batch, batch_idx):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Quiet(callbacks=Spy()).fit(Broken(), BATCHES)
    assert called == ["ZeroDivisionError", "fit"]


# Limits


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"max_epochs": 2}, 12),
        ({"max_epochs": 9, "max_steps": 8}, 8),
        ({"max_epochs": None, "max_steps": 8}, 8),
        ({"max_epochs": 0}, 0),
        ({"max_steps": 0}, 0),
        ({"max_epochs": 2, "limit_train_batches": 2}, 4),
        ({"max_epochs": 2, "limit_train_batches": 0.5}, 6),
        ({"max_epochs": 2, "limit_train_batches": 100}, 12),
        ({"max_epochs": 2, "limit_train_batches": 0}, 0),
        ({"max_epochs": 5, "fast_dev_run": True}, 1),
        ({"max_epochs": 5, "fast_dev_run": 3}, 3),
        ({"max_epochs": 3, "overfit_batches": 2}, 6),
        ({"max_epochs": 3, "overfit_batches": 0.34}, 6),
    ],
)
def test_how_long(options, steps):
    assert fit(net(), BATCHES, BATCHES, **options).global_step == steps


def test_max_time_stops():
    class Slow(Task):
        def training_step(self, batch, batch_idx):
            time.sleep(0.01)
            return super().training_step(batch, batch_idx)

    for max_time in ({"milliseconds": 100}, timedelta(seconds=0.1)):
        trainer = Quiet(max_time=max_time, max_epochs=-1)
        trainer.fit(Slow(), BATCHES)
        assert 1 <= trainer.global_step <= 10


def test_overfitting_a_batch_learns_it_by_heart():
    trainer = fit(net(), BATCHES, BATCHES, max_epochs=150, overfit_batches=1, lr=0.5)
    assert trainer.callback_metrics["train_loss"] < 0.1
    assert trainer.callback_metrics["val_loss"] < 0.1


@pytest.mark.parametrize(
    ("interval", "every", "expected"),
    [
        (1.0, 1, [6, 12]),
        (0.5, 1, [3, 6, 9, 12]),
        (2, 1, [2, 4, 6, 8, 10, 12]),
        (4, 1, [4, 10]),
        (1.0, 2, [12]),
    ],
)
def test_when_it_validates(interval, every, expected):
    seen = []

    class Spy(Callback):
        def on_validation_start(self, trainer, module):
            seen.append(trainer.global_step)

    options = {"val_check_interval": interval, "check_val_every_n_epoch": every, "num_sanity_val_steps": 0}
    fit(net(), BATCHES, BATCHES, max_epochs=2, callbacks=Spy(), **options)
    assert seen == expected


def test_an_epoch_of_unknown_length_is_validated_at_its_end():
    trainer = fit(net(), Unknown(), BATCHES, max_epochs=1)
    assert "val_loss" in trainer.callback_metrics


def test_a_validation_leaves_modes_and_random_numbers_alone():
    class Spy(Callback):
        def on_validation_batch_start(self, trainer, module, batch, batch_idx):
            assert not module.training
            randn(3) if trainer.sanity_checking else None

        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            assert module.training
            assert not module[3].training, "a layer that was set to eval stays so"

        def on_train_start(self, trainer, module):
            module[3].eval()

    def model():
        manual_seed(3)
        return Sequential(Linear(4, 8), Dropout(0.5), Linear(8, 2), Dropout(0.9))

    first, second = model(), model()
    fit(first, BATCHES, BATCHES, val_check_interval=2, callbacks=Spy(), seed=3)
    fit(second, BATCHES, None, callbacks=Spy(), seed=3)
    assert same(first, second)


# Measures


def test_the_mean_over_an_epoch_counts_samples():
    class Sizes(Task):
        def validation_step(self, batch, batch_idx):
            self.log("size", float(len(batch[0])))

    uneven = [(X[:10], Y[:10]), (X[:2], Y[:2])]
    assert Quiet().validate(Sizes(), uneven) == [{"size": pytest.approx((100 + 4) / 12)}]


def test_test_predict_and_validate():
    task = Task()
    trainer = Quiet()
    assert trainer.test(task, BATCHES) == trainer.validate(task, BATCHES)
    outputs = trainer.predict(task, BATCHES)
    with no_grad():
        assert all((o == task.net(x)).all() for o, (x, _) in zip(outputs, BATCHES, strict=True))
    assert not outputs[0].requires_grad


def test_a_plain_model_is_measured():
    def accuracy(output, target):
        return (output.argmax(1) == target).float().mean()

    found = Quiet().validate(net(), BATCHES, loss=CrossEntropyLoss(), metrics={"acc": accuracy})
    assert set(found[0]) == {"val_loss", "val_acc"}
    with no_grad():
        right = (net()(X).argmax(1) == Y).float().mean().item()
    assert found[0]["val_acc"] == pytest.approx(right)


def test_both_step_and_epoch():
    class Both(Task):
        def training_step(self, batch, batch_idx):
            self.log("x", float(batch_idx), on_step=True, on_epoch=True)
            return super().training_step(batch, batch_idx)

    trainer = Quiet(max_epochs=1)
    trainer.fit(Both(), BATCHES)
    assert trainer.callback_metrics["x_step"] == 5
    assert trainer.callback_metrics["x_epoch"] == 2.5


def test_a_step_can_leave_a_batch_out():
    class Some(Task):
        def training_step(self, batch, batch_idx):
            return None if batch_idx % 2 else {"loss": super().training_step(batch, batch_idx)}

    task = Some()
    trainer = Quiet(max_epochs=1)
    trainer.fit(task, BATCHES)
    assert trainer.global_step == 3
    assert same(task.net, by_hand(net(), BATCHES[::2]))


# What goes wrong


def test_a_nan_names_step_batch_and_parameter():
    class Explodes(Callback):
        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            if batch_idx == 4:
                module[2].weight.array[0, 0] = np.nan

    with pytest.raises(
        NonFiniteError, match=r"the loss is nan at step 4 \(epoch 0, batch 4\).*'2\.weight'"
    ) as caught:
        fit(net(), callbacks=Explodes())
    assert (caught.value.step, caught.value.batch_idx, caught.value.parameter) == (4, 4, "2.weight")


def test_a_nan_in_the_batch_is_told():
    bad = X[:10].clone()
    bad.array[3, 1] = np.inf
    with pytest.raises(NonFiniteError, match=r"batch 1\): the batch has values that are NaN or infinite"):
        fit(net(), [BATCHES[0], (bad, Y[:10])])


def test_an_operation_that_makes_a_nan_is_named():
    class Log(Task):
        def training_step(self, batch, batch_idx):
            return (self.net(batch[0]) * 0 - 1).log().mean()

    with pytest.raises(NonFiniteError, match="operation 'log' made a NaN"):
        Quiet().fit(Log(), BATCHES)


def test_a_rate_that_is_too_large_ends_in_an_error_not_in_nan_weights():
    def squares(output, target):
        return MSELoss()(output, output.detach() * -3)

    model = net()
    trainer = Quiet(max_epochs=200)
    with pytest.raises(NonFiniteError):
        trainer.fit(model, BATCHES, loss=squares, optimizer=SGD(model.parameters(), lr=1e3))


def test_precision_is_checked():
    with pytest.raises(TypeError, match=r"parameter '0\.weight' is float32, but precision asks for float64"):
        fit(net(), precision="64-true")
    doubles = [(x.double(), y) for x, y in BATCHES]
    assert fit(net().double(), doubles, precision="64-true").global_step == 6

    class Mixed(Task):
        def training_step(self, batch, batch_idx):
            return super().training_step(batch, batch_idx).double()

    with pytest.raises(TypeError, match="the loss is float64, but precision asks for float32"):
        Quiet(precision=32).fit(Mixed(), BATCHES)


@pytest.mark.parametrize(
    ("run", "error", "words"),
    [
        (lambda: fit(3), AttributeError, "parameters"),
        (lambda: Quiet().fit(3, BATCHES), TypeError, "expected a Module to fit, got int"),
        (lambda: Quiet().fit(net(), BATCHES), TypeError, "needs an optimizer"),
        (
            lambda: Quiet().fit(net(), BATCHES, optimizer=SGD([zeros(1).requires_grad_(True)])),
            TypeError,
            "needs a loss",
        ),
        (lambda: fit(net(), iter(BATCHES)), TypeError, "gone through only once"),
        (lambda: fit(net(), 3), TypeError, "expected batches"),
        (lambda: fit(net(), []), ValueError, "no batches to train on"),
        (lambda: fit(net(), Empty()), ValueError, "Empty gave no batch"),
        (
            lambda: fit(net(), limit_train_batches=1.5),
            ValueError,
            "limit_train_batches is a number of batches",
        ),
        (
            lambda: fit(net(), limit_train_batches=-1),
            ValueError,
            "limit_train_batches is a number of batches",
        ),
        (lambda: fit(net(), Unknown(), limit_train_batches=0.5), ValueError, "how many batches there are"),
        (lambda: fit(net(), BATCHES, BATCHES, val_check_interval=7), ValueError, "more than the 6 batches"),
        (
            lambda: Trainer(accumulate_grad_batches=0),
            ValueError,
            "accumulate_grad_batches is an integer, at least 1",
        ),
        (lambda: Trainer(precision="bf16"), ValueError, "precision is one of"),
        (lambda: Trainer(gradient_clip_algorithm="x"), ValueError, "'norm' or 'value'"),
        (lambda: Trainer(max_time="5 minutes"), ValueError, "DD:HH:MM:SS"),
        (lambda: Trainer(max_steps=1.5), ValueError, "max_steps is an integer"),
        (
            lambda: Quiet().validate(net(), BATCHES, loss=abs, losses=3),
            TypeError,
            "unexpected arguments: losses",
        ),
        (
            lambda: fit(net(), callbacks=EarlyStopping("nothing")),
            RuntimeError,
            "monitors 'nothing', which wasn't logged",
        ),
        (lambda: Trainer().save_checkpoint("x"), RuntimeError, "nothing to save before fit"),
    ],
)
def test_what_is_wrong_is_said(run, error, words):
    with pytest.raises(error, match=words):
        run()


def test_steps_that_arent_defined_are_named():
    with pytest.raises(NotImplementedError, match=r"Empty doesn't define configure_optimizers\(\)"):
        Quiet().fit(type("Empty", (TrainingModule,), {})(), BATCHES)

    class Lossless(Task):
        def training_step(self, batch, batch_idx):
            return self.net(batch[0])

    with pytest.raises(
        TypeError, match=r"the loss, a tensor with one number, not a tensor of shape \(10, 2\)"
    ):
        Quiet().fit(Lossless(), BATCHES)


def test_a_plateau_schedule_needs_its_measure():
    class Plateau(Task):
        def configure_optimizers(self):
            optimizer = super().configure_optimizers()
            return {"optimizer": optimizer, "lr_scheduler": ReduceLROnPlateau(optimizer)}

    with pytest.raises(ValueError, match='"monitor": "val_loss"'):
        Quiet().fit(Plateau(), BATCHES)


# The terminal


def test_without_a_terminal_there_is_a_line_for_each_epoch():
    text = io.StringIO()
    fit(net(), BATCHES, BATCHES, max_epochs=2, callbacks=ProgressBar(text))
    lines = text.getvalue().splitlines()
    assert [line.partition("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    for part in ("samples/s", "ETA", "train_loss", "val_loss"):
        assert part in lines[0]
    assert text.getvalue().isascii()


def test_on_a_terminal_there_is_a_bar():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    text = Terminal()
    fit(net(), BATCHES, BATCHES, max_epochs=2, callbacks=ProgressBar(text))
    assert "epoch 2/2" in text.getvalue()
    assert "6/6" in text.getvalue()


@pytest.fixture
def ctrl_c():
    """Ctrl-C as in a terminal; a background job begins with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_the_first_ctrl_c_ends_after_the_batch(tmp_path):
    before = signal.getsignal(signal.SIGINT)

    class Press(Callback):
        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            if batch_idx == 3:
                signal.raise_signal(signal.SIGINT)

    model = net()
    trainer = fit(model, callbacks=[Press(), ModelCheckpoint(tmp_path)])
    assert trainer.interrupted
    assert same(model, by_hand(net(), BATCHES[:4]))
    assert [p.name for p in tmp_path.iterdir()] == ["interrupted.safetensors"]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_a_run_whose_epochs_have_one_batch(tmp_path):
    class Press(Callback):
        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            if trainer.current_epoch == 2:
                signal.raise_signal(signal.SIGINT)

    for name in ("interrupted.safetensors", "interrupted-v1.safetensors"):
        trainer = fit(net(), BATCHES[:1], max_epochs=9, callbacks=[Press(), ModelCheckpoint(tmp_path)])
        assert trainer.global_step == 3
        assert (tmp_path / name).exists(), "an earlier one isn't overwritten"


@pytest.mark.usefixtures("ctrl_c")
def test_the_second_ctrl_c_stops_at_once():
    class Press(Callback):
        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(net(), callbacks=Press())


def test_where_ctrl_c_is_ignored_it_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    class Press(Callback):
        def on_train_batch_start(self, trainer, module, batch, batch_idx):
            signal.raise_signal(signal.SIGINT)

    try:
        assert fit(net(), callbacks=Press()).global_step == 6
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_seed_makes_a_run_repeatable():
    def model():
        return Sequential(Linear(4, 8), Dropout(0.5), Linear(8, 2))

    first, second = model(), model()
    second.load_state_dict(first.state_dict())
    fit(first, seed=5)
    randn(7)
    fit(second, seed=5)
    assert same(first, second)
