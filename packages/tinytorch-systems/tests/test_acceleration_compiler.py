"""Compiling, caching, and going on without: no compiler, a broken one, no folder, a spoilt library."""

import hashlib
import importlib
import os
import shutil
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.core import functional as F
from tinytorch.systems import accelerate

ROOM = accelerate.__module__.rpartition(".")[0]
compiler = importlib.import_module(f"{ROOM}.compiler")
library = importlib.import_module(f"{ROOM}.library")
POSIX = os.name == "posix"

# What every process here does: accelerate, compute, say what it saw.
PROGRAM = """
import warnings, numpy as np, tinytorch.core as tt
from tinytorch.core import functional as F
from tinytorch.systems import accelerate
x, w = (np.random.default_rng(0).standard_normal(s).astype(np.float32) for s in ((40, 30), (20, 30)))
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    fast = accelerate()
    out = F.linear(tt.from_numpy(x), tt.from_numpy(w)).numpy()
assert np.allclose(out, x @ w.T, atol=1e-4)
print("C" if fast.library else "NumPy", fast.library.file if fast.library else "")
for warning in said:
    print(warning.message)
"""


def run(cache, **environment):
    """Run the program in a process of its own; return the lines that it printed."""
    everything = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TINYTORCH_CACHE": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=everything | {k: str(v) for k, v in environment.items()},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.fixture
def kept(tmp_path):
    """Return a cache folder with the library of this machine in it, if it can make one."""
    folder = tmp_path / "cache" / "kernels"
    folder.mkdir(parents=True, mode=0o700)
    try:
        made = compiler.built()
    except compiler.NoKernels:
        return None
    shutil.copy(made, folder)
    shutil.copy(compiler.checksum_file(made), folder)
    return folder / made.name


def test_without_a_compiler_numpy_does_the_work_and_one_line_says_so(tmp_path):
    (tmp_path / "empty").mkdir()
    lines = run(tmp_path, PATH=tmp_path / "empty")
    assert lines == ["NumPy ", lines[1]]
    assert lines[1] == (
        "accelerate(): NumPy goes on doing the work, because no C compiler found (cc, gcc, clang)"
    )


def test_a_library_that_was_kept_is_used_again(kept, tmp_path):
    lines = run(tmp_path / "cache")
    assert len(lines) == (1 if kept else 2)
    if kept:
        assert lines == [f"C {kept}"]


@pytest.mark.parametrize("harm", ["cut short", "other bytes", "no checksum", "checksum of something else"])
def test_a_spoilt_library_is_not_loaded(kept, harm):
    if kept is None:
        return
    checksum = compiler.checksum_file(kept)
    if harm == "cut short":
        kept.write_bytes(kept.read_bytes()[:2000])
    elif harm == "other bytes":
        kept.write_bytes(b"\0" * 5000)
    elif harm == "no checksum":
        checksum.unlink()
    else:
        checksum.write_text(hashlib.sha256(b"").hexdigest(), encoding="ascii")
    assert not compiler.is_whole(kept)


def script(folder, name, text):
    """Write a program that stands in for a compiler."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("echo 'cc: error: no licence today' >&2; exit 1", "no licence today"),
        ("exit 3", "doesn't compile the kernels"),
        ("exit 0", "wrote nothing"),
        (
            'for a; do if [ "$o" = 1 ]; then echo no > "$a"; fi; o=0; [ "$a" = -o ] && o=1; done; exit 0',
            "don't work here",
        ),
    ],
)
def test_a_broken_compiler(tmp_path, text, reason):
    if not POSIX:
        return
    tools = tmp_path / "bin"
    script(tools, "cc", text)
    lines = run(tmp_path / "cache", PATH=f"{tools}{os.pathsep}/nowhere")
    assert lines[0] == "NumPy "
    assert len(lines) == 2
    assert reason in lines[1]
    assert os.listdir(tmp_path / "cache" / "kernels") == [], "nothing of it is kept"


def test_a_cache_folder_that_cannot_be_made(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    lines = run(blocked)
    assert lines[0] == "NumPy "
    assert "cache folder can't be made" in lines[1] or "no C compiler" in lines[1]


def test_a_cache_folder_that_others_can_write_to(tmp_path, kept, monkeypatch):
    if not POSIX or kept is None:
        return
    kept.parent.chmod(0o777)
    monkeypatch.setenv("TINYTORCH_CACHE", str(kept.parent.parent))
    with pytest.raises(compiler.NoKernels, match="others may write to the cache folder"):
        compiler.built()
    kept.parent.chmod(0o700)
    assert compiler.built() == kept


def test_the_folder_is_the_users_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYTORCH_CACHE", str(tmp_path / "new"))
    folder = compiler.checked_folder()
    assert folder == tmp_path / "new" / "kernels"
    if POSIX:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_name_changes_with_all_that_matters(tmp_path, monkeypatch):
    one = Path(sys.executable)
    names = {compiler.file_name(str(one), flags) for flags in compiler.FLAGS}
    assert len(names) == len(compiler.FLAGS)
    source = tmp_path / "kernels"
    shutil.copytree(compiler.SOURCE, source)
    monkeypatch.setattr(compiler, "SOURCE", source)
    same = compiler.file_name(str(one), compiler.FLAGS[0])
    assert same in names
    (source / "pool.c").write_text("/* changed */", encoding="utf-8")
    assert compiler.file_name(str(one), compiler.FLAGS[0]) not in names
    other = tmp_path / "python"
    other.write_bytes(b"another one")
    assert compiler.file_name(str(other), compiler.FLAGS[0]) != compiler.file_name(
        str(one), compiler.FLAGS[0]
    )


def test_a_compiler_that_is_named(tmp_path):
    with pytest.warns(UserWarning, match=r"no C compiler found \(never-heard-of-it\)"):
        fast = accelerate(compiler="never-heard-of-it")
    assert (fast.library, fast.on, fast.served) == (None, False, {})
    assert repr(fast) == "<accelerate: NumPy, because no C compiler found (never-heard-of-it)>"
    assert fast.report() == "everything: NumPy (no C compiler found (never-heard-of-it))"
    with fast:
        assert F.relu(tt.tensor([-1.0, 2.0])).tolist() == [0, 2]


def test_the_choice_is_visible():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fast = accelerate()
    if fast.library is None:
        return
    with fast:
        lines = fast.report().splitlines()
        assert lines[0].startswith("on; C with vectors of ")
        assert [line.split() for line in lines[1:]][:2] == [["linear", "C"], ["matmul", "C"]]
        assert {"layer_norm", "attend_packed", "Adam", "conv2d"} <= set(fast.served)
        assert repr(fast) == f"<accelerate: on, {len(fast.served)} operations in C>"
    assert fast.report().startswith("off; ")
    assert repr(fast) == "<accelerate: off>"


def test_an_operation_of_somebody_else_is_left_alone(monkeypatch):
    """A learner's own operation may have other parameters, or an `Op` of theirs no seam."""

    def relu(x: tt.Array):
        return np.maximum(x, 0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with accelerate() as fast:
            if fast.library is None:
                return
    monkeypatch.delitem(tt.ops, "relu")
    own = tt.op(relu)
    monkeypatch.setitem(tt.ops, "gelu", object())
    with accelerate() as fast:
        assert fast.served["relu"].startswith("NumPy: relu takes (x)")
        assert fast.served["gelu"].startswith("NumPy: ")
        assert fast.served["linear"] == "C"
        assert own(tt.tensor([-1.0])).item() == 0


def test_every_kernel_is_declared_with_types_that_are_known():
    declared = library.declarations()
    assert {"linear_forward", "address_of", "set_threads", "adam_step"} <= set(declared)
    for result, parameters in declared.values():
        assert {result, *parameters} <= set(library.TYPES)


def test_a_forked_process_computes_too():
    if not hasattr(os, "fork"):
        return
    code = (
        "import os, warnings, numpy as np, tinytorch.core as tt\n"
        "warnings.simplefilter('ignore')\n"
        "from tinytorch.core import functional as F\n"
        "from tinytorch.systems import accelerate\n"
        "accelerate()\n"
        "x = tt.ones(600, 300); y = F.linear(x, x).numpy()\n"
        "pid = os.fork()\n"
        "ok = np.array_equal(F.linear(x, x).numpy(), y)\n"
        "if not pid: os._exit(not ok)\n"
        "assert ok and os.waitpid(pid, 0)[1] == 0\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=environment, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
