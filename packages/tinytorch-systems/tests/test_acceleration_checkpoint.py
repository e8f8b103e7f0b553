"""Activation checkpointing, and the ladder."""

import gc
import tracemalloc
import warnings

import numpy as np
import pytest
import tinytorch.core as tt
import tinytorch.language as tl
from tinytorch.systems import checkpoint, checkpoint_sequential, speed_ladder


def deep(layers=12, width=64, dropout=0.2):
    tt.manual_seed(0)

    def block():
        wide = 4 * width
        return tt.Sequential(tt.Linear(width, wide), tt.GELU(), tt.Linear(wide, width), tt.Dropout(dropout))

    return tt.Sequential(*[block() for _ in range(layers)])


def step(model, forward, x):
    """Return value, gradients, the next random numbers, and the peak of memory."""
    for p in [x, *model.parameters()]:
        p.grad = None
    tt.manual_seed(5)
    gc.collect()
    tracemalloc.start()
    out = forward(model, x)
    (out * out).mean().backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    gradients = [p.grad.numpy() for p in [x, *model.parameters()]]
    return out.detach().numpy(), gradients, tt.rand(3).numpy(), peak


def plain(model, x):
    return model(x)


def each(model, x):
    for block in model:
        x = checkpoint(block, x, use_reentrant=False)
    return x


def parts(model, x):
    return checkpoint_sequential(model, 4, x, use_reentrant=False)


@pytest.mark.parametrize("way", [each, parts])
def test_values_gradients_and_random_numbers_are_the_same_and_memory_is_less(way):
    model, x = deep(), tt.randn(128, 64).requires_grad_()
    value, gradients, random, peak = step(model, plain, x)
    found = step(model, way, x)
    np.testing.assert_array_equal(found[0], value)
    np.testing.assert_array_equal(found[2], random)
    for a, b in zip(gradients, found[1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert found[3] < 0.7 * peak


def test_a_gpt_block_by_block():
    model = tl.GPT(tl.GPTConfig(32, 20, 3, 2, 32))
    ids = tt.randint(20, (2, 32))
    wanted = model(ids, ids)[1]
    wanted.backward()
    gradients = [p.grad.numpy().copy() for p in model.parameters()]
    model.zero_grad()

    class Checkpointed(tt.Module):
        def __init__(self, block):
            super().__init__()
            self.block = block

        def forward(self, *args):
            return checkpoint(self.block, *args)

    model.transformer["h"] = tt.ModuleList(Checkpointed(b) for b in model.transformer["h"])
    loss = model(ids, ids)[1]
    loss.backward()
    assert loss.item() == wanted.item()
    for a, p in zip(gradients, model.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.numpy(), a, rtol=1e-5, atol=1e-7)


def test_without_gradients_it_is_a_plain_call():
    calls = []
    x = tt.ones(2)
    with tt.no_grad():
        out = checkpoint(lambda a: calls.append(1) or a * 2, x)
    assert (out.tolist(), out.requires_grad, len(calls)) == ([2, 2], False, 1)
    assert not checkpoint(lambda a: a * 2, x).requires_grad


def test_it_is_called_again_once_in_the_backward_pass():
    calls = []
    x = tt.ones(2, requires_grad=True)
    y = checkpoint(lambda a: calls.append(1) or a.exp() * 2, x)
    assert len(calls) == 1
    y.sum().backward()
    assert len(calls) == 2


def test_several_arguments_and_results():
    a, b = tt.ones(2, requires_grad=True), tt.tensor([2.0, 3.0])
    first, second, third = checkpoint(lambda a, k, b=None: (a * b * k, a + 1, b * 2), a, 5, b=b)
    assert not third.requires_grad
    (first.sum() + 10 * second.sum()).backward()
    assert a.grad.tolist() == [20, 25]


def test_an_argument_that_is_returned_as_it_is():
    x = tt.ones(2, requires_grad=True)
    y = checkpoint(lambda a: a, x)
    y.sum().backward()
    assert x.grad.tolist() == [1, 1]
    assert not np.may_share_memory(y.detach().numpy(), x.detach().numpy())


def test_one_inside_another():
    x = tt.tensor([0.5], requires_grad=True)
    checkpoint(lambda a: checkpoint(lambda b: b.exp(), a * 2).sin(), x).backward()
    wanted = np.cos(np.exp(1.0)) * np.exp(1.0) * 2
    assert np.isclose(x.grad.item(), wanted, rtol=1e-5)


def test_a_tensor_from_outside_must_be_an_argument():
    x = tt.ones(2, requires_grad=True)
    h = x * 2
    with pytest.raises(RuntimeError, match="a result of 'mul' from outside, which requires a gradient"):
        checkpoint(lambda a: a * h, x)
    checkpoint(lambda a, b: a * b, x, h).sum().backward()
    assert x.grad.tolist() == [4, 4]


def test_another_shape_the_second_time():
    sizes = iter([2, 3])
    x = tt.ones(4, requires_grad=True)
    y = checkpoint(lambda a: a[: next(sizes)] * 2, x)
    with pytest.raises(RuntimeError, match=r"float32 of shape \[2\] at first, but float32 of shape \[3\]"):
        y.backward(tt.ones(2))


def test_an_input_that_is_changed_in_between():
    x = tt.ones(2, requires_grad=True)
    h = x * 1
    y = checkpoint(lambda a: a.exp(), h)
    h += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_dropout_without_its_state_draws_other_numbers():
    x = tt.ones(200, requires_grad=True)
    y = checkpoint(lambda a: tt.functional.dropout(a), x, preserve_rng_state=False)
    y.sum().backward()
    assert (x.grad.numpy() != y.detach().numpy()).any()
    x.grad = None
    y = checkpoint(lambda a: tt.functional.dropout(a), x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())


def test_wrong_use():
    x = tt.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="use_reentrant=False"):
        checkpoint(lambda a: a, x, use_reentrant=True)
    with pytest.raises(TypeError, match="must return tensors, not float"):
        checkpoint(lambda a: 1.0, x)
    for segments in (0, 3, -1):
        with pytest.raises(ValueError, match="segments must be from 1 to 2"):
            checkpoint_sequential([tt.Identity(), tt.Identity()], segments, x)


def test_the_ladder_has_one_result_on_every_rung():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ladder = speed_ladder(70, 33, 21, repeats=2)
    names = [rung.name for rung in ladder.rungs]
    assert names[:5] == ["loops", "vectorised", "blocked", "fused", "threaded"]
    assert all(rung.error < 1e-5 and rung.seconds > 0 for rung in ladder.rungs)
    assert ladder.rungs[0].speedup == 1
    assert ladder.rungs[1].speedup > 5
    lines = str(ladder).splitlines()
    assert len(lines) == 2 + len(names)
    assert lines[0] == "gelu(x @ w.T + b) for x (70, 33) and w (21, 33)"


def test_the_ladder_without_a_compiler():
    with pytest.warns(UserWarning, match="no compiled rung, because no C compiler found"):
        ladder = speed_ladder(8, 4, 4, repeats=1, compiler="never-heard-of-it")
    assert ladder.rungs[-1].name == "threaded"
    with pytest.raises(ValueError, match="must be positive"):
        speed_ladder(0)
