"""Compiling the kernels on the reader's machine, once, and keeping the result.

The library is kept in the user's cache folder under a name that is made of everything it depends on: the
source, the compiler, its flags, the processor. Beside it stands its checksum, written last. What has no
checksum, or another one, isn't loaded but built anew.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent / "kernels"
COMPILERS = ("cc", "gcc", "clang")
# From the fastest to what every compiler understands.
FLAGS = (
    ("-O3", "-march=native", "-pthread"),
    ("-O3", "-mcpu=native", "-pthread"),
    ("-O3", "-pthread"),
    ("-O2", "-DNO_THREADS"),
)
COMMON = (
    "-std=gnu11",
    "-shared",
    "-fPIC",
    "-fvisibility=hidden",
    "-fno-math-errno",
    f"-DOBJECT_HEAD={object.__basicsize__}",
)
SECONDS = 180  # a compiler that takes longer is taken for broken

# What a new library must be able to do, in a process of its own: it could take Python down with it.
TRIAL = f"import sys; from {__package__}.library import Library; Library(sys.argv[1]).check()"


class NoKernels(Exception):
    """There is no library; the message says why in one line."""


def built(compiler: str | None = None) -> Path:
    """Return the library, compiled if it isn't there yet.

    Args:
        compiler: the name or path of a C compiler; left out, the first of cc, gcc and clang that is found.

    Raises:
        NoKernels: there is no compiler, none that works, or no folder to write to.
    """
    names = COMPILERS if compiler is None else (compiler,)
    found = [path for path in map(shutil.which, names) if path]
    if not found:
        raise NoKernels(f"no C compiler found ({', '.join(names)})")
    folder = checked_folder()
    wanted = [(path, flags, folder / file_name(path, flags)) for path in found for flags in FLAGS]
    for _, _, file in wanted:
        if is_whole(file):
            return file
    trouble = ""
    for path, flags, file in wanted:
        try:
            build(path, flags, file)
        except NoKernels as error:
            trouble = trouble or str(error)
        else:
            return file
    raise NoKernels(trouble)


def cache_folder() -> Path:
    """Return where libraries are kept: TINYTORCH_CACHE, or the place that the system has for such files."""
    given = os.environ.get("TINYTORCH_CACHE")
    if given:
        return Path(given) / "kernels"
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home())
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "tinytorch" / "kernels"


def checked_folder() -> Path:
    """Return the cache folder, made if need be, and only if nobody else can have put a library there."""
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stat = folder.stat()
    except (OSError, RuntimeError) as error:
        raise NoKernels(f"the cache folder can't be made ({error})") from None
    if hasattr(os, "getuid") and (stat.st_uid != os.getuid() or stat.st_mode & 0o022):
        raise NoKernels(f"others may write to the cache folder {folder}: make it yours alone (chmod 700)")
    return folder


def file_name(compiler: str, flags: tuple[str, ...]) -> str:
    """Return a name that changes with whatever could make another library of the source."""
    digest = hashlib.sha256()
    for source in sorted(SOURCE.iterdir()):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    at = Path(compiler).resolve()
    stat = at.stat()
    parts = (str(at), stat.st_size, stat.st_mtime_ns, *flags, *COMMON, *processor())
    digest.update("\0".join(map(str, parts)).encode())
    return f"kernels-{digest.hexdigest()[:32]}{'.dll' if os.name == 'nt' else '.so'}"


def processor() -> Iterator[str]:
    """Yield what tells processors apart: a home folder may be shared by machines that differ."""
    yield platform.system()
    yield platform.machine()
    yield platform.processor()
    about = Path("/proc/cpuinfo")
    if about.exists():
        lines = about.read_text(encoding="utf-8", errors="replace").splitlines()
        yield from sorted({x for x in lines if x.startswith(("model name", "flags", "Features", "CPU part"))})


def checksum_file(library: Path) -> Path:
    """Return where the checksum of a library stands."""
    return library.with_suffix(".sha256")


def is_whole(library: Path) -> bool:
    """Tell whether the library is there and is what was built."""
    try:
        expected = checksum_file(library).read_text(encoding="ascii")
        return hashlib.sha256(library.read_bytes()).hexdigest() == expected
    except (OSError, UnicodeDecodeError):
        return False


def build(compiler: str, flags: tuple[str, ...], library: Path) -> None:
    """Compile, try, and only then put in place.

    Raises:
        NoKernels: one of it doesn't work.
    """
    try:
        with tempfile.TemporaryDirectory(dir=library.parent, prefix="build-") as room:
            made = Path(room) / library.name
            command = [compiler, *flags, *COMMON, str(SOURCE / "kernels.c"), "-o", str(made), "-lm"]
            run(command, f"{compiler} doesn't compile the kernels")
            if not made.exists():
                raise NoKernels(f"{compiler} wrote nothing")
            source = Path(__file__).parents[3]
            paths = os.pathsep.join([str(source), *sys.path])
            run([sys.executable, "-c", TRIAL, str(made)], "the compiled kernels don't work here", paths)
            checksum = Path(room) / "checksum"
            checksum.write_text(hashlib.sha256(made.read_bytes()).hexdigest(), encoding="ascii")
            # Others may be building the same: each replaces whole files, and the checksum comes last.
            os.replace(made, library)
            os.replace(checksum, checksum_file(library))
    except OSError as error:
        raise NoKernels(f"the cache folder can't be written to ({error})") from None


def run(command: list[str], trouble: str, paths: str | None = None) -> None:
    """Run a command; what goes wrong is a `NoKernels` that begins with `trouble`."""
    environment = os.environ if paths is None else {**os.environ, "PYTHONPATH": paths}
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=SECONDS, env=environment, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoKernels(f"{trouble} ({error})") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        errors = [line for line in said if "error" in line.lower()] or said[-1:]
        raise NoKernels(f"{trouble} ({errors[0].strip() if errors else f'exit code {done.returncode}'})")
