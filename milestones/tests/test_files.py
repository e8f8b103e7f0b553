"""Nothing of the user's is lost, nothing half-written is left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tinytorch.milestones import files
from tinytorch.milestones.files import OutputError, prepare, write


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != files.RECORD)


def test_writes_and_replaces_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert write(folder, {"a.txt": b"1", "b.txt": b"2"}) == []
    assert write(folder, {"a.txt": b"3"}) == []
    assert (folder / "a.txt").read_bytes() == b"3"
    assert (folder / "b.txt").read_bytes() == b"2"
    assert write(folder, {"b.txt": b"4"}) == []  # still known as ours
    assert names(folder) == ["a.txt", "b.txt"]


def test_keeps_a_file_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_bytes(b"mine")
    (tmp_path / "other.txt").write_bytes(b"too")
    kept = write(tmp_path, {"report.html": b"new"})
    assert kept == [tmp_path / "report.kept-1.html"]
    assert kept[0].read_bytes() == b"mine"
    assert (tmp_path / "report.html").read_bytes() == b"new"
    assert (tmp_path / "other.txt").read_bytes() == b"too"


def test_keeps_what_the_user_changed(tmp_path: Path) -> None:
    write(tmp_path, {"report.html": b"ours"})
    (tmp_path / "report.html").write_bytes(b"ours, with notes")
    assert write(tmp_path, {"report.html": b"new"}) == [tmp_path / "report.kept-1.html"]
    (tmp_path / "report.html").write_bytes(b"again")
    assert write(tmp_path, {"report.html": b"newer"}) == [tmp_path / "report.kept-2.html"]
    assert (tmp_path / "report.kept-1.html").read_bytes() == b"ours, with notes"


def test_keeps_folders_and_links(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "inside").write_bytes(b"mine")
    assert write(tmp_path, {"a": b"new"}) == [tmp_path / "a.kept-1"]
    assert (tmp_path / "a.kept-1" / "inside").read_bytes() == b"mine"


def test_damaged_record_means_that_nothing_is_ours(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": b"1"})
    (tmp_path / files.RECORD).write_bytes(b"\xff[")
    assert write(tmp_path, {"a.txt": b"2"}) == [tmp_path / "a.kept-1.txt"]


@pytest.mark.parametrize("call", [1, 2, 3])
def test_failure_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    write(tmp_path, {"a.txt": b"old", "b.txt": b"old"})
    replace, calls = os.replace, []

    def failing(source: str, target: Path) -> None:
        calls.append(target)
        if len(calls) == call:
            raise OSError(28, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OutputError, match="No space left on device"):
        write(tmp_path, {"a.txt": b"new", "b.txt": b"new"})
    monkeypatch.undo()
    assert names(tmp_path) == ["a.txt", "b.txt"]
    assert {path.read_bytes() for path in tmp_path.glob("*.txt")} <= {b"old", b"new"}
    write(tmp_path, {"a.txt": b"newer", "b.txt": b"newer"})
    assert (tmp_path / "b.txt").read_bytes() == b"newer"


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="can't write to"):
            prepare(place)
        with pytest.raises(OutputError, match="can't write to"):
            write(place, {"a": b""})
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_prepare_leaves_nothing(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
