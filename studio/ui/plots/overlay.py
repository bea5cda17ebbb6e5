"""What lies over a plot's grid: the curves as one picture, moments worth a line of their own, and the crosshair."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from studio.ui.theme import Theme

MarkKind = Literal["resumed", "phase", "guard", "pinned"]

_COLOURS: dict[MarkKind, str] = {"resumed": "text_muted", "phase": "outline", "guard": "warning", "pinned": "accent"}
_DOT, _SIGN = 3.5, 4.0
_NEAR = 5.0


@dataclass(frozen=True, slots=True)
class PlotMark:
    """A moment of a run: at which step, of what kind, and what to say of it."""

    step: int
    kind: MarkKind
    words: str


@dataclass(frozen=True, slots=True)
class PlacedMark:
    """A mark at its place, px from the left of the plot."""

    x: float
    mark: PlotMark


class PlotOverlay(QWidget):
    """Lies over the plot, and lets the mouse through.

    Signs differ by shape: ▶ resumed, a flag for a phase, ▲ guard, ● pinned.
    """

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self.placed: tuple[PlacedMark, ...] = ()
        self._picture = QImage()
        self._cross: float | None = None
        self._dots: tuple[tuple[float, QColor], ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def set_picture(self, picture: QImage) -> None:
        """Lay this below the marks: the curves, drawn once and not again at each move of the crosshair."""
        self._picture = picture
        self.update()

    def place(self, placed: Sequence[PlacedMark]) -> None:
        """Show exactly these marks."""
        if tuple(placed) != self.placed:
            self.placed = tuple(placed)
            self.update()

    def set_cross(self, x: float | None, dots: Sequence[tuple[float, QColor]] = ()) -> None:
        """Show the crosshair at `x` px with a dot at each (y px, colour); None takes it away."""
        if (x, tuple(dots)) != (self._cross, self._dots):
            for at in (self._cross, x):  # only two narrow strips change
                if at is not None:
                    self.update(int(at) - 6, 0, 12, self.height())
            self._cross, self._dots = x, tuple(dots)

    def words_near(self, x: float) -> str:
        """Return what is to be said of the marks at `x` px."""
        return " · ".join(one.mark.words for one in self.placed if abs(one.x - x) <= _NEAR)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        part, scale = event.rect(), self._picture.devicePixelRatio()
        source = QRectF(part.x() * scale, part.y() * scale, part.width() * scale, part.height() * scale)
        painter.drawImage(QRectF(part), self._picture, source)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for one in self.placed:
            if event.rect().intersects(QRectF(one.x - 8, 0, 16, self.height()).toAlignedRect()):
                self._paint_mark(painter, one)
        if self._cross is not None:
            painter.setPen(QPen(self._theme.colour("text_muted"), 1))
            x = int(self._cross) + 0.5
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
            painter.setPen(QPen(self._theme.colour("field"), 1.5))
            for y, colour in self._dots:
                painter.setBrush(colour)
                painter.drawEllipse(QPointF(x, y), _DOT, _DOT)

    def _paint_mark(self, painter: QPainter, one: PlacedMark) -> None:
        colour = self._theme.colour(_COLOURS[one.mark.kind])
        dashed = Qt.PenStyle.DotLine if one.mark.kind in ("guard", "pinned") else Qt.PenStyle.DashLine
        painter.setPen(QPen(colour, 1, dashed))
        x = int(one.x) + 0.5
        painter.drawLine(QPointF(x, 2 * _SIGN + 2), QPointF(x, self.height()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        if one.mark.kind == "pinned":
            painter.drawEllipse(QPointF(x, _SIGN + 1), _SIGN, _SIGN)
        else:
            painter.drawPolygon(_sign(one.mark.kind, x))


def _sign(kind: MarkKind, x: float) -> QPolygonF:
    top, size = 1.0, 2 * _SIGN
    shapes: dict[MarkKind, tuple[tuple[float, float], ...]] = {
        "resumed": ((-_SIGN, 0), (_SIGN, _SIGN), (-_SIGN, size)),
        "phase": ((-0.5, 0), (size, 0), (size, _SIGN + 1), (-0.5, _SIGN + 1)),
        "guard": ((0, 0), (_SIGN, size), (-_SIGN, size)),
    }
    return QPolygonF([QPointF(x + dx, top + dy) for dx, dy in shapes[kind]])
