"""The table from TinyTorch to PyTorch, of which a page of the site is made, is what it would be today."""

from __future__ import annotations

from .mapping import FILE, text


def test_the_table_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "stale: run `python -m tools.oracle.mapping` and commit docs/pytorch.json"
