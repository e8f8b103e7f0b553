"""The seam for faster kernels: `Op.use` and `Optimizer.use`."""

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.core import Array, op, ops


@op
def exchange_square(input: Array, factor: float = 1.0) -> Array:
    return factor * input * input, {"slopes": 2 * factor * input}


@exchange_square.backward
def exchange_square_backward(g, slopes):
    return lambda: g * slopes


@pytest.fixture(autouse=True)
def own():
    yield
    exchange_square.use()


def test_another_forward_is_used_until_it_is_taken_back():
    def forward(input, factor=1.0):
        return np.full_like(input, 7), {"slopes": np.full_like(input, 3)}

    x = tt.tensor([2.0], requires_grad=True)
    exchange_square.use(forward)
    y = exchange_square(x)
    assert y.item() == 7
    exchange_square.use()
    assert exchange_square(x).item() == 4
    y.backward()  # the operation's own rule, with what the other forward saved
    assert x.grad.item() == 3


def test_another_rule_gets_what_its_forward_saved_and_what_it_names():
    def forward(input, factor=1.0):
        if input.dtype == np.float64:
            return NotImplemented
        return input * 10, {"note": "kept"}

    def rule(g, input, out, note, factor):
        assert (note, factor) == ("kept", 2.0)
        return lambda: g * 100 + input + out

    exchange_square.use(forward, rule)
    x = tt.tensor([2.0], requires_grad=True)
    exchange_square(x, factor=2.0).backward()
    assert x.grad.item() == 100 + 2 + 20
    wide = tt.tensor([3.0], dtype=tt.float64, requires_grad=True)
    y = exchange_square(wide, factor=2.0)  # left to the operation
    assert y.item() == 18
    y.backward()
    assert wide.grad.item() == 12


def test_what_is_recorded_keeps_its_rule():
    def forward(input, factor=1.0):
        return input + 1

    x = tt.tensor([2.0], requires_grad=True)
    before = exchange_square(x)
    exchange_square.use(forward, lambda g: lambda: g * 5)
    during = exchange_square(x)
    exchange_square.use()
    (before + during).backward()
    assert x.grad.item() == 4 + 5


def test_a_changed_input_is_still_noticed():
    exchange_square.use(lambda input, factor=1.0: input * 2, lambda g, input: lambda: g * input)
    x = tt.tensor([2.0], requires_grad=True)
    h = x * 1
    y = exchange_square(h)
    h += 1
    with pytest.raises(RuntimeError, match="exchange_square"):
        y.backward()


@pytest.mark.parametrize("rule", [None, lambda g: lambda: g], ids=["own rule", "another rule"])
def test_a_watcher_knows_the_work_by_the_name_of_its_operation(rule):
    names = []

    class Names(tt.Watcher):
        def run(self, function, *values):
            names.append(function.__name__)
            return super().run(function, *values)

    exchange_square.use(lambda input, factor=1.0: input * 2, rule)
    x, watcher = tt.tensor([1.0]), Names()
    watcher.start()
    exchange_square(x)
    watcher.stop()
    assert names == ["exchange_square"]


def test_other_parameters_are_refused_and_nothing_changes():
    with pytest.raises(ValueError, match=r"exchange_square takes \(input, factor\)"):
        exchange_square.use(lambda x: x)
    assert exchange_square(tt.tensor([3.0])).item() == 9


def test_rules_of_earlier_modules_are_there_when_an_operation_is_exchanged():
    relu = ops["relu"]
    try:
        relu.use(lambda input: np.maximum(input, 0))
        x = tt.tensor([-1.0, 2.0], requires_grad=True)
        tt.relu(x).sum().backward()
        assert x.grad.tolist() == [0, 1]
    finally:
        relu.use()


class Halving(tt.SGD):
    """A subclass with a rule of its own, which no kernel of SGD may replace."""

    def rule(self, group, state):
        def update(p, g):
            p *= 0.5

        return update


def test_an_optimizer_uses_a_kernel_and_its_own_rule_for_the_rest():
    seen = []

    def kernel(group, state, values):
        if values.size == 1:
            return None
        seen.append((group["lr"], values.shape))

        def update(p, g):
            p -= 2 * group["lr"] * g

        return update

    a, b = tt.tensor([1.0, 2.0], requires_grad=True), tt.tensor([1.0], requires_grad=True)
    c = tt.tensor([4.0, 4.0], requires_grad=True)
    for p in (a, b, c):
        p.grad = tt.ones_like(p)
    tt.SGD.use(kernel)
    try:
        tt.SGD([a, b], lr=0.5).step()
        Halving([c], lr=0.5).step()
    finally:
        tt.SGD.use()
    assert (a.tolist(), b.tolist(), c.tolist()) == ([0, 1], [0.5], [2, 2])
    assert seen == [(0.5, (2,))]
    tt.SGD([a], lr=0.5).step()
    assert a.tolist() == [-0.5, 0.5]
