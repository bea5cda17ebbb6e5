"""A small picture to press: a chosen painting, a sample, a photo."""

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QToolButton, QWidget

from studio.core.events import Picture
from studio.ui.controls.pixmaps import draw_cover, pixmap_of
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

_REMOVE = 20


class PictureTile(QAbstractButton):
    """A square thumbnail. If `removable`, Delete or the small cross takes it away.

    Args:
        side: width and height, px.
        removable: whether it can be taken away.

    """

    remove_requested = Signal()

    def __init__(self, side: int, theme: Theme, *, removable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side, self._theme, self._removable = side, theme, removable
        self._pixmap: QPixmap | None = None
        self._cross = QToolButton(self)
        self._set_up()
        self._connect()

    def _set_up(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._cross.setFixedSize(_REMOVE, _REMOVE)
        self._cross.setIconSize(QSize(12, 12))
        self._cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        mark(self._cross, kind="overlay")
        set_icon(self._cross, "close", self._theme)
        self._cross.hide()

    def _connect(self) -> None:
        self._cross.clicked.connect(self.remove_requested)

    def set_picture(self, name: str, picture: Picture | None, hint: str = "") -> None:
        """Show a thumbnail under a name that screen readers and the tooltip tell."""
        self._pixmap = None if picture is None else pixmap_of(picture)
        remove = "Delete removes it" if self._removable else ""
        self.setToolTip("\n".join(part for part in (name, hint, remove) if part))
        self.setAccessibleName(name)
        self.setAccessibleDescription(". ".join(part for part in (hint, remove) if part))
        self._cross.setToolTip(f"Remove {name}")
        self._cross.setAccessibleName(f"Remove {name}")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self._side, self._side)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if self._removable and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_requested.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: D102
        super().enterEvent(event)
        self._cross.setVisible(self._removable)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102
        super().leaveEvent(event)
        self._cross.setVisible(self._removable and self.hasFocus())

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        super().focusInEvent(event)
        self._cross.setVisible(self._removable)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        super().focusOutEvent(event)
        self._cross.setVisible(self._removable and self.underMouse())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._cross.move(QPoint(self.width() - _REMOVE - 3, 3))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        if self._pixmap is None:
            self._paint_blank(painter, area)
        else:
            painter.setOpacity(1.0 if self.isEnabled() else 0.4)
            draw_cover(painter, self._pixmap, area, 3)
            painter.setOpacity(1.0)
        ring = self._ring()
        if ring is not None:
            painter.setPen(ring)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            inset = ring.widthF() / 2
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 5, 5)

    def _paint_blank(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("field"))
        painter.drawRoundedRect(area, 3, 3)

    def _ring(self) -> QPen | None:
        if self.hasFocus():
            return QPen(self._theme.colour("focus"), 2)
        if self.isEnabled() and (self.isDown() or self.underMouse()):
            return QPen(self._theme.colour("outline"), 1)
        return None
