"""What importing a track costs, and what it survives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# What comes first and all the same builds on what comes later: `ReLU()` is a `Module`.
FORWARD = {("activations", "layers")}


def run(code: str, first: Path | None = None) -> list[str]:
    """Run code in a fresh interpreter, with a folder first on its path, and return the words it printed."""
    env = {**os.environ, "PYTHONUTF8": "1"}
    if first is not None:
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(first), env.get("PYTHONPATH")]))
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def required(distribution: str) -> set[str]:
    """Return the distribution and all that it requires here, optional extras left out."""
    found = {canonicalize_name(distribution)}
    for text in metadata.requires(distribution) or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found |= required(requirement.name)
    return found


def test_importing_a_track_imports_none_of_its_rooms(track):
    rooms = tuple(room.name for room in track.rooms)
    loaded = run(f"import sys, {track.name}; print(*sys.modules)")
    assert track.name in loaded
    assert not [name for name in loaded if name.startswith(rooms)]


def test_using_every_name_imports_only_what_the_track_requires(track):
    """What a track needs always, it declares; what an extra brings is imported only when it is used."""
    code = f"""
import sys
before = set(sys.modules)
import {track.name} as track
for name in track.__all__:
    getattr(track, name)
files = {{name for name in set(sys.modules) - before if getattr(sys.modules[name], "__file__", None)}}
print(*{{name.partition(".")[0] for name in files}})  # Cython's inventions have no file
"""
    loaded = set(run(code)) - sys.stdlib_module_names - {"tinytorch"}
    allowed = required(track.name.replace(".", "-"))
    owners = metadata.packages_distributions()
    undeclared = [name for name in loaded if not allowed & {o.lower() for o in owners.get(name, [])}]
    assert not undeclared


def test_a_room_imports_only_rooms_that_its_lesson_needs(room):
    forward = {later for earlier, later in FORWARD if earlier == room.slug}
    assert {other.slug for other in room.imports} <= room.foundations | forward


def test_a_broken_room_takes_down_only_what_imports_it(room, tmp_path):
    track = room.track
    copy = tmp_path / "tinytorch" / track.folder.name
    shutil.copytree(track.folder, copy, ignore=shutil.ignore_patterns("__pycache__"))
    broken = "raise RuntimeError('broken on purpose')\n"
    (copy / room.folder.name / "__init__.py").write_text(broken, encoding="utf-8")

    safe = {other.name for other in track.rooms if not other.imports_through(room)}
    exports = track.exports(track.name)
    works = [name for name, origin in exports if origin in safe]
    fails = [name for name, origin in exports if origin == room.name]
    code = f"""
import os, {track.name} as track
assert os.path.samefile(os.path.dirname(track.__file__), {str(copy)!r}), track.__file__
for name in {works}:
    getattr(track, name)
for name in {fails}:
    try:
        getattr(track, name)
    except RuntimeError as error:
        assert str(error) == "broken on purpose"
    else:
        raise AssertionError(name)
print("done")
"""
    assert run(code, first=tmp_path) == ["done"]
