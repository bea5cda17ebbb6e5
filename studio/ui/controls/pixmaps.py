"""From the jobs' numpy pictures to what Qt draws."""

import numpy as np
from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPixmap

from studio.core.events import Picture


def pixmap_of(picture: Picture) -> QPixmap:
    """Return a small picture (uint8 H×W×3|4) as a pixmap of its own; large ones belong to the canvas's worker."""
    pixels = np.ascontiguousarray(picture)
    height, width, channels = pixels.shape
    form = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    return QPixmap.fromImage(QImage(pixels.data, width, height, pixels.strides[0], form).copy())


def draw_cover(painter: QPainter, pixmap: QPixmap, target: QRectF, radius: float) -> None:
    """Fill `target` with the middle of `pixmap`, corners rounded."""
    scale = min(pixmap.width() / target.width(), pixmap.height() / target.height())
    part = QSizeF(target.width() * scale, target.height() * scale)
    source = QRectF((pixmap.width() - part.width()) / 2, (pixmap.height() - part.height()) / 2, *part.toTuple())
    _draw_rounded(painter, pixmap, target, source, radius)


def draw_whole(painter: QPainter, pixmap: QPixmap, area: QRectF, radius: float) -> QRectF:
    """Draw all of `pixmap` in the middle of `area`; return where it lies."""
    size = QSizeF(pixmap.size()).scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
    target = QRectF(area.center().x() - size.width() / 2, area.center().y() - size.height() / 2, *size.toTuple())
    _draw_rounded(painter, pixmap, target, QRectF(pixmap.rect()), radius)
    return target


def _draw_rounded(painter: QPainter, pixmap: QPixmap, target: QRectF, source: QRectF, radius: float) -> None:
    outline = QPainterPath()
    outline.addRoundedRect(target, radius, radius)
    painter.save()
    painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
    painter.setClipPath(outline)
    painter.drawPixmap(target, pixmap, source)
    painter.restore()
