"""One file as training sees it: upright, sRGB, without transparency, no larger than needed."""

from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image

from studio.core.events import Picture
from studio.core.failures import StudioError
from studio.core.picture_decoding import HARD_LIMIT, decode
from studio.core.resizing import resize

__all__ = ["alone_if_large", "load_shrunken", "on_white", "reason_of", "shrink", "shrunken", "shrunken_size"]

_LARGE = 40_000_000
"""Pixels above which pictures are decoded one at a time."""
_MARGIN = 2
"""A reduced decoding is at least this many times as wide as the result, whose averaging then looks the same."""


def load_shrunken(path: Path, side: int, one_large: Lock) -> Picture | str:
    """Read a file as H×W×3 whose shorter side is at most `side`; where that fails, return the reason in words.

    Args:
        path: of the file.
        side: pixels.
        one_large: held while a very large picture is in memory.

    """
    try:
        data = path.read_bytes()
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return shrunken(data, path.name, side, one_large)


def shrunken(data: bytes, name: str, side: int, one_large: Lock) -> Picture | str:
    """Do what `shrink` does; where that fails, return the reason in words that follow the file's name."""
    try:
        with alone_if_large(data, one_large):
            return shrink(data, name, side)
    except StudioError as error:
        return reason_of(error)


def reason_of(error: StudioError) -> str:
    """Return why a file cannot be used, in words that follow its name."""
    return (error.cause.partition("” ")[2] or error.cause).rstrip(".")


def shrink(data: bytes, name: str, side: int) -> Picture:
    """Decode a picture, H×W×3, with a shorter side of at most `side`; transparent parts become white.

    Raises:
        PictureError: it is not a picture, broken, or far too large.

    """
    decoded = decode(data, name, _enough_pixels(data, side))
    return on_white(resize(decoded.pixels, *shrunken_size(*decoded.full_size, side)))


def alone_if_large(data: bytes, one_large: Lock) -> AbstractContextManager[object]:
    """Return what to hold while a picture is decoded: the lock, for one so large that several could fill the memory."""
    try:
        with Image.open(BytesIO(data)) as image:
            large = image.width * image.height > _LARGE
    except Exception:  # whatever is wrong with it, `decode` has the words for
        large = False
    return one_large if large else nullcontext()


def shrunken_size(width: int, height: int, side: int) -> tuple[int, int]:
    """Return the (width, height) of a picture whose shorter side is reduced to `side`; smaller ones stay."""
    scale = min(1.0, side / min(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def on_white(pixels: Picture) -> Picture:
    """Lay a picture with straight alpha on white paper; one without is returned as it is."""
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.uint32)
    mixed = pixels[..., :3] * alpha + 255 * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def _enough_pixels(data: bytes, side: int) -> int:
    try:
        with Image.open(BytesIO(data)) as image:
            width, height = shrunken_size(*image.size, side)
    except Exception:  # see above
        return HARD_LIMIT
    return _MARGIN**2 * width * height
