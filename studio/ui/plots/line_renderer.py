"""Draws lines into a picture, in pixels. Quick, because it asks Qt only for hairlines.

Qt's rasteriser strokes a line of two pixels as one long outline, which takes 25 times as long as a hairline when the
line is smooth and hundreds of times when it is noisy. A few hairlines side by side look the same.
"""

import math
from dataclasses import dataclass

import numpy as np
from pyqtgraph.functions import arrayToQPath
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from studio.ui.plots.minmax_pyramid import Floats

_FAR = 16_000.0
"""Qt's rasteriser counts pixels in 16 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """A line to draw: pixels from the top left (NaN breaks it), its colour and thickness; dots where it has few."""

    x: Floats
    y: Floats
    colour: QColor
    thickness: float = 1.0
    smooth: bool = True
    dots: bool = False


class LineRenderer:
    """A transparent picture of the size of the plot."""

    def __init__(self) -> None:
        self.image = QImage()

    def clear(self, size: QSize, scale: float) -> None:
        """Begin anew: `size` in device-independent pixels, `scale` device pixels for each of them."""
        wanted = QSize(math.ceil(size.width() * scale), math.ceil(size.height() * scale))
        if self.image.size() != wanted:
            self.image = QImage(wanted, QImage.Format.Format_ARGB32_Premultiplied)
            self.image.setDevicePixelRatio(scale)
        self.image.fill(Qt.GlobalColor.transparent)

    def draw(self, strokes: list[Stroke]) -> None:
        """Draw these, the last one on top."""
        if self.image.isNull():
            return
        scale = self.image.devicePixelRatio()
        painter = QPainter(self.image)
        painter.scale(1 / scale, 1 / scale)  # device pixels: hairlines are only quick where nothing is scaled
        for stroke in strokes:
            _draw(painter, stroke, scale)
        painter.end()


def _draw(painter: QPainter, stroke: Stroke, scale: float) -> None:
    x, y = stroke.x * scale, np.clip(stroke.y * scale, -_FAR, _FAR)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, stroke.smooth)
    painter.setPen(QPen(stroke.colour, 1))
    path = arrayToQPath(x, y, connect="finite")
    for dx, dy in _offsets(stroke.thickness * scale):
        painter.translate(dx, dy)
        painter.drawPath(path)
        painter.translate(-dx, -dy)
    if stroke.dots:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(stroke.colour)
        radius = (stroke.thickness + 0.5) * scale
        for left, top in zip(x.tolist(), y.tolist(), strict=True):
            if math.isfinite(top):
                painter.drawEllipse(QPointF(left, top), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _offsets(thickness: float) -> list[tuple[float, float]]:
    """Return where hairlines lie that together are `thickness` device pixels thick in every direction."""
    if thickness <= 1:
        return [(0.0, 0.0)]
    reach = (thickness - 1) / 2
    count = math.ceil(thickness)  # hairlines at most a pixel apart
    places = np.linspace(-reach, reach, count)
    rim = [(float(a), float(b)) for a in places for b in places if max(abs(a), abs(b)) > reach - 0.5]
    return rim if count > 1 else [(0.0, 0.0)]
