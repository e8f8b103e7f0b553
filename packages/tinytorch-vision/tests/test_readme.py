"""The example of the README runs."""

from __future__ import annotations

import re
from pathlib import Path


def test_the_example_runs():
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert "assert accuracy" in example
    exec(example, {"__name__": "readme"})
