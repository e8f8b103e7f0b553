"""Downloads: from a server that may be missing, slow to finish, wrong or gone."""

from __future__ import annotations

import gzip
import hashlib
import struct
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from tinytorch.vision import datasets

RNG = np.random.default_rng(0)


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


FILES = {
    "train-images-idx3-ubyte.gz": gzip.compress(idx(RNG.integers(0, 256, (300, 28, 28), np.uint8))),
    "train-labels-idx1-ubyte.gz": gzip.compress(idx(RNG.integers(0, 10, 300, np.uint8))),
    "t10k-images-idx3-ubyte.gz": gzip.compress(idx(RNG.integers(0, 256, (9, 28, 28), np.uint8))),
    "t10k-labels-idx1-ubyte.gz": gzip.compress(idx(RNG.integers(0, 10, 9, np.uint8))),
}
IMAGES = "train-images-idx3-ubyte.gz"


class Server:
    """A web server of the files; `faults` has for each folder what goes wrong in it."""

    def __init__(self):
        self.requests: list[tuple[str, str | None]] = []
        self.times: dict[str, int] = defaultdict(int)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def address(self, folder: str) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/{folder}/"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        _, folder, name = request.path.split("/")
        span = request.headers.get("Range")
        self.requests.append((request.path, span))
        self.times[request.path] += 1
        content = FILES[name]
        if folder == "missing":
            request.send_error(404)
            return
        if folder == "garbage":
            content = b"<html>Please log in to the network</html>" * 10
        if folder == "other":  # whole and well-formed, and not what was published
            content = gzip.compress(idx(np.zeros((300, 28, 28), np.uint8)))
        start = int(span.removeprefix("bytes=").removesuffix("-")) if span and folder != "whole" else 0
        if start >= len(content):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if folder != "unmeasured":
            request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        piece = content[start:]
        if folder == "breaks" or (folder == "breaks-once" and self.times[request.path] == 1):
            piece = piece[: len(content) // 3]
        if folder == "stuck" and start:
            piece = b""
        elif folder == "stuck":
            piece = piece[: len(content) // 3]
        request.wfile.write(piece)

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def mirrors(server, monkeypatch):
    """Let MNIST have these folders of the server as its mirrors."""
    monkeypatch.setattr(
        datasets.MNIST, "resources", [(name, hashlib.md5(FILES[name]).hexdigest()) for name in FILES]
    )

    def use(*folders: str):
        monkeypatch.setattr(datasets.MNIST, "mirrors", [server.address(folder) for folder in folders])

    return use


def whole(root):
    """Fail unless everything has arrived as it should, with nothing left over."""
    raw = root / "MNIST" / "raw"
    for name, content in FILES.items():
        assert (raw / name).read_bytes() == content
        assert (raw / name.removesuffix(".gz")).read_bytes() == gzip.decompress(content)
    assert not list(raw.glob("*.part"))
    assert len(datasets.MNIST(root)) == 300
    assert len(datasets.MNIST(root, train=False)) == 9


def test_a_download_fetches_everything_once(tmp_path, server, mirrors):
    mirrors("good")
    data = datasets.MNIST(tmp_path, download=True)
    assert len(data) == 300
    whole(tmp_path)
    assert [path for path, _ in server.requests] == [f"/good/{name}" for name in FILES]
    datasets.MNIST(tmp_path, train=False, download=True)
    assert len(server.requests) == 4


def test_without_download_nothing_is_asked_for(tmp_path, server, mirrors):
    mirrors("good")
    with pytest.raises(RuntimeError, match="was not found"):
        datasets.MNIST(tmp_path)
    assert not server.requests


@pytest.mark.parametrize("first", ["missing", "garbage", "other", "breaks", "stuck"])
def test_the_next_mirror_helps(tmp_path, mirrors, first):
    mirrors(first, "good")
    datasets.MNIST(tmp_path, download=True)
    whole(tmp_path)


@pytest.mark.parametrize("folder", ["unmeasured", "whole", "breaks-once"])
def test_servers_differ(tmp_path, mirrors, folder):
    """No length is sent, no part of a file can be had, or the connection breaks off once."""
    mirrors(folder)
    datasets.MNIST(tmp_path, download=True)
    whole(tmp_path)


def test_a_connection_that_breaks_off_is_taken_up_where_it_ended(tmp_path, server, mirrors):
    mirrors("breaks-once")
    datasets.MNIST(tmp_path, download=True)
    third = len(FILES[IMAGES]) // 3
    assert server.requests[:2] == [
        (f"/breaks-once/{IMAGES}", None),
        (f"/breaks-once/{IMAGES}", f"bytes={third}-"),
    ]


def test_the_next_mirror_sends_only_the_rest(tmp_path, server, mirrors):
    mirrors("stuck", "good")
    datasets.MNIST(tmp_path, download=True)
    third = len(FILES[IMAGES]) // 3
    assert (f"/good/{IMAGES}", f"bytes={third}-") in server.requests
    whole(tmp_path)


def test_a_later_run_resumes(tmp_path, server, mirrors):
    mirrors("stuck")
    with pytest.raises(RuntimeError, match="can't be downloaded"):
        datasets.MNIST(tmp_path, download=True)
    part = tmp_path / "MNIST" / "raw" / f"{IMAGES}.part"
    have = part.stat().st_size
    assert 0 < have < len(FILES[IMAGES])
    server.requests.clear()
    mirrors("good")
    datasets.MNIST(tmp_path, download=True)
    assert server.requests[0] == (f"/good/{IMAGES}", f"bytes={have}-")
    whole(tmp_path)


@pytest.mark.parametrize("left", [b"something else", FILES[IMAGES] + b"longer", FILES[IMAGES]])
@pytest.mark.parametrize("folder", ["good", "whole"])
def test_a_beginning_of_something_else_is_given_up(tmp_path, mirrors, left, folder):
    mirrors(folder)
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / f"{IMAGES}.part").write_bytes(left)
    datasets.MNIST(tmp_path, download=True)
    whole(tmp_path)


@pytest.mark.parametrize("folder", ["garbage", "other"])
def test_a_file_with_a_wrong_checksum_is_kept_aside_and_never_used(tmp_path, server, mirrors, folder):
    mirrors(folder)
    with pytest.raises(RuntimeError, match="sent a file with MD5") as error:
        datasets.MNIST(tmp_path, download=True)
    raw = tmp_path / "MNIST" / "raw"
    (kept,) = raw.iterdir()
    assert kept.name in str(error.value)
    with pytest.raises(RuntimeError, match="was not found"):
        datasets.MNIST(tmp_path)
    mirrors("good")
    datasets.MNIST(tmp_path, download=True)
    whole(tmp_path)


def test_a_damaged_file_is_replaced_if_a_download_is_allowed(tmp_path, mirrors):
    mirrors("good")
    datasets.MNIST(tmp_path, download=True)
    raw = tmp_path / "MNIST" / "raw"
    for name in FILES:
        path = raw / name.removesuffix(".gz")
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RuntimeError, match="is truncated"):
        datasets.MNIST(tmp_path)
    assert len(datasets.MNIST(tmp_path, download=True)) == 300  # from the zipped file, which is whole
    assert (raw / "train-images-idx3-ubyte.damaged").exists()
    (raw / IMAGES).write_bytes(FILES[IMAGES][:-9])
    assert len(datasets.MNIST(tmp_path, download=True)) == 300
    assert (raw / f"{IMAGES}.damaged").read_bytes() == FILES[IMAGES][:-9]
    assert (raw / IMAGES).read_bytes() == FILES[IMAGES]


def test_no_network_is_one_clear_sentence(tmp_path, mirrors, monkeypatch):
    mirrors()
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://127.0.0.1:1/", "http://nowhere.invalid/mnist/"])
    with pytest.raises(RuntimeError) as error:
        datasets.MNIST(tmp_path, download=True)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith("MNIST can't be downloaded (127.0.0.1:1: ")
    assert "; nowhere.invalid: " in message
    assert str(tmp_path / "MNIST" / "raw") in message
    assert all(name in message for name in FILES)


def test_only_what_is_missing_is_asked_for_and_named(tmp_path, server, mirrors):
    mirrors("missing")
    for name in list(FILES)[:3]:
        (tmp_path / name).write_bytes(FILES[name])
    with pytest.raises(RuntimeError) as error:
        datasets.MNIST(tmp_path, train=False, download=True)
    assert [path for path, _ in server.requests] == ["/missing/t10k-labels-idx1-ubyte.gz"]
    assert "put t10k-labels-idx1-ubyte.gz into" in str(error.value)
    assert "HTTP 404 Not Found" in str(error.value)


def test_progress_is_plain_where_there_is_no_terminal(tmp_path, mirrors, capsys):
    mirrors("good")
    datasets.MNIST(tmp_path, download=True)
    out, lines = capsys.readouterr()
    assert not out
    lines = lines.splitlines()
    assert lines[0] == f"Downloading {IMAGES}: 0.0 of 0.2 MB"
    assert f"Downloading {IMAGES}: 0.2 of 0.2 MB" in lines
    assert len(lines) <= 4 * 5
    assert all(line.isascii() for line in lines)


def test_progress_is_a_bar_in_a_terminal(tmp_path, mirrors, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    mirrors("good")
    datasets.MNIST(tmp_path, download=True)
    assert "\x1b[" in capsys.readouterr().err
