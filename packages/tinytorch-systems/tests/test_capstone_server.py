"""TinyGPT's server: what it answers, what it refuses, and that nothing is left of clients that go away."""

import http.client
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from tinytorch.systems import ServerLimits, TinyGPT, TinyGPTError, TinyGPTOptions, TinyGPTServer

JSON = {"Content-Type": "application/json"}
TEXT = "To be, or not to be: that is the question. " * 50


@pytest.fixture(scope="module")
def gpt():
    return TinyGPT.new(TinyGPTOptions(tokenizer="char", n_layer=1, n_head=2, n_embd=16), TEXT)


@contextmanager
def served(gpt, **limits):
    with TinyGPTServer(gpt, 0, ServerLimits(**limits)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
    wait_until(lambda: threads_of(server) == 0)


@pytest.fixture
def server(gpt):
    with served(gpt) as server:
        yield server


def threads_of(server):
    """How many threads answer requests of a server."""
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def wait_until(true, seconds=5.0):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it didn't happen in time"
        time.sleep(0.01)


def ask(server, method="GET", path="/", body=None, headers=None):
    """Return status, headers and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def generate(server, **wishes):
    status, _, body = ask(server, "POST", "/generate", json.dumps(wishes), JSON)
    return status, [json.loads(line) for line in body.splitlines()]


def raw(server, request, seconds=10):
    """Send bytes and return all that comes back."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=seconds) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def head(server, method="GET", path="/", **headers):
    lines = {"Host": f"127.0.0.1:{server.server_port}", **headers}
    text = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{text}\r\n".encode()


# What it answers


def test_a_text_comes_in_pieces_and_says_when_it_is_done(server, gpt):
    status, lines = generate(server, prompt="To be", tokens=20, seed=3)
    assert status == 200
    assert lines[-1]["done"]
    assert lines[-1]["pieces"] == 20
    written = "".join(line["text"] for line in lines[:-1])
    assert written == "".join(gpt.stream("To be", 20, seed=3))


def test_the_first_piece_comes_before_the_last_is_made(gpt):
    with served(gpt) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        connection.request("POST", "/generate", json.dumps({"tokens": 1000}), JSON)
        answer = connection.getresponse()
        assert json.loads(answer.readline())["text"]
        assert server.generations._value == server.limits.generations - 1  # it is still writing
        connection.close()
        answer.close()


def test_an_empty_prompt_begins_a_text(server):
    status, lines = generate(server, prompt="", tokens=5)
    assert status == 200
    assert lines[-1]["pieces"] == 5


def test_the_page_is_complete_and_may_load_nothing_else(server):
    status, headers, body = ask(server)
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert b"<script src=" in body
    assert b" style=" not in body
    for path, kind in (("page.js", "javascript"), ("page.css", "css"), ("icon.svg", "svg")):
        status, headers, content = ask(server, path=f"/{path}")
        assert status == 200
        assert kind in headers["Content-Type"]
        assert len(content) == int(headers["Content-Length"])
        assert b"innerHTML" not in content
    status, _, body = ask(server, path="/about")
    assert status == 200
    assert json.loads(body)["context"] == 128


def test_head_has_no_body(server):
    answer = raw(server, head(server, "HEAD"))
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n")


# What it refuses


@pytest.mark.parametrize(
    "path", ["/nothing", "/../../etc/passwd", "/%2e%2e/options.py", "//127.0.0.1/x", "/page/page.html", "*"]
)
def test_only_the_page_is_there(server, path):
    answer = raw(server, head(server, path=path))
    assert answer.startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:80", ""]
)
def test_another_host_is_refused(server, host):
    """An address that is bent to this machine (DNS rebinding) still carries its own name."""
    answer = raw(server, head(server, Host=host))
    assert answer.startswith(b"HTTP/1.1 421")


def test_a_host_is_needed_and_only_one(server):
    assert raw(server, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 421")
    twice = head(server).replace(b"\r\n\r\n", b"\r\nHost: evil.example\r\n\r\n")
    assert raw(server, twice).startswith(b"HTTP/1.1 421")


def test_localhost_is_this_machine(server):
    assert raw(server, head(server, Host=f"LOCALHOST:{server.server_port}")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("name", "value"),
    [("Origin", "http://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
)
def test_other_sites_make_nothing_happen(server, name, value):
    status, _, _ = ask(server, "POST", "/generate", b'{"tokens": 1}', {**JSON, name: value})
    assert status == 403


def test_a_link_of_another_site_may_be_followed_and_nothing_else(server):
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert ask(server, headers=foreign)[0] == 200
    assert ask(server, "POST", "/generate", b"{}", {**JSON, **foreign})[0] == 403
    assert ask(server, path="/about", headers={**foreign, "Sec-Fetch-Mode": "no-cors"})[0] == 403


def test_a_form_of_another_site_can_not_send_json(server):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        status, _, _ = ask(server, "POST", "/generate", b'{"tokens": 1}', {"Content-Type": kind})
        assert status == 415


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 10_000,
        b'{"tokens": 0}',
        b'{"tokens": 1001}',
        b'{"tokens": 1e3}',
        b'{"tokens": true}',
        b'{"tokens": ' + b"9" * 500 + b"}",
        b'{"temperature": NaN}',
        b'{"temperature": 1e999}',
        b'{"temperature": -1}',
        b'{"top_k": 0}',
        b'{"top_p": 2}',
        b'{"top_p": 1e400}',
        b'{"seed": -1}',
        b'{"seed": 4294967296}',
        b'{"prompt": 5}',
        b'{"prompt": "\\ud800"}',
        b'{"prompt": "\xff"}',
        b'{"unknown": 1}',
        '{"prompt": "\N{SNOWMAN}"}'.encode(),
        b'{"prompt": "' + b"x" * 8001 + b'"}',
    ],
)
def test_bad_wishes_are_named(server, body):
    status, headers, content = ask(server, "POST", "/generate", body, JSON)
    assert status == 400
    assert headers["Content-Type"] == "application/json"
    assert json.loads(content)["error"]


def test_ten_megabytes_are_refused_and_not_kept(server):
    status, _, body = ask(server, "POST", "/generate", b" " * 10_000_000, JSON)
    assert status == 413
    assert "65,536" in json.loads(body)["error"]


def test_a_length_is_needed_and_believed(server):
    chunked = head(server, "POST", "/generate", Content_Type="application/json", Transfer_Encoding="chunked")
    assert raw(server, chunked).startswith(b"HTTP/1.1 411")
    for length in ("-1", "1e3", "\u0661".encode().decode("latin-1"), "9" * 30):
        answer = raw(
            server, head(server, "POST", "/generate", Content_Type="application/json", Content_Length=length)
        )
        assert answer.startswith((b"HTTP/1.1 411", b"HTTP/1.1 413"))


@pytest.mark.parametrize(
    "request_",
    [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET " + b"a" * 70_000, b"BREW / HTTP/1.1\r\n\r\n"],
)
def test_what_is_no_request_gets_an_answer_without_markup(server, request_):
    answer = raw(server, request_)
    assert answer.startswith(b"HTTP/1.1 4") or answer.startswith(b"HTTP/1.1 5")
    assert b"<" not in answer


def test_endless_headers_are_refused(server):
    lines = b"".join(b"X-%d: 1\r\n" % i for i in range(200))
    assert raw(server, b"GET / HTTP/1.1\r\n" + lines + b"\r\n").startswith(b"HTTP/1.1 431")


def test_a_slow_request_loses_its_place(gpt):
    with (
        served(gpt, patience=0.3) as server,
        socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as connection,
    ):
        began = time.monotonic()
        try:
            for byte in head(server):
                connection.sendall(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            pass
        assert 0.2 < time.monotonic() - began < 1.5
        wait_until(lambda: threads_of(server) == 0)


# Many clients, and those that go away


def test_more_texts_than_may_be_written_at_once_are_told_when_to_come_back(gpt):
    with served(gpt, generations=1) as server:
        busy = server.generations
        assert busy.acquire(blocking=False)
        try:
            status, headers, body = ask(server, "POST", "/generate", b"{}", JSON)
        finally:
            busy.release()
        assert status == 503
        assert int(headers["Retry-After"]) > 0
        assert "try again" in json.loads(body)["error"]
        assert generate(server, tokens=1)[0] == 200


def test_a_client_that_leaves_ends_its_text(gpt):
    with served(gpt, generations=1, duration=1000.0, tokens=10**6) as server:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as connection:
                body = json.dumps({"tokens": 10**6}).encode()
                kind = {"Content_Type": "application/json", "Content_Length": len(body)}
                connection.sendall(head(server, "POST", "/generate", **kind) + body)
                assert connection.recv(100).startswith(b"HTTP/1.1 200")
            wait_until(lambda: server.generations._value == 1)
        wait_until(lambda: threads_of(server) == 0)
        assert generate(server, tokens=2)[0] == 200


def test_a_client_that_does_not_read_is_left(gpt):
    with (
        served(gpt, generations=1, duration=0.5, patience=0.5, tokens=10**6) as server,
        socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as connection,
    ):
        body = json.dumps({"tokens": 10**6}).encode()
        kind = {"Content_Type": "application/json", "Content_Length": len(body)}
        connection.sendall(head(server, "POST", "/generate", **kind) + body)
        wait_until(lambda: server.generations._value == 0)
        wait_until(lambda: server.generations._value == 1)


def test_a_hundred_clients_at_once_are_all_answered_or_refused(gpt):
    with served(gpt, generations=4) as server:
        start = threading.Barrier(100)

        def client(number):
            start.wait()
            return generate(server, prompt="To be", tokens=10, seed=number)

        with ThreadPoolExecutor(100) as pool:
            answers = list(pool.map(client, range(100)))
        statuses = [status for status, _ in answers]
        assert set(statuses) <= {200, 503}
        assert statuses.count(200) >= 4
        for status, lines in answers:
            assert lines[-1]["done"] if status == 200 else "try again" in lines[-1]["error"]
        wait_until(lambda: threads_of(server) == 0)
        assert server.generations._value == 4
        assert server.connections._value == server.limits.connections
        assert generate(server, tokens=2)[0] == 200


def test_connections_beyond_the_limit_are_refused_at_once(gpt):
    with served(gpt, connections=3) as server:
        idle = [socket.create_connection(("127.0.0.1", server.server_port)) for _ in range(3)]
        try:
            wait_until(lambda: server.connections._value == 0)
            answer = raw(server, head(server))
            assert answer.startswith(b"HTTP/1.1 503")
            assert b"Retry-After" in answer
            length = int(answer.partition(b"Content-Length: ")[2].split()[0])
            assert len(answer.partition(b"\r\n\r\n")[2]) == length
        finally:
            for connection in idle:
                connection.close()
        wait_until(lambda: server.connections._value == 3)
        assert ask(server)[0] == 200


def test_the_server_ends_while_texts_are_being_written(gpt):
    with served(gpt, tokens=10**6, duration=1000.0) as server:
        connection = socket.create_connection(("127.0.0.1", server.server_port), timeout=5)
        body = json.dumps({"tokens": 10**6}).encode()
        kind = {"Content_Type": "application/json", "Content_Length": len(body)}
        connection.sendall(head(server, "POST", "/generate", **kind) + body)
        assert connection.recv(100)
    try:
        while part := connection.recv(65536):
            last = part
        assert b"error" in last.splitlines()[-1]
    finally:
        connection.close()


# Ports


def test_a_port_in_use_is_named(gpt):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(TinyGPTError, match=f"port {port} .*--port 0"):
            TinyGPTServer(gpt, port)
    with pytest.raises(TinyGPTError, match="0 to 65535"):
        TinyGPTServer(gpt, 70_000)


def test_nobody_else_can_reach_it(server):
    assert server.server_address[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.server_port}/"
