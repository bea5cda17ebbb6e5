"""What the tests of the Models panel share: networks with small real files, and a server that can be told to dawdle."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import torch

from models.backbones import untrained_backbone
from studio.core.known_networks import KnownNetwork, Manifest, PackagedWeights
from studio.core.model_shelf import ModelShelf, ShelfEntry

SCALES = tuple(f"relu{scale}_1" for scale in range(1, 6))


def shelf_entry(state="missing", name="vgg19", **changes):
    """An entry as the shelf would hand it out."""
    path = None if state == "missing" else Path("models") / f"{name}.pth"
    facts = {
        "name": name, "label": "VGG-19", "task": "backbone", "architecture": "vgg19", "state": state, "path": path,
        "size": 574_673_361, "licence": "BSD-3-Clause.", "trained_on": "ImageNet-1k.", "note": "Rich strokes, slow.",
        "url": "http://127.0.0.1/models/vgg19.pth", "taps": SCALES, "removable": state in ("present", "damaged"),
    }  # fmt: skip
    return ShelfEntry(**{**facts, **changes})


def write_weights(path: Path, seed: int = 0) -> Path:
    """Write a whole SqueezeNet, classifier included, as torchvision would; its weights are random."""
    features = untrained_backbone("squeezenet1_1", seed=seed).features.state_dict()
    tensors = {f"features.{key}": value for key, value in features.items()}
    tensors |= {"classifier.1.weight": torch.zeros(1000, 512, 1, 1), "classifier.1.bias": torch.zeros(1000)}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(tensors, path)
    return path


@dataclass
class WeightsServer:
    """Serves bytes by name; while `gate` is closed it sends the first part of a file and then nothing."""

    files: dict[str, bytes] = field(default_factory=dict)
    gate: Event = field(default_factory=Event)
    asked: list[str] = field(default_factory=list)
    """Name and range of every request."""
    address: str = ""

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"


@contextmanager
def serving() -> Iterator[WeightsServer]:
    """A server on this computer, its gate open."""
    shop = WeightsServer()
    shop.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/")
            wanted = self.headers.get("Range", "")
            shop.asked.append(f"{name} {wanted}".strip())
            data = shop.files.get(name)
            if data is None:
                self.send_error(404)
                return
            first = int(wanted.removeprefix("bytes=").partition("-")[0] or 0) if wanted else 0
            self.send_response(206 if wanted else 200)
            if wanted:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - first))
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()[:16]}"')
            self.end_headers()
            middle = max(first, len(data) // 2)
            try:
                self.wfile.write(data[first:middle])
                self.wfile.flush()
                shop.gate.wait(60)
                self.wfile.write(data[middle:])
            except OSError:
                pass  # the download was cancelled

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    shop.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield shop
    finally:
        shop.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()


def known_network(name: str, source: str, content: bytes, **changes) -> KnownNetwork:
    """What a manifest would say of a SqueezeNet with these bytes."""
    facts = {
        "name": name, "label": name.upper(), "task": "backbone", "architecture": "squeezenet1_1", "source": source,
        "file": f"{name}.pth", "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "licence": "BSD.",
        "trained_on": "ImageNet-1k.", "good_for": f"Good for {name}.", "taps": ("relu1", "fire3", "fire9"),
    }  # fmt: skip
    return KnownNetwork(**{**facts, **changes})


def shelf_of(folder: Path, *networks: KnownNetwork) -> ModelShelf:
    """A shelf that knows these networks; its package and torch's downloads are empty."""
    manifest = Manifest(version=1, architectures={"squeezenet1_1": "SqueezeNet 1.1"}, networks=networks)
    empty = folder.parent / "nothing"
    return ModelShelf(folder, packaged=PackagedWeights(empty, manifest), hub=empty)
