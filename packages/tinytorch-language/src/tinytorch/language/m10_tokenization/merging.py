"""Apply learned merges to a word: always the one that was learned first, until none applies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

from .training import Pair

LONG = 64  # from this length on, searching the word again after each merge costs more than a heap


class Merger:
    """The merges of a vocabulary, ready to be applied.

    Args:
        merges: for each pair of ids its rank, 0 for what was learned first.
        results: for each rank the id of what the pair becomes.
    """

    def __init__(self, merges: Mapping[Pair, int], results: Sequence[int]) -> None:
        self.ranks = merges
        self.results = results
        self.none = len(results)  # the rank of pairs that aren't merged: greater than all others

    def __call__(self, ids: list[int]) -> list[int]:
        """Return the ids of a word after all merges; the list given is changed.

        Among equal pairs the leftmost comes first, as in `tokenizers`: aaa becomes aa a.
        """
        if len(ids) >= LONG:
            return self.merge_long(ids)
        find, none, results = self.ranks.get, self.none, self.results
        ranks = [find(pair, none) for pair in pairwise(ids)]
        while ranks:
            rank = min(ranks)
            if rank == none:
                break
            i = ranks.index(rank)
            ids[i] = new = results[rank]
            del ids[i + 1], ranks[i]
            if i:
                ranks[i - 1] = find((ids[i - 1], new), none)
            if i < len(ranks):
                ranks[i] = find((new, ids[i + 1]), none)
        return ids

    def merge_long(self, ids: list[int]) -> list[int]:
        """Do the same in time n log n: a heap of merges, and links to the neighbours of each part."""
        n = len(ids)
        find, none, results = self.ranks.get, self.none, self.results
        before, after = list(range(-1, n)), list(range(1, n + 1))
        # Rank and position in one number, so that the heap compares integers.
        heap = [rank * n + i for i, pair in enumerate(pairwise(ids)) if (rank := find(pair, none)) < none]
        heapify(heap)
        while heap:
            rank, i = divmod(heappop(heap), n)
            j = after[i]
            # One of the two parts may have been merged with another one since.
            if j == n or find((ids[i], ids[j])) != rank:
                continue
            ids[i] = new = results[rank]
            ids[j] = -1  # gone: part of no pair
            right = after[i] = after[j]
            before[right] = i
            left = before[i]
            if right < n and (rank := find((new, ids[right]), none)) < none:
                heappush(heap, rank * n + i)
            if left >= 0 and (rank := find((ids[left], new), none)) < none:
                heappush(heap, rank * n + left)
        return [number for number in ids if number >= 0]
