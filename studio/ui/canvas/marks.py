"""What is drawn over the picture: the divider of the split view and the small labels.

Sized for the screen, not for the picture, and quiet: the picture stays the brightest thing.
"""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from studio.ui.canvas.colours import INK, PLATE, CanvasColours

GRIP = 14.0
"""Radius of the divider's round grip."""

LABEL_BAND = 56
"""Height of the band at the picture's upper edge in which labels stand."""

_LABEL_MARGIN = 12.0
_LABEL_PAD = QPointF(8.0, 3.0)


def paint_divider(painter: QPainter, x: float, picture: QRectF, hot: bool) -> None:
    """Draw the line between photo and painting with its grip.

    Args:
        painter: draws on the viewport.
        x: where the divider stands.
        picture: the visible part of the picture.
        hot: whether the pointer is over it or drags it.

    """
    top, height = round(picture.top()), round(picture.height())
    painter.fillRect(QRect(round(x) - 2, top, 4, height), QColor(0, 0, 0, 90))
    painter.fillRect(QRect(round(x) - 1, top, 2, height), QColor("white"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    centre = QPointF(x, picture.center().y())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 60))
    painter.drawEllipse(centre, GRIP + 1.5, GRIP + 1.5)
    ink, plate = QColor(INK), QColor(PLATE)
    painter.setPen(QPen(ink, 1.5))
    painter.setBrush(ink if hot else plate)
    painter.drawEllipse(centre, GRIP - 0.75, GRIP - 0.75)
    pen = QPen(plate if hot else ink, 1.75)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for side in (-1, 1):
        tip, wing = side * 7.5, side * 3.75
        chevron = [QPointF(wing, -3.75), QPointF(tip, 0), QPointF(wing, 3.75)]
        painter.drawPolyline(QPolygonF([centre + point for point in chevron]))


def paint_label(painter: QPainter, text: str, picture: QRectF, right: bool, font: QFont) -> None:
    """Write `text` on a dim plate in the upper left (or right) corner of `picture`, if there is room for it."""
    box = label_box(text, picture, right, font)
    if box.width() + 2 * _LABEL_MARGIN > picture.width() or box.height() + 2 * _LABEL_MARGIN > picture.height():
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    plate = QColor(PLATE)
    plate.setAlphaF(0.65)
    painter.setBrush(plate)
    painter.drawRoundedRect(box, 4, 4)
    painter.setFont(font)
    painter.setPen(QColor(INK))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def paint_empty_place(painter: QPainter, words: str, place: QRectF, colours: CanvasColours, font: QFont) -> None:
    """Outline where a picture is going to stand, and say in its middle what comes there."""
    painter.setPen(QPen(QColor(colours.text_muted), 1.0, Qt.PenStyle.DashLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.setFont(font)
    painter.setPen(QColor(colours.text_muted))
    inside = place.adjusted(_LABEL_MARGIN, LABEL_BAND, -_LABEL_MARGIN, -LABEL_BAND)
    painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)


def label_box(text: str, picture: QRectF, right: bool, font: QFont) -> QRectF:
    """Return where the plate of a label stands."""
    metrics = QFontMetricsF(font)
    width = metrics.horizontalAdvance(text) + 2 * _LABEL_PAD.x()
    height = metrics.height() + 2 * _LABEL_PAD.y()
    left = picture.right() - _LABEL_MARGIN - width if right else picture.left() + _LABEL_MARGIN
    return QRectF(left, picture.top() + _LABEL_MARGIN, width, height)


def small_font(font: QFont) -> QFont:
    """Return `font` a step smaller: for words that should be found, not read first."""
    small = QFont(font)
    if font.pointSizeF() > 0:
        small.setPointSizeF(font.pointSizeF() * 0.9)
    else:
        small.setPixelSize(max(10, round(font.pixelSize() * 0.9)))
    return small
