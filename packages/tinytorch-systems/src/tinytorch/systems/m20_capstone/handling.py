"""One request: checked before anything is done for it, answered in pieces, dropped with its client."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .errors import TinyGPTError
from .wishes import Refusal, checked, read_json

if TYPE_CHECKING:
    from .serving import TinyGPTServer

PAGES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Connection": "close",
}
# Bytes of a refused body that are thrown away, so that its sender comes to see the answer.
DISCARDED = 16 * 1024 * 1024


class Punctual(io.RawIOBase):
    """Reads from a socket until a point in time, so that who sends a byte now and then holds no thread."""

    def __init__(self, connection: Any, until: float) -> None:
        self.connection, self.until = connection, until

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come.

        Raises:
            TimeoutError: it is too late.
        """
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request took too long to arrive")
        self.connection.settimeout(left)
        count: int = self.connection.recv_into(buffer)
        return count


class Handler(BaseHTTPRequestHandler):
    """Answers one request of a connection, then closes it."""

    server: TinyGPTServer
    protocol_version = "HTTP/1.1"
    server_version = "TinyGPT"
    sys_version = ""

    def setup(self) -> None:
        """Give the request its time."""
        super().setup()
        self.rfile.close()
        until = time.monotonic() + self.server.limits.patience
        self.rfile = io.BufferedReader(Punctual(self.connection, until))
        self.unread = 0

    def handle(self) -> None:
        """Answer a single request: whoever wants more opens another connection."""
        self.close_connection = True
        self.handle_one_request()
        if self.unread:
            self.discard()

    # ---- what may be asked -----------------------------------------------------------------------------

    def do_GET(self) -> None:
        """Give a file of the page, or what is known of the model."""
        self.guarded(self.give)

    def do_HEAD(self) -> None:
        """As GET, without the content."""
        self.guarded(self.give)

    def do_POST(self) -> None:
        """Write a text."""
        self.guarded(self.write)

    def guarded(self, answer: Any) -> None:
        """Answer, or say why not."""
        try:
            self.check_origin()
            answer()
        except Refusal as refusal:
            self.reply(refusal.status, {"error": refusal.reason}, refusal.headers)
        except TinyGPTError as error:
            self.reply(400, {"error": str(error)})

    def check_origin(self) -> None:
        """Refuse what another site made the browser send."""
        length = self.headers.get("Content-Length", "")
        self.unread = int(length) if length.isascii() and length.isdecimal() and len(length) < 16 else 0
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].strip().lower() not in self.server.names:
            raise Refusal(421, f"this server is {self.server.url} and nothing else")
        origin = self.headers.get("Origin")
        if origin is not None and origin.lower() not in {f"http://{name}" for name in self.server.names}:
            raise Refusal(403, "requests of other sites aren't answered")
        link = self.command == "GET" and self.headers.get("Sec-Fetch-Mode") == "navigate"  # may be followed
        if not link and self.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
            raise Refusal(403, "requests of other sites aren't answered")

    def give(self) -> None:
        """Give what lies at a path."""
        path = self.path.partition("?")[0]
        if path == "/about":
            self.reply(200, self.about())
            return
        if path not in PAGES:
            raise Refusal(404, "there is nothing at this address")
        name, kind = PAGES[path]
        self.send(200, files(__package__).joinpath("page", name).read_bytes(), kind, {})

    def about(self) -> dict[str, Any]:
        """Return what the page shows of the model."""
        gpt, limits = self.server.gpt, self.server.limits
        return {
            "parameters": gpt.facts.get("parameters"),
            "context": gpt.options.block_size,
            "text": gpt.facts.get("text"),
            "loss": gpt.facts.get("loss"),
            "limits": {"prompt": limits.prompt, "tokens": limits.tokens, "seconds": limits.duration},
        }

    def write(self) -> None:
        """Write a text, a line of JSON for each piece, until it is long enough or nobody reads it."""
        if self.path != "/generate":
            raise Refusal(404, "there is nothing at this address")
        asked = self.read_wishes()
        if not self.server.generations.acquire(blocking=False):
            wait = "2"
            raise Refusal(503, f"others are being written for; try again in {wait} s", {"Retry-After": wait})
        try:
            pieces = self.server.gpt.stream(**asked)
            self.head(200, "application/x-ndjson", {})
            began, count = time.monotonic(), 0
            for piece in pieces:
                self.line({"text": piece})
                count += 1
                if self.server.stopping.is_set() or time.monotonic() - began > self.server.limits.duration:
                    self.line({"error": "it took too long, so it ends here"})
                    return
            self.line({"done": True, "pieces": count, "seconds": round(time.monotonic() - began, 3)})
        finally:
            self.server.generations.release()

    # ---- reading ---------------------------------------------------------------------------------------

    def read_wishes(self) -> dict[str, Any]:
        """Return the arguments of `TinyGPT.stream` that the request asks for."""
        limits = self.server.limits
        if self.headers.get_content_type() != "application/json":
            raise Refusal(415, "send JSON, with Content-Type: application/json")
        length = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdecimal()):
            raise Refusal(411, "say how long the body is, with Content-Length")
        if len(length) > 15 or int(length) > limits.body:
            raise Refusal(413, f"the body is longer than {limits.body:,} bytes")
        self.unread = 0
        try:
            body = self.rfile.read(int(length))
        except TimeoutError:
            raise Refusal(408, f"the body didn't arrive within {limits.patience:.0f} s") from None
        if len(body) < int(length):
            raise ConnectionError("the client went away while it sent its request")
        return checked(read_json(body), limits.prompt, limits.tokens)

    def discard(self) -> None:
        """Throw away a little of a body that was refused: closed at once, its sender might not see why."""
        until = time.monotonic() + min(2.0, self.server.limits.patience)
        left = min(self.unread, DISCARDED)
        try:
            self.connection.shutdown(1)  # no more to be sent
            while left > 0 and (wait := until - time.monotonic()) > 0:
                self.connection.settimeout(wait)
                got = len(self.connection.recv(65536))
                left = left - got if got else 0
        except OSError:
            pass

    # ---- answering -------------------------------------------------------------------------------------

    def reply(self, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
        """Answer with JSON."""
        self.send(status, json.dumps(value).encode("ascii"), "application/json", headers or {})

    def send(self, status: int, content: bytes, kind: str, headers: Mapping[str, str]) -> None:
        """Answer with some bytes."""
        self.head(status, kind, {**headers, "Content-Length": str(len(content))})
        if self.command != "HEAD":
            self.wfile.write(content)

    def head(self, status: int, kind: str, headers: Mapping[str, str]) -> None:
        """Send the head of an answer."""
        self.connection.settimeout(self.server.limits.patience)  # from now on for writing
        self.send_response(status)
        for name, value in {"Content-Type": kind, **HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def line(self, value: Any) -> None:
        """Send a line of JSON now; raises an OSError when nobody takes it."""
        self.wfile.write(json.dumps(value).encode("ascii") + b"\n")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that can't even be read."""
        self.request_version = self.protocol_version  # so that even the answer to a riddle has a status
        self.reply(int(code), {"error": message or "the request can't be read"})

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: prompts are nobody's business."""
