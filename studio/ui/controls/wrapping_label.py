"""A label of several lines that is exactly as high as its words need at the width it is given."""

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class WrappingLabel(QLabel):
    """Plain text that wraps.

    Layouts within scroll areas reserve far too much for labels whose height depends on their width; this one settles
    its own height whenever its width or its words change.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._width = 1 << 16  # as if there were room enough, until a layout says otherwise
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def setText(self, text: str) -> None:  # noqa: D102
        super().setText(text)
        selectable, plain = Qt.TextInteractionFlag.TextSelectableByMouse, Qt.TextInteractionFlag.NoTextInteraction
        self.setTextInteractionFlags(selectable if text else plain)  # without words there is nothing to focus
        self._settle()

    def hasHeightForWidth(self) -> bool:  # noqa: D102
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._width = max(1, self.width())
        self._settle()

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._settle()

    def _settle(self) -> None:
        # not heightForWidth: QLabel's never falls below the height that was fixed before
        metrics, room = self.fontMetrics(), QRect(0, 0, self._width, 1 << 20)
        wrapped = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), self.text()).height()
        height = max(wrapped, metrics.height())
        if height != self.minimumHeight():
            self.setFixedHeight(height)
