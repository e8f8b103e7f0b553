"""What a version of the attention module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import tinytorch.core as tt
import tinytorch.language as tl
from tinytorch.language.functional import scaled_dot_product_attention as attention


def _numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def _attend(q: Any, k: Any, v: Any, allowed: Any = None, scale: float | None = None) -> Any:
    """Compute attention as the formula says, on arrays; return the result and the weights."""
    scores = q @ k.swapaxes(-1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    weights = e / e.sum(-1, keepdims=True)
    return weights @ v, weights


def _close(got: tt.Tensor, wanted: Any, what: str, hint: str, atol: float = 1e-6) -> None:
    found = got.detach().numpy()
    assert found.shape == np.shape(wanted), (
        f"{what}: expected shape {np.shape(wanted)}, got {found.shape}. Hint: {hint}"
    )
    worst = float(np.abs(found - wanted).max(initial=0))
    assert worst <= atol, f"{what}: differs from the formula by up to {worst}. Hint: {hint}"


def _inputs(queries: int = 5, keys: int = 7) -> tuple[Any, Any, Any]:
    shapes = (2, 3, queries, 4), (2, 3, keys, 4), (2, 3, keys, 6)
    q, k, v = (_numbers(*shape, seed=i) for i, shape in enumerate(shapes))
    return q, k, v


def _tensors(*arrays: Any) -> tuple[tt.Tensor, tt.Tensor, tt.Tensor]:
    q, k, v = (tt.tensor(x) for x in arrays)
    return q, k, v


def check_weights_are_a_softmax_of_scaled_scores() -> None:
    """Return the mean of the values with weights softmax(q k.T / sqrt(d))."""
    q, k, v = _inputs()
    tensors = _tensors(q, k, v)
    _close(attention(*tensors), _attend(q, k, v)[0], "attention", "softmax over the keys, the last dimension")
    _close(
        attention(*tensors, scale=0.1), _attend(q, k, v, scale=0.1)[0], "scale=0.1", "instead of 1/sqrt(d)"
    )
    large = _tensors(q * 1e3, k * 1e3, v)
    wanted = _attend(q * 1e3, k * 1e3, v)[0]
    _close(attention(*large), wanted, "attention with large scores", "take off the largest score before exp")


def check_the_future_is_hidden() -> None:
    """With is_causal, let query i see the keys 0 to i alone, also if there are more of one than the other."""
    for queries, keys in ((6, 6), (4, 7), (7, 4)):
        q, k, v = _inputs(queries, keys)
        got = attention(*_tensors(q, k, v), is_causal=True)
        wanted = _attend(q, k, v, np.tri(queries, keys, dtype=bool))[0]
        _close(got, wanted, f"is_causal, {queries} queries, {keys} keys", "key j is hidden if j > i")


def check_masks() -> None:
    """Take bools (True takes part) and numbers that are added, and give zeros where nothing may be seen."""
    q, k, v = _inputs()
    tensors = _tensors(q, k, v)
    allowed = np.random.default_rng(3).random((5, 7)) < 0.6
    allowed[:, 0] = True
    _close(
        attention(*tensors, tt.tensor(allowed)),
        _attend(q, k, v, allowed)[0],
        "a bool mask",
        "True takes part",
    )
    added = np.where(allowed, 0.0, -np.inf)
    _close(
        attention(*tensors, tt.tensor(added)), _attend(q, k, v, allowed)[0], "a mask of 0 and -inf", "add it"
    )
    allowed[2] = False
    got = attention(*tensors, tt.tensor(allowed))[:, :, 2].abs().max().item()
    assert got == 0, f"a query that may look at nothing must give zeros, got numbers up to {got}"


def check_gradients() -> None:
    """Give the gradients of queries, keys and values."""
    q, k, v = _inputs()
    g = _numbers(2, 3, 5, 6, seed=9)
    tensors = _tensors(q, k, v)
    for x in tensors:
        x.requires_grad_()
    attention(*tensors).backward(tt.tensor(g))
    out, p = _attend(q, k, v)
    ds = p * (g @ v.swapaxes(-1, -2) - (g * out).sum(-1, keepdims=True)) / 2
    wanted = {"query": ds @ k, "key": ds.swapaxes(-1, -2) @ q, "value": p.swapaxes(-1, -2) @ g}
    for x, (name, d) in zip(tensors, wanted.items(), strict=True):
        assert x.grad is not None, f"{name} has no gradient"
        _close(x.grad, d, f"gradient of {name}", "dS = P * (g @ v.T - sum(g * out))")


def check_long_sequences_need_little_memory() -> None:
    """Agree with the formula beyond the length where blocks begin, in memory that grows with the length."""
    q, k, v = (_numbers(1, 900, 4, seed=i) for i in range(3))
    got = attention(*_tensors(q, k, v), is_causal=True)
    _close(got, _attend(q, k, v, np.tri(900, dtype=bool))[0], "900 positions", "merge blocks by their maxima")

    def peak(length: int) -> int:
        x = tt.randn(1, length, 8, requires_grad=True)
        tracemalloc.start()
        attention(x, x, x, is_causal=True).sum().backward()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(64)  # what is made once
    matrix = 3000 * 3000 * 4
    most = peak(3000)
    assert most < matrix, (
        f"attention over 3000 positions took {most / 2**20:.0f} MiB; one matrix of weights has "
        f"{matrix / 2**20:.0f} MiB and must not be made"
    )


def check_heads_attend_side_by_side() -> None:
    """Project with in_proj, attend in each head, join the heads, project with out_proj."""
    module = tl.MultiheadAttention(6, 2, batch_first=True, dtype=tt.float64)
    state = {name: x.numpy() for name, x in module.state_dict().items()}
    assert set(state) == {"in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"}, (
        f"the names of the parameters must be PyTorch's, got {sorted(state)}"
    )
    x = _numbers(2, 5, 6)
    q, k, v = np.split(x @ state["in_proj_weight"].T + state["in_proj_bias"], 3, axis=-1)
    parts = [_attend(q[..., h], k[..., h], v[..., h]) for h in (slice(0, 3), slice(3, 6))]
    joined = np.concatenate([out for out, _ in parts], axis=-1)
    wanted = joined @ state["out_proj.weight"].T + state["out_proj.bias"]
    t = tt.tensor(x)
    for need in (True, False):
        out, weights = module(t, t, t, need_weights=need)
        _close(
            out, wanted, f"MultiheadAttention, need_weights={need}", "head h has the features h*d to h*d+d"
        )
        assert (weights is not None) == need, f"need_weights={need} must give {'' if need else 'no '}weights"
    weights = module(t, t, t)[1]
    _close(weights, (parts[0][1] + parts[1][1]) / 2, "the weights", "the mean over the heads")


def check_multihead_masks_leave_out() -> None:
    """In MultiheadAttention, True means to be left out."""
    module = tl.MultiheadAttention(4, 1, batch_first=True)
    x = tt.randn(2, 3, 4)
    padding = tt.tensor([[False, False, True], [False, True, True]])
    got = (module(x, x, x, key_padding_mask=padding)[1] == 0)[:, 0].tolist()
    assert got == padding.tolist(), f"weights that are zero: expected {padding.tolist()}, got {got}"
    future = tt.tensor(~np.tri(3, dtype=bool))
    got = (module(x, x, x, attn_mask=future)[1] == 0)[0].tolist()
    assert got == future.tolist(), f"attn_mask: weights that are zero: expected {future.tolist()}, got {got}"


def check_grouped_queries_share_keys() -> None:
    """Let several heads of queries use the same head of keys and values."""
    q, k, v = _numbers(2, 6, 5, 4), _numbers(2, 2, 5, 4, seed=1), _numbers(2, 2, 5, 4, seed=2)
    wanted = _attend(q, np.repeat(k, 3, axis=1), np.repeat(v, 3, axis=1))[0]
    got = attention(tt.tensor(q), tt.tensor(k), tt.tensor(v), enable_gqa=True)
    _close(got, wanted, "enable_gqa", "heads 0, 1, 2 share the first head of keys")
    _raises(
        RuntimeError, lambda: attention(tt.tensor(q), tt.tensor(k), tt.tensor(v)), "6 and 2 heads without it"
    )
    module = tl.GroupedQueryAttention(8, 4, 2)
    assert module.k_proj.weight.shape == (4, 8), (
        f"2 heads of keys of width 2: expected a weight (4, 8), got {module.k_proj.weight.shape}"
    )
    assert module(tt.randn(2, 3, 8)).shape == (2, 3, 8), "the output must have the shape of the input"


def check_what_does_not_fit_is_refused() -> None:
    """Refuse heads that don't divide the width, masks of other shapes, and a mask together with is_causal."""
    x = tt.randn(2, 3, 4)
    _raises(AssertionError, lambda: tl.MultiheadAttention(8, 3), "3 heads in a width of 8")
    _raises(RuntimeError, lambda: attention(x, x, x, tt.ones(3, 4, dtype="bool")), "a mask (3, 4) for 3 keys")
    mask = tt.ones(3, 3, dtype="bool")
    _raises(RuntimeError, lambda: attention(x, x, x, mask, is_causal=True), "a mask and is_causal")
    _raises(RuntimeError, lambda: attention(x, x.double(), x), "two dtypes")


def _raises(error: type[Exception], do: Callable[[], Any], what: str) -> None:
    try:
        result = do()
    except NotImplementedError:
        raise  # not written yet; it would count as a RuntimeError
    except error:
        return
    except Exception as caught:
        raise AssertionError(f"{what}: expected {error.__name__}, got {type(caught).__name__}") from caught
    raise AssertionError(f"{what}: expected {error.__name__}, got the result {result!r}")
