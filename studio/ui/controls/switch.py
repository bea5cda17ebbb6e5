"""An on/off switch: a check box drawn as a small sliding knob."""

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

from studio.ui.theme import Theme


class Switch(QCheckBox):
    """A switch without words of its own; its caption stands beside it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(38, 24)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self.sizeHint()

    def hitButton(self, position: QPoint) -> bool:  # noqa: D102
        return self.rect().contains(position)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._theme.colour
        on, live = self.isChecked(), self.isEnabled()
        track = QRectF(3, self.height() / 2 - 8, 32, 16)
        if self.hasFocus():
            painter.setPen(QPen(colour("focus"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), 10, 10)
        painter.setPen(QPen(colour("outline" if live else "border"), 1) if not on else Qt.PenStyle.NoPen)
        painter.setBrush(colour("field") if not on else colour("accent" if live else "groove"))
        painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), 7.5, 7.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("on_accent") if on and live else colour("handle" if live else "outline"))
        painter.drawEllipse(QPointF(track.right() - 8 if on else track.left() + 8, track.center().y()), 5, 5)
