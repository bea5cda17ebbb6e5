"""TIFF files packed in ways that tifffile opens only with another package: LZW, Zstandard, floats' predictor, 12 bits.

Each strip or tile is handed to Pillow's libtiff as a picture of plain bytes; what it gives back is the file's own.
"""

import struct
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import TiffImageFile

__all__ = ["is_unpacked", "packing_of", "unpacked"]

_BITS, _COMPRESSION, _PREDICTOR = 258, 259, 317
_PLACES, _LENGTHS = (273, 324), (279, 325)
"""Tags that say where strips or tiles lie, and how long they are."""


def is_unpacked(page: Any) -> bool:
    """Tell whether tifffile gets no other page to see once this one is unpacked."""
    return bool(page.compression == 1 and not 8 < page.bitspersample < 16)


def unpacked(data: bytes) -> bytes:
    """Return a TIFF file whose first page is as in `data`, but neither compressed nor predicted; 9–15 bits as 16.

    Raises:
        Exception: it is damaged, or packed in a way that libtiff does not know either.

    """
    import tifffile  # seldom needed, and slow to import

    out, big = BytesIO(data), data[2:4] in (b"+\0", b"\0+")
    with tifffile.TiffFile(out) as file:
        page: Any = file.pages[0]
        samples = 1 if page.planarconfig == 2 else page.samplesperpixel
        width, rows = (page.tilewidth, page.tilelength) if page.is_tiled else (page.imagewidth, page.rowsperstrip)
        odd = 8 < page.bitspersample < 16
        row = -(-width * samples * page.bitspersample // 8)
        strips = -(-page.imagelength // rows)
        places: list[int] = []
        lengths: list[int] = []
        end = len(data)
        for number, (place, length) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
            height = rows if page.is_tiled else min(rows, page.imagelength - number % strips * rows)
            raw = data[place : place + length]
            raw = raw[: row * height] if page.compression == 1 else _bytes_of(raw, page, row, height)
            if odd:
                raw = _spread(raw, width * samples, page.bitspersample).astype(f"{file.byteorder}u2").tobytes()
            else:
                raw = _unpredicted(raw, page, samples, height)
            out.seek(end)
            out.write(raw)
            places.append(end)
            lengths.append(len(raw))
            end += len(raw)
        for tags, numbers in ((_PLACES, places), (_LENGTHS, lengths)):
            page.tags[next(tag for tag in tags if tag in page.tags)].overwrite(numbers, dtype="Q" if big else "I")
        page.tags[_COMPRESSION].overwrite(1)
        if _PREDICTOR in page.tags:
            page.tags[_PREDICTOR].overwrite(1)
        if odd:
            page.tags[_BITS].overwrite([16] * page.samplesperpixel)
    return out.getvalue()


def packing_of(data: bytes) -> str:
    """Return what a TIFF file's first page is packed with, as tifffile calls it: "LZW", "WEBP"; "" where unknown."""
    import tifffile

    try:
        with tifffile.TiffFile(BytesIO(data)) as file:
            compression: Any = file.pages[0].compression
            return str(getattr(compression, "name", compression))
    except Exception:  # broken bytes trip it into anything
        return ""


def _bytes_of(packed: bytes, page: Any, row: int, height: int) -> bytes:
    """Return what a strip or tile holds, `height` rows of `row` bytes, as a grey picture of just that is unpacked."""
    fields = (
        (256, 4, row), (257, 4, height), (258, 3, 8), (259, 3, int(page.compression)), (262, 3, 1),
        (266, 3, page.fillorder), (273, 4, 8 + 2 + 10 * 12 + 4), (277, 3, 1), (278, 4, height), (279, 4, len(packed)),
    )  # fmt: skip
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    alone = b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + directory + bytes(4) + packed
    with TiffImageFile(BytesIO(alone)) as image:
        return image.tobytes()


def _unpredicted(raw: bytes, page: Any, samples: int, height: int) -> bytes:
    """Undo the differences between neighbours (TIFF 6.0, section 14; for floats Adobe's TIFF Technical Note 3)."""
    kind = np.dtype(f"{page.parent.byteorder}u{page.bitspersample // 8}")
    if page.predictor == 2:
        values = np.frombuffer(raw, kind).reshape(height, -1, samples)
        return np.cumsum(values, axis=1, dtype=kind.newbyteorder("=")).astype(kind).tobytes()
    if page.predictor == 3:
        rows = np.frombuffer(raw, np.uint8).reshape(height, -1, samples)
        planes = np.cumsum(rows, axis=1, dtype=np.uint8).reshape(height, kind.itemsize, -1)
        return np.moveaxis(planes, 1, -1).copy().view(kind.newbyteorder(">")).astype(kind).tobytes()
    return raw


def _spread(raw: bytes, count: int, bits: int) -> NDArray[np.uint32]:
    """Return rows of `count` values of 9 to 15 bits each, packed without gaps, as numbers from 0 to 65535."""
    row, most = -(-count * bits // 8), 2**bits - 1
    rows = np.pad(np.frombuffer(raw, np.uint8).reshape(-1, row), ((0, 0), (0, 2))).astype(np.uint32)
    first = np.arange(count) * bits
    byte = first >> 3
    words = rows[:, byte] << 16 | rows[:, byte + 1] << 8 | rows[:, byte + 2]
    values: NDArray[np.uint32] = words >> (24 - bits - (first & 7)).astype(np.uint32) & most
    return np.asarray((values * 65535 + most // 2) // most, np.uint32)
