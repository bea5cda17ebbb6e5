"""Pictures whose pixels are whole though something beside them is broken: an end marker, a profile, Exif.

What is optional in a file must not keep its picture from being seen. So a file that a reader refuses is offered to it
once more without those parts, and a JPEG without its end marker with one.
"""

import struct
import zlib
from collections.abc import Callable, Iterator

from studio.core.picture_metadata import PNG_SIGNATURE

__all__ = ["with_jpeg_end", "without_metadata"]

_JPEG_END = b"\xff\xd9"
_NO_PICTURE_DATA = b"\x5a\xa5" * 64
"""Bytes that stand for coefficients where any are still wanted."""
_PNG_PICTURE = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_PNG_COLOURS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1}
"""Chunks that say what the numbers mean, and how long they are."""
_WEBP_KEPT = (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
_WEBP_ICC, _WEBP_EXIF, _WEBP_XMP = 0x20, 0x08, 0x04


def with_jpeg_end(data: bytes, decode: Callable[[bytes], bytes]) -> bytes | None:
    """Return a JPEG file without an end marker with one, if nothing but the marker is missing; otherwise None.

    Decoders make up what is missing, so whether a picture is whole cannot be seen in it. But where data is missing, the
    decoder takes whatever comes next for it, and makes another picture of it.

    Args:
        data: a file that cannot be read as it is.
        decode: gives the pixels of a file; raises OSError where there are none.

    """
    if not data.startswith(b"\xff\xd8") or _JPEG_END in data[-2:]:
        return None
    body = data[:-1] if data.endswith(b"\xff") else data
    ended = body + _JPEG_END
    try:
        return ended if decode(ended) == decode(body + _NO_PICTURE_DATA + _JPEG_END) else None
    except OSError:
        return None


def without_metadata(data: bytes) -> bytes | None:
    """Return a PNG, JPEG or WebP file with nothing but its picture; None of any other file, or if nothing changes."""
    try:
        if data.startswith(PNG_SIGNATURE):
            bare = _bare_png(data)
        elif data.startswith(b"\xff\xd8"):
            bare = _bare_jpeg(data)
        elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            bare = _bare_webp(data)
        else:
            return None
    except (struct.error, IndexError):
        return None
    return None if bare == data else bare


def _bare_png(data: bytes) -> bytes:
    kept = [PNG_SIGNATURE]
    for kind, chunk in _png_chunks(data):
        whole = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
        if kind in _PNG_PICTURE or (whole and _PNG_COLOURS.get(kind) == len(chunk) - 12):
            kept.append(chunk)
    return b"".join(kept)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place, kind = len(PNG_SIGNATURE), b""
    while place + 12 <= len(data) and kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, place)
        yield kind, data[place : place + 12 + length]
        place += 12 + length
    if kind != b"IEND" and place == len(data):
        yield b"IEND", b"\0\0\0\0IEND\xaeB`\x82"  # all that was missing is the end


def _bare_jpeg(data: bytes) -> bytes:
    kept, place = [data[:2]], 2
    while data[place] == 0xFF and data[place + 1] != 0xDA:
        if data[place + 1] == 0xFF:  # fill bytes
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        marker, segment = data[place + 1], data[place : place + 2 + length]
        # 0xEE: Adobe's tells how colours are coded; 0xE0: JFIF's says that as well
        if not (0xE1 <= marker <= 0xEF or marker == 0xFE) or marker == 0xEE:
            kept.append(segment)
        place += 2 + length
    return b"".join([*kept, data[place:]])


def _bare_webp(data: bytes) -> bytes:
    place, body = 12, b""
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        chunk = data[place : place + 8 + length + length % 2]
        if kind == b"VP8X":
            flags = chunk[8] & ~(_WEBP_ICC | _WEBP_EXIF | _WEBP_XMP)
            body += chunk[:8] + bytes([flags]) + chunk[9:]
        elif kind in _WEBP_KEPT:
            body += chunk
        place += 8 + length + length % 2
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
