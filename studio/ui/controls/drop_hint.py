"""What a widget looks like while something hangs over it that it would take, and where between rows that would come."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio.ui.theme import Theme

__all__ = ["DropLine", "paint_drop_hint"]

_LINE = 2


def paint_drop_hint(widget: QWidget, theme: Theme) -> None:
    """Draw a dashed frame, filled softly; to be called in the widget's paint event."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("accent"), 2, Qt.PenStyle.DashLine))
    painter.setBrush(theme.colour("accent_soft"))
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(1, 1, -1, -1), 4, 4)


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
