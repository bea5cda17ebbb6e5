"""Labels of one line: one that gives way, and one whose place stays as wide however its figures change."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from studio.ui.theme import mark, with_even_figures


class ElidingLabel(QLabel):
    """Shows as much of its text as fits, and all of it in the tooltip, instead of pushing its neighbours.

    Args:
        text: what it says.
        mode: where the dots go.

    """

    double_clicked = Signal()

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text, parent)
        self._mode = mode
        self._hint = ""

    def set_hint(self, hint: str) -> None:
        """Set the tooltip; while the text is cut short, the whole text stands above it."""
        self._hint = hint
        self._update_tooltip()

    def setText(self, text: str) -> None:  # noqa: D102
        super().setText(text)
        self._update_tooltip()

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(min(24, self.sizeHint().width()), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._update_tooltip()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())
        flags = int(self.alignment()) | int(Qt.TextFlag.TextSingleLine)
        self.style().drawItemText(
            painter, self.contentsRect(), flags, self.palette(), self.isEnabled(), shown, self.foregroundRole()
        )

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        super().mouseDoubleClickEvent(event)
        self.double_clicked.emit()

    def _update_tooltip(self) -> None:
        cut = self.fontMetrics().horizontalAdvance(self.text()) > self.contentsRect().width()
        self.setToolTip("\n".join(part for part in (self.text() if cut else "", self._hint) if part))


def figures_label(widest: str, parent: QWidget) -> QLabel:
    """Return an empty, right-aligned label with room for `widest`, in digits of one width."""
    label = QLabel(parent)
    label.setFont(with_even_figures(label.font()))
    label.setFixedWidth(label.fontMetrics().horizontalAdvance(widest) + 4)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    mark(label, tone="muted")
    return label
