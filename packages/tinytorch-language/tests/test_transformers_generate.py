"""Writing: which tokens may be chosen, how often, when it ends, and that it repeats."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.core import Generator, softmax
from tinytorch.language import GPT, GPTConfig, choose_token, discourage_repetition, keep_top_k, keep_top_p

INF = float("inf")


def model_of(**options: object) -> GPT:
    tt.manual_seed(0)
    sizes = {"block_size": 8, "vocab_size": 11, "n_layer": 2, "n_head": 2, "n_embd": 8}
    model = GPT(GPTConfig(**{**sizes, **options}))
    with tt.no_grad():
        for p in model.parameters():
            p.mul_(8 if p.ndim > 1 else 1)  # so that it has opinions
    return model.eval()


def logits_of(*probabilities: float) -> tt.Tensor:
    return tt.tensor([probabilities]).log()


class Remembered:
    """The simplest cache of a layer."""

    def __init__(self) -> None:
        self.length = 0
        self.key = self.value = None

    def extend(self, key, value):
        self.key = key if self.key is None else tt.cat([self.key, key], 2)
        self.value = value if self.value is None else tt.cat([self.value, value], 2)
        self.length = self.key.shape[2]
        return self.key, self.value


class Sliding(Remembered):
    """One that forgets all but a window."""

    window = 3

    def extend(self, key, value):
        T = key.shape[2]
        k, v = (
            new if old is None else tt.cat([old, new], 2)
            for old, new in ((self.key, key), (self.value, value))
        )
        self.key, self.value = k[:, :, -self.window :], v[:, :, -self.window :]
        self.length += T
        return k[:, :, -(self.window - 1 + T) :], v[:, :, -(self.window - 1 + T) :]


class Whole(list):
    """A cache that does the model's work its own way, and notes what it is asked."""

    def __init__(self, layers) -> None:
        super().__init__(layers)
        self.asked: list[object] = []

    def hidden(self, model, ids, key_padding_mask):
        self.asked.append(ids.tolist())
        return model.hidden(ids, key_padding_mask, list(self))

    def resume(self, model, ids, length) -> None:
        self.asked.append(("resume", ids.tolist(), length))
        if length > 9:
            raise ValueError("too long")


class TestLogits:
    def test_top_k(self) -> None:
        logits = tt.tensor([[1.0, 3.0, 2.0, -1.0], [0.0, 0.0, -5.0, 1.0]])
        assert keep_top_k(logits, 2).tolist() == [[-INF, 3.0, 2.0, -INF], [0.0, 0.0, -INF, 1.0]]
        assert keep_top_k(logits, 1).tolist()[0] == [-INF, 3.0, -INF, -INF]
        assert tt.equal(keep_top_k(logits, 9), logits)

    def test_top_p(self) -> None:
        logits = logits_of(0.1, 0.5, 0.15, 0.25)
        for p, kept in (
            (0.0, [1]),
            (0.4, [1]),
            (0.6, [1, 3]),
            (0.8, [1, 2, 3]),
            (0.95, [0, 1, 2, 3]),
            (1.0, [0, 1, 2, 3]),
        ):
            left = keep_top_p(logits, p)
            assert np.flatnonzero(np.isfinite(left.numpy()[0])).tolist() == kept, p
            assert tt.equal(left[0, kept], logits[0, kept])

    def test_repetition(self) -> None:
        logits = tt.tensor([[2.0, -2.0, 1.0, 0.5]])
        less = discourage_repetition(logits, tt.tensor([[0, 1, 1]]), 2.0)
        assert less.tolist() == [[1.0, -4.0, 1.0, 0.5]]
        assert logits.tolist() == [[2.0, -2.0, 1.0, 0.5]]

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, [0.1, 0.2, 0.3, 0.4]),
            ({"temperature": 0.5}, [1 / 30, 4 / 30, 9 / 30, 16 / 30]),  # probabilities squared
            ({"temperature": 2.0}, [0.1627, 0.2301, 0.2818, 0.3254]),  # their square roots
            ({"top_k": 2}, [0, 0, 3 / 7, 4 / 7]),
            ({"top_p": 0.85}, [0, 2 / 9, 3 / 9, 4 / 9]),
            ({"top_k": 3, "top_p": 0.5}, [0, 0, 3 / 7, 4 / 7]),
            ({"temperature": 0}, [0, 0, 0, 1]),
        ],
    )
    def test_chosen_as_often_as_they_should(self, options, expected) -> None:
        n = 20_000
        logits = logits_of(0.1, 0.2, 0.3, 0.4).expand(n, 4)
        chosen = choose_token(logits, generator=Generator().manual_seed(1), **options).numpy()
        found = np.bincount(chosen, minlength=4) / n
        expected = np.array(expected)
        assert (found[expected == 0] == 0).all()
        assert np.abs(found - expected).max() < 4 * np.sqrt(0.25 / n)  # four standard deviations

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda x: keep_top_k(x, 0), "top_k must be at least 1"),
            (lambda x: keep_top_p(x, 1.5), "top_p must be between 0 and 1"),
            (lambda x: keep_top_p(x, -0.1), "top_p must be between 0 and 1"),
            (lambda x: choose_token(x, -1.0), "temperature can't be below 0"),
            (lambda x: choose_token(x, float("nan")), "temperature can't be below 0"),
            (lambda x: discourage_repetition(x, tt.tensor([[0]]), 0), "repetition_penalty must be above 0"),
        ],
    )
    def test_bad_options(self, call, message) -> None:
        with pytest.raises(ValueError, match=message):
            call(tt.zeros(1, 4))


class TestGenerate:
    def test_greedy_takes_the_likeliest(self) -> None:
        model = model_of()
        ids = tt.tensor([[1, 2, 3], [4, 5, 6]])
        written = model.generate(ids, 4, temperature=0)
        assert written.shape == (2, 7)
        assert tt.equal(written[:, :3], ids)
        for n in range(3, 7):
            expected = model(written[:, :n])[:, -1].argmax(-1)
            assert tt.equal(written[:, n], expected)

    def test_seeded(self) -> None:
        model = model_of()
        texts = [model.generate([1, 2], 20, generator=Generator().manual_seed(s)).tolist() for s in (1, 1, 2)]
        assert texts[0] == texts[1] != texts[2]
        tt.manual_seed(5)
        first = model.generate([1, 2], 20).tolist()
        tt.manual_seed(5)
        assert model.generate([1, 2], 20).tolist() == first

    def test_next_token_has_the_models_distribution(self) -> None:
        model = model_of()
        prompt = tt.tensor([[3, 1, 4]])
        expected = softmax(model(prompt)[0, -1], -1).detach().numpy()
        n = 20_000
        written = model.generate(prompt.expand(n, 3), 1, generator=Generator().manual_seed(0))
        found = np.bincount(written[:, -1].numpy(), minlength=11) / n
        assert np.abs(found - expected).max() < 4 * np.sqrt(0.25 / n)

    def test_crops_to_the_context(self) -> None:
        model = model_of()
        written = model.generate([1], 30, temperature=0)
        assert written.shape == (31,)
        assert written[-1].item() == model(written[None, -9:-1])[0, -1].argmax().item()
        long = tt.tensor([list(range(10)) * 2])
        assert tt.equal(
            model.generate(long, 3, temperature=0)[:, -3:],
            model.generate(long[:, -8:], 3, temperature=0)[:, -3:],
        )

    def test_stream_gives_the_same_tokens(self) -> None:
        model = model_of()
        prompt = tt.tensor([[1, 2], [3, 4]])
        options = {"top_k": 5, "temperature": 0.9, "repetition_penalty": 1.2}
        written = model.generate(prompt, 6, generator=Generator().manual_seed(3), **options)
        stream = model.stream(prompt, 6, generator=Generator().manual_seed(3), **options)
        first = next(stream)
        assert first.shape == (2,)
        assert tt.equal(tt.stack([first, *stream], 1), written[:, 2:])
        assert [token.shape for token in model.stream([1, 2], 3)] == [()] * 3

    def test_stop_tokens(self) -> None:
        model = model_of()
        ids = tt.tensor([[1], [2], [3]])
        free = model.generate(ids, 12, generator=Generator().manual_seed(0))
        stop = int(free[0, 3])
        written = model.generate(ids, 12, generator=Generator().manual_seed(0), stop_tokens=[stop, 99])
        for row, unstopped in zip(written.tolist(), free.tolist()):
            if stop in row[1:]:
                end = row.index(stop, 1)
                assert row[: end + 1] == unstopped[: end + 1]
                assert set(row[end:]) == {stop}
            else:
                assert row == unstopped
        alone = model.generate(ids[:1], 12, generator=Generator().manual_seed(0), stop_tokens=range(11))
        assert alone.shape == (1, 2)

    def test_repetition_penalty_in_use(self) -> None:
        model = model_of(block_size=16)
        plain, varied = (
            model.generate([1], 15, temperature=0, repetition_penalty=p).tolist() for p in (1.0, 4.0)
        )
        assert len(set(varied)) > len(set(plain))

    def test_a_cache_changes_nothing(self) -> None:
        for options in ({}, {"rotary": True, "n_kv_head": 1}):
            model = model_of(**options)
            prompt = tt.tensor([[1, 2, 3], [4, 5, 6]])
            cache = [Remembered() for _ in range(2)]
            parts = [
                model(prompt, cache=cache),
                *(model(t, cache=cache) for t in tt.tensor([[[7, 8], [9, 1]], [[2, 3], [4, 4]]])),
            ]
            whole = model(tt.tensor([[1, 2, 3, 7, 8, 2, 3], [4, 5, 6, 9, 1, 4, 4]]))
            assert np.allclose(tt.cat(parts, 1).detach().numpy(), whole.detach().numpy(), atol=1e-5)
            plain = model.generate(prompt, 20, temperature=0)
            cached = model.generate(prompt, 20, temperature=0, cache=[Remembered() for _ in range(2)])
            assert tt.equal(plain, cached)

    def test_a_window(self) -> None:
        """Each position sees three: as with a mask, however the positions come, and without end."""
        model = model_of(rotary=True, n_kv_head=1)
        ids = tt.tensor(np.random.default_rng(0).integers(0, 11, (2, 20)))
        band = np.tri(20, 20, dtype=bool) & ~np.tri(20, 20, -3, dtype=bool)
        x = model.transformer["wte"](ids)
        for block in model.transformer["h"]:
            x = block(x, tt.from_numpy(band))
        whole = model.lm_head(model.transformer["ln_f"](x)).detach().numpy()
        for sizes in ([20], [1] * 20, [2, 7, 1, 10], [5, 15]):
            cache = [Sliding() for _ in range(2)]
            parts = [model(part, cache=cache).detach().numpy() for part in ids.split(sizes, 1)]
            assert np.allclose(np.concatenate(parts, 1), whole, atol=1e-5), sizes
        cache = [Sliding() for _ in range(2)]
        written = model.generate(ids[:, :4], 16, temperature=0, cache=cache)
        assert cache[0].length == 19
        assert tt.equal(
            written[:, -1], model(written[:, :-1], cache=[Sliding(), Sliding()])[:, -1].argmax(-1)
        )

    def test_padding_in_a_window(self) -> None:
        model = model_of(rotary=True)
        ids = tt.tensor([[0, 0, 1, 2, 3, 4, 5]])
        padding = tt.tensor([[True, True, False, False, False, False, False]])
        cache = [Sliding(), Sliding()]
        parts = [
            model(ids[:, :4], key_padding_mask=padding[:, :4], cache=cache),
            model(ids[:, 4:], key_padding_mask=padding, cache=cache),
        ]
        other = [model(ids, key_padding_mask=padding, cache=[Sliding(), Sliding()])]
        found, expected = (tt.cat(x, 1)[:, 2:].detach().numpy() for x in (parts, other))
        assert np.allclose(found, expected, atol=1e-5)

    def test_learned_positions_end_in_spite_of_a_window(self) -> None:
        model = model_of()
        with pytest.raises(ValueError, match="doesn't fit into a context of 8"):
            model(tt.zeros(1, 9, dtype=tt.int64), cache=[Sliding(), Sliding()])

    def test_a_cache_may_do_it_all(self) -> None:
        model = model_of()
        cache = Whole([Remembered(), Remembered()])
        written = model.generate([1, 2, 3], 4, temperature=0, cache=cache)
        assert tt.equal(written, model.generate([1, 2, 3], 4, temperature=0))
        new = [[[token]] for token in written.tolist()[3:6]]
        assert cache.asked == [("resume", [[1, 2, 3]], 6), [[1, 2, 3]], *new]
        with pytest.raises(ValueError, match="too long"):
            model.stream([1, 2, 3], 40, cache=cache)

    def test_the_cache_of_systems(self, monkeypatch) -> None:
        """`use_cache` asks tinytorch-systems for a cache of the right sizes, and says if that is missing."""
        model = model_of()
        made = []

        def make(*arguments):
            made.append(arguments)
            return [Remembered(), Remembered()]

        monkeypatch.setitem(sys.modules, "tinytorch.systems", SimpleNamespace(KVCache=make))
        prompt = tt.tensor([[1, 2], [3, 4]])
        for options in ({"temperature": 0}, {"top_k": 5, "repetition_penalty": 1.2}):
            plain, cached = (
                model.generate(prompt, 5, generator=Generator().manual_seed(0), use_cache=use, **options)
                for use in (False, True)
            )
            assert tt.equal(plain, cached)
        assert [token.shape for token in model.stream([1, 2], 30, use_cache=True)] == [()] * 30
        assert made == [(model, 2, 6)] * 2 + [(model, 1, 8)]
        own = [Remembered(), Remembered()]
        model.generate(prompt, 5, cache=own, use_cache=True)
        assert own[0].length == 6
        assert len(made) == 3
        monkeypatch.setitem(sys.modules, "tinytorch.systems", None)  # as if it weren't installed
        with pytest.raises(ImportError, match="needs the package tinytorch-systems"):
            model.generate(prompt, 5, use_cache=True)

    def test_each_module_gets_its_mode_back(self) -> None:
        model = model_of(dropout=0.5).train()
        model.transformer["h"][0].eval()
        modes = [module.training for module in model.modules()]
        model.generate([1, 2], 3)
        assert modes == [module.training for module in model.modules()]
        model.eval()
        model.transformer["drop"].train()  # though the model itself isn't being trained
        first = model.generate([1, 2], 10, temperature=0)
        assert tt.equal(model.generate([1, 2], 10, temperature=0), first)
        stream = model.stream([1, 2], 10, temperature=0)
        assert tt.equal(tt.stack(list(stream)), first[2:])
        assert model.transformer["drop"].training

    def test_mode_is_as_before(self) -> None:
        model = model_of(dropout=0.5).train()
        first = model.generate([1, 2], 10, temperature=0)
        assert model.training
        assert model.transformer["drop"].training
        assert tt.equal(model.generate([1, 2], 10, temperature=0), first)
        assert not first.requires_grad

    def test_no_new_tokens(self) -> None:
        assert model_of().generate([1, 2], 0).tolist() == [1, 2]

    @pytest.mark.parametrize(
        ("arguments", "options", "error", "message"),
        [
            (([], 3), {}, ValueError, "at least one token"),
            (([[]], 3), {}, ValueError, "at least one token"),
            (([1], -1), {}, ValueError, "max_new_tokens can't be negative"),
            (([1.5], 1), {}, TypeError, "whole numbers, not of float"),
            (([[[1]]], 1), {}, ValueError, "a prompt is of shape"),
            (([11], 1), {}, IndexError, "11"),
            (([1], 1), {"temperature": -1}, ValueError, "temperature can't be below 0"),
            (([1], 1), {"top_k": 0}, ValueError, "top_k must be at least 1"),
            (([1], 1), {"top_p": 2}, ValueError, "top_p must be between 0 and 1"),
            (([1], 1), {"repetition_penalty": -1}, ValueError, "repetition_penalty must be above 0"),
        ],
    )
    def test_bad_input(self, arguments, options, error, message) -> None:
        with pytest.raises(error, match=message):
            model_of().generate(*arguments, **options)

    def test_stream_refuses_before_it_starts(self) -> None:
        with pytest.raises(ValueError, match="top_k must be at least 1"):
            model_of().stream([1], 5, top_k=0)
