"""What must hold for the repository as a whole. The list of packages is the noxfile's own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load_noxfile() -> ModuleType:
    spec = importlib.util.spec_from_file_location("noxfile", ROOT / "noxfile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["noxfile"] = module  # where the annotations of its classes are looked up
    spec.loader.exec_module(module)
    return module


NOXFILE = load_noxfile()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "package" in metafunc.fixturenames:
        packages = NOXFILE.PACKAGES
        metafunc.parametrize("package", packages.values(), ids=packages.keys())


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def packages():
    """All packages, as the noxfile finds them, by name."""
    return NOXFILE.PACKAGES


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The files in each package's wheel, built from its source distribution."""
    files = {}
    for name, package in NOXFILE.PACKAGES.items():
        out = tmp_path_factory.mktemp(name)
        command = [sys.executable, "-m", "uv", "build", f"--out-dir={out}", str(package.folder)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        with ZipFile(next(out.glob("*.whl"))) as wheel:
            files[name] = set(wheel.namelist())
    return files
