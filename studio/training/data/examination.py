"""What there is to know about one picture file before it is trained on."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.core.events import Picture
from studio.core.failures import StudioError
from studio.core.picture_decoding import decode
from studio.training.data.near_duplicates import glance_at
from studio.training.data.shrinking import alone_if_large, on_white, reason_of

__all__ = ["Examined", "examine_file"]

_SEEN = 128 * 128
"""Pixels of the reduced picture that is looked at; a JPEG decodes to it at a fraction of the cost."""
_COLOURLESS = 8
"""Largest difference between the channels of a grey picture: a JPEG's rounding makes some."""
_FLAT_SHARE = 0.5
"""Of a picture's blocks, above which it counts as flat: many of its close views show nothing."""
_BLOCK, _SPAN = 8, 3
"""A block of so many pixels a side is of one colour where its values span no more than this."""
_ORIENTATION = 274


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """One file. `problem` says why it cannot be used, in words that follow its name; the rest then means nothing.

    `size` is (width, height) as it stands upright; `flat` tells that most of it is of one colour; `miniature` is a
    small grey copy; `means` and `squares` are the means of red, green and blue, 0–1, and of their squares.
    """

    path: Path
    sha256: str
    file_bytes: int
    problem: str = ""
    format: str = ""
    size: tuple[int, int] = (0, 0)
    bits: int = 8
    pictures: int = 1
    grey: bool = False
    flat: bool = False
    transparent: bool = False
    cmyk: bool = False
    turned: bool = False
    miniature: NDArray[np.uint8] | None = None
    means: tuple[float, ...] = ()
    squares: tuple[float, ...] = ()


def examine_file(path: Path, one_large: Lock) -> Examined:
    """Read and decode one file; never raises for what is wrong with it.

    Args:
        path: of the file.
        one_large: held while a very large picture is in memory.

    """
    try:
        data = path.read_bytes()
    except OSError as error:
        return Examined(path, "", 0, f"cannot be read ({error.strerror or error})")
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        with alone_if_large(data, one_large):
            decoded = decode(data, path.name, _SEEN)
    except StudioError as error:
        return Examined(path, sha256, len(data), reason_of(error))
    header = _read_header(data)
    pixels = decoded.pixels
    means, deviations = (each.flatten() / 255 for each in cv2.meanStdDev(on_white(pixels)))
    return Examined(
        path, sha256, len(data),
        format=header.format, size=decoded.full_size, bits=decoded.bits, pictures=header.pictures,
        grey=_is_grey(pixels), transparent=pixels.shape[2] == 4 and bool(pixels[..., 3].min() < 255),
        cmyk=header.cmyk, turned=header.turned, miniature=glance_at(on_white(pixels)), flat=_is_flat(pixels),
        means=tuple(means.tolist()), squares=tuple((means**2 + deviations**2).tolist()),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Header:
    format: str = "TIFF"  # what Pillow does not open and is decoded all the same
    pictures: int = 1
    cmyk: bool = False
    turned: bool = False


def _read_header(data: bytes) -> _Header:
    try:
        with Image.open(BytesIO(data)) as image:
            kind = "JPEG" if image.format == "MPO" else image.format or ""
            pictures = 1 if image.format in ("MPO", "PSD") else getattr(image, "n_frames", 1)
            turned = image.getexif().get(_ORIENTATION, 1) not in (0, 1)
            return _Header(kind, pictures, image.mode == "CMYK", turned)
    except Exception:  # an unusual TIFF, or tags that trip the reader; the picture itself has been decoded
        return _Header()


def _is_grey(pixels: Picture) -> bool:
    colours = pixels[..., :3].astype(np.int16)
    return bool((colours.max(2) - colours.min(2)).max() <= _COLOURLESS)


def _is_flat(pixels: Picture) -> bool:
    """Tell whether most blocks of a picture are of one colour: a product on white, a drawing, a scan, a clear sky."""
    height, width = (side // _BLOCK * _BLOCK for side in pixels.shape[:2])
    if not height or not width:
        return False
    whole = on_white(pixels)[:height, :width].reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK, 3)
    spans = (whole.max((1, 3)) - whole.min((1, 3))).max(2)
    return bool((spans <= _SPAN).mean() > _FLAT_SHARE)
