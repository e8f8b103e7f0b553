"""What a version of the transformers module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tinytorch.core as tt
import tinytorch.language as tl
from tinytorch.core import functional as F
from tinytorch.language import functional as LF


def _random(*shape: int, seed: int = 0) -> Any:
    return tt.tensor(np.random.default_rng(seed).standard_normal(shape))


def _near(got: Any, expected: Any, what: str, hint: str, atol: float = 1e-5) -> None:
    found, right = np.asarray(got.detach().numpy()), np.asarray(expected)
    assert found.shape == right.shape, (
        f"{what}: expected shape {right.shape}, got {found.shape}. Hint: {hint}"
    )
    off = float(np.abs(found - right).max()) if right.size else 0.0
    assert off <= atol, f"{what} is off by up to {off:.2g}. Hint: {hint}"


def _gpt(**options: Any) -> Any:
    tt.manual_seed(0)
    sizes = {"block_size": 8, "vocab_size": 11, "n_layer": 2, "n_head": 2, "n_embd": 8}
    return tl.GPT(tl.GPTConfig(**{**sizes, **options}))


def check_layer_norm_normalizes() -> None:
    """Bring the last dimensions to mean 0 and variance 1, then scale and shift."""
    x, weight, bias = _random(3, 4, 5) * 3 + 1, _random(5, seed=1), _random(5, seed=2)
    a = x.numpy()
    normal = (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, keepdims=True) + 1e-5)
    _near(LF.layer_norm(x, [5]), normal, "layer_norm", "the variance divides by n, and eps is added to it")
    expected = normal * weight.numpy() + bias.numpy()
    _near(
        LF.layer_norm(x, [5], weight, bias), expected, "layer_norm with weight and bias", "scale, then shift"
    )
    flat = a.reshape(3, 20)
    both = ((flat - flat.mean(-1, keepdims=True)) / np.sqrt(flat.var(-1, keepdims=True) + 1e-5)).reshape(
        3, 4, 5
    )
    _near(
        LF.layer_norm(x, [4, 5]),
        both,
        "layer_norm over two dimensions",
        "mean and variance over both together",
    )
    y = tl.LayerNorm(5)(x.float())
    assert y.dtype == tt.float32, f"float32 must stay float32, got {y.dtype}: look for float64 constants"
    names = list(tl.LayerNorm(5).state_dict())
    assert names == ["weight", "bias"], f"LayerNorm has the parameters weight and bias, got {names}"


def check_rms_norm_normalizes() -> None:
    """Bring the last dimensions to a mean square of 1, then scale."""
    x, weight = _random(3, 5) * 3 + 1, _random(5, seed=1)
    a = x.numpy()
    expected = a / np.sqrt((a**2).mean(-1, keepdims=True) + 0.1) * weight.numpy()
    _near(
        LF.rms_norm(x, [5], weight, 0.1), expected, "rms_norm", "no mean is taken off; eps is under the root"
    )
    _near(tl.RMSNorm(5)(tt.zeros(2, 5)), np.zeros((2, 5)), "RMSNorm of zeros", "without eps, it is 0 / 0")


def check_gradients_of_the_norms() -> None:
    """Let mean and variance have their part in the gradient."""
    hint = "the mean and the variance depend on every feature; see the lesson for the two corrections"
    for name, function in (("layer_norm", LF.layer_norm), ("rms_norm", LF.rms_norm)):
        x, w, g = _random(3, 5), _random(5, seed=1), _random(3, 5, seed=2)
        x.requires_grad_()
        w.requires_grad_()
        function(x, [5], w).backward(g)
        assert x.grad is not None, (
            f"{name}: the input gets no gradient; register a rule with @{name}.backward"
        )
        assert w.grad is not None, (
            f"{name}: the weight gets no gradient; the rule gives one function per tensor"
        )
        for tensor in (x, w):
            measured = np.zeros(tensor.shape)
            for i in np.ndindex(*tensor.shape):
                ends = []
                for step in (1e-6, -1e-6):
                    with tt.no_grad():
                        moved = tensor.clone()
                        moved[i] = moved[i] + step
                        pair = (moved, w) if tensor is x else (x, moved)
                        ends.append((function(pair[0], [5], pair[1]) * g).sum().item())
                measured[i] = (ends[0] - ends[1]) / 2e-6
            _near(tensor.grad, measured, f"the gradient of {name}", hint, atol=1e-6)


def check_mlps() -> None:
    """Widen, bend, narrow; and for SwiGLU, multiply by a gate."""
    x = _random(2, 3, 12).float()
    mlp = tl.MLP(12, activation="relu")
    expected = F.linear(F.relu(mlp.c_fc(x)), mlp.c_proj.weight, mlp.c_proj.bias)
    _near(mlp(x), expected.detach().numpy(), "MLP", "c_proj(activation(c_fc(x)))")
    assert mlp.c_fc.weight.shape == (48, 12), f"MLP is four times as wide inside, got {mlp.c_fc.weight.shape}"
    gated = tl.SwiGLU(12, 20)
    expected = gated.down_proj(F.silu(gated.gate_proj(x)) * gated.up_proj(x))
    _near(gated(x), expected.detach().numpy(), "SwiGLU", "down_proj(silu(gate_proj(x)) * up_proj(x))")


def check_block_adds_to_what_came_in() -> None:
    """Add attention and MLP to the residual path, with the norms where they belong."""
    x = _random(2, 5, 8)
    for first in (True, False):
        block = tl.TransformerBlock(8, 2, norm_first=first).double()
        if first:
            y = x + block.attn(block.ln_1(x))
            y = y + block.mlp(block.ln_2(y))
        else:
            y = block.ln_1(x + block.attn(x))
            y = block.ln_2(y + block.mlp(y))
        hint = "x = x + attn(ln_1(x))" if first else "x = ln_1(x + attn(x))"
        _near(block(x), y.detach().numpy(), f"TransformerBlock(norm_first={first})", hint)


def check_nobody_sees_the_future() -> None:
    """Let each position see itself and those before it alone."""
    block = tl.TransformerBlock(8, 2).double()
    x = _random(1, 6, 8)
    changed = x.clone()
    changed[:, 4:] = 0
    hint = "is_causal=True in scaled_dot_product_attention"
    _near(block(x)[:, :4], block(changed).detach().numpy()[:, :4], "the past, when the future changes", hint)
    seen = float((block(x)[:, 5] - block(changed)[:, 5]).abs().max().item())
    assert seen > 1e-6, "the last position must see those before it"


def check_padding_has_no_influence() -> None:
    """Leave out the keys where key_padding_mask is True."""
    block = tl.TransformerBlock(8, 2, is_causal=False).double()
    x = _random(2, 5, 8)
    padding = tt.tensor([[False] * 5, [False] * 3 + [True] * 2])
    padded = block(x, key_padding_mask=padding)
    hint = "True is padding there, but scaled_dot_product_attention's True means to take part"
    _near(padded[1, :3], block(x[1:, :3]).detach().numpy()[0], "a padded sequence", hint)
    _near(padded[0], block(x[:1]).detach().numpy()[0], "a sequence without padding", hint)


def check_encoder_layer_by_hand() -> None:
    """Compute what PyTorch's encoder layer computes, with its names."""
    layer = tl.TransformerEncoderLayer(8, 2, 12, 0.0, batch_first=True).double()
    x = _random(2, 5, 8)
    found, _ = layer.self_attn(x, x, x)
    y = layer.norm1(x + found)
    expected = layer.norm2(y + layer.linear2(F.relu(layer.linear1(y))))
    _near(layer(x), expected.detach().numpy(), "TransformerEncoderLayer", "norms after the sums by default")
    stack = tl.TransformerEncoder(layer, 2).double()
    twice = stack.layers[1](stack.layers[0](x))
    _near(stack(x), twice.detach().numpy(), "TransformerEncoder", "one layer after the other")
    assert stack.layers[0] is not stack.layers[1], (
        "the layers of a stack are copies, not one layer used again"
    )


def check_gpt_names_and_tied_weights() -> None:
    """Name everything as GPT-2 does, and let lm_head and wte be one parameter."""
    model = _gpt()
    names = list(model.state_dict())
    for name in ("transformer.wpe.weight", "transformer.h.1.attn.c_attn.weight", "transformer.ln_f.bias"):
        assert name in names, f"the state dict has no {name}; it has {names[:4]} ..."
    tied = model.lm_head.weight is model.transformer["wte"].weight
    assert tied, "lm_head.weight and transformer.wte.weight must be the same object"
    counted = [name for name, _ in model.named_parameters()]
    assert len(counted) == 28, f"28 parameters are expected, the tied one counted once; got {len(counted)}"
    rotary = list(_gpt(rotary=True).state_dict())
    assert "transformer.wpe.weight" not in rotary, "with rotary positions there is no table of positions"


def check_gpt_begins_clueless() -> None:
    """Start with small weights, so that the first loss is that of guessing."""
    model = _gpt(n_embd=64, vocab_size=50)
    ids = tt.tensor(np.random.default_rng(0).integers(0, 50, (4, 8)))
    logits, loss = model(ids, ids.flip(1))
    assert logits.shape == (4, 8, 50), f"logits are (B, T, vocab_size) = (4, 8, 50), got {logits.shape}"
    off = abs(loss.item() - math.log(50))
    assert off < 0.1, f"the first loss should be near log(50) = 3.91, got {loss.item():.2f}: begin with 0.02"
    into = model.transformer["h"][0].mlp.c_proj.weight.std().item()
    assert abs(into - 0.01) < 0.001, f"c_proj begins with 0.02 / sqrt(2 * n_layer) = 0.01, got {into:.4f}"


def check_gpt_learns_by_heart() -> None:
    """Learn one sequence, and say it without being told."""
    model = _gpt()
    ids = tt.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])
    optimizer = tt.AdamW(model.parameters(), lr=1e-2)
    for _ in range(80):
        optimizer.zero_grad()
        _, loss = model(ids[:, :-1], ids[:, 1:])
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1, (
        f"after 80 steps the loss should be near 0, it is {loss.item():.2f}: does all learn?"
    )
    said = model.generate(ids[:, :1], 7, temperature=0).tolist()
    assert said == ids.tolist(), f"it should say {ids.tolist()}, but it says {said}"


def check_which_tokens_may_be_chosen() -> None:
    """Rule out tokens by top_k and top_p, and draw from the rest with the right frequencies."""
    logits = tt.tensor([[0.1, 0.5, 0.15, 0.25]]).log()
    kept = np.isfinite(tl.keep_top_k(logits, 2).numpy())[0].tolist()
    assert kept == [False, True, False, True], f"keep_top_k(..., 2) keeps the two likeliest, got {kept}"
    kept = np.isfinite(tl.keep_top_p(logits, 0.8).numpy())[0].tolist()
    hint = "one is kept while those that are likelier don't add up to p"
    assert kept == [False, True, True, True], (
        f"keep_top_p(..., 0.8) must keep three, got {kept}. Hint: {hint}"
    )
    less = tl.discourage_repetition(tt.tensor([[2.0, -2.0, 1.0]]), tt.tensor([[0, 1]]), 2.0).tolist()
    assert less == [[1.0, -4.0, 1.0]], f"divide what is above 0, multiply what isn't; got {less}"
    many = logits.expand(8000, 4)
    drawn = tl.choose_token(many, 0.5, generator=tt.Generator().manual_seed(0)).numpy()
    found = np.bincount(drawn, minlength=4) / 8000
    right = np.array([0.01, 0.25, 0.0225, 0.0625]) / 0.345
    close = bool(np.abs(found - right).max() < 0.03)
    assert close, (
        f"at temperature 0.5 probabilities are squared: expected {right.round(2)}, got {found.round(2)}"
    )


def check_generate() -> None:
    """Append token after token, repeat with a seed, stop at a stop token, and crop to the context."""
    model = _gpt()
    first, second = (
        model.generate([1, 2], 20, generator=tt.Generator().manual_seed(4)).tolist() for _ in range(2)
    )
    assert len(first) == 22, f"2 tokens and 20 new ones are 22, got {len(first)}"
    assert first == second, "the same seed gives the same text"
    streamed = [int(t.item()) for t in model.stream([1, 2], 20, generator=tt.Generator().manual_seed(4))]
    assert streamed == first[2:], "stream gives the tokens of generate"
    ended = model.generate(
        [1, 2], 20, generator=tt.Generator().manual_seed(4), stop_tokens=[first[6]]
    ).tolist()
    end = first.index(first[6], 2)
    assert ended == first[: end + 1], f"it ends with the stop token: expected {first[: end + 1]}, got {ended}"
    assert model.training, "afterwards the model is in the mode that it was in"
