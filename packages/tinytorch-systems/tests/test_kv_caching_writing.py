"""Beams, drafts and batches write what they should: all texts looked at, statistics, and each one alone."""

import itertools

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.core import Generator, float16
from tinytorch.language import GPT, GPTConfig, keep_top_k, keep_top_p
from tinytorch.systems import (
    ContinuousBatcher,
    KVCache,
    beam_search,
    speculative_generate,
    step_costs,
)


def model_of(seed: int = 0, scale: float = 8.0, **options: object) -> GPT:
    """Make a small GPT that has opinions."""
    tt.manual_seed(seed)
    sizes = {"block_size": 24, "vocab_size": 11, "n_layer": 2, "n_head": 4, "n_embd": 16}
    model = GPT(GPTConfig(**{**sizes, **options}))
    with tt.no_grad():
        for p in model.parameters():
            p.mul_(scale if p.ndim > 1 else 1)
    return model.eval()


def log_probability(model: GPT, ids: list[int], prompt: int) -> float:
    """Return the logarithm of the probability of what follows the prompt."""
    scores = tt.log_softmax(model(tt.tensor([ids]))[0].double(), -1).detach().numpy()
    return float(sum(scores[i - 1, ids[i]] for i in range(prompt, len(ids))))


class TestBeams:
    def test_as_many_beams_as_texts_find_the_best(self) -> None:
        model = model_of(vocab_size=4, block_size=8)
        for new in (1, 3, 4):
            texts = [[1, 2, *new_ids] for new_ids in itertools.product(range(4), repeat=new)]
            ranked = sorted(((log_probability(model, ids, 2), ids) for ids in texts), reverse=True)[:3]
            for power in (0.0, 1.0, 2.0):
                found = beam_search(
                    model, [1, 2], new, num_beams=64, length_penalty=power, num_return_sequences=3
                )
                assert [ids.tolist() for ids in found.sequences] == [ids for _, ids in ranked]
                assert np.allclose(found.scores, [score / new**power for score, _ in ranked])

    def test_texts_that_end(self) -> None:
        """With stop tokens, texts of different lengths compete; all of them are looked at here."""
        model = model_of(vocab_size=3, block_size=8, scale=4)
        for stop, power in itertools.product((0, 1, 2), (0.0, 0.5, 1.0)):
            texts = {
                tuple(ids[: ids.index(stop) + 1] if stop in ids else ids)
                for ids in map(list, itertools.product(range(3), repeat=4))
            }
            ranked = sorted(
                ((log_probability(model, [1, *ids], 1) / len(ids) ** power, [1, *ids]) for ids in texts),
                reverse=True,
            )
            found = beam_search(
                model, [1], 4, num_beams=81, length_penalty=power, stop_tokens=[stop], num_return_sequences=5
            )
            assert np.allclose(found.scores, [score for score, _ in ranked[:5]]), (stop, power)
            assert [ids.tolist() for ids in found.sequences] == [ids for _, ids in ranked[:5]]

    def test_one_beam_is_greedy(self) -> None:
        for options in ({}, {"rotary": True, "n_kv_head": 2}):
            model = model_of(**options)
            for length in (1, 20, 30):
                prompt = np.random.default_rng(length).integers(0, 11, length)
                found = beam_search(model, prompt, 12, num_beams=1).sequences[0]
                assert tt.equal(found, model.generate(prompt, 12, temperature=0))

    def test_more_beams_find_likelier_texts(self) -> None:
        """Not always, but never for these; scores are what they say."""
        better = 0
        for seed in range(5):
            model = model_of(seed)
            scores = []
            for beams in (1, 2, 8):
                found = beam_search(model, [1, 2], 8, num_beams=beams)
                ids = found.sequences[0].tolist()
                assert np.isclose(found.scores[0], log_probability(model, ids, 2) / 8)
                scores.append(found.scores[0])
            assert scores[0] <= scores[-1] + 1e-5
            better += scores[0] < scores[-1] - 1e-5
        assert better

    def test_modes_and_limits(self) -> None:
        model = model_of(dropout=0.5).train()
        assert beam_search(model, [1, 2], 0).sequences[0].tolist() == [1, 2]
        first = beam_search(model, tt.tensor([[1, 2]]), 6)
        assert tt.equal(first.sequences[0], beam_search(model, [1, 2], 6).sequences[0])
        assert model.training

    @pytest.mark.parametrize(
        ("arguments", "options", "error", "message"),
        [
            (([], 3), {}, ValueError, "at least one token"),
            (([[1], [2]], 3), {}, ValueError, "one prompt is expected"),
            (([1.5], 3), {}, TypeError, "whole numbers"),
            (([11], 3), {}, IndexError, "token 11 is not in the vocabulary"),
            (([1], -1), {}, ValueError, "max_new_tokens can't be negative"),
            (([1], 3), {"num_beams": 0}, ValueError, "num_beams must be at least 1"),
            (([1], 3), {"num_return_sequences": 5}, ValueError, r"from 1 to num_beams \(4\), not 5"),
        ],
    )
    def test_bad_input(self, arguments, options, error, message) -> None:
        with pytest.raises(error, match=message):
            beam_search(model_of(), *arguments, **options)


class TestSpeculation:
    @pytest.mark.parametrize("lookahead", [1, 3, 8])
    def test_greedy_is_exact(self, lookahead) -> None:
        """Whatever the draft says, and beyond both contexts."""
        model = model_of()
        drafts = (model_of(1, n_layer=1), model_of(2, block_size=9, rotary=True), model)
        for draft, length in itertools.product(drafts, (1, 10, 23, 30)):
            prompt = np.random.default_rng(length).integers(0, 11, length)
            found = speculative_generate(model, draft, prompt, 25, lookahead=lookahead, temperature=0)
            assert tt.equal(found.ids, model.generate(prompt, 25, temperature=0))

    @pytest.mark.parametrize("choice", [{}, {"temperature": 0.7, "top_k": 3}, {"top_p": 0.8}])
    def test_the_models_own_distribution(self, choice) -> None:
        """Pairs of tokens come as often as the model alone makes them; the draft's would be told apart."""
        model, draft = (model_of(seed, scale=3, vocab_size=5, n_layer=1) for seed in (0, 7))
        n = 1500
        generator = Generator().manual_seed(0)
        found = np.zeros((5, 5))
        for _ in range(n):
            written = speculative_generate(
                model, draft, [1, 2], 2, lookahead=2, generator=generator, **choice
            )
            found[tuple(written.ids.tolist()[2:])] += 1

        def next_token(one: GPT, ids: list[int]) -> np.ndarray:
            scores = one(tt.tensor([ids]))[:, -1].detach() / choice.get("temperature", 1)
            scores = keep_top_p(keep_top_k(scores, choice.get("top_k", 5)), choice.get("top_p", 1))
            return tt.softmax(scores, -1)[0].numpy()

        def chi_square(one: GPT) -> float:
            """Return what 1 is expected of, if the pairs are drawn by a model."""
            first = next_token(one, [1, 2])
            p = n * first[:, None] * np.stack([next_token(one, [1, 2, x]) for x in range(5)])
            outside = found[p == 0].sum()
            return float(((found - p)[p > 0] ** 2 / p[p > 0]).sum() / ((p > 0).sum() - 1) + n * outside)

        assert chi_square(model) < 2.3  # with 24 degrees of freedom 1 in 3,000, with 8 of them 1 in 50
        assert chi_square(draft) > 4

    def test_a_perfect_draft_is_always_right(self) -> None:
        model = model_of()
        found = speculative_generate(model, model, [1, 2, 3], 20, lookahead=4)
        assert found.proposed == found.accepted == 16
        assert found.passes == 4
        poor = speculative_generate(model, model_of(1), [1, 2, 3], 20, lookahead=4)
        assert poor.accepted < poor.proposed
        assert poor.accepted + poor.passes == 20

    def test_stops(self) -> None:
        model, draft = model_of(), model_of(1)
        free = model.generate([1, 2], 15, temperature=0).tolist()
        for stop in set(free[2:]):
            found = speculative_generate(model, draft, [1, 2], 15, temperature=0, stop_tokens=[stop]).ids
            assert found.tolist() == free[: free.index(stop, 2) + 1]
        assert speculative_generate(model, draft, [1, 2], 0).ids.tolist() == [1, 2]

    def test_bad_input(self) -> None:
        model = model_of()
        with pytest.raises(ValueError, match="theirs have 11 and 12 tokens"):
            speculative_generate(model, model_of(vocab_size=12), [1], 3)
        with pytest.raises(ValueError, match="lookahead must be at least 1"):
            speculative_generate(model, model, [1], 3, lookahead=0)
        for name, value in (("temperature", -1), ("top_k", 0), ("top_p", 2)):
            with pytest.raises(ValueError, match=name):
                speculative_generate(model, model, [1], 3, **{name: value})
        with tt.no_grad():
            model.lm_head.weight[:] = float("nan")
        with pytest.raises(RuntimeError, match="nothing to draw a token from"):
            speculative_generate(model, model, [1], 3)


class TestBatches:
    @pytest.mark.parametrize("options", [{}, {"rotary": True, "n_kv_head": 2, "norm_first": False}])
    @pytest.mark.parametrize("storage", [{}, {"dtype": float16}, {"quantized": True}])
    def test_each_gets_what_it_would_get_alone(self, options, storage) -> None:
        """Requests of all lengths that come and go, some beyond the context."""
        model = model_of(**options)
        rng = np.random.default_rng(0)
        batcher = ContinuousBatcher(model, 3, **storage)
        asked = []
        for i in range(16):
            prompt = rng.integers(0, 11, rng.integers(1, 30)).tolist()
            how = {"temperature": 0.8 * (i % 2), "top_k": 5, "repetition_penalty": 1.1, "stop_tokens": [3]}
            new = int(rng.integers(0, 20))
            request = batcher.submit(prompt, new, generator=Generator().manual_seed(i), **how)
            asked.append((prompt, new, i, how, request))
            for _ in range(int(rng.integers(0, 4))):
                assert len({id(one) for one, _ in batcher.step()}) <= 3
        written = list(batcher.run())
        assert not batcher.running
        assert not batcher.waiting
        assert all(isinstance(token, int) for _, token in written)
        for prompt, new, seed, how, request in asked:
            alone = model.generate(prompt, new, generator=Generator().manual_seed(seed), **how)
            if not storage:
                assert request.ids == alone.tolist()
            assert request.done
            assert request.reason == ("stop" if request.tokens[-1:] == [3] else "length")
        if storage:  # rounding may change a text, so each is compared with itself in a batch of one
            for prompt, new, seed, how, request in asked:
                if len(request.ids) <= 24:
                    cache = KVCache(model, **storage)
                    generator = Generator().manual_seed(seed)
                    alone = model.generate(prompt, new, generator=generator, cache=cache, **how)
                    assert request.ids == alone.tolist()

    def test_places_are_given_away_at_once(self) -> None:
        model = model_of()
        batcher = ContinuousBatcher(model, 2)
        long, short, next_one = (batcher.submit([1, 2], n, temperature=0) for n in (10, 2, 3))
        counts = [len(batcher.step()) for _ in range(10)]
        assert counts == [2, 2, 2, 2, 2, 1, 1, 1, 1, 1]
        assert long.done
        assert short.done
        assert next_one.done
        assert next_one.tokens == short.tokens + next_one.tokens[2:]
        assert batcher.step() == []

    def test_cancelled(self) -> None:
        model = model_of()
        batcher = ContinuousBatcher(model, 1)
        first, second, third = (batcher.submit([1], 5, temperature=0) for _ in range(3))
        batcher.step()
        first.cancel()
        second.cancel()
        list(batcher.run())
        assert [len(request.tokens) for request in (first, second, third)] == [1, 0, 5]
        assert [request.reason for request in (first, second, third)] == ["cancelled", "cancelled", "length"]
        assert repr(third) == "GenerationRequest(1 + 5 tokens, length)"
        third.cancel()
        assert third.reason == "length"

    def test_a_request_that_fails_fails_alone(self) -> None:
        """Scores that are no numbers are the end of their request; its place is clean for the next."""
        model = model_of(tie_weights=False)
        with tt.no_grad():
            model.transformer["wte"].weight[9] = float("nan")
        batcher = ContinuousBatcher(model, 2)
        good = [batcher.submit([n], 20, stop_tokens=[9], temperature=0) for n in (1, 2)]
        bad = batcher.submit([8, 7, 9], 20)
        late = [batcher.submit([n], 3, stop_tokens=[9], temperature=0) for n in (3, 4, 5)]
        list(batcher.run())
        assert bad.reason == "error"
        assert isinstance(bad.error, RuntimeError)
        for request in (*good, *late):
            alone = model.generate(request.prompt, request.max_new_tokens, stop_tokens=[9], temperature=0)
            assert request.ids == alone.tolist()

    def test_a_model_whose_parts_were_replaced(self) -> None:
        model = model_of()
        model.transformer["h"][0].attn.register_forward_hook(lambda *_: None)
        batcher = ContinuousBatcher(model, 3)
        requests = [batcher.submit([n] * n, 6, temperature=0) for n in range(1, 6)]
        list(batcher.run())
        for n, request in enumerate(requests, start=1):
            assert request.ids == model.generate([n] * n, 6, temperature=0).tolist()

    def test_memory(self) -> None:
        model = model_of()
        batcher = ContinuousBatcher(model, 4)
        assert batcher.nbytes == KVCache(model, 4).nbytes
        before = batcher.nbytes
        for _ in range(20):
            batcher.submit([1, 2, 3], 10)
        list(batcher.run())
        assert batcher.nbytes == before

    def test_bad_input(self) -> None:
        batcher = ContinuousBatcher(model_of())
        for arguments, options, error, message in (
            (([], 3), {}, ValueError, "at least one token"),
            (([11], 3), {}, IndexError, "token 11 is not in the vocabulary"),
            (([-1], 3), {}, IndexError, "token -1 is not in the vocabulary"),
            (([1], -3), {}, ValueError, "max_new_tokens"),
            (([1], 3), {"temperature": -1}, ValueError, "temperature"),
            (([1], 3), {"repetition_penalty": 0}, ValueError, "repetition_penalty"),
        ):
            with pytest.raises(error, match=message):
                batcher.submit(*arguments, **options)
        assert not batcher.waiting
        with pytest.raises(ValueError, match="max_batch must be at least 1"):
            ContinuousBatcher(model_of(), 0)


class TestCosts:
    def test_figures(self) -> None:
        model = model_of(block_size=64)
        costs = step_costs(model, [1, 32, 64], rounds=2)
        assert [cost.length for cost in costs] == [1, 32, 64]
        assert all(0 < cost.attention < cost.cached for cost in costs)
        assert all(cost.uncached > 0 for cost in costs)
        assert [cost.cache_bytes for cost in costs] == [KVCache(model, 1, n).nbytes for n in (1, 32, 64)]
        assert all(cost.model_part == cost.cached - cost.attention for cost in costs)

    def test_bad_input(self) -> None:
        model = model_of()
        for arguments, message in ((([0],), "from 1 to"), (([25],), "block_size, 24")):
            with pytest.raises(ValueError, match=message):
                step_costs(model, *arguments)
        with pytest.raises(ValueError, match="rounds must be at least 1"):
            step_costs(model, [1], rounds=0)
        model.transformer["h"][0].attn.register_forward_hook(lambda *_: None)
        with pytest.raises(ValueError, match="a model as it was made"):
            step_costs(model, [1])
