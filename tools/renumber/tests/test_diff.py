"""The diff that preview prints is one that `patch` would apply."""

from __future__ import annotations

import re

from hypothesis import given, strategies as st
from tinytorch_renumber.diff import hunks
from tinytorch_renumber.model import Edit, splice


@st.composite
def edited(draw):
    """A text and edits of it that don't meet."""
    data = draw(st.lists(st.sampled_from([b"a\n", b"b\r\n", b"\n", b"c", b"d\n"]), max_size=30))
    data = b"".join(data)
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8, unique=True)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    words = st.sampled_from([b"x", b"y\n", b"", b"\nz", b"u\r\nv\n"])
    return data, [Edit(start, end, draw(words)) for start, end in pairs]


@given(edited())
def test_it_leads_from_one_text_to_the_other(pair):
    data, edits = pair
    old = data.split(b"\n")
    old = [line + b"\n" for line in old[:-1]] + ([old[-1]] if old[-1] else [])
    result, at = [], 0
    for line in hunks(data, edits):
        head = re.fullmatch(rb"@@ -(\d+),(\d+) \+(\d+),(\d+) @@\n", line)
        if head:
            start, count, new_start, _ = map(int, head.groups())
            first = start - 1 if count else start
            assert first >= at
            result += old[at:first]
            at = first
            if int(head[4]):
                assert new_start == b"".join(result).count(b"\n") + 1
            continue
        if line[:1] in b" -":
            assert old[at] == line[1:]
            at += 1
        if line[:1] in b" +":
            result.append(line[1:])
    assert b"".join([*result, *old[at:]]) == splice(data, edits)
