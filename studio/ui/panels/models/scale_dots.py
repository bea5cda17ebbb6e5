"""Five small squares: on which of the five scales, from grain to masses, a network can listen."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.theme import Theme

SCALES = ("grain", "fine strokes", "strokes", "shapes", "masses")
_SMALLEST, _STEP, _GAP = 5, 1, 3


class ScaleDots(QWidget):
    """Squares that grow from fine to coarse, filled where the network has that scale; the words are in the tooltip."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._offered: frozenset[int] = frozenset()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def words(self) -> str:
        """What the squares say."""
        names = [name for number, name in enumerate(SCALES, start=1) if number in self._offered]
        if len(names) == len(SCALES):
            return f"Sees all {len(SCALES)} scales: {', '.join(names)}"
        return f"Sees {len(names)} of {len(SCALES)} scales: {', '.join(names)}"

    def set_offered(self, scales: frozenset[int]) -> None:
        """Fill these squares; 1 is the finest."""
        self._offered = scales
        self.setToolTip(self.words)
        self.setAccessibleName(self.words)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        sides = [_SMALLEST + _STEP * number for number in range(len(SCALES))]
        return QSize(sum(sides) + _GAP * (len(sides) - 1) + 2, sides[-1] + 2)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        left = 1.0
        for number in range(1, len(SCALES) + 1):
            side = _SMALLEST + _STEP * (number - 1)
            square = QRectF(left, self.height() - 1 - side, side, side)
            if number in self._offered:
                painter.fillRect(square, self._theme.colour("text_muted"))
            else:
                painter.setPen(QPen(self._theme.colour("outline"), 1, Qt.PenStyle.SolidLine))
                painter.drawRect(square.adjusted(0.5, 0.5, -0.5, -0.5))
            left += side + _GAP
