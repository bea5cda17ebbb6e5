"""A picture made ready to draw, off the UI thread: in Qt's own byte order, at every size the canvas may need."""

import sys
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.events import DeepPicture, Picture
from studio.core.resizing import to_8_bits

SMALLEST_LEVEL = 256


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture as QImage can wrap it without copying.

    `levels[0]` has the full size, each further one half of it (rounded up), until the longer side is at most 256 px.
    Every level is a contiguous H×W×4 uint8 array: BGRX (`Format_RGB32`), or with `has_alpha` premultiplied BGRA
    (`Format_ARGB32_Premultiplied`).
    """

    levels: tuple[NDArray[np.uint8], ...]
    has_alpha: bool

    @property
    def width(self) -> int:
        """Width of the full picture in pixels."""
        return int(self.levels[0].shape[1])

    @property
    def height(self) -> int:
        """Height of the full picture in pixels."""
        return int(self.levels[0].shape[0])

    def scale(self, level: int) -> tuple[float, float]:
        """Return how many pixels of the full picture one pixel of `level` covers, horizontally and vertically."""
        height, width = self.levels[level].shape[:2]
        return self.width / width, self.height / height

    def level_for(self, zoom: float) -> int:
        """Return the smallest level that still has a pixel for every screen pixel at `zoom` (1 = 100 %)."""
        level = 0
        while level + 1 < len(self.levels) and zoom * 2 ** (level + 1) <= 1.0:
            level += 1
        return level


def prepare_frame(picture: Picture | DeepPicture) -> Frame:
    """Convert and scale a picture for the canvas; about a tenth of a second for 4096²."""
    pixels = to_8_bits(picture)
    has_alpha = pixels.shape[2] == 4 and int(pixels[..., 3].min()) < 255
    full = _premultiplied(pixels) if has_alpha else _opaque(pixels)
    levels = [full]
    while max(levels[-1].shape[:2]) > SMALLEST_LEVEL:
        height, width = levels[-1].shape[:2]
        half = (width + 1) // 2, (height + 1) // 2
        levels.append(np.asarray(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA), np.uint8))
    return Frame(tuple(_in_byte_order(level) for level in levels), has_alpha)


def repaint(frame: Frame, picture: Picture, rows: slice, columns: slice) -> None:
    """Bring a part of an opaque frame up to date with its picture, at every size; in place.

    Where a side is odd, its halves lie up to a pixel beside those of `prepare_frame`.

    Args:
        frame: without alpha, of the picture's size.
        picture: H×W×3.
        rows: of the part that is another; not empty.
        columns: likewise.

    """
    top, bottom, left, right = rows.start, rows.stop, columns.start, columns.stop
    frame.levels[0][top:bottom, left:right] = _in_byte_order(_opaque(np.ascontiguousarray(picture[rows, columns])))
    for finer, coarser in pairwise(frame.levels):
        top, left, bottom, right = top // 2, left // 2, (bottom + 1) // 2, (right + 1) // 2
        part = finer[2 * top : 2 * bottom, 2 * left : 2 * right]
        size = right - left, bottom - top
        coarser[top:bottom, left:right] = cv2.resize(part, size, interpolation=cv2.INTER_AREA)


def _opaque(pixels: Picture) -> NDArray[np.uint8]:
    order = cv2.COLOR_RGBA2BGR if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    return np.asarray(cv2.cvtColor(cv2.cvtColor(pixels, order), cv2.COLOR_BGR2BGRA), np.uint8)


def _premultiplied(pixels: Picture) -> NDArray[np.uint8]:
    """Return BGRA with colours times alpha (OpenCV's own mRGBA truncates instead of rounding)."""
    red, green, blue, alpha = cv2.split(pixels)
    weighted = [cv2.multiply(channel, alpha, scale=1.0 / 255.0) for channel in (blue, green, red)]
    return np.asarray(cv2.merge([*weighted, alpha]), np.uint8)


def _in_byte_order(level: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """QImage's 32-bit formats are numbers 0xAARRGGBB: the bytes run backwards on big-endian machines."""
    return level if sys.byteorder == "little" else np.ascontiguousarray(level[..., ::-1])
