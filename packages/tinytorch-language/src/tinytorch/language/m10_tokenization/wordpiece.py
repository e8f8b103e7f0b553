"""Word pieces: BERT's tokenizer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from . import corpus
from .bert import BertNormalizer
from .cache import WordCache
from .characters import Alphabet
from .files import PathLike
from .ids import checked_ids, checked_text, checked_tokens, checked_vocabulary
from .special import Choice, SpecialTokens
from .subword import SubwordTokenizer
from .wordpiece_files import read_tokenizer, write_tokenizer

BERT_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
GLUED = (" .", " ?", " !", " ,", " n't", " 'm", " 's", " 've", " 're")  # lose their space when decoded


class WordPieceTokenizer(SubwordTokenizer):
    """Words to the longest pieces that the vocabulary has, from left to right.

    A piece that continues a word is written with a prefix: "playing" is "play", "##ing". A word with a part
    that no piece fits is unknown as a whole, so decoding doesn't always give the text back.

    Args:
        vocab: the tokens and their ids, which are 0, 1, 2, ... without gaps.
        unk_token: stands for unknown words; the vocabulary must have it.
        special_tokens: strings that `encode` turns into one id, if it is allowed to. Those that aren't in the
            vocabulary get the next ids.
        cls_token: is put before the text if `encode` is asked to.
        sep_token: is put after it.
        prefix: of pieces that continue a word.
        max_input_chars_per_word: a longer word is unknown.
        normalizer: what is done to a text first; None is `BertNormalizer()`.
        cleanup: let `decode` leave out the space before punctuation and "n't", "'s" and the like.

    Raises:
        TypeError: a token isn't a str, an id isn't an int.
        ValueError: ids have gaps or appear twice, or the vocabulary lacks a token that is named.

    Examples:
        >>> vocab = {"[UNK]": 0, "play": 1, "##ing": 2}
        >>> tokenizer = language.WordPieceTokenizer(vocab)
        >>> ids = tokenizer.encode("Playing")
        >>> ids, tokenizer.decode(ids)
        ([1, 2], 'playing')

    Source: Schuster and Nakajima, "Japanese and Korean voice search", 2012; Devlin et al., "BERT:
    pre-training of deep bidirectional transformers for language understanding", 2019.
    """

    def __init__(
        self,
        vocab: Mapping[str, int],
        unk_token: str = "[UNK]",
        special_tokens: Sequence[str] = (),
        *,
        cls_token: str | None = None,
        sep_token: str | None = None,
        prefix: str = "##",
        max_input_chars_per_word: int = 100,
        normalizer: BertNormalizer | None = None,
        cleanup: bool = True,
    ) -> None:
        tokens = checked_vocabulary(vocab)
        special_tokens = checked_tokens(special_tokens, "special_tokens")
        tokens += [token for token in special_tokens if token not in vocab]
        self._tokens = tokens
        self._ids = {checked_text(token): number for number, token in enumerate(tokens)}
        for name, token in (("unk_token", unk_token), ("cls_token", cls_token), ("sep_token", sep_token)):
            if token is not None and token not in self._ids:
                raise ValueError(f"the vocabulary doesn't have the {name}, {token!a}")
        if not isinstance(prefix, str) or not prefix:
            raise ValueError(f"prefix must be a string that isn't empty, got {prefix!r}")
        self.unk_token, self.cls_token, self.sep_token = unk_token, cls_token, sep_token
        self.prefix = prefix
        self.max_input_chars_per_word = max_input_chars_per_word
        self.cleanup = cleanup
        self._longest = max(map(len, tokens))
        self._special = SpecialTokens({token: self._ids[token] for token in special_tokens})
        self._splitter = BertNormalizer() if normalizer is None else normalizer
        self._cache = WordCache(self._encode_word)

    @classmethod
    def train(
        cls,
        texts: str | Iterable[str],
        vocab_size: int = 30_000,
        min_frequency: int = 2,
        special_tokens: Sequence[str] = BERT_SPECIAL,
        *,
        limit_alphabet: int = 1000,
        normalizer: BertNormalizer | None = None,
        show_progress: bool | None = None,
    ) -> WordPieceTokenizer:
        """Learn the pieces of a text or of several.

        Pieces are learned like the merges of byte pair encoding, of characters: the most frequent pair first.
        `tokenizers` does it in the same way, but numbers the pieces of one character at random.

        Args:
            texts: a text, or an iterable of texts (of strings, not of files).
            vocab_size: how many tokens there are to be. There are fewer if the texts don't have more pairs.
            min_frequency: how often a pair must occur to be merged.
            special_tokens: they get the first ids. "[UNK]" must be among them; "[CLS]" and "[SEP]", if they
                are, frame a text when `encode` is asked to.
            limit_alphabet: how many different characters are kept, the most frequent ones.
            normalizer: what is done to a text first; None is `BertNormalizer()`.
            show_progress: whether to show a bar; None shows one if standard error is a terminal.

        Raises:
            TypeError: a text isn't a str.
            ValueError: the texts are empty, or `vocab_size` is smaller than the alphabet.
        """
        plan = corpus.Plan(vocab_size, min_frequency, show_progress)
        return cls._train(corpus.from_texts(texts), special_tokens, limit_alphabet, normalizer, plan)

    @classmethod
    def train_from_files(
        cls,
        files: PathLike | Iterable[PathLike],
        vocab_size: int = 30_000,
        min_frequency: int = 2,
        special_tokens: Sequence[str] = BERT_SPECIAL,
        *,
        limit_alphabet: int = 1000,
        normalizer: BertNormalizer | None = None,
        show_progress: bool | None = None,
    ) -> WordPieceTokenizer:
        """Learn the pieces of one or several text files, which are read line by line (see `train`).

        Raises:
            OSError: a file can't be read.
            ValueError: a file isn't UTF-8, all are empty, or `vocab_size` is too small.
        """
        plan = corpus.Plan(vocab_size, min_frequency, show_progress)
        return cls._train(corpus.from_files(files), special_tokens, limit_alphabet, normalizer, plan)

    @classmethod
    def _train(
        cls,
        texts: Iterable[corpus.Text],
        special_tokens: Sequence[str],
        limit_alphabet: int,
        normalizer: BertNormalizer | None,
        plan: corpus.Plan,
    ) -> WordPieceTokenizer:
        special_tokens = checked_tokens(special_tokens, "special_tokens")
        alphabet = Alphabet(special_tokens, limit_alphabet)
        splitter = normalizer or BertNormalizer()
        tokens, _ = corpus.train(texts, splitter, alphabet.tokens, alphabet.parts, plan, prefix="##")
        ids = {token: number for number, token in enumerate(tokens)}
        cls_token, sep_token = (token if token in special_tokens else None for token in ("[CLS]", "[SEP]"))
        return cls(
            ids, "[UNK]", special_tokens, cls_token=cls_token, sep_token=sep_token, normalizer=normalizer
        )

    def __repr__(self) -> str:
        return f"WordPieceTokenizer(vocab_size={self.vocab_size}, special_tokens={list(self._special.ids)})"

    def encode(
        self,
        text: str,
        *,
        allowed_special: Choice = (),
        disallowed_special: Choice = "all",
        add_special_tokens: bool = False,
    ) -> list[int]:
        """Return the ids of a text's pieces.

        Args:
            text: any text.
            allowed_special: the special tokens that become their ids (see `BPETokenizer.encode`).
            disallowed_special: the special tokens that raise an error.
            add_special_tokens: frame the text with `cls_token` and `sep_token`.

        Raises:
            TypeError: it isn't a str.
            ValueError: it has a disallowed special token, or there is nothing to frame it with.
        """
        ids = super().encode(text, allowed_special=allowed_special, disallowed_special=disallowed_special)
        if not add_special_tokens:
            return ids
        if self.cls_token is None or self.sep_token is None:
            raise ValueError("add_special_tokens needs a tokenizer with a cls_token and a sep_token")
        return [self._ids[self.cls_token], *ids, self._ids[self.sep_token]]

    def _encode_word(self, word: str) -> list[int]:
        """Return the ids of the longest pieces, from the left; that of `unk_token` if a part has none."""
        unknown = [self._ids[self.unk_token]]
        if len(word) > self.max_input_chars_per_word:
            return unknown
        ids: list[int] = []
        start = 0
        while start < len(word):
            prefix = self.prefix if start else ""
            for end in range(min(len(word), start + self._longest), start, -1):
                number = self._ids.get(prefix + word[start:end])
                if number is not None:
                    break
            else:
                return unknown
            ids.append(number)
            start = end
        return ids

    def _add_piece(self, piece: str, at: int, ids: list[int], offsets: list[tuple[int, int]]) -> None:
        """Add the ids and offsets of a piece of ordinary text that begins at `at`."""
        normal, owner = self._splitter.aligned(piece)
        end = 0
        for word in self._splitter.split(normal):
            start = normal.index(word, end)
            end = start + len(word)
            found = self._cache[word]
            ids += found
            sizes = [len(self._tokens[number]) - len(self.prefix) * (i > 0) for i, number in enumerate(found)]
            if len(found) == 1:
                sizes = [len(word)]  # also of an unknown one
            for stop, size in zip(accumulate(sizes), sizes):
                first, last = start + stop - size, start + stop - 1
                offsets.append((at + owner[first], at + owner[last] + 1))

    def decode(self, ids: Any, *, skip_special_tokens: bool = False) -> str:
        """Return a text of the words that ids stand for, with a space between.

        Args:
            ids: a list, an array or a tensor of integers, with one dimension.
            skip_special_tokens: leave special tokens out.

        Raises:
            TypeError: they aren't integers.
            IndexError: an id is outside the vocabulary.
        """
        found = checked_ids(ids, len(self._tokens))
        if skip_special_tokens:
            found = self._without_special(found)
        text = []
        for i, token in enumerate(map(self._tokens.__getitem__, found)):
            if i:
                joined = token.startswith(self.prefix)
                token = token.removeprefix(self.prefix) if joined else f" {token}"
            text.append(token[1:] if self.cleanup and token.startswith(GLUED) else token)
        return "".join(text)

    def save(self, path: PathLike, *, backup: bool = True) -> None:
        """Write the tokenizer in the form of Hugging Face's `tokenizer.json`, which `tokenizers` reads.

        Args:
            path: the file; it is replaced in one step.
            backup: keep what was there as `name.bak` (or `name.bak2` ...) if it differs.
        """
        write_tokenizer(self, path, backup)

    @classmethod
    def load(cls, path: PathLike) -> WordPieceTokenizer:
        """Return the tokenizer that a `tokenizer.json` describes, written here or by `tokenizers`.

        Raises:
            OSError: it can't be read.
            ValueError: it is damaged, isn't WordPiece, or asks for something that we don't have.
        """
        return read_tokenizer(cls, path)
