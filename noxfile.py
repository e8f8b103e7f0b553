"""Every job and every check of the repository: `nox --list` shows them, plain `nox` runs all checks.

What is tested is what is shipped: wheels that were built from source distributions, in fresh environments
that hold nothing but what a package declares. A package is a folder with a pyproject.toml in packages/ or
tools/, or milestones/ itself. A new one needs no change here.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import nox
from nox.command import CommandFailed
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "build"
QUIET_MKDOCS = {"NO_MKDOCS_2_WARNING": "1"}  # docs/pages/decisions says what comes after it
BROWSERS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
TORCH = "2.13.0"  # the release whose behaviour is the reference
TORCHVISION = "0.28.0"  # the one that goes with it
TOKENIZERS = ("tokenizers==0.23.3", "tiktoken==0.14.0")


# Imports all of a package. It runs before pytest is installed, which would bring modules along that the
# package could then import without declaring them.
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    if not module.name.endswith(".__main__"):
        importlib.import_module(module.name)
"""


class Package(NamedTuple):
    """What this file needs to know of a package."""

    name: str  # as it is installed, for example tinytorch-core
    module: str  # as it is imported, for example tinytorch.core
    folder: Path
    python: str  # the range of its requires-python
    dependencies: list[Requirement]
    extras: list[str]

    @property
    def is_track(self) -> bool:
        """Whether it is part of the course, made of modules with a lesson each."""
        return any(self.folder.glob("src/tinytorch/*/*/LESSON.md"))


def read_package(file: Path) -> Package:
    """Read a package's pyproject.toml; the dependencies of its extras count as its own."""
    project = nox.project.load_toml(file)["project"]
    extras = project.get("optional-dependencies", {})
    texts = [*project.get("dependencies", []), *(text for extra in extras.values() for text in extra)]
    name = canonicalize_name(project["name"])
    source = file.parent / "src"
    init = min(source.glob("**/__init__.py"), key=lambda path: len(path.parts))
    module = ".".join(init.parent.relative_to(source).parts)
    dependencies = [Requirement(text) for text in texts]
    return Package(name, module, file.parent, project["requires-python"], dependencies, list(extras))


PACKAGES = {
    package.name: package
    for pattern in ("packages/*/pyproject.toml", "milestones/pyproject.toml", "tools/*/pyproject.toml")
    for package in map(read_package, sorted(ROOT.glob(pattern)))
}
WHEELS: dict[str, Path] = {}  # by package name, built once per run of nox


def tools(*groups: str) -> list[str]:
    """Return what the named dependency groups of the root pyproject.toml require."""
    return list(nox.project.dependency_groups(nox.project.load_toml(ROOT / "pyproject.toml"), *groups))


def family(packages: Iterable[Package]) -> list[Package]:
    """Return the packages and, after them, all others of this repository that they depend on."""
    members = list(packages)
    for member in members:  # grows while it is walked
        names = [canonicalize_name(requirement.name) for requirement in member.dependencies]
        members += [PACKAGES[name] for name in names if name in PACKAGES and PACKAGES[name] not in members]
    return members


def foreign(packages: Iterable[Package]) -> list[Requirement]:
    """Return what the packages require from outside this repository."""
    requirements = [requirement for package in packages for requirement in package.dependencies]
    return [r for r in requirements if canonicalize_name(r.name) not in PACKAGES]


def wheel(session: nox.Session, package: Package) -> Path:
    """Return the package's wheel, built from its source distribution."""
    if package.name not in WHEELS:
        out = BUILD / "dist" / package.name
        shutil.rmtree(out, ignore_errors=True)
        uv = nox.virtualenv.UV
        session.run(uv, "build", "--quiet", f"--out-dir={out}", str(package.folder), external=True)
        WHEELS[package.name] = next(out.glob("*.whl"))
    return WHEELS[package.name]


def install(session: nox.Session, packages: Iterable[Package], resolution: str = "newest") -> None:
    """Install the wheels of packages, with their extras, and what they declare; nothing else."""
    session.env["PYTHONPATH"] = None  # whoever has the source folders on it wouldn't test the wheels
    members = family(packages)
    arguments = []
    for member in members:
        extras = f"[{','.join(member.extras)}]" if member.extras else ""
        arguments.append(f"{member.name}{extras} @ {wheel(session, member).as_uri()}")
    if session.venv_backend == "uv":
        # uv keeps a wheel that it has seen, and a rebuilt one has the same version.
        arguments += [f"--reinstall-package={member.name}" for member in members]
    if resolution == "lowest":
        # Lowers only what is named: a wheel's own dependencies aren't, so they are repeated. Without building
        # from source, the lowest is the lowest that has a wheel for this Python.
        arguments += ["--resolution=lowest-direct", "--only-binary=:all:"]
        arguments += [str(requirement) for requirement in foreign(members)]
    session.install(*arguments)


def versions(session: nox.Session) -> dict[str, Version]:
    """Return what is installed, without this repository's own packages."""
    listing = str(session.run("uv", "pip", "freeze", silent=True, log=False))
    found = re.findall(r"^([\w.-]+)==(\S+)$", listing, re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in found}


def assert_lowest(session: nox.Session, package: Package) -> None:
    """Fail unless the lowest versions that the package and its siblings allow are what is installed."""
    lowest: dict[str, Version] = {}
    for requirement in foreign(family([package])):
        bounds = [Version(s.version) for s in requirement.specifier if s.operator in (">=", "==", "~=")]
        if not bounds:
            session.error(f"{package.name} must declare the lowest {requirement} that it works with")
        name = canonicalize_name(requirement.name)
        lowest[name] = max(*bounds, lowest.get(name, bounds[0]))
    if package.python == f">={sys.version_info.major}.{sys.version_info.minor}":
        # On a newer Python, the lowest may be the first version that has a wheel for it.
        wrong = {name: found for name, found in versions(session).items() if found != lowest.get(name, found)}
        if wrong:
            session.error(f"installed as the lowest of {package.name}: {wrong}, declared: {lowest}")


@contextmanager
def elsewhere(session: nox.Session) -> Iterator[None]:
    """Work in a folder far from the source, so that an import finds what is installed or nothing."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, session.chdir(folder):
        yield


def pytest(session: nox.Session, *arguments: str | Path) -> None:
    """Run pytest with the repository's configuration from outside the repository."""
    options = [f"--config-file={ROOT / 'pyproject.toml'}", f"--rootdir={ROOT}", "-p", "no:cacheprovider"]
    with elsewhere(session):
        session.run("pytest", *options, *map(str, arguments), *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style of all Python files: ruff's rules, ruff's format."""
    session.install(*tools("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of all packages: mypy, strict."""
    session.install(*tools("types"), *map(str, foreign(PACKAGES.values())))
    session.run("mypy")


@nox.session
def guards(session: nox.Session) -> None:
    """Check what holds for the repository as a whole: layout, wheels, isolation."""
    install(session, PACKAGES.values())
    session.install(*tools("test", "jobs"))
    pytest(session, ROOT / "tests" / "repository")


@nox.session
@nox.parametrize("resolution", [nox.param(name, id=name) for name in ("newest", "lowest")])
@nox.parametrize("package", [nox.param(package, id=name) for name, package in PACKAGES.items()])
def tests(session: nox.Session, package: Package, resolution: str) -> None:
    """Test each package alone, with the newest and with the lowest dependencies that it allows."""
    install(session, [package], resolution)
    session.log(", ".join(f"{name} {version}" for name, version in versions(session).items()))
    if resolution == "lowest":
        assert_lowest(session, package)
    with elsewhere(session):
        session.run("python", "-c", IMPORT_ALL, package.module, log=False)
    session.install(*tools("test"))
    track = [f"--track={package.module}", ROOT / "tests" / "tracks"] if package.is_track else []
    pytest(session, package.folder / "tests", *track)


@nox.session(default=False)
def milestones(session: nox.Session) -> None:
    """Train the networks of history: all, or what follows after `--`."""
    install(session, [PACKAGES["tinytorch-milestones"]])
    arguments = list(session.posargs)
    if not arguments or arguments[0].startswith("-"):
        arguments.insert(0, "all")
    out = f"--out={BUILD / 'milestones'}"
    session.run("python", "-m", "tinytorch.milestones", "run", out, *arguments)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into build/docs/ and check it; `-- --pictures` takes the milestones' new pictures."""
    install(session, PACKAGES.values())
    session.install(*tools("docs"))
    session.run("python", str(ROOT / "docs" / "build.py"), *session.posargs)
    session.run("mkdocs", "build", "--strict", f"--config-file={BUILD / 'mkdocs.yml'}", env=QUIET_MKDOCS)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    how = f"--browser={browser}" if browser else "--no-browser"
    session.run("python", str(ROOT / "docs" / "check.py"), how)


@nox.session(default=False)
def renumber(session: nox.Session) -> None:
    """Renumber a copy of the repository, test all of it there, take it back, compare every byte."""
    install(session, [PACKAGES["tinytorch-renumber"]])
    session.install(*tools("jobs"), *map(str, foreign(p for p in PACKAGES.values() if p.is_track)))
    words = list(session.posargs)
    if not any(word.startswith("--session") for word in words):
        names = [f"tests({name}, newest)" for name in PACKAGES]
        names += [name for name in ("guards", "build", "docs") if name in globals()]
        words += [f"--session={name}" for name in names]
    session.run("python", str(ROOT / "tools" / "renumber" / "rehearse.py"), *words)


@nox.session(default=False)
def build(session: nox.Session) -> None:
    """Build the wheel and the source distribution of every package into build/dist/."""
    session.install("twine")
    for package in PACKAGES.values():
        files = sorted(wheel(session, package).parent.glob("*-*"))
        session.run("twine", "check", "--strict", *map(str, files))


def install_torch(session: nox.Session) -> None:
    """Install PyTorch for CPU, with pip: uv would fetch a CUDA build of several GB."""
    if sys.platform != "linux":
        session.install(f"torch=={TORCH}")  # PyPI's wheels for macOS and Windows are CPU builds
        return
    cpu = f"torch=={TORCH}+cpu"
    try:
        session.install(cpu)  # from a local index or folder of wheels, where pip is configured with one
    except CommandFailed:
        session.install(cpu, "--extra-index-url=https://download.pytorch.org/whl/cpu")


@nox.session(default=False, venv_backend="venv")
def oracle(session: nox.Session) -> None:
    """Compare every public name with PyTorch's and torchvision's: values, gradients, dtypes, errors."""
    install_torch(session)
    # Without what it requires: another build of PyTorch. Its compiled part isn't needed.
    session.install("--no-deps", f"torchvision=={TORCHVISION}")
    install(session, [package for package in PACKAGES.values() if package.is_track])
    session.install(*TOKENIZERS)
    session.install(*tools("test"))
    pytest(session, ROOT / "tools" / "oracle")


@nox.session(default=False, venv_backend="venv")
def bench(session: nox.Session) -> None:
    """Measure speed and memory against hand-written NumPy, PyTorch and LibCST, side by side."""
    install_torch(session)
    measured = [package for package in PACKAGES.values() if package.is_track]
    install(session, [*measured, PACKAGES["tinytorch-milestones"], PACKAGES["tinytorch-renumber"]])
    session.install(*TOKENIZERS)
    session.run("python", str(ROOT / "tools" / "bench" / "__main__.py"), *session.posargs)
