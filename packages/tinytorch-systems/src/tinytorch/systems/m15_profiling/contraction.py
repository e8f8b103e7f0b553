"""What a sum of products over several operands takes, as `einsum` does it: two operands at a time."""

from __future__ import annotations

from itertools import combinations
from math import prod


def contraction(terms: list[str], sizes: dict[str, int], output: str) -> tuple[int, int]:
    """Count a sum of products, the cheapest pair of operands first."""
    parts = ["".join(dict.fromkeys(term)) for term in terms]
    flops = elementwise = 0
    if len(parts) == 1:
        return 0, prod(sizes[c] for c in parts[0]) - prod(sizes[c] for c in output)
    while len(parts) > 1:
        pairs = combinations(range(len(parts)), 2)
        i, j = (
            (0, 1)
            if len(parts) == 2
            else min(pairs, key=lambda p: prod(sizes[c] for c in {*parts[p[0]], *parts[p[1]]}))
        )
        left, right = parts[i], parts[j]
        rest = [p for k, p in enumerate(parts) if k not in (i, j)]
        needed = set(output).union(*rest)
        for own, other in ((left, right), (right, left)):  # what only one has is summed over first
            alone = [c for c in own if c not in needed and c not in other]
            if alone:
                kept = prod(sizes[c] for c in own if c not in alone)
                elementwise += prod(sizes[c] for c in own) - kept
        both = {c for c in (*left, *right) if c in needed or (c in left and c in right)}
        work = prod(sizes[c] for c in both)
        if any(c not in needed for c in both):
            flops += 2 * work
        else:
            elementwise += work
        parts = [*rest, "".join(c for c in dict.fromkeys(left + right) if c in needed)]
    return flops, elementwise
