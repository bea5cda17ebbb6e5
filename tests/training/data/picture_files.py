"""Writes real picture files of every kind that training data has been seen to hold."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image

ORIENTATION = 274


def scene(width=96, height=64, seed=777):
    """A smooth coloured picture, H×W×3: another one for every seed."""
    coarse = np.random.default_rng(seed).uniform(0, 255, (5, 7, 3)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def save(path: Path, pixels=None, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(scene() if pixels is None else pixels).save(path, **options)
    return path


def save_scenes(folder: Path, count: int, *, width=96, height=64, first=0) -> list[Path]:
    return [save(folder / f"{n:03d}.png", scene(width, height, n)) for n in range(first, first + count)]


def truncated_jpeg(path: Path) -> Path:
    data = save(path, scene(300, 200), quality=95).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def headless_jpeg(path: Path) -> Path:
    """Begins as a JPEG does; the rest is noise."""
    path.write_bytes(b"\xff\xd8\xff\xe0" + np.random.default_rng(0).bytes(5000))
    return path


def cmyk_jpeg(path: Path) -> Path:
    Image.fromarray(scene()).convert("CMYK").save(path)
    return path


def deep_png(path: Path) -> Path:
    assert cv2.imwrite(str(path), scene()[..., ::-1].astype(np.uint16) * 257)
    return path


def palette_png(path: Path) -> Path:
    """16 colours, of which the first is transparent and fills the upper half."""
    indices = np.repeat(np.arange(64) // 4, 96).reshape(64, 96).astype(np.uint8)
    indices[:32] = 0
    image = Image.frombytes("P", (96, 64), indices.tobytes())
    image.putpalette([value for colour in range(16) for value in (255, colour * 16, 0)])
    image.save(path, transparency=0)
    return path


def turned_jpeg(path: Path, pixels=None) -> Path:
    """Stored lying on its side; EXIF orientation 6 says so."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.fromarray(scene() if pixels is None else pixels).save(path, exif=exif, quality=100, subsampling=0)
    return path


def huge_png(path: Path) -> Path:
    """Some hundred bytes whose header promises 10 000 megapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )
    return path


def moving_gif(path: Path) -> Path:
    frames = [Image.fromarray(scene(seed=700 + n)) for n in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    return path


def float_tiff(path: Path) -> Path:
    tifffile.imwrite(path, scene().astype(np.float32) / 255, photometric="rgb")
    return path
