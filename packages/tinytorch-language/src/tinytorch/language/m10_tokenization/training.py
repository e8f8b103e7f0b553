"""Learn merges: join the pair of neighbours that is most frequent, and again, until there are enough tokens.

Done by the book, each round would count all pairs of the corpus anew. Here a word is looked at once however
often it occurs, a merge changes the counts of its neighbours only, in the words that have the pair, and a
heap finds the most frequent pair. A count in the heap may be outdated: it is compared when it comes up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import TypeAlias

Pair: TypeAlias = tuple[int, int]


def learn_merges(
    words: list[list[int]],
    counts: Sequence[int],
    tokens: list[str],
    vocab_size: int,
    min_frequency: int = 0,
    prefix: str = "",
    report: Callable[[int], None] | None = None,
) -> list[Pair]:
    """Return the merges in the order in which they were learned; `tokens` grows by what they make.

    Of pairs that are equally frequent, the one with the lower ids comes first. A merge whose result is a
    token already makes no new one. Order and result are those of `tokenizers`.

    Args:
        words: each different word of the corpus, as the ids of its smallest parts. They are changed.
        counts: how often each occurs.
        tokens: the token of each id.
        vocab_size: how many tokens there are to be in the end.
        min_frequency: a pair that is less frequent isn't merged.
        prefix: what the second part of a pair loses when it is joined ("##" for word pieces).
        report: is called now and then with the number of tokens.
    """
    ids = {token: number for number, token in enumerate(tokens)}
    pair_counts, places = count_pairs(words, counts)
    # Of equal counts the least pair comes first. The third number keeps sets from being compared.
    heap = [(-count, pair, 0, places.pop(pair)) for pair, count in pair_counts.items()]
    heapify(heap)
    merges: list[Pair] = []
    while heap and len(tokens) < vocab_size:
        negative, pair, _, found_in = heappop(heap)
        count = pair_counts[pair]
        if count != -negative:  # outdated: back to where it belongs
            heappush(heap, (-count, pair, len(merges), found_in))
            continue
        if count < max(min_frequency, 1):
            break
        first, second = pair
        token = tokens[first] + tokens[second].removeprefix(prefix)
        new = ids.setdefault(token, len(tokens))
        if new == len(tokens):
            tokens.append(token)
        merges.append(pair)
        for place in found_in:
            words[place] = merge(words[place], pair, new, counts[place], pair_counts, places, place)
        for made, where in places.items():
            if pair_counts[made] > 0:
                heappush(heap, (-pair_counts[made], made, len(merges), where))
        places.clear()
        if report is not None and not len(merges) % 50:
            report(len(tokens))
    if report is not None:
        report(len(tokens))
    return merges


def count_pairs(
    words: list[list[int]], counts: Sequence[int]
) -> tuple[defaultdict[Pair, int], defaultdict[Pair, set[int]]]:
    """Return how often each pair of neighbours occurs, and in which words."""
    pair_counts: defaultdict[Pair, int] = defaultdict(int)
    places: defaultdict[Pair, set[int]] = defaultdict(set)
    for place, (word, count) in enumerate(zip(words, counts, strict=True)):
        for pair in pairwise(word):
            pair_counts[pair] += count
            places[pair].add(place)
    return pair_counts, places


def merge(
    word: list[int],
    pair: Pair,
    new: int,
    count: int,
    pair_counts: defaultdict[Pair, int],
    places: defaultdict[Pair, set[int]],
    place: int,
) -> list[int]:
    """Return a word with each pair, from the left, replaced by the new token; count what that changes."""
    first, second = pair
    merged: list[int] = []
    i, end = 0, len(word)
    while i < end:
        symbol = word[i]
        if symbol == first and i + 1 < end and word[i + 1] == second:
            if merged:
                left = merged[-1]
                pair_counts[left, first] -= count
                pair_counts[left, new] += count
                places[left, new].add(place)
            i += 2
            if i < end:
                right = word[i]
                pair_counts[second, right] -= count
                pair_counts[new, right] += count
                places[new, right].add(place)
            merged.append(new)
        else:
            merged.append(symbol)
            i += 1
    return merged
