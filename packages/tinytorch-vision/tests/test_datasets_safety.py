"""Files of strangers do no harm: pickles call nothing, archives reach nothing outside of their folder."""

from __future__ import annotations

import builtins
import gzip
import hashlib
import io
import os
import pickle
import shutil
import tarfile

import numpy as np
import pytest
from tinytorch.vision import datasets

PIXELS = np.zeros((2, 3072), np.uint8)
NAMES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
GOOD = pickle.dumps({"data": PIXELS, "labels": [1, 2]}, protocol=2)


class Call:
    """Pickled, it is a call of a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def named(text: str, protocol: int = 2) -> bytes:
    """A pickle that calls what isn't a Python function here, by its name, with the argument 1."""
    module, name = text.rsplit(".", 1)
    if protocol == 4:
        parts = [b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, name)]
        return b"\x80\x04" + b"".join(parts) + b"\x93K\x01\x85R."
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"K\x01\x85R."


def cifar_with(tmp_path, content: bytes):
    for name in NAMES:
        (tmp_path / name).write_bytes(GOOD)
    (tmp_path / "data_batch_3").write_bytes(content)
    return datasets.CIFAR10(tmp_path)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "call",
    [
        Call(os.system, "touch owned"),
        Call(builtins.eval, "open('owned', 'w').close()"),
        Call(builtins.exec, "open('owned', 'w').close()"),
        Call(builtins.open, "owned", "w"),
        Call(builtins.getattr, "x", "upper"),
        Call(builtins.__import__, "os"),
        Call(shutil.rmtree, "folder"),
        Call(np.save, "owned.npy", PIXELS),
        Call(np.load, "victim.npy"),
        Call(np.zeros, 10),
        Call(np.array, [1, 2]),
        Call(pickle.loads, pickle.dumps(1)),
    ],
    ids=lambda call: getattr(call.call[0], "__qualname__", "call"),
)
@pytest.mark.parametrize("inside", [True, False])
def test_a_pickle_that_calls_something_is_refused(tmp_path, monkeypatch, protocol, call, inside):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    content = pickle.dumps({"data": PIXELS, "labels": call} if inside else call, protocol=protocol)
    with pytest.raises(RuntimeError, match=r"isn't read: it asks for [\w.]+, and only plain arrays"):
        cifar_with(tmp_path, content)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*NAMES, "folder"])


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "posix.system",
        "nt.system",
        "builtins.eval",
        "__builtin__.eval",
        "subprocess.Popen",
        "numpy.core.multiarray.fromfile",
        "numpy._core.multiarray.fromfile",
        "numpy.core.numeric.load",
        "numpy.f2py.crackfortran.myeval",
        "numpy.testing._private.utils.runstring",
        "numpy.ndarray.tofile",
        "numpy.lib.npyio.load",
        "_codecs.decode",
        "codecs.encode",
        "copyreg._reconstructor",
        "collections.OrderedDict",
    ],
)
def test_a_pickle_that_names_anything_else_is_refused(tmp_path, name, protocol):
    with pytest.raises(RuntimeError, match="isn't read: it asks for"):
        cifar_with(tmp_path, named(name, protocol))


def test_a_dotted_name_does_not_lead_further(tmp_path):
    """Since protocol 4 a name may have dots: numpy's ndarray.tofile, say."""
    content = b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93K\x01\x85R."
    with pytest.raises(RuntimeError, match=r"it asks for numpy\.ndarray\.tofile"):
        cifar_with(tmp_path, content)


@pytest.mark.parametrize(
    "array",
    [
        np.array([print, 1], object),
        np.array(["text"]),
        np.array([1 + 2j]),
        np.array(["2020-01-01"], "datetime64[D]"),
        np.zeros(2, [("a", "u1"), ("b", "f4")]),
    ],
    ids=lambda array: str(array.dtype),
)
def test_arrays_of_anything_but_numbers_are_refused(tmp_path, array):
    with pytest.raises(RuntimeError, match="isn't read: it "):
        cifar_with(tmp_path, pickle.dumps({"data": array, "labels": [1]}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        # An array whose state claims more than it holds; one of a million million values.
        (GOOD.replace(b"\x00\x0c", b"\x00\x0d"), "holds an array of shape|no complete pickle"),
        (b"\x80\x02cnumpy\nndarray\n}b.", "isn't read|no complete pickle"),
        (b"\x80\x02cnumpy\ndtype\n}X\x04\x00\x00\x00makeNsb.", "isn't read"),
        (b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00O8K\x00K\x01\x87R.", "dtype 'O8'"),
        (b"\x80\x02P1\n.", "no complete pickle"),
        (b"\x80\x02\x82\x01.", "no complete pickle"),
        (b"\x80\x02r\xff\xff\xff\x7f.", "no complete pickle"),
        (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "no complete pickle"),
        (pickle.dumps({"data": PIXELS, "labels": {1, 2}}), "isn't read|damaged"),
        (pickle.dumps({"data": PIXELS, "labels": [[1], [2]]}), "isn't read"),
        (pickle.dumps({"data": PIXELS, "labels": {"a": 1}}), "isn't read"),
    ],
)
def test_crafted_pickles_are_refused(tmp_path, content, message):
    with pytest.raises(RuntimeError, match=message):
        cifar_with(tmp_path, content)


def test_what_a_refused_pickle_changed_is_gone_with_it(tmp_path):
    """The names that are admitted are the same for the next file, whatever this one did to them."""
    content = b"\x80\x02cnumpy\ndtype\n(NX\x08\x00\x00\x00__call__Nd\x86b."
    for _ in range(2):
        with pytest.raises(RuntimeError):
            cifar_with(tmp_path, content)
    assert len(cifar_with(tmp_path, GOOD)) == 10


# Archives


def file(name: str, content: bytes = b"x", **changes):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    for key, value in changes.items():
        setattr(entry, key, value)
    return entry, content


def archive_of(*entries) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in NAMES:
            entry, content = file(f"cifar-10-batches-py/{name}", GOOD)
            tar.addfile(entry, io.BytesIO(content))
        for entry, content in entries:
            tar.addfile(entry, io.BytesIO(content) if entry.isreg() else None)
    return buffer.getvalue()


LINKS = {"type": tarfile.SYMTYPE, "size": 0}
EVIL = {
    "parent": [file("../escaped")],
    "parent within": [file("cifar-10-batches-py/../../escaped")],
    "absolute": [file("/tmp/tinytorch-escaped")],
    "backslash": [file("..\\escaped")],
    "drive": [file("C:/escaped")],
    "symbolic link": [file("link", linkname="/etc/passwd", **LINKS)],
    "symbolic link and a file through it": [file("out", linkname="..", **LINKS), file("out/escaped")],
    "symbolic link in place of the folder": [file("cifar-10-batches-py", linkname="..", **LINKS)],
    "hard link": [file("hard", type=tarfile.LNKTYPE, linkname="../victim", size=0)],
    "device": [file("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3, size=0)],
    "block device": [file("disk", type=tarfile.BLKTYPE, size=0)],
    "fifo": [file("pipe", type=tarfile.FIFOTYPE, size=0)],
    "huge": [file("zeros", b"")],
}


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Let CIFAR10 download these bytes; return the folder that it works in, and what lay around it."""

    def serve(content: bytes):
        monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", hashlib.md5(content).hexdigest())
        source = tmp_path / "server" / "cifar-10-python.tar.gz"
        source.parent.mkdir()
        source.write_bytes(content)
        monkeypatch.setattr(datasets.CIFAR10, "url", source.as_uri())
        root = tmp_path / "around" / "root"
        root.mkdir(parents=True)
        (root.parent / "victim").write_text("unharmed", encoding="utf-8")
        return root

    return serve


@pytest.mark.parametrize("kind", [kind for kind in EVIL if kind != "huge"])
def test_an_archive_that_reaches_outside_is_refused(served, kind):
    root = served(archive_of(*EVIL[kind]))
    with pytest.raises(RuntimeError, match="isn't unpacked: "):
        datasets.CIFAR10(root, download=True)
    assert [path.name for path in root.iterdir()] == ["cifar-10-python.tar.gz"]
    assert [path.name for path in sorted(root.parent.iterdir())] == ["root", "victim"]
    assert (root.parent / "victim").read_text(encoding="utf-8") == "unharmed"
    assert not os.path.lexists("/tmp/tinytorch-escaped")
    with pytest.raises(RuntimeError, match="isn't unpacked: "):  # nor is it read where it lies
        datasets.CIFAR10(root)


def test_an_archive_that_unpacks_to_absurd_sizes_is_refused(served):
    entry, _ = file("zeros")
    entry.size = 5 << 30
    header = entry.tobuf()
    buffer = io.BytesIO()
    with gzip.open(buffer, "wb") as out:
        out.write(header)
    root = served(buffer.getvalue())
    with pytest.raises(RuntimeError, match="unpacks to more than 4 GB"):
        datasets.CIFAR10(root, download=True)


def test_a_good_archive_is_unpacked(served):
    root = served(archive_of(file("cifar-10-batches-py/readme.html", mode=0o4777)))
    assert len(datasets.CIFAR10(root, download=True)) == 10
    folder = root / "cifar-10-batches-py"
    assert sorted(path.name for path in folder.iterdir()) == sorted([*NAMES, "readme.html"])
    assert not (folder / "readme.html").stat().st_mode & 0o6111  # neither set-uid nor executable
    assert [path.name for path in sorted(root.iterdir())] == ["cifar-10-batches-py", "cifar-10-python.tar.gz"]
    assert len(datasets.CIFAR10(root, train=False)) == 2


def test_unpacking_goes_over_what_is_there(served):
    root = served(archive_of())
    (root / "cifar-10-batches-py").mkdir()
    (root / "cifar-10-batches-py" / "data_batch_1").write_bytes(b"half of it")
    (root / "cifar-10-batches-py" / "notes.txt").write_text("mine", encoding="utf-8")
    assert len(datasets.CIFAR10(root, download=True)) == 10
    assert (root / "cifar-10-batches-py" / "notes.txt").read_text(encoding="utf-8") == "mine"
