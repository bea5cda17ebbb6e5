"""Draws what is painted over a picture: as a tint, as ruby film around it, or as the plain mask."""

from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from studio.ui.canvas.painted_map import PaintedMap, Region

__all__ = ["MapView", "TintedMap"]

MapView = Literal["tint", "ruby", "mask"]

_SEEN, _RUBY, _RUBY_SEEN = 0.5, QColor(196, 12, 40), 0.62
_MARGIN = 2
"""Pixels around what is drawn, for smooth edges."""


class TintedMap:
    """One painted map as it is seen; of what is far away a smaller version is kept, as far as it has not changed.

    Args:
        painted: what is drawn.
        colour: of the tint.
        view: a tint over what is painted, ruby film over everything else, or the mask in black and white.

    """

    def __init__(self, painted: PaintedMap, colour: QColor, view: MapView = "tint") -> None:
        self.painted, self.view = painted, view
        self._inks = _inks(view, colour)
        self._factor = 1
        self._small: NDArray[np.uint8] = painted.pixels
        self._version = -1

    def refresh(self, region: Region) -> None:
        """What lies there is another, and nothing else is."""
        if self._factor > 1 and self._version == self.painted.version - 1:
            self._reduce(region)
        self._version = self.painted.version

    def paint(self, painter: QPainter, rect: QRectF, exposed: QRectF) -> None:
        """Draw the part of it that lies in `exposed`, where all of it lies in `rect`."""
        visible = exposed & rect
        if visible.isEmpty():
            return
        across, down = self.painted.width / rect.width(), self.painted.height / rect.height()
        small, factor = self._level(painter.deviceTransform().m11() / across)
        corner = visible.translated(-rect.topLeft())
        part = QRectF(
            corner.x() * across / factor, corner.y() * down / factor,
            corner.width() * across / factor, corner.height() * down / factor,
        ).toAlignedRect().adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)  # fmt: skip
        part &= QRect(0, 0, small.shape[1], small.shape[0])
        if part.isEmpty():
            return
        inked = self._inked(small[part.y() : part.y() + part.height(), part.x() : part.x() + part.width()])
        height, width = inked.shape
        image = QImage(inked.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
        target = QRectF(
            part.x() * factor / across, part.y() * factor / down, width * factor / across, height * factor / down
        ).translated(rect.topLeft())
        painter.save()
        painter.setClipRect(visible, Qt.ClipOperation.IntersectClip)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, image)
        painter.restore()

    def _level(self, zoom: float) -> tuple[NDArray[np.uint8], int]:
        """Return the smallest version that has a pixel for every one of the screen, and how much smaller it is."""
        factor = 1
        while factor * zoom <= 0.5:
            factor *= 2
        if factor == 1:
            return self.painted.pixels, 1
        if factor != self._factor or self._version != self.painted.version:
            self._factor, self._version = factor, self.painted.version
            size = tuple(-(-length // factor) for length in self.painted.pixels.shape[:2])
            self._small = np.empty((*size, *self.painted.pixels.shape[2:]), np.uint8)
            self._reduce(self.painted.whole)
        return self._small, factor

    def _reduce(self, region: Region) -> None:
        factor, pixels = self._factor, self.painted.pixels
        left, top = region.left // factor, region.top // factor
        right, bottom = -(-region.right // factor), -(-region.bottom // factor)
        part: Any = pixels[top * factor : bottom * factor, left * factor : right * factor]
        below, beside = (bottom - top) * factor - part.shape[0], (right - left) * factor - part.shape[1]
        if below or beside:
            part = cv2.copyMakeBorder(part, 0, below, 0, beside, cv2.BORDER_REPLICATE)
        if right > left and bottom > top:
            size = right - left, bottom - top
            self._small[top:bottom, left:right] = cv2.resize(part, size, interpolation=cv2.INTER_AREA)

    def _inked(self, part: NDArray[np.uint8]) -> NDArray[np.uint32]:
        """Return the numbers 0xAARRGGBB, colours times alpha, that stand for these values."""
        if part.ndim == 2:
            return np.take(self._inks, part)
        alpha = part[..., 3].astype(np.uint32)
        red, green, blue = (part[..., channel] * alpha // 255 for channel in range(3))
        behind = np.take(self._inks, part[..., 3])
        colour = (red << 16) | (green << 8) | blue
        opaque = self.view != "tint"
        seen = np.where(alpha > 0, colour | (255 << 24), behind) if opaque else colour | (alpha << 24)
        return np.asarray(seen, np.uint32)


def _inks(view: MapView, colour: QColor) -> NDArray[np.uint32]:
    """Return for each value of a mask what it looks like."""
    value = np.arange(256, dtype=np.float64) / 255
    ruby, own = ((one.redF(), one.greenF(), one.blueF()) for one in (_RUBY, colour))
    if view == "mask":
        alpha, rgb = np.ones(256), np.stack([value] * 3, axis=-1)
    elif view == "ruby":
        alpha, rgb = _RUBY_SEEN * (1 - value), np.tile(ruby, (256, 1))
    else:
        alpha, rgb = _SEEN * value, np.tile(own, (256, 1))
    red, green, blue = np.rint(rgb * alpha[:, None] * 255).astype(np.uint32).T
    return np.asarray((np.rint(alpha * 255).astype(np.uint32) << 24) | (red << 16) | (green << 8) | blue, np.uint32)
