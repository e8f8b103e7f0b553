"""What a learner's own KV cache, and what is built on it, must do. Each `check_*` is one task."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import tinytorch.core as tt
from tinytorch.language import GPT, GPTConfig
from tinytorch.systems import (
    ContinuousBatcher,
    KVCache,
    beam_search,
    speculative_generate,
    step_costs,
)


def _model(seed: int = 0, **options: Any) -> GPT:
    tt.manual_seed(seed)
    sizes: dict[str, Any] = {"block_size": 16, "vocab_size": 7, "n_layer": 2, "n_head": 4, "n_embd": 16}
    model = GPT(GPTConfig(**{**sizes, **options}))
    with tt.no_grad():
        for p in model.parameters():
            p.mul_(6 if p.ndim > 1 else 1)  # so that it has opinions
    return model.eval()


def _ids(batch: int, length: int, seed: int = 0) -> tt.Tensor:
    return tt.from_numpy(np.random.default_rng(seed).integers(0, 7, (batch, length)))


def _pieces(model: GPT, ids: tt.Tensor, sizes: list[int], cache: Any) -> Any:
    with tt.no_grad():
        parts = [model(part, cache=cache).numpy() for part in ids.split(sizes, 1)]
    return np.concatenate(parts, 1)


def _whole(model: GPT, ids: tt.Tensor) -> Any:
    with tt.no_grad():
        return model(ids).numpy()


def _raises(error: type[Exception], call: Callable[[], Any], what: str, words: str) -> None:
    try:
        call()
    except error as raised:
        text = str(raised)
        assert words in text, f"{what}: the message must say {words!r}, but it is {text!r}"
    else:
        raise AssertionError(f"{what}: expected a {error.__name__}")


def check_every_position_is_the_same() -> None:
    """Give the logits of a full forward pass, for batches, in whatever pieces the tokens come."""
    for options in ({}, {"rotary": True}, {"n_kv_head": 2}, {"norm_first": False}, {"mlp": "swiglu"}):
        model = _model(**options)
        ids = _ids(3, 16)
        whole = _whole(model, ids)
        for sizes in ([16], [1] * 16, [5, 1, 1, 9]):
            cache = KVCache(model, 3)
            error = np.abs(_pieces(model, ids, sizes, cache) - whole).max()
            assert error < 1e-5, (
                f"pieces of {sizes} tokens with {options or 'the default options'}: logits differ from those "
                f"of a full pass by {error:.2g}. Hint: new keys stand behind the old ones, and a new one "
                "sees all that were before, but none of the new ones after it"
            )
            assert cache.length == 16, f"16 tokens were seen, but cache.length is {cache.length}"


def check_memory_is_made_once() -> None:
    """Make room for all positions at the start, or double it when it is used up; count its bytes."""
    config = GPTConfig(block_size=32, vocab_size=7, n_layer=3, n_head=4, n_embd=64)
    expected = 3 * 2 * 2 * 4 * 32 * 16 * 4  # layers, keys and values, batch, heads, positions, width, bytes
    cache = KVCache(config, 2)
    hint = "layers x 2 x batch x heads of keys x positions x width of a head x bytes of a number"
    assert cache.nbytes == expected, f"nbytes: expected {expected}, got {cache.nbytes}. Hint: {hint}"
    half, eight = KVCache(config, 2, dtype=tt.float16).nbytes, KVCache(config, 2, quantized=True).nbytes
    assert half == expected // 2, f"dtype=float16: expected {expected // 2} bytes, got {half}"
    assert eight <= expected // 3, (
        f"quantized=True: expected at most a third of {expected} bytes, got {eight}"
    )
    model = _model()
    cache = KVCache(model)
    before = cache[0].key.parts[0]
    _pieces(model, _ids(1, 16), [8, 1, 7], cache)
    assert cache[0].key.parts[0] is before, "keys are in another array now. Hint: write into the one there is"
    small = KVCache(model, capacity=2)
    assert small.nbytes < cache.nbytes, "capacity=2 must begin with room for two positions"
    error = np.abs(_pieces(model, _ids(1, 16), [1] * 16, small) - _whole(model, _ids(1, 16))).max()
    assert error < 1e-5, f"after growing, logits are wrong by {error:.2g}. Hint: copy what was there"


def check_generate_writes_the_same() -> None:
    """Let `generate` write what it writes without a cache: in chats, and beyond the context."""
    model = _model()
    for length in (1, 7, 15, 20):
        prompt = _ids(2, length, seed=length)
        plain = model.generate(prompt, 20, temperature=0)
        cached = model.generate(prompt, 20, temperature=0, use_cache=True)
        hint = "beyond block_size all positions move by one: nothing that is remembered holds any more"
        assert tt.equal(plain, cached), f"prompts of {length} tokens, 20 more: other tokens. Hint: {hint}"
    cache = KVCache(model)
    first = model.generate([1, 2], 4, temperature=0, cache=cache).tolist()
    for second in ([*first, 5], [1, 3], [*first[:4], 0, 0]):
        got = model.generate(second, 4, temperature=0, cache=cache).tolist()
        expected = model.generate(second, 4, temperature=0).tolist()
        hint = "resume() compares the prompt with the tokens seen, and forgets what isn't the same"
        assert got == expected, f"prompt {second} with a used cache: {got}, expected {expected}. Hint: {hint}"


def check_windows() -> None:
    """Show each position the last few alone, in bounded memory, without end."""
    model = _model(rotary=True)
    ids = _ids(2, 40)
    band = np.tri(40, dtype=bool) & ~np.tri(40, k=-5, dtype=bool)
    with tt.no_grad():
        x = model.transformer["wte"](ids)
        for block in model.transformer["h"]:
            x = block(x, tt.from_numpy(band))
        whole = model.lm_head(model.transformer["ln_f"](x)).numpy()
    for sizes in ([1] * 40, [40], [7, 1, 32]):
        cache = KVCache(model, 2, window=5)
        before = cache.nbytes
        error = np.abs(_pieces(model, ids, sizes, cache) - whole).max()
        assert error < 1e-5, (
            f"window=5, pieces of {sizes}: logits differ by {error:.2g} from those of a full pass with a "
            "mask. Hint: position i sees i - 4 to i, though more may still be in memory"
        )
        assert cache.nbytes == before, "a cache with a window must not grow"


def check_fewer_bits() -> None:
    """Store keys and values in eight bits, each wrong by half a step at most."""
    layer = KVCache(GPTConfig(4, 3, 1, 2, 16), quantized=True)[0]
    x = np.random.default_rng(0).standard_normal((1, 2, 4, 8)).astype(np.float32)
    key = layer.extend(tt.from_numpy(x), tt.from_numpy(x))[0].numpy()
    step = np.abs(x).max(-1, keepdims=True) / 127
    wrong = (np.abs(key - x) / step).max()
    assert 0 < wrong <= 0.5001, f"wrong by {wrong:.3f} steps; expected half at most. Hint: round"
    stored = layer.key.parts[0].dtype
    assert stored == np.int8, f"quantized=True stores {stored}. Hint: int8 holds -127 to 127"


def check_cuts_and_rows() -> None:
    """Forget the end, or put other sequences in the place of the present ones."""
    model = _model()
    ids = _ids(2, 10)
    cache = KVCache(model, 2)
    _pieces(model, ids, [10], cache)
    cache.truncate(6)
    cache.reorder([1, 1, 0])
    assert cache.length == 6, f"truncate(6): length is {cache.length}"
    other = tt.from_numpy(ids.numpy()[[1, 1, 0]])
    error = np.abs(_pieces(model, other[:, 6:], [4], cache) - _whole(model, other)[:, 6:]).max()
    assert error < 1e-5, f"after truncate(6) and reorder([1, 1, 0]) logits are wrong by {error:.2g}"


def check_mistakes_are_named() -> None:
    """Refuse what can't be right, and name what would be."""
    model = _model()
    full = KVCache(model, 1, 4)
    _pieces(model, _ids(1, 4), [4], full)
    _raises(ValueError, lambda: model(_ids(1, 1), cache=full), "a full cache", "full")
    _raises(ValueError, lambda: KVCache(model, 1, 17), "max_length=17 with block_size=16", "16")
    _raises(
        ValueError, lambda: model(_ids(3, 1), cache=KVCache(model, 2)), "3 sequences for 2", "batch_size=3"
    )
    _raises(
        ValueError, lambda: model(_ids(1, 1), cache=KVCache(_model(n_layer=1))), "another model", "layers"
    )
    double = _model().double()
    _raises(
        TypeError, lambda: double(_ids(1, 1), cache=KVCache(double.config)), "float64 for float32", "float64"
    )
    _raises(
        ValueError, lambda: model.generate([], 3, use_cache=True), "an empty prompt", "at least one token"
    )


def check_beams() -> None:
    """Find the likeliest of all texts, given as many beams as there are."""
    model = _model(vocab_size=4)
    ranked = []
    for new in itertools.product(range(4), repeat=3):
        scores = tt.log_softmax(model(tt.tensor([[1, *new]]))[0].double(), -1).detach().numpy()
        ranked.append((sum(scores[i, token] for i, token in enumerate(new)), [1, *new]))
    total, best = max(ranked)
    found = beam_search(model, [1], 3, num_beams=64, length_penalty=1.0)
    got = found.sequences[0].tolist()
    assert got == best, f"the likeliest text of 64 is {best}, but the search found {got}"
    assert np.isclose(found.scores[0], total / 3), f"score: expected {total / 3}, got {found.scores[0]}"
    greedy = model.generate([1, 2], 9, temperature=0).tolist()
    one = beam_search(model, [1, 2], 9, num_beams=1).sequences[0].tolist()
    assert one == greedy, f"one beam takes the likeliest token each time: expected {greedy}, got {one}"


def check_drafts() -> None:
    """Write what the model would write alone, whatever the draft guesses."""
    model, draft = _model(), _model(1, n_layer=1)
    alone = model.generate([1, 2], 24, temperature=0).tolist()
    for lookahead in (1, 4):
        found = speculative_generate(model, draft, [1, 2], 24, lookahead=lookahead, temperature=0)
        got = found.ids.tolist()
        assert got == alone, f"lookahead={lookahead}, greedy: expected {alone}, got {got}"
    n, generator = 800, tt.Generator().manual_seed(0)
    tokens = [speculative_generate(model, draft, [3], 2, generator=generator).ids[1].item() for _ in range(n)]
    p = tt.softmax(model(tt.tensor([[3]]))[0, -1], -1).detach().numpy()
    off = np.abs(np.bincount(tokens, minlength=7) / n - p).max()
    assert off < 0.08, (
        f"of {n} tokens drawn, the share of one is off by {off:.2f}. Hint: accept with min(1, p/q); if "
        "refused, draw from max(p - q, 0)"
    )
    perfect = speculative_generate(model, model, [3], 10, lookahead=3)
    assert perfect.accepted == perfect.proposed, "a draft that is the model itself must never be refused"


def check_batches() -> None:
    """Give each request what it would get alone, and its place to the next when it is done."""
    model = _model()
    batcher = ContinuousBatcher(model, 2)
    requests = [batcher.submit([n] * n, 3 * n, temperature=0) for n in range(1, 6)]
    steps = 0
    while not all(request.done for request in requests):
        batcher.step()
        steps += 1
        assert steps < 100, "100 steps, and requests are waiting still"
    for n, request in enumerate(requests, start=1):
        alone = model.generate([n] * n, 3 * n, temperature=0).tolist()
        assert request.ids == alone, f"request {n}: expected {alone}, got {request.ids}"
    assert steps <= 27, f"45 tokens in two places: {steps} steps. Hint: a free place is for the next request"


def check_costs_are_measured() -> None:
    """Tell what a token costs at some lengths."""
    model = _model(block_size=32)
    costs = step_costs(model, [4, 32], rounds=1)
    assert [cost.length for cost in costs] == [4, 32], "one result for each length, in their order"
    assert all(0 < cost.attention < cost.cached for cost in costs), "attention is a part of the whole"
    expected = KVCache(model, 1, 4).nbytes
    got = costs[0].cache_bytes
    assert got == expected, f"4 positions take {expected} bytes, not {got}"
