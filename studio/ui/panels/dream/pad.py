"""The pad: a piece of the plane on which every whole place is a seed, with small pictures of what lies there."""

from collections.abc import Mapping, Sequence
from math import floor, hypot

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.dream_settings import seed_at
from studio.core.events import Picture
from studio.ui.controls.gesture import Gesture
from studio.ui.controls.pixmaps import draw_cover, pixmap_of
from studio.ui.theme import Theme, with_even_figures

__all__ = ["SIDE", "DreamPad", "Place", "places_around"]

SIDE = 5
"""So many small pictures stand side by side."""
_CELL = 64
_CLICK = 4.0
"""A press that moves less, px, is a click."""
_STEPS = (0.03125, 0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""From one small picture to the next, in seeds."""
_NOTCH = 120
_SLOW = 0.1
_FARTHEST = 1e6

Place = tuple[float, float]
"""Across and down."""


def places_around(place: Place, step: float) -> list[Place]:
    """Return the places of the small pictures around one, row by row."""
    reach = SIDE // 2
    return [
        (_within(place[0] + across * step), _within(place[1] + down * step))
        for down in range(-reach, reach + 1)
        for across in range(-reach, reach + 1)
    ]


class DreamPad(QWidget):
    """Shows where one is, in the middle, and what lies around; a drag goes there, a click on a picture as well.

    The wheel goes nearer or further: from one small picture to the next it is a part of a seed, or several. Arrows go
    to the next picture (Shift a tenth of the way), + and − are the wheel, Enter goes to the nearest seed. A drag with
    Ctrl passes from seed to seed, one with Shift is ten times as fine.
    """

    moved = Signal(float, float)
    """A hand goes to this place."""
    step_changed = Signal(float)
    touched = Signal()
    """A hand has taken hold of it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.gesture = Gesture(self)
        self._place: Place = (0.0, 0.0)
        self._middle: Place = (0.0, 0.0)
        """What lies in the middle: where one is, unless a drag has left it."""
        self._step, self._held = 1.0, ""
        self._small: dict[Place, QPixmap] = {}
        self._centre: QPixmap | None = None
        self._pressed: QPointF | None = None
        self._last: QPointF | None = None
        self._dragging = False
        self._under: int | None = None
        self._turned = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Pad")
        self._describe()

    # -- what is shown ----------------------------------------------------------------------------------------------

    @property
    def place(self) -> Place:
        """Where one is."""
        return self._place

    @property
    def step(self) -> float:
        """How many seeds lie between one small picture and the next."""
        return self._step

    @property
    def wanted(self) -> list[Place]:
        """The places of the small pictures, row by row."""
        return places_around(self._middle, self._step)

    @property
    def is_dragged(self) -> bool:
        """Whether a drag is on its way: meanwhile the plane lies still."""
        return self._dragging

    def set_place(self, place: Place, held: str = "") -> None:
        """Show where one is; `held` names a point that is shown in its stead. Tells nobody."""
        self._place, self._held = place, held
        if not self._dragging:
            self._middle = place
        self._describe()
        self.update()

    def set_small(self, found: Mapping[Place, Picture]) -> None:
        """Show these small pictures at their places, beside those that are there already."""
        self._small |= {place: pixmap_of(picture) for place, picture in found.items()}
        self.update()

    def missing(self) -> list[Place]:
        """Return the places in sight of which there is no small picture, the nearest first."""
        across, down = self._middle
        missing = [place for place in self.wanted if place not in self._small]
        return sorted(missing, key=lambda place: hypot(place[0] - across, place[1] - down))

    def forget(self, *, all: bool = True) -> None:
        """Let small pictures go: all, because they are of other settings, or those out of sight."""
        kept = set() if all else set(self.wanted)
        self._small = {place: pixmap for place, pixmap in self._small.items() if place in kept}
        self.update()

    def set_centre(self, image: QImage | None) -> None:
        """Show what is made at the place where one is."""
        self._centre = None if image is None else QPixmap.fromImage(image)
        self.update()

    def set_step(self, step: float) -> None:
        """Go nearer, or further off."""
        if step != self._step:
            self._step = step
            self._describe()
            self.step_changed.emit(step)
            self.update()

    def _describe(self) -> None:
        across, down = self._place
        where = f"seed {seed_at(round(across), round(down))}"
        if across != round(across) or down != round(down):
            where = f"between seeds, near {where}: {across:.2f} across, {down:.2f} down"
        held = f"{self._held} is held; " if self._held else ""
        self.setAccessibleDescription(f"{held}{where}; {self._step:g} seeds from picture to picture")

    # -- the hand ---------------------------------------------------------------------------------------------------

    def go_to(self, place: Place) -> None:
        """Go somewhere, as one gesture."""
        self.touched.emit()
        with self.gesture.step():
            self._move_to(place)

    def snap(self) -> None:
        """Go to the nearest seed."""
        self.go_to((float(round(self._place[0])), float(round(self._place[1]))))

    def _move_to(self, place: Place) -> None:
        self.set_place((_within(place[0]), _within(place[1])))
        self.moved.emit(*self._place)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.touched.emit()
        self._pressed = self._last = event.position()
        self._travelled = self._place

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        spot = event.position()
        if self._pressed is None or self._last is None:
            self._hover(self._cell_at(spot))
            return
        if not self._dragging and (spot - self._pressed).manhattanLength() < _CLICK:
            return
        if not self._dragging:
            self._dragging, self._under = True, None
            self.gesture.begin()
        fine = _SLOW if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        way = (spot - self._last) * (fine * self._step / self._side())
        self._last, self._travelled = spot, (self._travelled[0] + way.x(), self._travelled[1] + way.y())
        snaps = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        across, down = self._travelled
        self._move_to((float(round(across)), float(round(down))) if snaps else (across, down))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        pressed, self._pressed = self._pressed, None
        if self._dragging:
            self._end_drag()
        elif (cell := self._cell_at(pressed)) is not None:
            self.go_to(self.wanted[cell])

    def _end_drag(self) -> None:
        self._dragging, self._pressed = False, None
        self._middle = self._place
        self.gesture.end()
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102
        if not self.hasFocus() and not self._dragging:
            event.ignore()  # the column scrolls
            return
        self._turned += event.angleDelta().y()
        notches = int(self._turned / _NOTCH)
        self._turned -= notches * _NOTCH
        event.accept()
        if notches:
            self.zoom(notches)

    def zoom(self, notches: int) -> None:
        """Go nearer by so many steps, or (below 0) further off."""
        at = min(range(len(_STEPS)), key=lambda number: abs(_STEPS[number] - self._step))
        self.set_step(_STEPS[min(max(at - notches, 0), len(_STEPS) - 1)])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        key = Qt.Key(event.key())
        far = self._step * (_SLOW if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0)
        if key in _ARROWS:
            if not event.isAutoRepeat():
                self.touched.emit()
            self.gesture.begin()
            across, down = _ARROWS[key]
            self._move_to((self._place[0] + far * across, self._place[1] + far * down))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(-1 if key == Qt.Key.Key_Minus else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.snap()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if not event.isAutoRepeat() and not self._dragging:
            self.gesture.end()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        self._end_drag()
        super().focusOutEvent(event)

    def leaveEvent(self, event: object) -> None:  # noqa: D102
        self._hover(None)

    def _hover(self, cell: int | None) -> None:
        if cell != self._under:
            self._under = cell
            place = None if cell is None else self.wanted[cell]
            self.setToolTip("" if place is None else _in_words(place))
            self.update()

    # -- geometry and paint -----------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(SIDE * _CELL, SIDE * _CELL)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(SIDE * 32, SIDE * _CELL)

    def _side(self) -> float:
        """Return how large a small picture is."""
        return min(self.width(), self.height()) / SIDE

    def _corner(self) -> QPointF:
        whole = SIDE * self._side()
        return QPointF((self.width() - whole) / 2, (self.height() - whole) / 2)

    def _cell(self, number: int) -> QRectF:
        side, corner = self._side(), self._corner()
        return QRectF(corner.x() + number % SIDE * side, corner.y() + number // SIDE * side, side, side)

    def _cell_at(self, spot: QPointF) -> int | None:
        side, at = self._side(), spot - self._corner()
        across, down = floor(at.x() / side), floor(at.y() / side)
        return down * SIDE + across if 0 <= across < SIDE and 0 <= down < SIDE else None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = with_even_figures(self.font())
        font.setPixelSize(self._theme.tokens.small_size)
        for number, place in enumerate(self.wanted):
            self._paint_cell(painter, number, place, font)
        self._paint_puck(painter)
        if self.hasFocus():
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self._whole().adjusted(1, 1, -1, -1), 5, 5)

    def _whole(self) -> QRectF:
        return QRectF(self._corner(), self._cell(SIDE * SIDE - 1).bottomRight())

    def _paint_cell(self, painter: QPainter, number: int, place: Place, font: QFont) -> None:
        cell = self._cell(number).adjusted(1.5, 1.5, -1.5, -1.5)
        is_middle = number == SIDE * SIDE // 2
        pixmap = self._small.get(place)
        if is_middle and not self._dragging and not self._held and self._centre is not None:
            pixmap = self._centre
        if pixmap is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("field"))
            painter.drawRoundedRect(cell, 3, 3)
        else:
            draw_cover(painter, pixmap, cell, 3)
        if place[0] == round(place[0]) and place[1] == round(place[1]):
            self._paint_seed(painter, cell, seed_at(round(place[0]), round(place[1])), font)
        if number == self._under:
            painter.setPen(QPen(self._theme.colour("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(cell, 3, 3)

    def _paint_seed(self, painter: QPainter, cell: QRectF, seed: int, font: QFont) -> None:
        """Write a seed's number into the corner of its picture, on ground of its own."""
        painter.setFont(font)
        words = str(seed)
        width = painter.fontMetrics().horizontalAdvance(words) + 6
        if width > cell.width():
            return
        ground = QRectF(cell.left() + 2, cell.bottom() - 15, width, 13)
        colour = self._theme.colour("window")
        colour.setAlphaF(0.75)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(ground, 2, 2)
        painter.setPen(self._theme.colour("text"))
        painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_puck(self, painter: QPainter) -> None:
        """Mark where one is: around the picture in the middle, or where a drag has come to."""
        side, middle = self._side(), self._cell(SIDE * SIDE // 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        style = Qt.PenStyle.DashLine if self._held else Qt.PenStyle.SolidLine
        if not self._dragging:
            painter.setPen(QPen(self._theme.colour("accent"), 2, style))
            painter.drawRoundedRect(middle.adjusted(1, 1, -1, -1), 4, 4)
            return
        way = QPointF(self._place[0] - self._middle[0], self._place[1] - self._middle[1]) * (side / self._step)
        spot, whole = middle.center() + way, self._whole().adjusted(9, 9, -9, -9)
        spot = QPointF(
            min(max(spot.x(), whole.left()), whole.right()), min(max(spot.y(), whole.top()), whole.bottom())
        )  # what is further off is marked at the edge
        for colour, width in (("window", 5.0), ("accent", 2.5)):
            painter.setPen(QPen(self._theme.colour(colour), width))
            painter.drawEllipse(spot, 7, 7)


def _in_words(place: Place) -> str:
    across, down = place
    if across == round(across) and down == round(down):
        return f"Seed {seed_at(round(across), round(down))}"
    return f"{across:.2f} across, {down:.2f} down"


def _within(number: float) -> float:
    return min(max(round(number, 9), -_FARTHEST), _FARTHEST)


_ARROWS: Mapping[Qt.Key, Sequence[int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
