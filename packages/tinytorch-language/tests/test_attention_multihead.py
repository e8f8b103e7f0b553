"""MultiheadAttention and GroupedQueryAttention against attention head by head."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tinytorch.core import from_numpy, manual_seed, ones, randn, zeros
from tinytorch.language import GroupedQueryAttention, MultiheadAttention, causal_mask, padding_mask


def softmax(x):
    with np.errstate(invalid="ignore"):
        e = np.exp(x - x.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)


def attend_slowly(module, q, k, v, hidden):
    """Compute the output (N, L, width) and the weights (N, heads, L, S) with a mask (N, heads, L, S)."""
    state = {name: x.numpy() for name, x in module.state_dict().items()}
    if "in_proj_weight" in state:
        weights = np.split(state["in_proj_weight"], 3)
    else:
        weights = [state[f"{x}_proj_weight"] for x in "qkv"]
    width = module.embed_dim
    biases = np.split(state.get("in_proj_bias", np.zeros(3 * width)), 3)
    q, k, v = (x @ w.T + b for x, w, b in zip((q, k, v), weights, biases, strict=True))
    if "bias_k" in state:
        k, v = (
            np.concatenate([x, np.broadcast_to(state[name], (len(x), 1, width))], 1)
            for x, name in ((k, "bias_k"), (v, "bias_v"))
        )
    if module.add_zero_attn:
        k, v = (np.concatenate([x, np.zeros((len(x), 1, width))], 1) for x in (k, v))
    d = module.head_dim
    out, kept = np.zeros(q.shape), np.zeros((len(q), module.num_heads, q.shape[1], k.shape[1]))
    hidden = np.concatenate([hidden, np.zeros((*hidden.shape[:3], k.shape[1] - hidden.shape[3]), bool)], 3)
    for h in range(module.num_heads):
        part = slice(h * d, (h + 1) * d)
        scores = q[..., part] @ k[..., part].swapaxes(1, 2) / np.sqrt(d)
        kept[:, h] = softmax(np.where(hidden[:, h], -np.inf, scores))
        out[..., part] = kept[:, h] @ v[..., part]
    return out @ state["out_proj.weight"].T + state.get("out_proj.bias", 0), kept


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_it_is_what_the_reference_says(data):
    draw = data.draw
    heads, n, length = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 5))
    own = draw(st.booleans())  # attention to itself
    keys = length if own else draw(st.integers(1, 5))
    width = heads * draw(st.integers(1, 3))
    kdim, vdim = (None, None) if own else draw(st.sampled_from([(None, None), (3, None), (2, 5)]))
    first = draw(st.booleans())
    options = {name: draw(st.booleans()) for name in ("bias", "add_bias_kv", "add_zero_attn")}
    manual_seed(draw(st.integers(0, 99)))
    make = {"kdim": kdim, "vdim": vdim, "batch_first": first, "dtype": "float64"}
    module = MultiheadAttention(width, heads, 0.0, **options, **make)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    q = rng.standard_normal((n, length, width))
    k = q if own else rng.standard_normal((n, keys, kdim or width))
    v = q if own else rng.standard_normal((n, keys, vdim or width))
    hidden = np.zeros((n, heads, length, keys), bool)
    masks = {}
    if draw(st.booleans()):
        padding = rng.random((n, keys)) < 0.3
        padding[:, 0] = False
        hidden |= padding[:, None, None]
        masks["key_padding_mask"] = padding
    if draw(st.booleans()):
        shape = draw(st.sampled_from([(length, keys), (n * heads, length, keys)]))
        mask = rng.random(shape) < 0.3
        mask[..., 0] = False
        hidden |= mask.reshape(n, heads, length, keys) if len(shape) == 3 else mask
        masks["attn_mask"] = mask
    for name in masks:
        if draw(st.booleans()):
            masks[name] = np.where(masks[name], -np.inf, 0.0)
    wanted, weights = attend_slowly(module, q, k, v, hidden)

    def laid(x):
        return from_numpy(x if first else x.swapaxes(0, 1))

    inputs = [laid(q)] * 3 if own else [laid(x) for x in (q, k, v)]
    tensors = {name: from_numpy(x) for name, x in masks.items()}
    for need in (False, True):
        out, found = module(*inputs, need_weights=need, average_attn_weights=False, **tensors)
        np.testing.assert_allclose(
            out.detach().numpy() if first else out.detach().numpy().swapaxes(0, 1), wanted
        )
        if need:
            np.testing.assert_allclose(found.detach().numpy(), weights, atol=1e-12)
        else:
            assert found is None
    averaged = module(*inputs, **tensors)[1]
    np.testing.assert_allclose(averaged.detach().numpy(), weights.mean(1), atol=1e-12)


def test_names_and_start_are_pytorchs():
    module = MultiheadAttention(8, 2)
    assert list(module.state_dict()) == [
        "in_proj_weight",
        "in_proj_bias",
        "out_proj.weight",
        "out_proj.bias",
    ]
    assert (module.in_proj_bias == 0).all()
    assert (module.out_proj.bias == 0).all()
    bound = np.sqrt(6 / (8 + 24))
    assert 0.8 * bound < module.in_proj_weight.abs().max().item() <= bound
    other = MultiheadAttention(8, 2, kdim=3, vdim=5, bias=False, add_bias_kv=True)
    assert list(other.state_dict()) == [
        "q_proj_weight",
        "k_proj_weight",
        "v_proj_weight",
        "bias_k",
        "bias_v",
        "out_proj.weight",
    ]
    assert other.k_proj_weight.shape == (8, 3)


def test_the_future_is_hidden_with_and_without_the_hint():
    module = MultiheadAttention(8, 2, batch_first=True)
    x = randn(2, 6, 8)
    changed = x.clone()
    changed[:, 4:] = randn(2, 2, 8)
    outs = []
    for mask in (causal_mask(6), from_numpy(~np.tri(6, dtype=bool))):
        for hint in (False, True):
            for need in (False, True):
                options = {"attn_mask": mask, "is_causal": hint, "need_weights": need}
                out = module(x, x, x, **options)[0].detach().numpy()
                later = module(changed, changed, changed, **options)[0].detach().numpy()
                np.testing.assert_allclose(out[:, :4], later[:, :4], atol=1e-6)
                assert not np.allclose(out[:, 4:], later[:, 4:])
                outs.append(out)
    for out in outs[1:]:
        np.testing.assert_allclose(out, outs[0], atol=1e-6)


def test_padding_changes_nothing():
    module = MultiheadAttention(8, 2, batch_first=True)
    x = randn(1, 4, 8)
    longer = zeros(1, 7, 8)
    longer[:, :4] = x
    longer[:, 4:] = randn(1, 3, 8) * 10
    out = module(longer, longer, longer, key_padding_mask=padding_mask([4], 7))[0]
    np.testing.assert_allclose(out[:, :4].detach().numpy(), module(x, x, x)[0].detach().numpy(), atol=1e-6)


def test_without_a_batch():
    module = MultiheadAttention(8, 2)
    q, k = randn(3, 8), randn(5, 8)
    out, weights = module(q, k, k)
    assert out.shape == (3, 8)
    assert weights.shape == (3, 5)
    assert module(q, k, k, average_attn_weights=False)[1].shape == (2, 3, 5)
    padding = from_numpy(np.array([False] * 4 + [True]))
    assert (module(q, k, k, key_padding_mask=padding)[1][:, 4] == 0).all()
    batched = module(q.unsqueeze(1), k.unsqueeze(1), k.unsqueeze(1))[0]
    np.testing.assert_allclose(out.detach().numpy(), batched[:, 0].detach().numpy(), atol=1e-6)


def test_dropout_works_in_training_alone():
    module = MultiheadAttention(8, 2, dropout=0.5, batch_first=True)
    x = randn(2, 6, 8)
    for need in (False, True):
        module.train()
        a, b = (module(x, x, x, need_weights=need)[0].detach().numpy() for _ in range(2))
        assert not np.allclose(a, b)
        module.eval()
        a, b = (module(x, x, x, need_weights=need)[0].detach().numpy() for _ in range(2))
        assert np.array_equal(a, b)


def test_a_copy_attends_alike():
    module = MultiheadAttention(8, 2)
    x = randn(3, 2, 8)
    assert np.array_equal(
        module(x, x, x)[0].detach().numpy(), copy.deepcopy(module)(x, x, x)[0].detach().numpy()
    )


X = zeros(5, 3, 8)
B5 = ones(5, 5, dtype="bool")


@pytest.mark.parametrize(
    ("inputs", "options", "error", "words"),
    [
        ((X, X, X), {"key_padding_mask": ones(3, 4, dtype="bool")}, AssertionError, r"\(3, 5\)"),
        ((X, X, X), {"key_padding_mask": ones(3, 5, dtype="int64")}, AssertionError, "int64"),
        ((X, X, X), {"attn_mask": B5[:, :4]}, RuntimeError, r"should be \(5, 5\)"),
        ((X, X, X), {"attn_mask": B5.expand(3, 5, 5)}, RuntimeError, r"should be \(6, 5, 5\)"),
        ((X, X, X), {"attn_mask": B5[None, None]}, AssertionError, "4-D"),
        ((X, X, X), {"attn_mask": B5.long()}, AssertionError, "int64"),
        ((X, X, X), {"attn_mask": B5.double()}, RuntimeError, "float64"),
        ((X, X, X), {"attn_mask": B5.numpy()}, TypeError, "attn_mask"),
        ((X, X, X), {"is_causal": True}, RuntimeError, "need attn_mask"),
        ((X[0], X, X), {}, AssertionError, "2-D"),
        ((X, X[0], X[0]), {}, AssertionError, "3-D"),
        ((X[None], X[None], X[None]), {}, AssertionError, "4-D"),
        ((X[..., :7], X, X), {}, AssertionError, "8 features"),
        ((X, X[..., :7], X), {}, AssertionError, "8 features"),
        ((X, X, X[:4]), {}, AssertionError, "does not match"),
        ((X, X[:, :2], X[:, :2]), {}, RuntimeError, "batch size"),
        ((X, X, None), {}, TypeError, "value"),
        ((X.double(), X.double(), X.double()), {}, RuntimeError, "float64"),
    ],
)
def test_what_does_not_fit_is_said(inputs, options, error, words):
    with pytest.raises(error, match=words):
        MultiheadAttention(8, 2)(*inputs, **options)


def test_heads_must_divide_the_width():
    with pytest.raises(AssertionError, match="8 isn't a multiple of 3"):
        MultiheadAttention(8, 3)
    for width, heads in ((0, 1), (8, 0), (-8, 2)):
        with pytest.raises(ValueError, match=str(width)):
            MultiheadAttention(width, heads)
    for numbers in ((8, 3, 1), (8, 4, 3), (8, 4, 0), (0, 1, 1)):
        with pytest.raises(ValueError, match=f"num_kv_heads={numbers[2]}"):
            GroupedQueryAttention(*numbers)


def test_grouped_queries_are_heads_that_share():
    """Copying each head of keys and values for its group gives multi-head attention."""
    manual_seed(0)
    grouped = GroupedQueryAttention(12, 6, 2, dtype="float64")
    full = MultiheadAttention(12, 6, batch_first=True, dtype="float64")
    state = {name: x.numpy() for name, x in grouped.state_dict().items()}

    def repeated(x):
        return np.repeat(x.reshape(2, 2, *x.shape[1:]), 3, axis=0).reshape(12, *x.shape[1:])

    weight = [state["q_proj.weight"], repeated(state["k_proj.weight"]), repeated(state["v_proj.weight"])]
    bias = [state["q_proj.bias"], repeated(state["k_proj.bias"]), repeated(state["v_proj.bias"])]
    full.load_state_dict(
        {
            "in_proj_weight": from_numpy(np.concatenate(weight)),
            "in_proj_bias": from_numpy(np.concatenate(bias)),
            "out_proj.weight": from_numpy(state["out_proj.weight"]),
            "out_proj.bias": from_numpy(state["out_proj.bias"]),
        }
    )
    x, y = randn(2, 5, 12, dtype="float64"), randn(2, 7, 12, dtype="float64")
    for ours, theirs in (
        (grouped(x, is_causal=True), full(x, x, x, attn_mask=causal_mask(5, dtype="float64"))[0]),
        (grouped(x, y), full(x, y, y)[0]),
        (grouped(x, y, y * 2), full(x, y, y * 2)[0]),
    ):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), atol=1e-12)
    mask = from_numpy(np.random.default_rng(0).random((5, 7)) < 0.7)
    np.testing.assert_allclose(
        grouped(x, y, attn_mask=mask).detach().numpy(), full(x, y, y, attn_mask=~mask)[0].detach().numpy()
    )
    assert grouped(x[0], is_causal=True).shape == (5, 12)
    assert "num_kv_heads=2" in repr(grouped)
    grouped.dropout = 0.5
    assert not np.allclose(grouped(x).detach().numpy(), grouped(x).detach().numpy())
    grouped.eval()
    assert np.array_equal(grouped(x).detach().numpy(), grouped(x).detach().numpy())
