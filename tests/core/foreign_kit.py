"""Files as other programs write them, byte by byte where no library writes such things."""

import struct
import zlib
from io import BytesIO

import numpy as np
import tifffile

from studio.core.images import full_depth, load_bytes


def tiff(array, **options):
    out = BytesIO()
    tifffile.imwrite(out, array, metadata=None, **options)
    return out.getvalue()


def opened(data):
    return load_bytes(data, "a").pixels


def deep(data):
    return full_depth(load_bytes(data, "a"))


def saved(image, kind, **options):
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(png, *chunks):
    """Return a PNG file with chunks behind its header."""
    return png[:33] + b"".join(chunks) + png[33:]


def near(pixels, scene, levels=1.0):
    full = 257 if pixels.dtype == np.uint16 else 1
    assert pixels.shape[:2] == scene.shape[:2]
    assert np.abs(pixels[..., :3] / full - scene / 257).max() <= levels
