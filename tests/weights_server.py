"""A real web server on this machine that misbehaves on demand."""

import hashlib
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import torch

from studio.core.known_networks import Manifest, packaged_weights


@dataclass
class Shop:
    """What the server sells, and how: every field may be changed between requests.

    `cut_at` holds, for the next requests, after how many bytes of the body the connection is dropped; `stall_at` after
    how many it falls silent. `status` answers everything with that number, `moved` with a redirect.
    """

    body: bytes
    etag: str = '"v1"'
    knows_ranges: bool = True
    minds_if_range: bool = True
    tells_length: bool = True
    claimed_length: int | None = None
    cut_at: list[int] = field(default_factory=list)
    stall_at: list[int] = field(default_factory=list)
    silent: bool = False
    login_page: bool = False
    status: int = 0
    moved: int = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    sent: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    close: Callable[[], None] = lambda: None

    @property
    def ranges(self) -> list[str]:
        """The Range headers of all requests, "" where there was none."""
        return [headers.get("Range", "") for headers in self.asked]


class _Handler(BaseHTTPRequestHandler):
    shop: Shop

    def do_GET(self):
        shop = self.shop
        shop.asked.append(dict(self.headers))
        if shop.silent:
            shop.released.wait(20)
            return
        if shop.moved:
            shop.moved -= 1
            self.send_response(302)
            self.send_header("Location", f"/moved/{shop.moved}.pth")
            self.end_headers()
            return
        if shop.status:
            self.send_error(shop.status)
            return
        if shop.login_page:
            self._send(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Who are you?</html>")
            return
        self._send(*self._answer())

    def _answer(self):
        """Status, headers and body by RFC 9110 (§14), as far as this shop knows it."""
        shop, wanted = self.shop, self.headers.get("Range")
        valid = self.headers.get("If-Range") in (None, shop.etag) or not shop.minds_if_range
        if not (wanted and shop.knows_ranges and valid):
            return 200, {}, shop.body
        first = int(wanted.removeprefix("bytes=").rstrip("-"))
        if first >= len(shop.body):
            return 416, {"Content-Range": f"bytes */{len(shop.body)}"}, b""
        span = f"bytes {first}-{len(shop.body) - 1}/{len(shop.body)}"
        return 206, {"Content-Range": span}, shop.body[first:]

    def _send(self, status, headers, body):
        shop = self.shop
        self.send_response(status)
        if shop.etag:
            headers["ETag"] = shop.etag
        if shop.tells_length:
            headers["Content-Length"] = str(shop.claimed_length or len(body))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        cut = shop.cut_at.pop(0) if shop.cut_at else None
        stall = shop.stall_at.pop(0) if shop.stall_at else None
        end = min(len(body), *(at for at in (cut, stall, len(body)) if at is not None))
        self.wfile.write(body[:end])
        shop.sent += end
        self.wfile.flush()
        if stall is not None:
            shop.released.wait(20)
        self.close_connection = True

    def log_message(self, *arguments):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""


def open_shop(body: bytes) -> Shop:
    """Start a server for `body`; `shop.close()` ends it."""
    shop = Shop(body)
    server: socketserver.BaseServer = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"shop": shop}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()

    def close() -> None:
        shop.released.set()
        server.shutdown()
        server.server_close()
        thread.join(10)

    host, port = server.server_address[:2]
    shop.url, shop.close = f"http://{host}:{port}/weights/net-0.pth", close
    return shop


def part_of_vgg(path: Path) -> Path:
    """Write the first layers of a VGG with random weights."""
    torch.manual_seed(0)
    tensors = {"0.weight": torch.randn(3, 3, 1, 1), "0.bias": torch.zeros(3)}
    torch.save(tensors | {"2.weight": torch.randn(64, 3, 3, 3), "2.bias": torch.zeros(64)}, path)
    return path


def manifest_of(shop: Shop) -> Manifest:
    """Return a list of networks that names one: what the shop sells."""
    network = {
        "name": "net", "label": "Net", "task": "backbone", "architecture": "vgg19_normalised", "source": shop.url,
        "file": "net-0.pth", "size": len(shop.body), "sha256": hashlib.sha256(shop.body).hexdigest(),
        "licence": "free", "trained_on": "nothing", "good_for": "Good for tests.", "taps": ["relu1_1"],
    }  # fmt: skip
    architectures = packaged_weights().manifest.architectures
    return Manifest.model_validate({"version": 1, "architectures": architectures, "networks": [network]})
