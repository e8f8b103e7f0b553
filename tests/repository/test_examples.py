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
