"""A cache changes nothing but the time: every position of every kind of model, however the tokens come."""

import gc
import itertools
import weakref

import numpy as np
import pytest
import tinytorch.core as tt
from hypothesis import given, settings, strategies as st
from tinytorch.core import Generator, Linear, float16, float32, float64
from tinytorch.language import GPT, GPTConfig, RotaryEmbedding, SelfAttention
from tinytorch.systems import KVCache, LayerMemory, quantize


def model_of(seed: int = 0, scale: float = 8.0, dtype: object = float32, **options: object) -> GPT:
    """Make a small GPT that has opinions."""
    tt.manual_seed(seed)
    sizes = {"block_size": 24, "vocab_size": 11, "n_layer": 2, "n_head": 4, "n_embd": 16}
    model = GPT(GPTConfig(**{**sizes, **options})).to(dtype)
    with tt.no_grad():
        for p in model.parameters():
            p.mul_(scale if p.ndim > 1 else 1)
            p.add_(0.05 * tt.randn(*p.shape, dtype=p.dtype))
    return model.eval()


def ids_of(batch: int, length: int, seed: int = 0) -> tt.Tensor:
    return tt.from_numpy(np.random.default_rng(seed).integers(0, 11, (batch, length)))


def in_pieces(model: GPT, ids: tt.Tensor, sizes: list[int], cache: object) -> np.ndarray:
    """Return the logits of all positions, computed piece by piece."""
    return np.concatenate([model(part, cache=cache).detach().numpy() for part in ids.split(sizes, 1)], 1)


def windowed(model: GPT, ids: tt.Tensor, window: int) -> np.ndarray:
    """Return the logits of a full forward pass in which a mask hides what is out of the window."""
    T = ids.shape[1]
    band = np.tri(T, T, dtype=bool) & ~np.tri(T, T, -window, dtype=bool)
    x = model.transformer["wte"](ids)
    if "wpe" in model.transformer:
        x = x + model.transformer["wpe"](tt.arange(T))
    for block in model.transformer["h"]:
        x = block(x, tt.from_numpy(band))
    if "ln_f" in model.transformer:
        x = model.transformer["ln_f"](x)
    return model.lm_head(x).detach().numpy()


KINDS = [
    {"rotary": rotary, "n_kv_head": heads, "norm_first": first, "norm": norm, "mlp": mlp, "bias": bias}
    for rotary, heads, (first, norm), (mlp, bias) in itertools.product(
        (False, True),
        (None, 2, 1),
        ((True, "layer"), (False, "layer"), (True, "rms")),
        (("gelu_tanh", True), ("swiglu", False), ("gelu", False), ("relu", True), ("silu", True)),
    )
]


WAYS = [{"temperature": 0}, {"top_k": 4, "repetition_penalty": 1.3}, {"top_p": 0.8, "stop_tokens": [3]}]


class TestEveryPosition:
    @pytest.mark.parametrize("dtype", [float32, float64])
    def test_every_kind_of_model(self, dtype) -> None:
        ids = ids_of(3, 24)
        for options in KINDS:
            model = model_of(dtype=dtype, **options)
            whole = model(ids).detach().numpy()
            for sizes in ([24], [1] * 24, [5, 3, 1, 1, 7, 7], [20, 4], [0, 24]):
                cache = KVCache(model, 3)
                found = in_pieces(model, ids, sizes, cache)
                assert found.dtype == dtype
                assert np.abs(found - whole).max() < (1e-5 if dtype == float32 else 1e-12), options
                assert cache.length == 24

    @settings(deadline=None, max_examples=40)
    @given(st.data())
    def test_any_pieces(self, data) -> None:
        """Random batches in random pieces, with growth, truncation and other sequences between them."""
        model = model_of(rotary=data.draw(st.booleans()), n_kv_head=data.draw(st.sampled_from([1, 2, 4])))
        batch = data.draw(st.integers(1, 4))
        cache = KVCache(model, batch, capacity=data.draw(st.integers(1, 24)))
        seen = np.empty((batch, 0), np.int64)
        for _ in range(data.draw(st.integers(1, 6))):
            new = data.draw(st.integers(0, 24 - seen.shape[1]))
            ids = ids_of(len(seen), new, seed=data.draw(st.integers(0, 99)))
            found = model(ids, cache=cache).detach().numpy()
            seen = np.concatenate([seen, ids.numpy()], 1)
            whole = model(tt.from_numpy(seen)).detach().numpy()[:, seen.shape[1] - new :]
            assert np.abs(found - whole).max(initial=0) < 1e-5
            keep = data.draw(st.integers(0, seen.shape[1]))
            rows = data.draw(st.lists(st.integers(0, len(seen) - 1), min_size=1, max_size=5))
            cache.truncate(keep)
            cache.reorder(rows)
            seen = seen[rows, :keep]
            assert cache.length == keep

    @pytest.mark.parametrize("window", [1, 3, 8, 24])
    def test_windows_without_end(self, window) -> None:
        """With rotary positions, far beyond the context, the same as a full pass with a mask."""
        for heads in (None, 2):
            model = model_of(rotary=True, n_kv_head=heads)
            ids = ids_of(2, 100)
            whole = windowed(model, ids, window)
            for sizes in ([100], [1] * 100, [5] * 20, [90, 1, 1, 8], [3, 60, 1, 36], [63, 37]):
                cache = KVCache(model, 2, window=window)
                before = cache.nbytes
                assert np.abs(in_pieces(model, ids, sizes, cache) - whole).max() < 1e-5, sizes
                assert cache.length == 100
                assert cache.nbytes == before

    def test_windows_with_learned_positions(self) -> None:
        model = model_of()
        ids = ids_of(2, 24)
        whole = windowed(model, ids, 5)
        for sizes in ([24], [1] * 24, [20, 4]):
            found = in_pieces(model, ids, sizes, KVCache(model, 2, window=5))
            assert np.abs(found - whole).max() < 1e-5, sizes

    def test_padding(self) -> None:
        model = model_of(rotary=True)
        ids, padding = ids_of(2, 12), np.zeros((2, 12), bool)
        padding[0, :3] = True
        whole = model(ids, key_padding_mask=tt.from_numpy(padding)).detach().numpy()
        cache = KVCache(model, 2)
        parts = []
        for start, stop in ((0, 7), (7, 8), (8, 12)):
            mask = tt.from_numpy(padding[:, :stop].copy())
            parts.append(model(ids[:, start:stop], key_padding_mask=mask, cache=cache).detach().numpy())
        found = np.concatenate(parts, 1)
        assert np.abs(found - whole)[1].max() < 1e-5
        assert np.abs(found - whole)[0, 3:].max() < 1e-5

    def test_whatever_stands_in_a_models_place(self) -> None:
        """Parts that were replaced, or that have hooks, are called as they are."""

        class Doubling(Linear):
            def forward(self, input):
                return 2 * super().forward(input)

        ids = ids_of(2, 10)
        model = model_of()
        blocks = model.transformer["h"]
        for module in (blocks[0].mlp.c_fc, blocks[0].attn.c_attn, blocks[1].attn.c_proj):
            module.__class__ = Doubling
        calls = []
        for module in (blocks[0].ln_1, blocks[1].attn, blocks[1].mlp, blocks[0], model.transformer["wte"]):
            module.register_forward_hook(lambda *_: calls.append(1))
        whole = model(ids).detach().numpy()
        calls.clear()
        assert np.abs(in_pieces(model, ids, [1] * 10, KVCache(model, 2)) - whole).max() < 1e-5
        assert len(calls) == 50

    def test_rotary_positions_of_all_kinds(self) -> None:
        """Of some features alone, of neighbours, of another base."""
        ids = ids_of(2, 24)
        for options in ({}, {"interleaved": True}, {"base": 100.0}):
            for width in (4, 8):
                model = model_of(rotary=True, n_embd=32)
                for block in model.transformer["h"]:
                    block.attn.rotary = RotaryEmbedding(width, **options)
                whole = model(ids).detach().numpy()
                found = in_pieces(model, ids, [3, *[1] * 17, 4], KVCache(model, 2))
                assert np.abs(found - whole).max() < 1e-5, (options, width)

    def test_layers_of_different_heads(self) -> None:
        """As a model has them from which heads were pruned: the layers say how many there are."""
        model = model_of(rotary=True)
        model.transformer["h"][1].attn = SelfAttention(16, 2, num_kv_heads=1, rotary=True)
        ids, cache = ids_of(2, 24), KVCache(model, 2)
        assert cache.nbytes == 2 * 2 * 24 * 4 * (4 * 4 + 1 * 8)
        whole = model(ids).detach().numpy()
        assert np.abs(in_pieces(model, ids, [4, *[1] * 20], cache) - whole).max() < 1e-5
        with pytest.raises(ValueError, match="the model has 2 layers of 4 heads of keys 4 wide or 1 heads"):
            model(ids, cache=KVCache(model.config, 2))

    def test_quantized_models(self) -> None:
        model = quantize(model_of(n_embd=64))
        ids = ids_of(2, 5)
        plain, cached = (model.generate(ids, 40, temperature=0, use_cache=use) for use in (False, True))
        assert tt.equal(plain, cached)

    def test_weights_may_change_between_sequences(self) -> None:
        model, other = model_of(), model_of(1)
        ids, cache = ids_of(1, 10), KVCache(model)
        model(ids, cache=cache)
        for assign in (False, True):
            model.load_state_dict(other.state_dict(), assign=assign)
            cache.reset()
            assert np.abs(in_pieces(model, ids, [1] * 10, cache) - other(ids).detach().numpy()).max() < 1e-5

    def test_no_layers_and_one_head(self) -> None:
        for options in ({"n_layer": 0}, {"n_head": 1, "n_layer": 1}, {"tie_weights": False}):
            model = model_of(**options)
            ids = ids_of(2, 6)
            written = model.generate(ids, 5, temperature=0)
            assert tt.equal(model.generate(ids, 5, temperature=0, use_cache=True), written)

    def test_nan_stays_nan(self) -> None:
        for quantized in (False, True):
            model = model_of()
            with tt.no_grad():
                model.transformer["h"][0].attn.c_attn.weight[:] = float("nan")
            cache = KVCache(model, quantized=quantized)
            for size in (1, 20):
                assert model(ids_of(1, size), cache=cache).isnan().all().item()
                cache.reset()


class TestGenerate:
    @pytest.mark.parametrize("options", [{}, {"rotary": True, "n_kv_head": 2, "norm_first": False}])
    def test_the_same_text(self, options) -> None:
        """Prompts of all lengths, choices of all kinds, beyond the context."""
        model = model_of(**options)
        for length in (1, 2, 7, 23, 24, 30):
            for how in WAYS:
                ids = ids_of(3, length, seed=length)
                plain, cached = (
                    model.generate(ids, 30, generator=Generator().manual_seed(1), use_cache=use, **how)
                    for use in (False, True)
                )
                assert tt.equal(plain, cached), (length, how)

    def test_a_chat(self) -> None:
        """A second prompt goes on from what the cache holds; a changed one from what is the same."""
        model = model_of(block_size=64)
        cache = KVCache(model)
        ids = [1, 2, 3]
        for prompt in ([4], [5, 6, 7], [8, 9, 1, 2]):
            ids = model.generate(ids, 5, temperature=0, cache=cache).tolist()
            assert ids == model.generate(ids[:-5], 5, temperature=0).tolist()
            assert cache.length == len(ids) - 1
            ids += prompt
        changed = [*ids[:8], 0, 0]
        cache.resume(model, tt.tensor([changed]), 12)
        assert cache.length == 8
        for prompt in (changed, ids[:8], ids[:1], ids):
            expected = model.generate(prompt, 6, temperature=0)
            assert tt.equal(model.generate(prompt, 6, temperature=0, cache=cache), expected)

    def test_a_chat_beyond_the_context(self) -> None:
        model = model_of()
        cache = KVCache(model)
        ids = [1]
        for _ in range(4):
            expected = model.generate(ids, 12, temperature=0).tolist()
            assert model.generate(ids, 12, temperature=0, cache=cache).tolist() == expected
            ids = [*expected, 2, 3]

    def test_a_chat_in_a_window(self) -> None:
        model = model_of(rotary=True)
        cache = KVCache(model, window=6)
        ids = [1, 2, 3]
        for prompt in ([4], [5, 6, 7], [8, 9]):
            ids = model.generate(ids, 30, temperature=0, cache=cache).tolist()
            whole = windowed(model, tt.tensor([ids]), 6)[0]
            assert whole[-31:-1].argmax(-1).tolist() == ids[-30:]
            ids += prompt
        other = [9, *ids[1:]]  # what the window showed is forgotten: everything anew
        expected = model.generate(other, 3, temperature=0, cache=KVCache(model, window=6))
        assert tt.equal(model.generate(other, 3, temperature=0, cache=cache), expected)

    def test_a_change_in_a_window(self) -> None:
        """Wherever a token of the prompt is another one, the next step is that of a new cache."""
        model = model_of(rotary=True)
        ids = ids_of(1, 60)
        for at in range(59):
            cache = KVCache(model, window=6)
            in_pieces(model, ids[:, :55], [40, *[1] * 15], cache)
            changed = ids.clone()
            changed[0, at] = (changed[0, at] + 1) % 11
            cache.resume(model, changed, 60)
            found = model(changed[:, cache.length :], cache=cache).detach().numpy()
            whole = windowed(model, changed, 6)[:, -found.shape[1] :]
            assert np.abs(found - whole).max() < 1e-5, at

    def test_rows_that_were_reordered(self) -> None:
        model = model_of()
        ids = ids_of(2, 8)
        cache = KVCache(model, 2)
        model(ids, cache=cache)
        cache.reorder([1, 0, 1])
        for rows, kept in (([1, 0, 1], 7), ([0, 0, 1], 0)):
            prompts = tt.from_numpy(ids.numpy()[rows])
            cache.resume(model, prompts, 8)
            assert cache.length == kept
            written = model.generate(prompts, 6, temperature=0, cache=cache)
            assert tt.equal(written, model.generate(prompts, 6, temperature=0))

    def test_streams_and_modes(self) -> None:
        model = model_of(dropout=0.5).train()
        expected = model.generate([1, 2], 12, temperature=0)
        assert tt.equal(model.generate([1, 2], 12, temperature=0, use_cache=True), expected)
        stream = model.stream([1, 2], 12, temperature=0, use_cache=True)
        first = next(stream)
        assert model.training
        assert [first.item(), *(token.item() for token in stream)] == expected.tolist()[2:]

    def test_an_error_between_the_layers(self) -> None:
        """After a Ctrl-C in the middle of a step, the next one goes on from what all layers have."""
        model = model_of()
        ids, cache = ids_of(1, 20), KVCache(model)
        whole = model(ids).detach().numpy()
        model(ids[:, :5], cache=cache)

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        for size in (1, 15):
            handle = model.transformer["h"][1].register_forward_hook(interrupt)
            with pytest.raises(KeyboardInterrupt):
                model(ids[:, 5 : 5 + size], cache=cache)
            handle.remove()
            assert [layer.length for layer in cache] == [5, 5]
        assert np.abs(in_pieces(model, ids[:, 5:], [1] * 15, cache) - whole[:, 5:]).max() < 1e-5


class TestMemory:
    def test_bytes(self) -> None:
        """Keys and values of each layer: batch x heads x positions x width numbers."""
        config = GPTConfig(block_size=64, vocab_size=11, n_layer=3, n_head=4, n_embd=128)
        numbers = 2 * 3 * 2 * 4 * 64 * 32
        cache = KVCache(config, 2)
        assert (
            cache.nbytes
            == 4 * numbers
            == sum(a.nbytes for x in cache for a in (*x.key.parts, *x.value.parts))
        )
        assert KVCache(config, 2, dtype=float16).nbytes == 2 * numbers
        assert KVCache(config, 2, dtype=float64).nbytes == 8 * numbers
        assert KVCache(config, 2, quantized=True).nbytes == numbers + 4 * numbers // 32
        assert KVCache(config, 2, 16).nbytes == numbers
        shared = GPTConfig(block_size=64, vocab_size=11, n_layer=3, n_head=4, n_embd=128, n_kv_head=1)
        assert KVCache(shared, 2).nbytes == numbers
        assert {part.dtype for x in KVCache(config, quantized=True) for part in x.key.parts} == {
            np.dtype(np.int8),
            float32,
        }

    def test_grows(self) -> None:
        model = model_of(block_size=64)
        cache = KVCache(model, capacity=1)
        sizes = []
        for _ in range(64):
            model(ids_of(1, 1), cache=cache)
            sizes.append(cache[0].key.capacity)
        assert sorted(set(sizes)) == [1, 2, 4, 8, 16, 32, 64]
        with pytest.raises(ValueError, match="the cache is full"):
            model(ids_of(1, 1), cache=cache)

    @pytest.mark.parametrize(
        ("options", "allowed"), [({"dtype": float16}, 5e-3), ({"quantized": True}, 5e-2)]
    )
    def test_fewer_bits(self, options, allowed) -> None:
        """What is stored in fewer bits is rounded, and nothing else."""
        for kind in ({}, {"rotary": True, "n_kv_head": 2}, {"dtype": float64}):
            model = model_of(scale=4, **kind)
            ids = ids_of(2, 24)
            whole = model(ids).detach().numpy()
            found = in_pieces(model, ids, [10, *[1] * 14], KVCache(model, 2, **options))
            error = np.abs(found - whole).max() / np.abs(whole).max()
            assert 0 < error < allowed
            again = in_pieces(model, ids, [24], KVCache(model, 2, **options))
            assert np.abs(found - again).max() / np.abs(whole).max() < allowed

    @settings(deadline=None)
    @given(st.integers(0, 2**32 - 1), st.integers(-30, 30))
    def test_eight_bits_are_wrong_by_half_a_step_at_most(self, seed, power) -> None:
        x = np.random.default_rng(seed).standard_normal((2, 3, 5, 8)).astype(np.float32) * np.float32(
            10.0**power
        )
        x[0, 0] = 0
        layer = KVCache(GPTConfig(5, 3, 1, 3, 24), 2, quantized=True)[0]
        key, value = (y.numpy() for y in layer.extend(tt.from_numpy(x), tt.from_numpy(-x)))
        step = np.abs(x).max(-1, keepdims=True) / 127
        assert (np.abs(key - x) <= step * (0.5 + 1e-5)).all()
        assert np.array_equal(value, -key)

    def test_memory_goes_with_the_cache(self) -> None:
        model = model_of()
        cache = KVCache(model)
        model.generate([1, 2], 10, cache=cache)
        known = weakref.ref(cache), weakref.ref(model)
        del cache, model
        gc.collect()
        assert [reference() for reference in known] == [None, None]

    def test_as_a_sequence(self) -> None:
        model = model_of()
        cache = KVCache(model, 2, quantized=True)
        assert len(cache) == len(list(cache)) == 2
        assert isinstance(cache[1], LayerMemory)
        assert cache[:] == list(cache)
        assert repr(cache) == "KVCache(2 layers, batch_size=2, length=0 of 24, int8, 6,144 bytes)"
        model(ids_of(2, 3), cache=cache)
        assert "length=3" in repr(cache)
        assert "for ever, window=4" in repr(KVCache(model_of(rotary=True), window=4))

    def test_a_layer_alone(self) -> None:
        """Each layer's memory serves its attention without the rest."""
        model = model_of(rotary=True)
        attention = model.transformer["h"][0].attn
        x = tt.randn(2, 9, 16)
        memory = KVCache(model, 2)[0]
        parts = [attention(part, cache=memory) for part in x.split([4, 1, 4], 1)]
        assert np.abs((tt.cat(parts, 1) - attention(x)).detach().numpy()).max() < 1e-5


class TestFaults:
    @pytest.mark.parametrize(
        ("make", "error", "message"),
        [
            (lambda m: KVCache(m, 0), ValueError, "batch_size must be at least 1"),
            (lambda m: KVCache(m, 1, 0), ValueError, "max_length must be at least 1"),
            (lambda m: KVCache(m, 1, 25), ValueError, "sees 24 positions at once .* make it 24 at most"),
            (lambda m: KVCache(m, 1, 25, window=4), ValueError, "a window needs rotary positions"),
            (lambda m: KVCache(m, window=0), ValueError, "window must be at least 1"),
            (lambda m: KVCache(m, capacity=0), ValueError, "capacity must be at least 1"),
            (lambda m: KVCache(m, dtype=np.int8), TypeError, "for eight bits say quantized=True"),
            (lambda m: KVCache(m, dtype=float64), TypeError, "computes in float32, so dtype must be float32"),
            (lambda m: KVCache(m.lm_head), TypeError, "of a GPT or a GPTConfig, not of a Linear"),
            (lambda m: KVCache(model_of(rotary=True), 1, 25), ValueError, "give it a window"),
        ],
    )
    def test_what_cannot_be(self, make, error, message) -> None:
        with pytest.raises(error, match=message):
            make(model_of())

    def test_full(self) -> None:
        model = model_of()
        cache = KVCache(model, 1, 4)
        model(ids_of(1, 4), cache=cache)
        for new in (1, 3):
            with pytest.raises(ValueError, match=f"full: it holds 4 of at most 4 positions, and {new} more"):
                model(ids_of(1, new), cache=cache)
        assert cache.length == 4
        cache.truncate(2)
        whole = model(ids_of(1, 4)).detach().numpy()
        assert np.abs(model(ids_of(1, 4)[:, 2:], cache=cache).detach().numpy() - whole[:, 2:]).max() < 1e-5
        with pytest.raises(ValueError, match="more don't fit"):
            cache[0].extend(tt.zeros(1, 4, 1, 4), tt.zeros(1, 4, 1, 4))

    def test_generate_says_so_before_it_starts(self) -> None:
        model = model_of()
        with pytest.raises(ValueError, match=r"max_length is 8, .* make it with max_length=10"):
            model.stream([1, 2, 3], 8, cache=KVCache(model, 1, 8))
        model.generate([1, 2, 3], 6, cache=KVCache(model, 1, 8))  # nobody looks at the ninth
        with pytest.raises(ValueError, match="a window can't go on to 30 tokens; ask for fewer"):
            model.stream([1, 2, 3], 28, cache=KVCache(model, window=4))
        with pytest.raises(ValueError, match="made for 1 sequences, but there are 2;"):
            model.stream([[1], [2]], 3, cache=KVCache(model))
        with pytest.raises(ValueError, match="at least one token"):
            model.generate([], 3, cache=KVCache(model))
        with pytest.raises(IndexError, match="11"):
            model.generate([1, 11], 3, use_cache=True)

    def test_wrong_batch(self) -> None:
        model = model_of()
        with pytest.raises(ValueError, match=r"made for 2 sequences, but there are 3; .* batch_size=3"):
            model(ids_of(3, 1), cache=KVCache(model, 2))
        with pytest.raises(ValueError, match=r"make it for 3 sequences, KVCache\(model, 3\)"):
            KVCache(model, 2)[0].extend(tt.zeros(3, 4, 1, 4), tt.zeros(3, 4, 1, 4))
        with pytest.raises(ValueError, match="make it of the same model"):
            KVCache(model)[0].extend(tt.zeros(1, 4, 1, 5), tt.zeros(1, 4, 1, 5))
        with pytest.raises(ValueError, match="make it of the same model"):
            KVCache(model)[0].extend(tt.zeros(1, 4, 1, 4), tt.zeros(1, 4, 2, 4))

    def test_another_model(self) -> None:
        model = model_of()
        for options in (
            {"n_layer": 3},
            {"n_kv_head": 2},
            {"n_embd": 32},
            {"rotary": True},
            {"block_size": 16},
        ):
            with pytest.raises(
                ValueError, match=r"but the model has .*make it of the model, KVCache\(model\)"
            ):
                model_of(**options)(ids_of(1, 1), cache=KVCache(model))
        cache = KVCache(model)
        model(ids_of(1, 3), cache=cache)
        twin = model_of(1)
        with pytest.raises(ValueError, match=r"what another model has seen; reset\(\) it first"):
            twin(ids_of(1, 1), cache=cache)
        del model
        gc.collect()
        with pytest.raises(ValueError, match="what another model has seen"):  # though that is gone
            twin(ids_of(1, 1), cache=cache)
        cache.reset()
        assert np.abs((twin(ids_of(1, 5), cache=cache) - twin(ids_of(1, 5))).detach().numpy()).max() < 1e-5

    def test_another_dtype(self) -> None:
        double = model_of(dtype=float64)
        for size in (1, 20):
            with pytest.raises(TypeError, match=r"for float32, but the keys are float64: .*dtype=float64"):
                double(ids_of(1, size), cache=KVCache(double.config))
            assert double(ids_of(1, size), cache=KVCache(double.config, dtype=float64)).dtype == float64

    def test_half_precision_models(self) -> None:
        model = model_of(scale=2)
        whole = model(ids_of(1, 6)).detach().numpy()
        half = model.half()
        found = in_pieces(half, ids_of(1, 6), [3, 1, 1, 1], KVCache(half))
        assert found.dtype == float16
        assert np.abs(found - whole).max() < 0.05

    def test_bad_ids(self) -> None:
        model = model_of()
        for ids in ([[11]], [[-1]], [[1] * 19 + [99]]):
            with pytest.raises(IndexError, match="out of range"):
                model(tt.tensor(ids), cache=KVCache(model))
        with pytest.raises(ValueError, match="shape"):
            model(tt.tensor([1, 2]), cache=KVCache(model))

    def test_cuts_and_rows_that_are_not_there(self) -> None:
        model = model_of(rotary=True)
        cache = KVCache(model, 2, window=4)
        model(ids_of(2, 40), cache=cache)
        with pytest.raises(ValueError, match="can't be cut to 41 positions, it holds 40"):
            cache.truncate(41)
        with pytest.raises(ValueError, match="out of the window"):
            cache.truncate(10)
        for rows in ([2], [-1], [], [[0]]):
            with pytest.raises(IndexError, match="rows must be numbers from 0 to 1"):
                cache.reorder(rows)

    def test_no_gradient_gets_through(self) -> None:
        """Nothing is silently without gradient: going back through a cache is an error."""
        model = model_of()
        for size in (1, 20):
            cache = KVCache(model)
            loss = model(ids_of(1, size), cache=cache).sum()
            with pytest.raises(RuntimeError, match="no gradient gets through it: train without a cache"):
                loss.backward()
        memory = KVCache(model)[0]
        attended = model.transformer["h"][0].attn(tt.randn(1, 3, 16), cache=memory)
        with pytest.raises(RuntimeError, match="no gradient gets through it"):
            attended.sum().backward()
        with tt.no_grad():
            assert not model(ids_of(1, 3), cache=KVCache(model)).requires_grad
