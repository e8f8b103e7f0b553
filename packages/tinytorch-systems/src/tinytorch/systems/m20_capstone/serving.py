"""A small web server for one machine: a page that writes, and limits on everything that a client can ask for.

It binds 127.0.0.1 alone. A page of another site can still make the browser send requests there, so a request
is answered only if it names this server (`Host`), comes from its own page (`Origin`), and, where it makes the
model work, is JSON, which no form of another page can send; no answer may be read by another site.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from .errors import TinyGPTError
from .handling import Handler
from .tinygpt import TinyGPT

REASON = b'{"error": "too many connections at once; try again in 2 s"}'
BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Type: application/json\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(REASON), REASON)
)


@dataclass(frozen=True)
class ServerLimits:
    """What a client can ask for at most.

    Args:
        connections: open at once; more are refused at once, with status 503.
        generations: texts that are being written at once; more are refused with 503 and `Retry-After`.
        body: bytes of a request's body; a larger one is refused with 413 and not read.
        prompt: characters of a prompt.
        tokens: how many may be added to it.
        patience: seconds for a request to arrive, and for a client to take what was sent.
        duration: seconds that a text may take.
    """

    connections: int = 128
    generations: int = 4
    body: int = 64 * 1024
    prompt: int = 8_000
    tokens: int = 1_000
    patience: float = 10.0
    duration: float = 60.0


class TinyGPTServer(ThreadingHTTPServer):
    """Serves the page and the texts of a model on 127.0.0.1.

    Use it as a context manager, with `serve_forever()` in it or in a thread.

    Args:
        gpt: what writes.
        port: where to listen; 0 for any free port, which `url` tells.
        limits: what a client can ask for.

    Raises:
        TinyGPTError: the port is in use, not allowed, or no port.
    """

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = os.name == "posix"  # on Windows it would let two servers share a port

    def __init__(self, gpt: TinyGPT, port: int = 8000, limits: ServerLimits | None = None) -> None:
        self.gpt = gpt
        self.limits = limits or ServerLimits()
        self.connections = threading.BoundedSemaphore(self.limits.connections)
        self.generations = threading.BoundedSemaphore(self.limits.generations)
        self.stopping = threading.Event()
        try:
            super().__init__(("127.0.0.1", port), Handler)
        except OverflowError:
            raise TinyGPTError(f"a port is a number from 0 to 65535, not {port}") from None
        except OSError as error:
            raise TinyGPTError(
                f"port {port} can't be had ({error.strerror or error}): another server may use it; --port 0 "
                "takes any free one"
            ) from None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_address[1]}/"

    @property
    def names(self) -> set[str]:
        """What a `Host` header may say: only this machine, so that no other name can be bent to mean it."""
        port = self.server_address[1]
        hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        return hosts | ({"127.0.0.1", "localhost"} if port == 80 else set())

    def server_bind(self) -> None:
        """Bind without asking for the machine's name in the network, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, unless there are as many as may be."""
        if not self.connections.acquire(blocking=False):
            self.refuse(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be started
            self.connections.release()
            raise

    def refuse(self, request: Any) -> None:
        """Say that there are too many connections, without a thread and without waiting for long."""
        try:
            request.settimeout(0.02)
            request.sendall(BUSY)
            request.shutdown(socket.SHUT_WR)
            request.recv(65536)  # a connection that is closed with something unread loses what was sent on it
        except OSError:
            pass
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room for another one."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away, and one line of what went wrong here."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            sys.stderr.write(f"tinytorch-gpt serve: {type(error).__name__}: {error}\n")

    def server_close(self) -> None:
        """Stop listening, and let texts that are being written end."""
        self.stopping.set()
        super().server_close()
