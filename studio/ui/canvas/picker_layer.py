"""A spot of the picture, chosen with a click or with the arrow keys."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from studio.ui.canvas.layers import CanvasLayer, Pen

__all__ = ["PickerLayer"]

_RING = 9.0
"""Radius of the mark on the screen, in logical pixels."""
_ARROWS = {
    Qt.Key.Key_Left: QPointF(-1, 0), Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1), Qt.Key.Key_Down: QPointF(0, 1),
}  # fmt: skip


class PickerLayer(CanvasLayer):
    """A click picks; arrow keys move the mark, with Shift ten times as far, Enter picks there. Esc leaves.

    Args:
        purpose: what a screen reader is told one looks for.

    """

    picked = Signal(QPointF)
    """In the picture's pixels."""
    dismissed = Signal()

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self._purpose = purpose
        self._spot = QPointF()

    def set_picture_rect(self, rect: QRectF) -> None:
        """Begin anew in another picture: not in its middle, where the divider's handle is."""
        if rect != self.picture_rect:
            self._spot = rect.topLeft() + QPointF(rect.width() / 3, rect.height() / 3)
        super().set_picture_rect(rect)

    @property
    def words(self) -> str:
        """Where the mark is, and what the keys do."""
        at = self._spot.toPoint()
        return (
            f"{self._purpose} {at.x()} from the left, {at.y()} from the top. Arrow keys move, Enter picks, Esc leaves."
        )

    def begin(self, pen: Pen) -> bool:
        """Pick what is pressed on, where there is picture."""
        if not self.picture_rect.contains(pen.spot):
            return False
        self._put(pen.spot)
        self.picked.emit(pen.spot)
        return True

    def cursor_at(self, pen: Pen) -> Qt.CursorShape | None:
        """Show the cross over the picture."""
        return Qt.CursorShape.CrossCursor if self.picture_rect.contains(pen.spot) else None

    def answer_key(self, event: QKeyEvent, scale: float) -> bool:
        """Move the mark, pick, or leave."""
        key = Qt.Key(event.key())
        if key in _ARROWS:
            far = (10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1) / scale
            self._put(self._spot + _ARROWS[key] * far)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.picked.emit(self._spot)
        elif key == Qt.Key.Key_Escape:
            self.dismissed.emit()
        else:
            return False
        return True

    def _put(self, spot: QPointF) -> None:
        rect = self.picture_rect
        self._spot = QPointF(
            min(max(spot.x(), rect.left()), rect.right()), min(max(spot.y(), rect.top()), rect.bottom())
        )
        self.update()
        self.words_changed.emit()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw a ring around the spot, as large at every zoom."""
        at = painter.worldTransform().map(self._spot)
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 140), 4.0), (QColor("white"), 2.0)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(at, _RING, _RING)
        painter.restore()
