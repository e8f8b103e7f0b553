"""The one way in which files are written: in one step, and never over something without a copy."""

import os
import sys

import pytest
from tinytorch.systems import _files


def test_what_was_there_is_kept_once(tmp_path):
    path = tmp_path / "new" / "a.txt"
    assert _files.write_text(path, "1\n") is None
    assert _files.write_text(path, "1\n") is None
    assert _files.write_text(path, "2\n").name == "a.txt.bak"
    assert _files.write_text(path, "3\n").name == "a.txt.bak2"
    assert _files.write_text(path, "1\n").name == "a.txt.bak3"
    assert _files.write_text(path, "3\n").name == "a.txt.bak"  # "1" is kept already
    assert path.read_bytes() == b"3\n"
    assert sorted(p.name for p in path.parent.iterdir()) == ["a.txt", "a.txt.bak", "a.txt.bak2", "a.txt.bak3"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("write", [_files.write_bytes, _files.replace])
def test_an_error_in_the_middle_leaves_the_old_file_and_no_draft(tmp_path, monkeypatch, write, step):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="no space"):
        write(path, b"new")
    assert path.read_bytes() == b"old"
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there, and modes are others")
def test_links_and_modes_stay(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    _files.write_bytes(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o640
