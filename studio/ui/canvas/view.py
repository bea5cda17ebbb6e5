"""The canvas: pictures to compare, the layers above them, the keyboard, and pictures that are dropped or pasted."""

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QTabletEvent,
)
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QWidget

from studio.ui.canvas.compare_view import CompareView
from studio.ui.canvas.drop_overlay import DropOverlay
from studio.ui.canvas.drop_target import DropTarget
from studio.ui.canvas.layers import LayerStack
from studio.ui.theme import Theme
from studio.ui.tokens import Tokens

_SPLIT_STEP = 0.02
_PATIENCE_MS = 300
"""What comes within a moment needs no words."""
_KEYBOARD_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)

_PASSING_REASONS = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)
"""The keyboard was only lent to another window or a menu, and comes back as it went."""


class Canvas(CompareView):
    """Shows pictures, compares two of them, and carries the layers that tools draw on (see `layers`).

    All pictures that are dropped or pasted anywhere on the canvas come out of its signals.
    """

    files_dropped = Signal(list)
    picture_pasted = Signal(object)
    refused = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._peek_key_held = False
        self._came_by_keyboard = False
        self._empty: QWidget | None = None
        self._above = QGraphicsRectItem()
        self._above.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self._above.setZValue(1)
        self.scene().addItem(self._above)
        self.layers = LayerStack(self, self._above, self._describe, self._show_pointer_beside)
        self.add_tool(self.layers)
        self._overlay = DropOverlay(self._colours, self)
        self.drops = DropTarget(self._overlay, self)
        self._waiting_for = ""
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setAccessibleName("Canvas")
        self._pane.paint_pointer = self._paint_pointer
        self._dress(theme.tokens)
        self._arrange()
        self._connect()

    def _connect(self) -> None:
        self.drops.files_dropped.connect(self.files_dropped)
        self.drops.picture_pasted.connect(self.picture_pasted)
        self.drops.refused.connect(self.refused)
        self._patience.timeout.connect(
            lambda: self._overlay.show_waiting(
                self._waiting_for, dims=self._empty is not None and self._empty.isVisible()
            )
        )

    def show_waiting(self, words: str) -> None:
        """Say over the picture what is on its way, if that takes more than a moment; "" when it has come."""
        self._waiting_for = words
        if not words:
            self._patience.stop()
            self._overlay.show_waiting("")
        elif not self._patience.isActive():
            self._patience.start()

    def set_empty_widget(self, widget: QWidget | None) -> None:
        """Show `widget` all over the canvas while there is no picture; the canvas owns it from now on."""
        if self._empty is not None:
            self._empty.deleteLater()
        self._empty = widget
        if widget is not None:
            widget.setParent(self.viewport())
        self._arrange()

    # -- the screen

    def set_picture_size(self, width: int, height: int, *, keep_eye: bool = False) -> None:
        """Look at a picture of another size; the layers lie over it."""
        super().set_picture_size(width, height, keep_eye=keep_eye)
        self.layers.set_picture_rect(QRectF(0, 0, width, height))

    def _describe(self) -> None:
        super()._describe()
        if self.layers.active is not None:
            self.setAccessibleDescription(f"{self.accessibleDescription()}. {self.layers.active.words}")

    def _arrange(self) -> None:
        super()._arrange()
        self._above.setVisible(not self._peeking)
        if self._empty is not None:
            focused = self._empty.window().focusWidget()
            if self.pictures and focused is not None and self._empty.isAncestorOf(focused):
                self.setFocus()  # else it would go to whatever comes next
            self._empty.setVisible(not self.pictures)
            self._spread_empty()

    def _dress(self, tokens: Tokens) -> None:
        super()._dress(tokens)
        self._overlay.set_colours(self._colours)

    def event(self, event: QEvent) -> bool:
        """Cover the whole canvas, in every size, with the sheet that answers a drag."""
        if event.type() == QEvent.Type.Resize:
            self._overlay.setGeometry(self.rect())
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the empty state in the middle."""
        super().resizeEvent(event)
        self._spread_empty()

    def _spread_empty(self) -> None:
        if self._empty is not None:
            self._empty.setGeometry(self.viewport().rect())

    def _paint_pointer(self, painter: QPainter) -> None:
        if self.layers.active is not None:
            self.layers.active.paint_pointer(painter)

    def _show_pointer_beside(self) -> None:
        """Let what the hand does be seen over the photo as well, where that stands beside the picture."""
        if self._pane.isVisible():
            self._pane.viewport().update()

    # -- keyboard

    def answer_key(self, event: QKeyEvent) -> bool:
        """Paste, move the divider with [ and ], peek with Space; while a layer is worked on, Space is the hand."""
        space = event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.NoModifier
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif space and self.layers.active is not None:
            self.layers.panning = True
            self.show_pointer(Qt.CursorShape.OpenHandCursor)
        elif self.layers.answer_key(event):
            pass
        elif space:
            self.peek(True)
            self._peek_key_held = True
        elif event.key() in _SPLIT_KEYS and self.divider_x is not None:
            self.set_split(self._split + _SPLIT_KEYS[Qt.Key(event.key())] * _SPLIT_STEP)
        else:
            return super().answer_key(event)
        return True

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End what the key began."""
        if event.key() == Qt.Key.Key_Space and (self._peek_key_held or self.layers.panning):
            if not event.isAutoRepeat():
                self._let_go_of_space()
        elif not self.layers.release_key(event):
            event.ignore()

    def _let_go_of_space(self) -> None:
        self.layers.panning = False
        if self._peek_key_held:
            self.peek(False)

    def viewportEvent(self, event: QEvent) -> bool:
        """Give a pen to the layer that is worked on; Qt makes mouse events of what is not taken."""
        if isinstance(event, QTabletEvent) and self.layers.take_tablet(event):
            event.accept()
            return True
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the keyboard as well, when the photo's half was pressed."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring to those who came by the keyboard."""
        super().focusInEvent(event)
        if event.reason() not in _PASSING_REASONS:
            self._came_by_keyboard = event.reason() in _KEYBOARD_REASONS
        self._overlay.set_ring(self._came_by_keyboard)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """End what a key held: its release goes elsewhere now."""
        super().focusOutEvent(event)
        self._overlay.set_ring(False)
        self._let_go_of_space()
        self.layers.end_stroke()

    # -- pictures that come in

    def paste(self) -> None:
        """Take a picture or files from the clipboard."""
        self.drops.take(QGuiApplication.clipboard().mimeData())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say what a drop would do."""
        self.drops.enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Go on saying it."""
        self.drops.hover(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the highlight away."""
        self.drops.leave()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what is dropped."""
        self.drops.drop(event)


_SPLIT_KEYS = {
    Qt.Key.Key_BracketLeft: -1,
    Qt.Key.Key_BracketRight: 1,
    Qt.Key.Key_BraceLeft: -5,
    Qt.Key.Key_BraceRight: 5,
}
