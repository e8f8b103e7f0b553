"""Benchmarks of tinytorch-renumber: CPU time and memory of its commands, on a course that is generated.

Beside it stand what one would use instead: LibCST's own codemod runner, which renames a single module in
imports and names alone, and `git mv` with `sed`, which rewrites whatever looks alike. Neither checks, keeps
or undoes anything.
"""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from harness import Case, command

FILES, LINES, REFERENCES = 450, 100_000, 700  # of the tree once; twice the tree has twice of each
MODULES = [
    *("tensor", "activations", "layers", "losses", "autograd", "optimizers", "training"),
    *("dataloader", "spatial", "tokenization", "embeddings", "attention", "transformers", "kv_caching"),
    *("profiling", "acceleration", "quantization", "compression", "benchmarking", "capstone"),
]
TARGET = MODULES[1:] + MODULES[:1]  # every module moves
MENTIONS = (
    "from course.m{n:02d}_{s} import part_0000 as other_{j}",
    'PATH_{j} = "course/m{n:02d}_{s}"',
    "# Module {n:02d}: {t} has the details, and nothing else does.",
    'TABLE_{j} = {{"{s}": "{n:02d}_{s}"}}',
    "import course.m{n:02d}_{s}.part_0001",
    '"""The parts of {n:02d}_{s}, one after the other."""',
    'OTHER_{j} = Path("modules") / "{n:02d}_{s}"',
)
BODY = '''

def combine_{i}(values: list[float], weight: float = 0.5, limit: int = {i}) -> float:
    """Return the weighted sum of values, as far as the limit goes.

    The first value counts most; what lies beyond the limit is left out (see table 14).
    """
    total = 0.0
    for position, value in enumerate(values[:limit]):
        if position % 2 == 0 and value > {i}.5:
            total += weight * value ** 2  # 3 to 14 times, in most cases
        elif value < -10:
            total -= value / (1 + weight)
        else:
            total += min(value, 82.5, 2017)
    names = ["alpha", "beta", f"gamma_{{limit}}", "2024-08-14", "1.07.3"]
    return total * len(names)


class Holder_{i}:
    """Holds the results of `combine_{i}`."""

    shape: tuple[int, ...] = (8, 15, 20)

    def __init__(self, size: int = 14) -> None:
        self.items = [combine_{i}([float(n), 7.0, 15.0]) for n in range(size)]
        self.by_name = {{"first": self.items[0], "last": self.items[-1], "count": size}}
'''


@functools.cache
def folder() -> Path:
    """Return a folder that is removed when the measurement ends."""
    name = tempfile.mkdtemp(prefix="bench-")
    atexit.register(shutil.rmtree, name, ignore_errors=True)
    return Path(name)


def mention(j: int) -> str:
    """Return the line that holds the j-th reference."""
    n = (7 * j) % len(MODULES)
    slug = MODULES[n]
    return MENTIONS[j % len(MENTIONS)].format(j=j, n=n + 1, s=slug, t=slug.replace("_", " ").title())


def text_of(i: int, size: int, mentions: Sequence[str]) -> str:
    """Return the i-th file: some code, its mentions in between, and as many lines as are wanted."""
    lines = [f'"""Part {i} of the course."""', "", "from pathlib import Path"]
    body = BODY.format(i=i).splitlines()
    waiting = list(mentions)
    while len(lines) + len(body) + len(waiting) < size:
        lines += [*body, *waiting[:1]]
        del waiting[:1]
    lines += waiting
    lines += [f"VALUE_{k} = {k} * 0.5  # of {i}" for k in range(size - len(lines))]
    return "\n".join(lines) + "\n"


@functools.cache
def tree(times: int) -> Path:
    """Write the tree, so many times as large; two thirds of its files hold a reference. Return its folder."""
    root = folder() / f"tree-{times}"
    files, lines, references = (times * number for number in (FILES, LINES, REFERENCES))
    held: dict[int, list[str]] = {i: [] for i in range(files) if i % 3 != 2}
    hosts = list(held)
    for j in range(references):
        held[hosts[j % len(hosts)]].append(mention(j))
    for i in range(files):
        n = i % len(MODULES)
        package = root / "course" / f"m{n + 1:02d}_{MODULES[n]}"
        if i < len(MODULES):
            package.mkdir(parents=True)
        name = "__init__.py" if i < len(MODULES) else f"part_{i // len(MODULES) - 1:04d}.py"
        size = lines // files + (i < lines % files)
        (package / name).write_text(text_of(i, size, held.get(i, [])), encoding="utf-8", newline="\n")
    check(root, files, lines, references)
    return root


@functools.cache
def plan() -> Path:
    """Write the plan and return its path."""
    path = folder() / "plan.toml"
    path.write_text(f"target = {json.dumps(TARGET)}\n", encoding="utf-8")
    return path


def renumber(*words: str | Path) -> list[str | Path]:
    """Return the words of a command of the tool."""
    return [sys.executable, "-m", "tinytorch_renumber", *words]


def check(root: Path, files: int, lines: int, references: int) -> None:
    """Fail unless the tree is as large as it is said to be."""
    words = renumber("preview", plan(), "--json", "--root", root)
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8")
    found = [r for r in json.loads(done.stdout)["references"] if r["line"] and r["status"] == "sure"]
    paths = list(root.rglob("*.py"))
    counted = len(paths), sum(path.read_bytes().count(b"\n") for path in paths), len(found)
    if counted != (files, lines, references) or any(r["before"] == r["after"] for r in found):
        raise RuntimeError(f"files, lines, references: {counted}, not {files, lines, references}")


def copied(times: int) -> Path:
    """Return a fresh copy of the tree."""
    work = folder() / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(tree(times), work)
    return work


def preview(times: int) -> Callable[[], tuple[float, float]]:
    """Build a preview with its diff; the tree isn't changed by it."""
    root = tree(times)
    return lambda: command(renumber("preview", plan(), "--root", root), root, (0, 1))


def apply(times: int) -> Callable[[], tuple[float, float]]:
    """Build an apply, which verifies itself, on a fresh copy."""

    def step() -> tuple[float, float]:
        root = copied(times)
        return command(renumber("apply", plan(), "--no-git", "--root", root), root, (0, 1))

    return step


def undo() -> Callable[[], tuple[float, float]]:
    """Build an undo of what was just applied."""

    def step() -> tuple[float, float]:
        root = copied(1)
        command(renumber("apply", plan(), "--no-git", "--root", root), root, (0, 1))
        return command(renumber("undo", "--root", root), root)

    return step


@functools.cache
def libcst_once() -> tuple[float, float]:
    """Run LibCST's runner with its RenameCommand, once: it takes minutes."""
    words: list[str | Path] = [sys.executable, "-m", "libcst.tool", "codemod", "rename.RenameCommand"]
    old, new = (f"course.m{n:02d}_{MODULES[7]}" for n in (8, 7))
    words += [f"--old_name={old}", f"--new_name={new}", "--no-format"]
    root = copied(1)
    return command([*words, "--jobs=1", root / "course"], root)


def libcst_runner() -> Callable[[], tuple[float, float]]:
    """Build what LibCST brings along: one module out of twenty, in imports and names."""
    return libcst_once


def git_and_sed() -> Callable[[], tuple[float, float]]:
    """Build what a shell does: `git mv` of each folder, and one `sed` over all files."""
    numbers = {slug: (MODULES.index(slug) + 1, TARGET.index(slug) + 1) for slug in MODULES}
    moves = [f"git mv course/m{a:02d}_{s} course/m{b:02d}_{s}" for s, (a, b) in numbers.items()]
    edits = " ".join(f"-e s/{a:02d}_{s}/{b:02d}_{s}/g" for s, (a, b) in numbers.items())
    script = "\n".join(["set -e", *moves, f"find course -name '*.py' -exec sed -i {edits} {{}} +"])
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]

    def step() -> tuple[float, float]:
        root = copied(1)
        for words in (["init", "--quiet"], ["add", "--all"], [*identity, "commit", "--quiet", "-m", "all"]):
            subprocess.run(["git", *words], cwd=root, check=True)
        return command(["sh", "-c", script], root)

    return step


MEMORY = 300e6  # bytes
CASES = [
    Case(
        "renumber: preview of 450 files, CPU",
        {"tinytorch": lambda: preview(1)},
        limits={"tinytorch": 2.0},
        kind="cpu",
        threads=(1,),
    ),
    Case(
        "renumber: apply to 450 files, with its verification, CPU",
        {"tinytorch": lambda: apply(1), "libcst": libcst_runner, "mv + sed": git_and_sed},
        limits={"tinytorch": 3.0},
        kind="cpu",
        threads=(1,),
    ),
    Case("renumber: undo of 450 files, CPU", {"tinytorch": undo}, kind="cpu", threads=(1,)),
    Case(
        "renumber: apply to 450 files, peak memory",
        {"tinytorch": lambda: apply(1), "libcst": libcst_runner},
        limits={"tinytorch": MEMORY},
        kind="peak",
        threads=(1,),
    ),
]
for times in (2, 4, 8):
    step = functools.partial(preview, times)
    name = f"renumber: preview of {times} times the tree"
    CASES += [
        Case(f"{name}, CPU", {"tinytorch": step}, kind="cpu", threads=(1,)),
        Case(f"{name}, memory", {"tinytorch": step}, {"tinytorch": MEMORY}, kind="peak", threads=(1,)),
    ]
