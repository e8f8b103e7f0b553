"""The test session itself: what a package doesn't declare, it can't import there.

Each case is a small repository with this one's noxfile and settings and a single package, on which the
session runs as it does here. That it does, without a word about the package in the noxfile, is tested too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

PYPROJECT = """
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "tinytorch-probe"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = {dependencies}

[tool.hatch.build.targets.wheel]
packages = ["src/tinytorch"]
"""


@pytest.fixture
def run_tests(root, tmp_path):
    """Run the session for a package that imports pluggy or rich, and return (exit code, output)."""

    def run(resolution, imported, dependencies):
        for name in ("noxfile.py", "pyproject.toml"):
            shutil.copy(root / name, tmp_path)
        package = tmp_path / "packages" / "tinytorch-probe"
        source = package / "src" / "tinytorch" / "probe"
        source.mkdir(parents=True)
        (package / "tests").mkdir()
        (package / "pyproject.toml").write_text(PYPROJECT.format(dependencies=dependencies), encoding="utf-8")
        (source / "__init__.py").write_text(f"import {imported}\n", encoding="utf-8")
        test = "import tinytorch.probe\n\ndef test_import():\n    assert tinytorch.probe.__file__\n"
        (package / "tests" / "test_probe.py").write_text(test, encoding="utf-8")

        session = f"tests(tinytorch-probe, {resolution})"
        command = [
            sys.executable,
            "-m",
            "nox",
            "--no-color",
            "-f",
            str(tmp_path / "noxfile.py"),
            "-s",
            session,
        ]
        env = {name: value for name, value in os.environ.items() if not name.startswith("NOX")}
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode("utf-8", errors="replace")

    return run


@pytest.mark.parametrize("imported", ["rich", "pluggy"])
def test_an_undeclared_import_fails(run_tests, imported):
    """Rich isn't there at all; pluggy comes with pytest, and must not be found for all that."""
    code, output = run_tests("newest", imported, [])
    assert code != 0
    assert f"ModuleNotFoundError: No module named '{imported}'" in output


def test_the_newest_of_a_declared_import_is_tested(run_tests):
    code, output = run_tests("newest", "pluggy", ["pluggy>=1.5"])
    assert code == 0, output
    assert "pluggy 1.5.0" not in output
    assert "1 passed" in output


def test_the_lowest_of_a_declared_import_is_tested(run_tests):
    code, output = run_tests("lowest", "pluggy", ["pluggy>=1.5"])
    assert code == 0, output
    assert "pluggy 1.5.0" in output
    assert "1 passed" in output


def test_a_requirement_without_a_lowest_version_fails(run_tests):
    code, output = run_tests("lowest", "pluggy", ["pluggy"])
    assert code != 0
    assert "must declare the lowest pluggy" in output
