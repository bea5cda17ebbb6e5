"""How the plot's phases look: spans below the curve, borders, handles, names and the present above it."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from studio.ui.theme import Theme

TICKS_HEIGHT = 24
CAPTION = 22.0
"""Room for the phases' names above the curve, px."""
_RADIUS = 5.0
_VEIL = 150
"""How much of what is over is hidden, 0–255."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where everything is, px.

    Args:
        area: between the axes.
        spans: left and right of each phase.
        chosen: the number of the chosen phase.
        captions: name and length of each phase.
        handles: their places, and whether they are held or under the mouse.
        lit_border: the phase whose end is held or under the mouse.
        now: where training is; None before it has begun.
        colour: of the curve.

    """

    area: QRectF
    spans: tuple[tuple[float, float], ...]
    chosen: int
    captions: tuple[tuple[str, str], ...]
    handles: tuple[tuple[QPointF, bool], ...]
    lit_border: int | None
    now: float | None
    colour: QColor


def paint_spans(painter: QPainter, scene: Scene, theme: Theme) -> None:
    """Paint the phases as stripes, the chosen one in the accent's colour."""
    painter.save()
    painter.setClipRect(scene.area)
    for index, (left, right) in enumerate(scene.spans):
        span = QRectF(left, scene.area.top(), right - left, scene.area.height())
        if index == scene.chosen:
            painter.fillRect(span, theme.colour("accent_soft"))
            painter.fillRect(QRectF(left, scene.area.top(), right - left, 2), theme.colour("accent"))
        elif index % 2:
            painter.fillRect(span, theme.colour("panel"))
    painter.restore()


def paint_marks(painter: QPainter, scene: Scene, theme: Theme) -> None:
    """Paint what is over, the borders, and the handles."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    around = _RADIUS + 2
    painter.setClipRect(scene.area.adjusted(-around, -around, around, around))
    _paint_past(painter, scene, theme)
    _paint_borders(painter, scene, theme)
    _paint_handles(painter, scene, theme)
    painter.restore()


def paint_captions(painter: QPainter, scene: Scene, theme: Theme, font: QFont) -> None:
    """Write each phase's name and length at its top, or as much of it as there is room for."""
    painter.save()
    painter.setFont(_small(font, theme))
    metrics = QFontMetricsF(painter.font())
    for index, ((left, right), (name, length)) in enumerate(zip(scene.spans, scene.captions, strict=True)):
        begin = max(left, scene.area.left()) + 6
        room = min(right, scene.area.right()) - begin - 6
        if room < 14:
            continue
        both = f"{name} · {length}"
        words = both if metrics.horizontalAdvance(both) <= room else name
        painter.setPen(theme.colour("text" if index == scene.chosen else "text_muted"))
        painter.drawText(
            QRectF(begin, scene.area.top() + 3, room, CAPTION - 4),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(words, Qt.TextElideMode.ElideRight, room),
        )
    painter.restore()


def paint_unit(painter: QPainter, scene: Scene, theme: Theme, font: QFont, words: str) -> None:
    """Write what the lower axis counts, in the corner beside its numbers."""
    painter.save()
    painter.setFont(_small(font, theme))
    painter.setPen(theme.colour("text_muted"))
    corner = QRectF(0, scene.area.bottom(), scene.area.left() - 8, TICKS_HEIGHT)
    painter.drawText(corner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
    painter.restore()


def _paint_past(painter: QPainter, scene: Scene, theme: Theme) -> None:
    if scene.now is None:
        return
    area, x = scene.area, scene.now
    overlay = QColor(theme.colour("field"))
    overlay.setAlpha(_VEIL)
    painter.fillRect(QRectF(area.left(), area.top(), max(0.0, x - area.left()), area.height()), overlay)
    painter.setPen(QPen(theme.colour("text"), 1.5))
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("text"))
    top = area.top()
    painter.drawPolygon(QPolygonF([QPointF(x - 5, top), QPointF(x + 5, top), QPointF(x, top + 7)]))


def _paint_borders(painter: QPainter, scene: Scene, theme: Theme) -> None:
    for index, (_, x) in enumerate(scene.spans):
        lit = index == scene.lit_border
        painter.setPen(QPen(theme.colour("accent" if lit else "outline"), 2.0 if lit else 1.0))
        painter.drawLine(QPointF(x, scene.area.top()), QPointF(x, scene.area.bottom()))


def _paint_handles(painter: QPainter, scene: Scene, theme: Theme) -> None:
    painter.setPen(QPen(theme.colour("field"), 2))
    for place, lit in scene.handles:
        painter.setBrush(theme.colour("text") if lit else scene.colour)
        radius = _RADIUS + (1.5 if lit else 0.0)
        painter.drawEllipse(place, radius, radius)


def _small(font: QFont, theme: Theme) -> QFont:
    small = QFont(font)
    small.setPixelSize(theme.tokens.small_size)
    return small
