"""Progress: bars in a terminal, lines elsewhere, nothing when quiet, ASCII everywhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from tinytorch.milestones.progress import Progress


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("mlp")
    for i in progress(range(50), "training"):
        progress.note(f"step {i}")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    assert lines[0] == "mlp         training               10/50  step 9"
    assert lines[-1].endswith("50/50  step 49")


def test_every_item_comes_out(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet in (False, True):
        progress = Progress("x", quiet)
        for count in (0, 1, 3, 7):
            assert list(progress(range(count), "loop")) == list(range(count))


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in Progress("mlp", quiet=True)(range(9), "training"):
        pass
    written = capsys.readouterr()
    assert written.out + written.err == ""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_bar_is_ascii_at_any_width(encoding: str, width: int) -> None:
    raw = io.BytesIO()
    progress = Progress("perceptron")
    file = io.TextIOWrapper(raw, encoding=encoding)
    progress.console = Console(file=file, force_terminal=True, width=width, height=20, _environ={})
    for _ in progress(range(30), "one against the rest"):
        progress.note("loss 0.063  test 96.6% [bold]")
    file.flush()
    written = raw.getvalue()
    assert written.isascii()
    if width >= 80:
        assert b"30/30" in written
        assert b"test 96.6%" in written


def test_dumb_terminal_gets_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress("xor")
    progress.console = Console(stderr=True, force_terminal=True, _environ={"TERM": "dumb"})
    for _ in progress(range(5), "one layer"):
        pass
    written = capsys.readouterr().err
    assert "\x1b" not in written
    assert written.count("\n") == 5
