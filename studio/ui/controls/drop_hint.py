"""What a widget looks like while something hangs over it that it would take, and where between rows that would come."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio.ui.controls.file_drop import FileDrop
from studio.ui.theme import Theme

__all__ = ["DropFrame", "DropLine"]

_LINE = 2


class DropFrame(QWidget):
    """A dashed frame around its parent, behind all that lies in it; seen while something hangs over the parent.

    Args:
        drop: tells when that is.

    """

    def __init__(self, drop: FileDrop, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._around = theme, parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        drop.hovered.connect(self._show)

    def _show(self, hovered: bool) -> None:
        self.setGeometry(self._around.rect())
        self.lower()
        self.setVisible(hovered)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("accent"), 2, Qt.PenStyle.DashLine))
        painter.setBrush(self._theme.colour("accent_soft"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)


class DropLine(QWidget):
    """A line across its parent, between two rows: what is dropped comes there."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._across = theme, parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_at(self, y: int) -> None:
        """Show it this far from above, px."""
        within = self._across.rect()
        self.setGeometry(0, min(max(0, y - _LINE // 2), within.height() - _LINE), within.width(), _LINE)
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        QPainter(self).fillRect(self.rect(), self._theme.colour("accent"))
