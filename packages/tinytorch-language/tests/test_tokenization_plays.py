"""The text that comes with the package."""

import hashlib
import re
from importlib.resources import files

from tinytorch.language import plays


def test_plays_are_those_that_their_file_describes():
    text = plays()
    (note,) = [
        folder.joinpath("data", "PLAYS.txt")
        for folder in files("tinytorch.language").iterdir()
        if re.fullmatch(r"m\d+_tokenization", folder.name)
    ]
    described = note.read_text(encoding="utf-8")
    assert hashlib.sha256(text.encode("ascii")).hexdigest() in described
    assert f"{len(text):,} characters" in described
    assert "gutenberg" not in text.lower()
    assert text.startswith("ALL'S WELL THAT ENDS WELL")
    assert text.endswith("to pray for the queen.\n\n\n")
