"""Continuous batching: requests of any length join a running batch and leave it, token by token."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from tinytorch.core import Generator, from_numpy
from tinytorch.language import GPT, choose_token, discourage_repetition

from .attention import attend
from .cache import KVCache
from .decode import decode, is_lean, is_plain
from .layer import LayerMemory
from .request import GenerationRequest
from .scoring import as_prompt, check_choice, evaluating

Written = list[tuple[GenerationRequest, int]]  # tokens, and whose they are


class ContinuousBatcher:
    """Write for many prompts at the same time, each as if it were alone.

    A batch that waits for its longest sequence leaves places empty most of the time. Here a place is given to
    the next request as soon as it is free: each `step` computes one token for every request that has a place,
    in one pass, however long each of them is by now.

    Args:
        model: the GPT.
        max_batch: how many requests have a place at the same time; the others wait in their order.
        dtype: as of `KVCache`.
        quantized: as of `KVCache`.

    Raises:
        ValueError: `max_batch` is less than 1.

    Source: Yu et al., "Orca: a distributed serving system for Transformer-based generative models", OSDI 2022
    """

    def __init__(self, model: GPT, max_batch: int = 8, *, dtype: Any = None, quantized: bool = False) -> None:
        if max_batch < 1:
            raise ValueError(f"ContinuousBatcher: max_batch must be at least 1, but it is {max_batch}")
        self.model = model
        self.max_batch = max_batch
        self.waiting: deque[GenerationRequest] = deque()
        self.running: list[GenerationRequest] = []  # in the order of the cache's rows
        self._options: dict[str, Any] = {"dtype": dtype, "quantized": quantized}
        self._cache = KVCache(model, max_batch, **self._options)
        self._lengths = np.zeros(max_batch, np.int64)  # how much of each row is in use

    @property
    def nbytes(self) -> int:
        """How many bytes the keys and values of all places take."""
        return self._cache.nbytes

    def submit(
        self,
        ids: Any,
        max_new_tokens: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop_tokens: Sequence[int] = (),
        generator: Generator | None = None,
    ) -> GenerationRequest:
        """Let a prompt wait for a place; options are those of `GPT.generate`.

        Args:
            ids: the prompt, (T).
            max_new_tokens: how many tokens to add at most.
            temperature: as of `GPT.generate`.
            top_k: as of `GPT.generate`.
            top_p: as of `GPT.generate`.
            repetition_penalty: as of `GPT.generate`.
            stop_tokens: as of `GPT.generate`.
            generator: where its random numbers come from. With one of its own, a request gets what `generate`
                would give it; the default one is shared by all.

        Raises:
            ValueError: an option is out of range, or the prompt is empty.
            IndexError: an id is outside the vocabulary.
        """
        prompt = as_prompt(ids, self.model).tolist()
        check_choice(temperature, top_k, top_p, max_new_tokens)
        if not repetition_penalty > 0:
            raise ValueError(f"repetition_penalty must be above 0, but it is {repetition_penalty}")
        options = {
            "choice": (temperature, top_k, top_p),
            "penalty": repetition_penalty,
            "stops": frozenset(int(token) for token in stop_tokens),
            "generator": generator,
        }
        request = GenerationRequest(prompt, max_new_tokens, options)
        if not max_new_tokens:
            request.reason = "length"
        else:
            self.waiting.append(request)
        return request

    def step(self) -> Written:
        """Compute one token for each request that has a place, after free places have been given away.

        Returns:
            The requests and their new tokens. One whose computation failed is `done` and has its `error`; the
            others go on.
        """
        written: Written = []
        self._leave()
        with evaluating(self.model):
            if self.running:
                for request, scores in zip(self.running, self._scores(), strict=True):
                    self._choose(request, scores, written)
            while self.waiting and len(self.running) < self.max_batch:
                request = self.waiting.popleft()
                if not request.done:
                    self._join(request, written)
        self._leave()
        return written

    def run(self) -> Iterator[tuple[GenerationRequest, int]]:
        """Give tokens as they come, until no request waits or has a place."""
        while self.waiting or self.running:
            yield from self.step()

    # What a step does

    def _join(self, request: GenerationRequest, written: Written) -> None:
        """Give a request the next row, and compute its first token."""
        block = self.model.config.block_size
        row = len(self.running)
        ids = np.array([request.prompt], np.int64)
        try:
            if ids.shape[1] < block:
                cache = _row(self._cache, self.model, row, self._options)
                x = self.model.hidden(from_numpy(ids), cache=cache)
            else:
                x = self.model.hidden(from_numpy(ids[:, -block:]))
            scores = self.model.lm_head(from_numpy(x.numpy()[:, -1])).numpy()
        except Exception as error:
            request.reason, request.error = "error", error
            return
        self.running.append(request)
        self._lengths[row] = min(ids.shape[1], block)
        self._choose(request, scores, written)

    def _scores(self) -> list[Any]:
        """Score the next token of each running request: arrays (1, vocab_size)."""
        block = self.model.config.block_size
        short = [i for i, request in enumerate(self.running) if len(request.ids) <= block]
        scores: list[Any] = [None] * len(self.running)
        if short:
            last = np.array([[self.running[i].tokens[-1]] for i in short])
            found = self._batch(np.array(short), last)
            for i, one in zip(short, found, strict=True):
                scores[i] = one[None]
        for i, request in enumerate(self.running):
            if scores[i] is None:  # it has outgrown the context, as in `generate`
                x = self.model.hidden(from_numpy(np.array([request.ids[-block:]], np.int64)))
                scores[i] = self.model.lm_head(from_numpy(x.numpy()[:, -1])).numpy()
        return scores

    def _batch(self, rows: Any, last: Any) -> Any:
        """Score the next tokens of some rows: (rows, vocab_size) for their last tokens (rows, 1)."""
        if not (is_lean(self.model) and is_plain(self.model)):
            found = []
            for row, token in zip(rows, last, strict=True):
                cache = _row(self._cache, self.model, row, self._options)
                for layer in cache.layers:
                    layer.length = int(self._lengths[row])
                found.append(self.model.hidden(from_numpy(token[None]), cache=list(cache)).numpy()[:, -1])
            x = np.concatenate(found)
        else:
            lengths = self._lengths[rows]
            layers: Any = [_Rows(layer, rows, lengths) for layer in self._cache]
            x = decode(self.model, last, lengths, layers).numpy()[:, -1]
        self._lengths[rows] += 1
        scores = self.model.lm_head(from_numpy(x)).numpy()
        return scores

    def _choose(self, request: GenerationRequest, scores: Any, written: Written) -> None:
        """Choose a token for a request, and see whether it was its last."""
        options = request.options
        logits = from_numpy(scores)
        temperature, top_k, top_p = options["choice"]
        try:
            if options["penalty"] != 1:
                logits = discourage_repetition(
                    logits, from_numpy(np.array([request.ids])), options["penalty"]
                )
            token = int(choose_token(logits, temperature, top_k, top_p, options["generator"]).item())
        except Exception as error:
            request.reason, request.error = "error", error
            return
        if request.done:  # cancelled meanwhile
            return
        request.tokens.append(token)
        written.append((request, token))
        if token in options["stops"]:
            request.reason = "stop"
        elif len(request.tokens) == request.max_new_tokens:
            request.reason = "length"

    def _leave(self) -> None:
        """Take those that are done out of the batch; the last row moves to where one has become free."""
        for row in range(len(self.running) - 1, -1, -1):
            if self.running[row].done:
                last = self.running.pop()
                end = len(self.running)
                used = 0
                if row < end:
                    used = int(self._lengths[end])
                    self._lengths[row] = used
                    self.running[row] = last
                for layer in self._cache:
                    for part in (*layer.key.parts, *layer.value.parts):
                        part[row, :, :used] = part[end, :, :used]
                        part[row, :, used:] = 0  # what is hidden counts nothing, but must be a number


def _row(cache: KVCache, model: GPT, row: int, options: dict[str, Any]) -> KVCache:
    """Return one row of a cache as an empty cache of its own, in the same memory."""
    one = KVCache(model, 1, capacity=1, **options)
    for mine, layer in zip(one.layers, cache.layers, strict=True):
        mine.key, mine.value = layer.key.row(row), layer.value.row(row)
    return one


class _Rows(LayerMemory):
    """The memory of a layer as `decode` needs it for rows of different lengths."""

    def __init__(self, layer: LayerMemory, rows: Any, lengths: Any) -> None:
        self.layer = layer
        self.rows = rows
        self.lengths = lengths

    def attend(self, query: Any, key: Any, value: Any) -> Any:
        """Append a position to each row, and return what it gathers: (rows, 1, H * width)."""
        layer, n = self.layer, len(self.rows)
        stop = int(self.lengths.max()) + 1
        together = self.rows[-1] == n - 1  # the first rows, as they lie
        seen = []
        for store, new in ((layer.key, key), (layer.value, value)):
            store.write_rows(new.swapaxes(1, 2), self.rows, self.lengths)
            parts = [part[:n] if together else part[self.rows] for part in store.parts]
            seen.append(store.decoded([part[:, :, :stop] for part in parts], layer.compute))
        hidden = np.arange(stop) > self.lengths[:, None]  # (rows, stop)
        return attend(query, seen[0], seen[1], hidden[:, None, None, None])
