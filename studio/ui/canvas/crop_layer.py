"""The rectangle of a crop: eight handles, a move, a locked shape, thirds to compose by; what falls away is dimmed."""

from collections.abc import Iterator, Sequence
from itertools import product

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath
from PySide6.QtWidgets import QApplication, QStyleOptionGraphicsItem, QWidget

from studio.ui.canvas.layers import CanvasLayer, Pen
from studio.ui.canvas.marks import paint_label, small_font

__all__ = ["CropLayer"]

_GRAB = 10.0
"""How far from an edge the pointer may be to grab it, in logical pixels of the screen."""
_ARM, _THICK = 18.0, 3.0
"""Length and thickness of a handle's arms."""
_DIM, _SHADE, _THIRDS = QColor(0, 0, 0, 150), QColor(0, 0, 0, 130), QColor(255, 255, 255, 110)
_LEAST = 1.0
"""The shorter side of the smallest crop, in picture pixels."""

Side = tuple[int, int]
"""What is held of the rectangle: −1 its left or top edge, 1 its right or bottom edge; (0, 0) all of it."""

_CURSORS = {
    (0, 0): Qt.CursorShape.SizeAllCursor,
    (1, 0): Qt.CursorShape.SizeHorCursor,
    (0, 1): Qt.CursorShape.SizeVerCursor,
    (1, 1): Qt.CursorShape.SizeFDiagCursor,
    (1, -1): Qt.CursorShape.SizeBDiagCursor,
}
_ARROWS = {
    Qt.Key.Key_Left: QPointF(-1, 0), Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1), Qt.Key.Key_Down: QPointF(0, 1),
}  # fmt: skip


class CropLayer(CanvasLayer):
    """A rectangle that never leaves its limits.

    Edges and corners resize it, its inside moves it. Shift keeps the shape that it has, Alt its centre. Arrow keys move
    it by a pixel of the screen, with Shift they pull at its lower right corner, with Ctrl they go ten times as far.
    Strokes leave no undo command: a crop is a setting.
    """

    rect_changed = Signal(QRectF)
    """Changed by hand or key, in the picture's pixels."""
    accepted = Signal()
    """Enter: the crop is as wanted."""
    dismissed = Signal()
    """Esc: it is to be as it was."""

    def __init__(self) -> None:
        super().__init__()
        self._crop = self._before = QRectF()
        self._limits: list[tuple[QPointF, QPointF]] = []
        self._aspect: float | None = None
        self._held: Side | None = None
        self._grip = QPointF()
        self._caption = ""
        self._lines = 3

    @property
    def crop(self) -> QRectF:
        """The rectangle, in the picture's pixels."""
        return self._crop

    def place(self, crop: QRectF, *limits: Sequence[QPointF], aspect: float | None = None, caption: str = "") -> None:
        """Show this rectangle, but in a stroke, when it is the hand's; tells nobody.

        Args:
            crop: lies within the limits.
            limits: convex shapes that it never leaves, each by its corners, clockwise.
            aspect: its width ÷ height, where that is locked.
            caption: its size in the full picture.

        """
        self._limits = [edge for corners in limits for edge in zip(corners, [*corners[1:], corners[0]], strict=True)]
        self._aspect, self._caption = aspect, caption
        self._crop = self._crop if self.in_stroke else QRectF(crop)
        self.update()
        self.words_changed.emit()

    def set_lines(self, parts: int) -> None:
        """Divide each side into so many parts: thirds to compose by, more to see what is level."""
        self._lines = parts
        self.update()

    @property
    def words(self) -> str:
        """Where the rectangle is, and what the keys do."""
        corner = self._crop.topLeft().toPoint()
        return (
            f"Crop {self._caption}, {corner.x()} from the left, {corner.y()} from the top. Arrow keys move it, "
            "Shift and arrows resize it, Enter crops, Escape leaves the crop as it was."
        )

    # -- the hand

    def begin(self, pen: Pen) -> bool:
        """Take hold of an edge, a corner or the whole."""
        self._held = self._side_at(pen)
        if self._held is None:
            return False
        self._before = QRectF(self._crop)
        self._grip = pen.spot - self._point(self._held)
        return True

    def move(self, pen: Pen) -> None:
        """Follow the pen as far as the limits let it, sliding along them."""
        to, crop = pen.spot - self._grip, self._crop
        if self._held == (0, 0):
            step = to - crop.center()
            self._walk(crop.translated(step.x(), 0.0))
            self._walk(self._crop.translated(0.0, step.y()))
        elif self._held is not None:
            shift, alt = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
            aspect = self._before.width() / self._before.height() if pen.modifiers & shift else self._aspect
            self._pull(self._held, to, aspect, centred=bool(pen.modifiers & alt))

    def commit(self) -> None:
        """Stay as it is."""
        self._held = None

    def abort(self) -> None:
        """Be as before the stroke."""
        self._held = None
        self._take(self._before)

    def cursor_at(self, pen: Pen) -> Qt.CursorShape | None:
        """Show which way the edge under the pointer can be pulled."""
        side = self._side_at(pen)
        return None if side is None else _CURSORS.get(side) or _CURSORS[-side[0], -side[1]]

    def answer_key(self, event: QKeyEvent, scale: float) -> bool:
        """Move or resize with the arrows; end with Enter or Esc."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accepted.emit()
        elif key == Qt.Key.Key_Escape:
            self.dismissed.emit()
        elif key in _ARROWS and (self.in_stroke or self.begin_stroke(Pen(self._crop.center(), scale))):
            far = max(1.0, 1.0 / scale) * (10 if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 1)
            self._held = (1, 1) if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else (0, 0)
            self._grip = QPointF()
            self.move(Pen(self._point(self._held) + _ARROWS[key] * far, scale))
        else:
            return False
        return True

    def _side_at(self, pen: Pen) -> Side | None:
        """Return what of the rectangle is under the pen, if there is one; a small one leaves room to move it by."""
        reach = _GRAB / pen.scale
        if self._crop.isEmpty() or not self._crop.adjusted(-reach, -reach, reach, reach).contains(pen.spot):
            return None
        within = [min(reach, length / 4) for length in (self._crop.width(), self._crop.height())]
        away = pen.spot - self._crop.topLeft(), pen.spot - self._crop.bottomRight()
        across = -1 if away[0].x() < within[0] else 1 if away[1].x() > -within[0] else 0
        down = -1 if away[0].y() < within[1] else 1 if away[1].y() > -within[1] else 0
        return across, down

    def _point(self, side: Side) -> QPointF:
        """Return the middle of the rectangle, of an edge, or a corner."""
        half = QPointF(self._crop.width() / 2 * side[0], self._crop.height() / 2 * side[1])
        return self._crop.center() + half

    def _pull(self, side: Side, to: QPointF, aspect: float | None, *, centred: bool) -> None:
        """Bring an edge or a corner to a place, while what is opposite, or the centre, stays."""
        across, down = side
        still = self._crop.center() if centred else self._point((-across, -down))
        reach = (to - still) * (2.0 if centred else 1.0)
        width = max(_LEAST, across * reach.x()) if across else self._crop.width()
        height = max(_LEAST, down * reach.y()) if down else self._crop.height()
        if aspect is not None:
            width = max(_LEAST, _LEAST * aspect, width if across else 0.0, height * aspect if down else 0.0)
            self._walk(_grown(still, side, width, width / aspect, centred))
        else:
            self._walk(_grown(still, side, width, self._crop.height(), centred))
            self._walk(_grown(still, side, self._crop.width(), height, centred))

    def _walk(self, goal: QRectF) -> None:
        """Go from the rectangle as it is towards `goal`, up to where a corner meets a limit."""
        share, slack = 1.0, 1e-6 * self.picture_rect.width() * self.picture_rect.height()
        for start, end in self._limits:
            along = end - start
            for corner, wanted in zip(_corners(self._crop), _corners(goal), strict=True):
                here, there = (along.x() * to.y() - along.y() * to.x() for to in (corner - start, wanted - start))
                if there < -slack:  # how far to the right of the edge, clockwise: less than nothing is beyond it
                    share = min(share, max(0.0, here) / (max(0.0, here) - there))
        crop = self._crop
        corners = (a + (b - a) * share for a, b in zip(_corners(crop)[::2], _corners(goal)[::2], strict=True))
        self._take(QRectF(*corners))

    def _take(self, crop: QRectF) -> None:
        if crop != self._crop:
            self._crop = crop
            self.update()
            self.words_changed.emit()
            self.rect_changed.emit(crop)

    # -- the screen

    def boundingRect(self) -> QRectF:
        """Cover the picture, and the handles that look over its edge."""
        margin = max(self.picture_rect.width(), self.picture_rect.height()) / 10
        return self.picture_rect.adjusted(-margin, -margin, margin, margin)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Dim what falls away, then draw lines and handles in the screen's own pixels."""
        to_view = painter.worldTransform()
        whole = to_view.mapRect(self.picture_rect)
        crop = QRectF(to_view.mapRect(self._crop).toRect())
        painter.save()
        painter.resetTransform()
        rest = QPainterPath()
        rest.addRect(whole)
        rest.addRect(crop)
        painter.fillPath(rest, _DIM)
        self._paint_lines(painter, crop)
        for grown, colour in ((1.0, _SHADE), (0.0, QColor("white"))):
            for arm in _arms(crop):
                painter.fillRect(arm.adjusted(-grown, -grown, grown, grown), colour)
        if self.in_stroke:
            paint_label(painter, self._caption, crop, False, small_font(QApplication.font()))
        painter.restore()

    def _paint_lines(self, painter: QPainter, crop: QRectF) -> None:
        for part in range(self._lines + 1):
            colour = QColor("white") if part in (0, self._lines) else _THIRDS
            x = round(crop.left() + (crop.width() - 1) * part / self._lines)
            y = round(crop.top() + (crop.height() - 1) * part / self._lines)
            painter.fillRect(QRectF(x, crop.top(), 1, crop.height()), colour)
            painter.fillRect(QRectF(crop.left(), y, crop.width(), 1), colour)


def _corners(rect: QRectF) -> tuple[QPointF, QPointF, QPointF, QPointF]:
    return rect.topLeft(), rect.topRight(), rect.bottomRight(), rect.bottomLeft()


def _grown(still: QPointF, side: Side, width: float, height: float, centred: bool) -> QRectF:
    """Return the rectangle of this size that grows from `still` towards `side`, or to all sides."""
    across, down = (0, 0) if centred else side
    return QRectF(still.x() + (across - 1) / 2 * width, still.y() + (down - 1) / 2 * height, width, height)


def _arms(crop: QRectF) -> Iterator[QRectF]:
    """Yield the bars of the eight handles: two inwards from each corner, one along the middle of each edge."""
    for across, down in product((-1, 0, 1), repeat=2):
        x, y = crop.center().x() + across * crop.width() / 2, crop.center().y() + down * crop.height() / 2
        if down:
            yield QRectF(x - _ARM * (across + 1) / 2, y - _THICK / 2, _ARM, _THICK)
        if across:
            yield QRectF(x - _THICK / 2, y - _ARM * (down + 1) / 2, _THICK, _ARM)
