"""What a version of the acceleration module must be able to do, in the order of the lesson's steps.

None of them needs a C compiler: without one, `accelerate()` must leave everything as it is.
"""

from __future__ import annotations

import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import tinytorch.core as tt
import tinytorch.systems as ts
from tinytorch.core import functional as F
from tinytorch.language import functional as LF


def _numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def _model() -> Any:
    tt.manual_seed(0)
    return tt.Sequential(
        *(tt.Sequential(tt.Linear(32, 128), tt.GELU(), tt.Linear(128, 32)) for _ in range(8))
    )


def _gradients(model: Any, forward: Callable[..., Any]) -> tuple[Any, list[Any], int]:
    """Return the result, all gradients, and the peak of memory meanwhile."""
    model.zero_grad()
    x = tt.from_numpy(_numbers(128, 32)).requires_grad_()
    tracemalloc.start()
    try:
        out = forward(x)
        (out * out).sum().backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert x.grad is not None, "the input got no gradient"
    missing = [name for name, p in model.named_parameters() if p.grad is None]
    assert not missing, (
        f"these parameters got no gradient: {missing}. Hint: what the function uses beside its arguments "
        "belongs to the inputs of the operation, too"
    )
    return out.detach().numpy(), [x.grad.numpy(), *(p.grad.numpy() for p in model.parameters())], peak


def _same(got: Any, wanted: Any, what: str, hint: str, rtol: float = 1e-5) -> None:
    scale = float(np.abs(wanted).max(initial=0)) or 1.0
    off = float(np.abs(got - wanted).max(initial=0)) / scale
    assert off <= rtol, f"{what} is off by {off:.1e} of the largest value. Hint: {hint}"


def check_every_rung_of_the_ladder_has_the_same_result() -> None:
    """Compute the same six times, faster and faster."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ladder = ts.speed_ladder(64, 32, 48, repeats=2)
    names = [rung.name for rung in ladder.rungs]
    wanted = ["loops", "vectorised", "blocked", "fused", "threaded"]
    assert names[:5] == wanted, f"expected the rungs {wanted}, got {names}"
    for rung in ladder.rungs:
        assert rung.error < 1e-5, (
            f"the rung {rung.name} is off by {rung.error:.0e}. Hint: faster is no excuse for another result"
        )
    assert ladder.rungs[1].speedup > 5, (
        f"whole arrays are only {ladder.rungs[1].speedup:.1f} times faster than loops. Hint: is there still "
        "a loop over numbers?"
    )
    for name in names:
        assert name in str(ladder), f"the table doesn't show the rung {name}"


def check_accelerate_changes_the_time_and_nothing_else() -> None:
    """Give the same values and gradients with kernels as without, to the tolerance of floats."""
    shapes = [(40, 24), (36, 24), (36,), (36,)]

    def program() -> list[Any]:
        x, w, b, scale = (tt.from_numpy(_numbers(*s, seed=i)).requires_grad_() for i, s in enumerate(shapes))
        h = F.gelu(F.linear(x, w, b))
        h = LF.layer_norm(h, (36,), scale, b)
        q = h.view(2, 20, 3, 12).transpose(1, 2)
        out = F.softmax(LF.scaled_dot_product_attention(q, q, q, is_causal=True), -1)
        (out * out).sum().backward()
        return [out.detach().numpy(), *(p.grad.numpy() for p in (x, w, b, scale) if p.grad is not None)]

    before = program()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with ts.accelerate():
            during = program()
    after = program()
    for i, (a, b, c) in enumerate(zip(before, during, after, strict=True)):
        _same(b, a, f"result {i} of the program", "compare each kernel with the operation on its own", 1e-4)
        assert np.array_equal(a, c), (
            f"result {i} isn't what it was before. Hint: leaving the `with` gives them their own work back"
        )


def check_without_a_compiler_one_line_says_so() -> None:
    """Go on with NumPy, and say why."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fast = ts.accelerate(compiler="no-such-compiler")
    assert len(said) == 1, f"expected one warning, got {[str(w.message) for w in said]}"
    text = str(said[0].message)
    assert "\n" not in text, f"expected one line, got {text!r}"
    assert "no-such-compiler" in text, f"expected the compiler's name in the warning, got {text!r}"
    assert not fast.on, "nothing was exchanged, so .on must be False"
    for word in ("NumPy", "no-such-compiler"):
        assert word in fast.report(), (
            f"expected {word} in report(): who does the work, and why; got {fast.report()!r}"
        )
    got = F.relu(tt.tensor([-1.0, 2.0])).tolist()
    assert got == [0, 2], f"relu([-1, 2]) gave {got} after that"


def check_a_checkpoint_computes_the_same() -> None:
    """Give the value and all gradients of a plain call, with the function called twice."""
    model = _model()
    calls = []

    def counted(block: Any) -> Callable[[Any], Any]:
        def run(x: Any) -> Any:
            calls.append(block)
            return block(x)

        return run

    def checkpointed(x: Any) -> Any:
        for block in model:
            x = ts.checkpoint(counted(block), x, use_reentrant=False)
        return x

    wanted, gradients, _ = _gradients(model, model)
    got, found, _ = _gradients(model, checkpointed)
    _same(got, wanted, "the value", "the first call computes it")
    for i, (a, b) in enumerate(zip(gradients, found, strict=True)):
        _same(b, a, f"gradient {i}", "start the second call's backward pass with the gradient that came in")
    assert len(calls) == 16, f"expected two calls of each of 8 blocks, got {len(calls)} in all"
    with tt.no_grad():
        out = ts.checkpoint(model, tt.from_numpy(_numbers(2, 32)))
    assert not out.requires_grad, "under no_grad there is nothing to record"


def check_a_checkpoint_draws_the_same_random_numbers_again() -> None:
    """Drop the same numbers in both calls, and leave the generator where a plain call would."""
    x = tt.ones(300, requires_grad=True)
    tt.manual_seed(7)
    out = ts.checkpoint(lambda a: F.dropout(a, 0.5), x)
    after = tt.rand(2).tolist()
    out.sum().backward()
    later = tt.rand(2).tolist()
    assert x.grad is not None, "the input got no gradient"
    assert np.array_equal(x.grad.numpy(), out.detach().numpy()), (
        "dropout's gradient has another mask than its value. Hint: keep the state of the generator"
    )
    tt.manual_seed(7)
    F.dropout(tt.ones(300), 0.5)
    wanted = [tt.rand(2).tolist(), tt.rand(2).tolist()]
    assert [after, later] == wanted, (
        f"the numbers drawn afterwards are {[after, later]}, expected {wanted}. Hint: put the state back "
        "that the generator had before the second call"
    )


def check_checkpoints_save_memory() -> None:
    """Hold the activations of one part at a time."""
    model = _model()
    *_, plain = _gradients(model, model)

    def each(x: Any) -> Any:
        for block in model:
            x = ts.checkpoint(block, x)
        return x

    *_, less = _gradients(model, each)
    *_, parts = _gradients(model, lambda x: ts.checkpoint_sequential(model, 4, x))
    for what, peak in (("checkpoint of each block", less), ("checkpoint_sequential in 4 parts", parts)):
        assert peak < 0.75 * plain, (
            f"{what}: a peak of {peak / 2**20:.2f} MiB, without it {plain / 2**20:.2f} MiB. Hint: nothing "
            "that was made inside the first call may stay"
        )


def check_what_a_checkpoint_cannot_do_is_an_error() -> None:
    """Refuse what would give wrong gradients."""
    x = tt.ones(2, requires_grad=True)
    h = x * 2
    cases: list[tuple[type[Exception], Callable[[], Any], str]] = [
        (ValueError, lambda: ts.checkpoint(lambda a: a, x, use_reentrant=True), "use_reentrant=True"),
        (RuntimeError, lambda: ts.checkpoint(lambda a: a * h, x), "a tensor with a history, not an argument"),
        (ValueError, lambda: ts.checkpoint_sequential([F.relu], 2, x), "more segments than functions"),
    ]
    for error, do, what in cases:
        try:
            do()
        except NotImplementedError:
            raise
        except error:
            continue
        raise AssertionError(f"{what}: expected {error.__name__}, but there was none")
