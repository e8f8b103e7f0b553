"""The examples of the site: each milestone's loop done by a trainer is as good as the one written by hand."""

from __future__ import annotations

import runpy

import pytest

LEAST = {"perceptron_1957": 0.98, "xor_1969": 1.0, "mlp_1986": 0.96, "cnn_1998": 0.985}


@pytest.mark.parametrize("name", LEAST)
def test_the_trainer_reaches_the_milestones_accuracy(root, name):
    main = runpy.run_path(str(root / "docs" / "examples" / f"{name}.py"))["main"]
    assert main() >= LEAST[name]


def test_the_writer_learns(root):
    """The whole run takes a minute, `python docs/examples/transformer_2017.py`; here it takes a few steps."""
    from dataclasses import replace

    program = runpy.run_path(str(root / "docs" / "examples" / "transformer_2017.py"))
    assert program["main"](replace(program["QUICK"], iterations=30, warm_up=5)) < 3.3


def test_the_curves_of_compression_are_drawn(root, tmp_path):
    """The whole run takes a minute, `python docs/examples/compression_curves.py`; here it sees 300 images."""
    program = runpy.run_path(str(root / "docs" / "examples" / "compression_curves.py"))
    rows = program["main"](out=tmp_path, quick=True)
    sizes = {(row["network"], row["method"]): row["bytes"] for row in rows}
    assert sizes["cnn", "without channels"] < sizes["cnn", "as trained"] / 3
    assert sizes["mlp", "shared values"] < sizes["mlp", "as trained"] / 9
    assert (tmp_path / "curves.svg").read_text(encoding="utf-8").startswith("<?xml")
