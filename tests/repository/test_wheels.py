"""What a wheel holds: all of its own track, and nothing of another's."""

from __future__ import annotations

from collections import Counter


def home(package):
    """The package's own folder in a wheel, for example tinytorch/core."""
    return package.module.replace(".", "/")


def test_a_wheel_lies_under_its_own_name(package, wheels):
    own = home(package)
    allowed = (f"{own}/", f"{package.name.replace('-', '_')}-")
    assert not [name for name in wheels[package.name] if not name.startswith(allowed)]


def test_no_file_is_in_two_wheels(wheels):
    count = Counter(name for names in wheels.values() for name in names)
    assert not [name for name, times in count.items() if times > 1]


def test_a_wheel_holds_every_file_of_its_package(package, wheels):
    source = package.folder / "src"
    files = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert files == {name for name in wheels[package.name] if ".dist-info/" not in name}


def test_a_wheel_is_typed_and_licensed(package, wheels):
    assert f"{home(package)}/py.typed" in wheels[package.name]
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheels[package.name])


def test_a_track_ships_its_lessons_and_checks(packages, wheels):
    tracks = [package for package in packages.values() if package.is_track]
    assert tracks
    for package in tracks:
        assert f"{home(package)}/__init__.pyi" in wheels[package.name]
        for lesson in package.folder.glob("src/tinytorch/*/*/LESSON.md"):
            room = f"{home(package)}/{lesson.parent.name}"
            assert {f"{room}/LESSON.md", f"{room}/checks.py"} <= set(wheels[package.name])
