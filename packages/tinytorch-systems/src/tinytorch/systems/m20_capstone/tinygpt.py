"""A model, its tokenizer and the recipe in one: what reads a prompt, writes text, and lies in a folder."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
from tinytorch.core import Generator, from_numpy, manual_seed, no_grad
from tinytorch.language import GPT, BPETokenizer, CharTokenizer

from ..m14_kv_caching import KVCache
from .errors import TinyGPTError
from .folders import FORMAT, read_about, read_tokenizer
from .options import TinyGPTOptions
from .storage import write_json
from .weights import PLAIN, read_weights, write_weights

BEGINNING = "\n"  # stands before every text, so that its first token can be foretold, too


class TinyGPT:
    """A GPT that reads and writes text.

    Args:
        model: the network; it is put into evaluation mode.
        tokenizer: text to ids and back.
        options: its sizes and recipe.
        facts: what is known of it, for people: the text that it learnt from, its loss.
        form: how its weights are stored: "float", "quantised", or "compressed" (without what was pruned).

    Examples:
        >>> corpus = "to be or not to be. " * 200
        >>> options = systems.TinyGPTOptions(tokenizer="char", n_layer=1, n_embd=16, n_head=2)
        >>> gpt = systems.TinyGPT.new(options, corpus)
        >>> len("".join(gpt.stream("to be", 10, seed=0)))
        10
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        options: TinyGPTOptions,
        facts: dict[str, Any],
        form: str = PLAIN,
    ) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.options = options
        self.facts = facts
        self.form = form

    @classmethod
    def new(cls, options: TinyGPTOptions, text: str) -> Self:
        """Learn a vocabulary from a text, and draw a network for it that knows nothing yet.

        Args:
            options: sizes and seed.
            text: the text that it will learn from; characters that it lacks can't be read later, with
                `tokenizer="char"`.
        """
        if options.tokenizer == "bpe":
            tokenizer: Any = BPETokenizer.train(text, options.vocab_size, show_progress=False)
        else:
            tokenizer = CharTokenizer.train(text + BEGINNING)
        manual_seed(options.seed)
        model = GPT(options.config(tokenizer.vocab_size))
        return cls(model, tokenizer, options, {"parameters": sum(p.numel() for p in model.parameters())})

    # ---- text ------------------------------------------------------------------------------------------

    def encode(self, text: str) -> list[int]:
        """Return the ids of a prompt; an empty one begins a text: it becomes a line break.

        Raises:
            TinyGPTError: a character isn't in the model's alphabet.
        """
        text = text or BEGINNING
        if isinstance(self.tokenizer, CharTokenizer):
            strange = sorted(set(text) - set(self.tokenizer.itos))
            if strange:
                named = ", ".join(f"{c!a} (U+{ord(c):04X})" for c in strange[:5])
                raise TinyGPTError(
                    f"the prompt has characters that this model never saw: {named}; leave them out, or train "
                    "with --tokenizer bpe, which reads everything"
                )
        try:
            ids: list[int] = self.tokenizer.encode(text)
        except (UnicodeEncodeError, ValueError) as error:  # half of a surrogate pair, as bad consoles send
            raise TinyGPTError(f"the prompt can't be read: {error}") from None
        return ids

    def stream(
        self,
        prompt: str,
        tokens: int,
        *,
        temperature: float = 0.8,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        use_cache: bool = True,
    ) -> Iterator[str]:
        """Continue a prompt, and give the text piece by piece, as soon as it is there.

        Args:
            prompt: the beginning; empty for a new text.
            tokens: how many tokens to add.
            temperature: below 1 likely tokens become likelier; at 0 the likeliest is always taken.
            top_k: choose among so many tokens alone.
            top_p: choose among the fewest tokens alone whose probabilities add up to this.
            seed: the same one gives the same text; None for another text each time.
            use_cache: keep keys and values instead of computing all of the context for each token. As long as
                the text fits into the context, it is the same one; beyond, each token sees the `block_size`
                before it either way, but with the cache these still carry what they saw themselves.

        Raises:
            TinyGPTError: an option is out of range, or the prompt has characters that it never saw.
        """
        ids = self.encode(prompt)[-self.options.block_size :]
        cache = self.new_cache() if use_cache else None
        new = self.stream_ids(ids, tokens, temperature, top_k, top_p, new_generator(seed), cache)
        return self.decode_stream(new)

    def new_cache(self) -> KVCache:
        """Return an empty cache that forgets what is out of the context, so a text may go on for ever."""
        return KVCache(self.model, window=self.options.block_size)

    def stream_ids(
        self,
        ids: list[int],
        tokens: int,
        temperature: float,
        top_k: int | None,
        top_p: float | None,
        generator: Generator,
        cache: KVCache | None,
    ) -> Iterator[int]:
        """Continue ids, and give the new ones as they come.

        Raises:
            TinyGPTError: an option is out of range.
        """
        options: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        try:
            new = self.model.stream(ids, tokens, **options, generator=generator, cache=cache)
        except (ValueError, TypeError) as error:
            raise TinyGPTError(str(error)) from None
        return (int(token.item()) for token in new)

    def decode_stream(self, ids: Iterator[int]) -> Iterator[str]:
        """Turn ids into text as they come; bytes that are only part of a character wait for the rest."""
        if isinstance(self.tokenizer, CharTokenizer):
            yield from (self.tokenizer.itos[i] for i in ids)
            return
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for i in ids:
            if text := decoder.decode(self.tokenizer.decode_bytes([i])):
                yield text
        if text := decoder.decode(b"", final=True):
            yield text

    # ---- how good it is --------------------------------------------------------------------------------

    def loss(self, text: str) -> float:
        """Return how surprised it is by a text, in nats for each of its characters.

        Every token of the text is foretold, by what stands before it in a window of `block_size` tokens; the
        windows lie side by side. The sum of all surprises is divided by the number of characters, so models
        with different tokenizers can be compared.
        """
        return self.surprise(np.array(self.tokenizer.encode(BEGINNING + text))) / max(1, len(text))

    def surprise(self, ids: Any) -> float:
        """Return the sum of the surprises, in nats, of all ids but those of the line break before them."""
        T, total = self.options.block_size, 0.0
        n = len(ids) - 1
        full = n // T
        parts = [(np.arange(i, min(i + 32, full)) * T, T) for i in range(0, full, 32)]
        if n % T:
            parts.append((np.array([full * T]), n % T))
        for starts, length in parts:
            places = starts[:, None] + np.arange(length)  # (up to 32, length)
            with no_grad():
                _, loss = self.model(from_numpy(ids[places]), from_numpy(ids[places + 1]))
            total += loss.item() * places.size
        return total

    # ---- folders ---------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write weights, vocabulary and recipe into a folder, each file in one step.

        Raises:
            TinyGPTError: something can't be written.
        """
        form, checksum = write_weights(self, folder / "model.safetensors")
        try:
            self.tokenizer.save(folder / "tokenizer.json", backup=False)
        except OSError as error:
            raise TinyGPTError(f"{folder / 'tokenizer.json'} can't be written: {error.strerror}") from error
        about = {"format": FORMAT, "options": self.options.to_json(), "weights": form, "crc32": checksum}
        write_json(folder / "tinygpt.json", {**about, "facts": self.facts})

    def weights(self) -> dict[str, Any]:
        """Return all arrays by name; the last layer's weight is the embedding's and stands there alone."""
        state = self.model.state_dict()
        return {name: tensor.numpy() for name, tensor in state.items() if name != "lm_head.weight"}

    def set_weights(self, arrays: dict[str, Any]) -> None:
        """Undo `weights`.

        Raises:
            TinyGPTError: names or shapes aren't the model's.
        """
        state = {name: from_numpy(np.array(array)) for name, array in arrays.items()}
        if "transformer.wte.weight" in state:
            state["lm_head.weight"] = state["transformer.wte.weight"]
        try:
            self.model.load_state_dict(state)
        except RuntimeError as error:
            raise TinyGPTError(f"the weights don't fit the recipe beside them: {error}") from None

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            TinyGPTError: files are missing or damaged, or don't belong together.
        """
        about, options = read_about(folder)
        tokenizer = read_tokenizer(folder, options)
        found = cls(GPT(options.config(tokenizer.vocab_size)), tokenizer, options, about["facts"])
        read_weights(found, folder / "model.safetensors", about["weights"], about["crc32"])
        return found


def new_generator(seed: int | None) -> Generator:
    """Return random numbers from a seed; without one, others each time.

    Raises:
        TinyGPTError: the seed is out of range.
    """
    generator = Generator()
    if seed is None:
        generator.seed()
        return generator
    try:
        return generator.manual_seed(seed)
    except ValueError as error:
        raise TinyGPTError(str(error)) from None
