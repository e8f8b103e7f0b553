"""Byte pair encoding on bytes: GPT-2's tokenizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from . import corpus
from .alphabet import ALPHABET, CHARACTERS
from .bpe_checks import checked_merges, checked_specials, token_bytes
from .bpe_coding import ByteLevelCoder
from .bpe_files import read_gpt2, read_tokenizer, write_gpt2, write_tokenizer
from .cache import WordCache
from .files import PathLike
from .ids import checked_tokens, checked_vocabulary
from .merging import Merger
from .special import SpecialTokens
from .splitting import GPT2_PATTERN, Splitter


class BPETokenizer(ByteLevelCoder):
    r"""Text to tokens and back by merges of bytes; every text can be encoded.

    A text is split into words, a word into bytes, and bytes are merged in the order in which the merges were
    learned. Tokens are written in GPT-2's alphabet, with a printable character for each byte: " the" is the
    token "\u0120the".

    Args:
        vocab: the tokens and their ids, which are 0, 1, 2, ... without gaps.
        merges: pairs of tokens, what was learned first standing first.
        special_tokens: strings that `encode` turns into one id, if it is allowed to. Those that aren't in the
            vocabulary get the next ids.
        pattern: the regular expression, in the language of the package `regex`, that finds words.
        add_prefix_space: put a space before a text that begins without one, so that its first word is encoded
            like the others.
        trim_offsets: leave the spaces at the ends of a token out of its offsets.

    Raises:
        TypeError: a token isn't a str, an id isn't an int.
        ValueError: ids have gaps or appear twice, a merge has a token that isn't in the vocabulary.

    Examples:
        >>> tokenizer = language.BPETokenizer.train(["low lower lowest"] * 10, vocab_size=260)
        >>> ids = tokenizer.encode("lowest")
        >>> ids, tokenizer.decode(ids)
        ([257, 68, 82, 83], 'lowest')

    Source: Sennrich et al., "Neural machine translation of rare words with subword units", 2016; Radford et
    al., "Language models are unsupervised multitask learners", 2019.
    """

    def __init__(
        self,
        vocab: Mapping[str, int],
        merges: Iterable[tuple[str, str]],
        special_tokens: Sequence[str] = (),
        *,
        pattern: str = GPT2_PATTERN,
        add_prefix_space: bool = False,
        trim_offsets: bool = False,
    ) -> None:
        tokens = checked_vocabulary(vocab)
        special_tokens = checked_tokens(special_tokens, "special_tokens")
        tokens += [token for token in special_tokens if token not in vocab]
        ids = {token: number for number, token in enumerate(tokens)}
        self._tokens, self._ids = tokens, ids
        self.merges = checked_merges(merges, ids)
        checked_specials(special_tokens, self.merges)
        self._bytes = [token_bytes(token, special_tokens) for token in tokens]
        self._byte_ids = [ids.get(character, -1) for character in CHARACTERS]
        pairs = ((ids[first], ids[second]) for first, second in self.merges)
        results = [ids[first + second] for first, second in self.merges]
        self._merge = Merger({pair: rank for rank, pair in enumerate(pairs)}, results)
        self._special = SpecialTokens({token: ids[token] for token in special_tokens})
        self._splitter = Splitter(pattern, add_prefix_space)
        self._trim_offsets = trim_offsets
        self._cache = WordCache(self._encode_word)

    @classmethod
    def train(
        cls,
        texts: str | Iterable[str],
        vocab_size: int = 30_000,
        min_frequency: int = 2,
        special_tokens: Sequence[str] = (),
        *,
        pattern: str = GPT2_PATTERN,
        add_prefix_space: bool = False,
        show_progress: bool | None = None,
    ) -> BPETokenizer:
        """Learn the merges of a text or of several.

        The ids: special tokens first, then the 256 bytes in the order of their characters, then what the
        merges make. All are those of `tokenizers.ByteLevelBPETokenizer`.

        Args:
            texts: a text, or an iterable of texts (of strings, not of files).
            vocab_size: how many tokens there are to be. There are fewer if the texts don't have more pairs.
            min_frequency: how often a pair must occur to be merged.
            special_tokens: strings that `encode` turns into one id, if it is allowed to.
            pattern: the regular expression that finds words.
            add_prefix_space: put a space before each text that begins without one.
            show_progress: whether to show a bar; None shows one if standard error is a terminal.

        Raises:
            TypeError: a text isn't a str.
            ValueError: the texts are empty, or `vocab_size` is smaller than 256 bytes and the special tokens.
        """
        plan = corpus.Plan(vocab_size, min_frequency, show_progress)
        return cls._train(corpus.from_texts(texts), Splitter(pattern, add_prefix_space), special_tokens, plan)

    @classmethod
    def train_from_files(
        cls,
        files: PathLike | Iterable[PathLike],
        vocab_size: int = 30_000,
        min_frequency: int = 2,
        special_tokens: Sequence[str] = (),
        *,
        pattern: str = GPT2_PATTERN,
        add_prefix_space: bool = False,
        show_progress: bool | None = None,
    ) -> BPETokenizer:
        """Learn the merges of one or several text files, which are read line by line.

        As in `tokenizers`, each line with its line end is a text of its own; so several empty lines aren't
        one word, as they are in `train`.

        Args:
            files: a path, or several.
            vocab_size: see `train`; so are the others.
            min_frequency: how often a pair must occur to be merged.
            special_tokens: strings that `encode` turns into one id, if it is allowed to.
            pattern: the regular expression that finds words.
            add_prefix_space: put a space before each line that begins without one.
            show_progress: whether to show a bar; None shows one if standard error is a terminal.

        Raises:
            OSError: a file can't be read.
            ValueError: a file isn't UTF-8, all are empty, or `vocab_size` is too small.
        """
        plan = corpus.Plan(vocab_size, min_frequency, show_progress)
        return cls._train(corpus.from_files(files), Splitter(pattern, add_prefix_space), special_tokens, plan)

    @classmethod
    def _train(
        cls,
        texts: Iterable[corpus.Text],
        splitter: Splitter,
        special_tokens: Sequence[str],
        plan: corpus.Plan,
    ) -> BPETokenizer:
        special_tokens = checked_tokens(special_tokens, "special_tokens")
        checked_specials(special_tokens, [])

        def alphabet(counts: Counter[str]) -> list[str]:
            return list(dict.fromkeys([*special_tokens, *ALPHABET]))  # each once

        def parts(word: str) -> list[str]:
            return [CHARACTERS[byte] for byte in word.encode()]

        tokens, merges = corpus.train(texts, splitter, alphabet, parts, plan)
        return cls(
            {token: number for number, token in enumerate(tokens)},
            [(tokens[first], tokens[second]) for first, second in merges],
            special_tokens,
            pattern=splitter.pattern,
            add_prefix_space=splitter.add_prefix_space,
        )

    def __repr__(self) -> str:
        return f"BPETokenizer(vocab_size={self.vocab_size}, special_tokens={list(self._special.ids)})"

    def save(self, path: PathLike, *, backup: bool = True) -> None:
        """Write the tokenizer in the form of Hugging Face's `tokenizer.json`.

        `tokenizers.Tokenizer.from_file` reads it, and there `encode` gives the ids that `encode` gives here
        with `allowed_special="all"`.

        Args:
            path: the file; it is replaced in one step.
            backup: keep what was there as `name.bak` (or `name.bak2` ...) if it differs.
        """
        write_tokenizer(self, path, backup)

    @classmethod
    def load(cls, path: PathLike) -> BPETokenizer:
        """Return the tokenizer that a `tokenizer.json` describes, written here or by `tokenizers`.

        All its added tokens are taken for special ones.

        Raises:
            OSError: it can't be read.
            ValueError: it is damaged, isn't byte-level BPE, or asks for something that we don't have.
        """
        return read_tokenizer(cls, path)

    def save_files(self, vocab: PathLike, merges: PathLike, *, backup: bool = True) -> None:
        """Write the vocabulary and the merges as GPT-2 does: `vocab.json` and `merges.txt`.

        These files don't say which tokens are special, nor how words are found.

        Args:
            vocab: the file of the vocabulary.
            merges: the file of the merges.
            backup: keep what was there as `name.bak` (or `name.bak2` ...) if it differs.
        """
        write_gpt2(self, vocab, merges, backup)

    @classmethod
    def from_files(
        cls, vocab: PathLike, merges: PathLike, special_tokens: Sequence[str] | None = None
    ) -> BPETokenizer:
        """Return the tokenizer of GPT-2's two files, `vocab.json` (or `encoder.json`) and `merges.txt`.

        Args:
            vocab: the file of the vocabulary.
            merges: the file of the merges (or `vocab.bpe`).
            special_tokens: the special tokens; None takes those that are neither a byte nor made by a merge:
                for GPT-2's own files "<|endoftext|>".

        Raises:
            OSError: one can't be read.
            ValueError: one is damaged, or the two don't fit together.
        """
        return read_gpt2(cls, vocab, merges, special_tokens)
