"""Points over the picture that take hold of something, each with a target where it shall go."""

from collections.abc import Sequence
from typing import TypeAlias

from PySide6.QtCore import QLineF, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from studio.ui.canvas.layers import CanvasLayer, Pen

__all__ = ["DragLayer", "Pair"]

Pair: TypeAlias = tuple[QPointF, QPointF]
"""A handle and its target, in the picture's pixels."""

_RING = 7.0
"""Radius of a point on the screen, in logical pixels."""
_GRAB = 12.0
_HANDLE, _TARGET = QColor(235, 64, 52), QColor(64, 128, 255)
_ARROWS = {
    Qt.Key.Key_Left: QPointF(-1, 0), Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1), Qt.Key.Key_Down: QPointF(0, 1),
}  # fmt: skip


class DragLayer(CanvasLayer):
    """A drag over the picture takes hold where it begins, and its end is the target; both can be moved afterwards.

    Alt and a click take a pair away. By keyboard Enter sets a pair in the middle, arrows move the newest target (with
    Shift ten times as far), Backspace takes the newest pair away, Esc leaves.
    """

    pairs_changed = Signal()
    dismissed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[Pair] = []
        self._held: tuple[int, int] | None = None
        """Which pair, and which of its ends, the hand has."""
        self._before: list[Pair] = []

    def set_pairs(self, pairs: Sequence[Pair]) -> None:
        """Show these, but in a stroke, when they are the hand's; tells nobody."""
        if not self.in_stroke:
            self.pairs = list(pairs)
            self.update()
            self.words_changed.emit()

    def set_handles(self, handles: Sequence[QPointF]) -> None:
        """Show where the handles have come; tells nobody."""
        self.set_pairs([(to, target) for to, (_, target) in zip(handles, self.pairs, strict=True)])

    @property
    def words(self) -> str:
        """Where the points are, and what the keys do."""
        listed = ", ".join(f"from {_at(handle)} to {_at(target)}" for handle, target in self.pairs)
        return (
            f"Drag points: {listed or 'none yet'}. Enter sets one in the middle, arrow keys move the newest target, "
            "Backspace removes it, Escape leaves."
        )

    # -- the hand

    def begin(self, pen: Pen) -> bool:
        """Take hold of a point, or set a new pair; with Alt take one away."""
        if not self.picture_rect.contains(pen.spot):
            return False
        self._before = list(self.pairs)
        self._held = self._end_at(pen)
        if pen.modifiers & Qt.KeyboardModifier.AltModifier:
            if self._held is not None:
                del self.pairs[self._held[0]]
            self._held = None
        elif self._held is None:
            self.pairs.append((pen.spot, pen.spot))
            self._held = len(self.pairs) - 1, 1
        self.update()
        return True

    def move(self, pen: Pen) -> None:
        """Bring the point along."""
        if self._held is not None:
            number, end = self._held
            ends = list(self.pairs[number])
            ends[end] = self._within(pen.spot)
            self.pairs[number] = ends[0], ends[1]
            self.update()

    def commit(self) -> None:
        """Stay so; a pair that goes nowhere is none."""
        self.pairs = [pair for pair in self.pairs if QLineF(*pair).length() >= 1.0]
        self._held = None
        self._tell()

    def abort(self) -> None:
        """Be as before the stroke."""
        self.pairs, self._held = self._before, None
        self._tell()

    def cursor_at(self, pen: Pen) -> Qt.CursorShape | None:
        """Show the hand over a point, else the cross over the picture."""
        if not self.picture_rect.contains(pen.spot):
            return None
        return Qt.CursorShape.SizeAllCursor if self._end_at(pen) is not None else Qt.CursorShape.CrossCursor

    def answer_key(self, event: QKeyEvent, scale: float) -> bool:
        """Set, move and remove pairs; leave."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            middle = self.picture_rect.center()
            self.pairs.append((middle, middle + QPointF(self.picture_rect.width() / 16, 0.0)))
        elif key == Qt.Key.Key_Backspace and self.pairs:
            self.pairs.pop()
        elif key in _ARROWS and self.pairs:
            far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            handle, target = self.pairs[-1]
            self.pairs[-1] = handle, self._within(target + _ARROWS[key] * far)
        elif key == Qt.Key.Key_Escape:
            self.dismissed.emit()
            return True
        else:
            return False
        self._tell()
        return True

    def _end_at(self, pen: Pen) -> tuple[int, int] | None:
        """Return what is near the pen: targets, which lie above, and what was set last come first."""
        for number in reversed(range(len(self.pairs))):
            for end in (1, 0):
                if QLineF(self.pairs[number][end], pen.spot).length() * pen.scale <= _GRAB:
                    return number, end
        return None

    def _within(self, spot: QPointF) -> QPointF:
        rect = self.picture_rect
        return QPointF(min(max(spot.x(), rect.left()), rect.right()), min(max(spot.y(), rect.top()), rect.bottom()))

    def _tell(self) -> None:
        self.update()
        self.words_changed.emit()
        self.pairs_changed.emit()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw a ring where it takes hold, a dot where it goes, and the way; as large at every zoom."""
        to_screen = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for handle, target in self.pairs:
            start, end = to_screen.map(handle), to_screen.map(target)
            for colour, width in ((QColor(0, 0, 0, 140), 4.0), (QColor("white"), 2.0)):
                painter.setPen(QPen(colour, width))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawLine(start, end)
            for spot, fill in ((start, _HANDLE), (end, _TARGET)):
                painter.setPen(QPen(QColor(0, 0, 0, 140), 4.0))
                painter.setBrush(fill)
                painter.drawEllipse(spot, _RING, _RING)
                painter.setPen(QPen(QColor("white"), 2.0))
                painter.drawEllipse(spot, _RING, _RING)
        painter.restore()


def _at(spot: QPointF) -> str:
    return f"{spot.x():.0f} {spot.y():.0f}"
