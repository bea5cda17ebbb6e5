"""A round brush over the picture: what is painted is a map of the picture, seen as a tint."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPen, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from studio.ui.canvas.layers import CanvasLayer, Pen

__all__ = ["BrushLayer"]

_LONGER_SIDE = 512
"""Of the map, px: eyes and letters are larger than one of its pixels."""
_TINT, _SEEN = QColor(255, 92, 48), 0.5
_FINEST, _WIDEST, _KEY_STEP = 4.0, 400.0, 1.2
_LIGHTEST = 0.25
"""The share of its diameter that the brush keeps under the lightest pressure of a pen."""


class BrushLayer(CanvasLayer):
    """Paints and erases; as large on the screen whatever the zoom, so that one zooms in to paint finely.

    Alt, or a pen's other end, erases instead. The keys [ and ] make the brush smaller and larger. Every stroke is a
    step of undo.
    """

    painted = Signal()
    """The map is another: by a stroke, or its undo."""
    diameter_changed = Signal(float)
    """By a key, in logical pixels of the screen."""

    def __init__(self, undo_stack: QUndoStack) -> None:
        super().__init__(undo_stack)
        self.diameter, self.erases = 40.0, False
        self._image, self._before = QImage(), QImage()
        self._last: QPointF | None = None
        self._hover: Pen | None = None
        self._erasing = False

    # -- the map

    def set_map(self, painted: NDArray[np.uint8] | None, width: int, height: int) -> None:
        """Show the map of another picture, H×W, which may have any size; None: nothing is painted yet."""
        share = min(1.0, _LONGER_SIDE / max(width, height))
        size = QSize(max(1, round(width * share)), max(1, round(height * share)))
        self._image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        self._image.fill(Qt.GlobalColor.transparent)
        if painted is not None:
            rows, columns = painted.shape
            alpha = QImage(painted.tobytes(), columns, rows, columns, QImage.Format.Format_Alpha8)
            painter = QPainter(self._image)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._image.rect(), alpha)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
            painter.fillRect(self._image.rect(), _TINT)
            painter.end()
        self.update()

    def map(self) -> NDArray[np.uint8]:
        """Return what is painted: H×W, 0–255."""
        alpha = self._image.convertToFormat(QImage.Format.Format_Alpha8)
        rows = np.frombuffer(alpha.constBits(), np.uint8).reshape(alpha.height(), alpha.bytesPerLine())
        return rows[:, : alpha.width()].copy()  # the image's memory goes with it

    def wipe(self) -> None:
        """Take everything away, as a stroke does."""
        before = QImage(self._image)
        self._image.fill(Qt.GlobalColor.transparent)
        self._push(before, "Clear")

    # -- the hand

    def begin(self, pen: Pen) -> bool:
        """Touch the picture."""
        if self._image.isNull():
            return False
        self._before = QImage(self._image)
        self._erasing = self.erases or pen.eraser or bool(pen.modifiers & Qt.KeyboardModifier.AltModifier)
        self._last = None
        self.move(pen)
        return True

    def move(self, pen: Pen) -> None:
        """Draw a line from where it was, with round ends."""
        mode = QPainter.CompositionMode
        across, down = (
            self._image.width() / self.picture_rect.width(),
            self._image.height() / self.picture_rect.height(),
        )
        spot = QPointF(pen.spot.x() * across, pen.spot.y() * down)
        width = max(1.0, self._width(pen) * across)
        painter = QPainter(self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setCompositionMode(mode.CompositionMode_Clear if self._erasing else mode.CompositionMode_SourceOver)
        painter.setPen(QPen(_TINT, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        if self._last is None:
            painter.drawPoint(spot)
        else:
            painter.drawLine(self._last, spot)
        painter.end()
        self._last, self._hover = spot, pen
        self.update()

    def commit(self) -> QUndoCommand | None:
        """End the stroke: one step of undo."""
        self.painted.emit()
        return _Stroke(self, self._before, QImage(self._image), "Erase" if self._erasing else "Paint")

    def abort(self) -> None:
        """Take it back."""
        self._image = self._before
        self.update()

    def cursor_at(self, pen: Pen) -> Qt.CursorShape | None:
        """Show how wide the brush is here."""
        self._hover = pen
        self.update()
        return Qt.CursorShape.CrossCursor

    def answer_key(self, event: QKeyEvent, scale: float) -> bool:
        """[ and ] make the brush smaller and larger."""
        factor = {"[": 1 / _KEY_STEP, "]": _KEY_STEP}.get(event.text())
        if factor is None:
            return False
        self.diameter = min(max(self.diameter * factor, _FINEST), _WIDEST)
        self.diameter_changed.emit(self.diameter)
        self.update()
        return True

    @property
    def words(self) -> str:
        """What a screen reader says."""
        return f"Brush, {self.diameter:.0f} pixels wide. The left bracket makes it smaller, the right one larger."

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the tint, and the brush's outline: dark in light, so that it is seen on anything."""
        if self._image.isNull():
            return
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        painter.setOpacity(_SEEN)
        painter.drawImage(self.picture_rect, self._image, QRectF(self._image.rect()))
        painter.setOpacity(1.0)
        if self._hover is not None and self.picture_rect.contains(self._hover.spot):
            radius = self._width(self._hover) / 2
            for colour, thickness in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255, 230), 1.2)):
                pen = QPen(colour, thickness)
                pen.setCosmetic(True)
                painter.setPen(pen)
                painter.drawEllipse(self._hover.spot, radius, radius)

    # -- inside

    def _width(self, pen: Pen) -> float:
        """Return how wide the brush is, in the picture's pixels."""
        return self.diameter * (_LIGHTEST + (1 - _LIGHTEST) * pen.pressure) / pen.scale

    def _push(self, before: QImage, words: str) -> None:
        self.update()
        self.painted.emit()
        if self._undo_stack is not None:
            self._undo_stack.push(_Stroke(self, before, QImage(self._image), words))

    def _show(self, image: QImage) -> None:
        self._image = QImage(image)
        self.update()
        self.painted.emit()


class _Stroke(QUndoCommand):
    """A stroke, done already when it is pushed."""

    def __init__(self, layer: BrushLayer, before: QImage, after: QImage, words: str) -> None:
        super().__init__(words)
        self._layer, self._before, self._after, self._done = layer, before, after, True

    def undo(self) -> None:
        self._layer._show(self._before)
        self._done = False

    def redo(self) -> None:
        if not self._done:
            self._layer._show(self._after)
            self._done = True
