"""The seams for profilers: watchers, and hooks of all modules."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import tinytorch.core as tt
from tinytorch.core import Watcher
from tinytorch.core.m01_tensor.record import mode


class Log(Watcher):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def run(self, function: Any, *values: Any) -> Any:
        self.seen.append(f"run {function.__name__}")
        return super().run(function, *values)

    def made(self, op: Any, arrays: Any, result: Any) -> None:
        self.seen.append(f"made {op.name} {result.shape}")
        super().made(op, arrays, result)

    def passed(self, node: Any, g: Any, gradients: Any) -> None:
        self.seen.append(f"walk {g}" if node is None else f"passed {node.name} {len(gradients)}")
        super().passed(node, g, gradients)


WANTED = [
    "run mul",
    "made mul (2,)",
    "run sum",
    "made sum ()",
    "walk True",
    "passed sum 1",
    "passed mul 1",
    "walk False",
]


def test_a_watcher_sees_forward_and_backward_and_leaves_all_as_it_was() -> None:
    before = mode.quiet, mode.watch, mode.watch_backward
    log = Log()
    x = tt.ones(2, requires_grad=True)
    log.start()
    (x * 2).sum().backward()
    log.stop()
    (x * 2).sum().backward()
    assert log.seen == WANTED
    assert (mode.quiet, mode.watch, mode.watch_backward) == before


def test_watchers_nest_also_around_anomaly_mode() -> None:
    outer, inner = Log(), Log()
    x = tt.ones(2, requires_grad=True)
    outer.start()
    with tt.detect_anomaly():
        inner.start()
        (x * 2).sum().backward()
        inner.stop()
    outer.stop()
    assert outer.seen == inner.seen == WANTED


def test_the_end_of_a_walk_is_seen_after_an_error_too() -> None:
    @tt.op
    def without_a_rule(input: tt.Array) -> Any:
        return input + 1

    log = Log()
    x = tt.ones(2, requires_grad=True)
    log.start()
    try:
        with pytest.raises(NotImplementedError):
            without_a_rule(x).sum().backward()
    finally:
        log.stop()
        del tt.ops["without_a_rule"]
    assert log.seen[-3:] == ["walk True", "passed sum 1", "walk False"]


def test_wrong_order_is_refused() -> None:
    first, second = Log(), Log()
    with pytest.raises(RuntimeError, match="isn't running"):
        first.stop()
    first.start()
    with pytest.raises(RuntimeError, match="running already"):
        first.start()
    second.start()
    with pytest.raises(RuntimeError, match="began later"):
        first.stop()
    second.stop()
    errors: list[BaseException] = []

    def elsewhere() -> None:
        try:
            first.stop()
        except RuntimeError as error:
            errors.append(error)
        tt.ones(2) + 1  # not watched: another thread

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    first.stop()
    assert len(errors) == 1
    assert "thread" in str(errors[0])
    assert first.seen == []


def test_hooks_of_all_modules_are_called_around_own_ones() -> None:
    seen: list[str] = []
    model = tt.Sequential(tt.Linear(2, 2), tt.ReLU())
    gone = model[0].register_forward_hook(lambda *_: None)
    gone.remove()  # a module that once had a hook is seen as well
    model[1].register_forward_hook(lambda *_: seen.append("own"))
    pre = tt.register_module_forward_pre_hook(lambda m, args: seen.append(f"pre {type(m).__name__}"))
    with pre, tt.register_module_forward_hook(lambda m, args, out: seen.append(type(m).__name__)):
        model(tt.ones(1, 2))
    assert seen == ["pre Sequential", "pre Linear", "Linear", "pre ReLU", "ReLU", "own", "Sequential"]
    model(tt.ones(1, 2))
    assert seen[7:] == ["own"]
    assert not model._forward_hooks
    assert not model[0]._forward_hooks


def test_a_hook_of_all_modules_can_be_called_after_an_error() -> None:
    seen: list[Any] = []
    model = tt.Sequential(tt.Linear(2, 2))

    def always(module: Any, args: Any, kwargs: Any, output: Any) -> None:
        seen.append((type(module).__name__, output))

    with (
        tt.register_module_forward_hook(always, with_kwargs=True, always_call=True),
        tt.register_module_forward_hook(lambda *_: seen.append("never")),
        pytest.raises(RuntimeError),
    ):
        model(tt.ones(1, 3))
    assert seen == [("Linear", None), ("Sequential", None)]


def test_a_hook_of_all_modules_may_replace_arguments_and_result() -> None:
    model = tt.Identity()
    with (
        tt.register_module_forward_pre_hook(lambda m, args: (args[0] + 1,)),
        tt.register_module_forward_hook(lambda m, args, out: out * 10),
    ):
        assert model(tt.ones(1)).tolist() == [20]
    assert model(tt.ones(1)).tolist() == [1]
