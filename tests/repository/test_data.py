"""Data that ship with more than one package: each copy is the same, with its licence beside it."""

from __future__ import annotations


def test_the_digits_are_the_same_everywhere(root, packages):
    """Two packages embed them, since neither may need the other; no third copy goes unnoticed."""
    for name in ("digits.csv.gz", "DIGITS.txt"):
        copies = [path for package in packages.values() for path in package.folder.glob(f"src/**/{name}")]
        assert len(copies) == 2, copies
        assert copies[0].read_bytes() == copies[1].read_bytes(), name


def test_the_plays_are_in_one_package_with_their_note(packages):
    for name in ("plays.txt.gz", "PLAYS.txt"):
        copies = [path for package in packages.values() for path in package.folder.glob(f"src/**/{name}")]
        assert [path.relative_to(packages["tinytorch-language"].folder).parts[0] for path in copies] == [
            "src"
        ], copies
    note = copies[0].relative_to(packages["tinytorch-language"].folder).as_posix()
    assert note in (packages["tinytorch-language"].folder / "pyproject.toml").read_text(encoding="utf-8")


def test_the_licence_of_the_digits_is_declared(packages):
    for package in packages.values():
        notes = list(package.folder.glob("src/**/DIGITS.txt"))
        declared = (package.folder / "pyproject.toml").read_text(encoding="utf-8")
        assert ("CC-BY-4.0 AND BSD-3-Clause" in declared) == bool(notes), package.name
        for path in notes:
            assert path.relative_to(package.folder).as_posix() in declared
