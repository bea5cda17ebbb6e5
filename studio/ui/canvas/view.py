"""The canvas: photo and painting in one geometry, compared by a divider, side by side, or by a peek."""

from typing import Literal, cast, get_args

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
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
)
from PySide6.QtWidgets import QWidget

from studio.core.frames import Frame
from studio.ui.canvas.colours import CanvasColours
from studio.ui.canvas.drop_overlay import DropOverlay
from studio.ui.canvas.drop_target import DropTarget
from studio.ui.canvas.frame_item import FrameItem
from studio.ui.canvas.marks import GRIP, LABEL_BAND, paint_divider, paint_label, small_font
from studio.ui.canvas.side_pane import SidePane
from studio.ui.canvas.tools import SplitTool
from studio.ui.canvas.zoom_pan import ZoomPanView
from studio.ui.theme import Theme
from studio.ui.tokens import Tokens

CompareMode = Literal["after", "split", "side"]

_GAP = 8
_SPLIT_STEP = 0.02
_KEYBOARD_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)

_PASSING_REASONS = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)
"""The keyboard was only lent to another window or a menu, and comes back as it went."""


class Canvas(ZoomPanView):
    """Shows *before* (the photo) and *after* (the painting) in the same place, whatever the painting's resolution.

    A frame that arrives changes pixels and nothing else: zoom, position and divider stay. All pictures that are
    dropped or pasted anywhere on the canvas come out of its signals.

    Args:
        theme: where the colours come from.
        parent: the widget it stands in.

    """

    compare_changed = Signal(str)
    split_moved = Signal(float)
    peek_changed = Signal(bool)
    files_dropped = Signal(list)
    picture_pasted = Signal(object)
    refused = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = CanvasColours.of(theme.tokens)
        self._mode: CompareMode = "after"
        self._split = 0.5
        self._peeking = False
        self._peek_key_held = False
        self._hot = False
        self._came_by_keyboard = False
        self._labels = ("Photo", "Painting")
        self._empty: QWidget | None = None
        self._before, self._after = FrameItem(self._colours), FrameItem(self._colours)
        self.scene().addItem(self._before)
        self.scene().addItem(self._after)
        self._pane = SidePane(self.viewportEvent, self._colours, self)
        self._overlay = DropOverlay(self._colours, self)
        self._drops = DropTarget(self._overlay, self)
        self._split_tool = SplitTool(self)
        self.add_tool(self._split_tool)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setAccessibleName("Canvas")
        self._dress(theme.tokens)
        self._arrange()
        self._connect(theme)

    def _connect(self, theme: Theme) -> None:
        theme.theme_changed.connect(self._dress)
        self._drops.files_dropped.connect(self.files_dropped)
        self._drops.picture_pasted.connect(self.picture_pasted)
        self._drops.refused.connect(self.refused)

    # -- pictures

    def set_before(self, frame: Frame | None) -> None:
        """Show another photo, or none; one of another size is fitted."""
        self._before.set_frame(frame)
        self._pane.item.set_frame(frame)
        self._take_size(frame or self._after.frame, keep_eye=frame is None)

    def set_after(self, frame: Frame | None) -> None:
        """Show another state of the painting, or none; nothing on the screen moves."""
        came_or_went = (frame is None) != (self._after.frame is None)
        self._after.set_frame(frame)
        if self._before.frame is None:
            self._take_size(frame, keep_eye=True)
        elif came_or_went:
            self._arrange()

    def clear(self) -> None:
        """Take photo and painting away."""
        self.set_after(None)
        self.set_before(None)

    def set_labels(self, before: str, after: str) -> None:
        """Name what is compared, in a panel where it is not a photo and its painting."""
        self._labels = (before, after)
        self._arrange()

    def set_empty_widget(self, widget: QWidget | None) -> None:
        """Show `widget` all over the canvas while there is no picture; the canvas owns it from now on."""
        if self._empty is not None:
            self._empty.deleteLater()
        self._empty = widget
        if widget is not None:
            widget.setParent(self.viewport())
        self._arrange()

    def _take_size(self, frame: Frame | None, *, keep_eye: bool) -> None:
        size = (frame.width, frame.height) if frame else (0, 0)
        for item in (self._before, self._after, self._pane.item):
            item.set_rect(QRectF(0, 0, *size))
        self._arrange()
        if size != self.picture_size:
            self.set_picture_size(*size, keep_eye=keep_eye)
            self._describe()

    # -- comparing

    @property
    def compare_mode(self) -> CompareMode:
        """How photo and painting are compared."""
        return self._mode

    def set_compare_mode(self, mode: str) -> None:
        """Choose "after", "split" or "side".

        Raises:
            ValueError: there is no such mode.

        """
        if mode not in get_args(CompareMode):
            raise ValueError(f"no such compare mode: {mode}")
        if mode != self._mode:
            self._mode = cast(CompareMode, mode)
            self._arrange()
            self.compare_changed.emit(mode)

    @property
    def split(self) -> float:
        """Where the divider stands, from 0 (left) to 1 (right), across what is visible of the picture.

        Of the visible part, not of the whole picture: so it is never out of reach, and one can pan a detail under it.
        """
        return self._split

    def set_split(self, split: float) -> None:
        """Put the divider somewhere between 0 and 1."""
        split = max(0.0, min(1.0, split))
        if split != self._split:
            self._split = split
            self._place_divider()
            self.split_moved.emit(split)

    @property
    def peeking(self) -> bool:
        """Whether the photo is shown in place of the painting for the moment."""
        return self._peeking

    def peek(self, on: bool) -> None:
        """Show the photo alone while `on`."""
        if on != self._peeking:
            self._peeking = on
            self._peek_key_held = False
            self._arrange()
            self.peek_changed.emit(on)

    @property
    def divider_x(self) -> float | None:
        """Where the divider stands in the viewport; None when there is none."""
        if not self._both or self._mode != "split" or self._peeking:
            return None
        visible = self.picture_in_view()
        return None if visible.isEmpty() else float(round(visible.left() + self._split * visible.width()))

    def move_divider(self, x: float) -> None:
        """Put the divider at `x` of the viewport, as far as the picture goes."""
        visible = self.picture_in_view()
        if not visible.isEmpty():
            self.set_split((x - visible.left()) / visible.width())

    def centre_divider(self) -> None:
        """Put the divider back in the middle."""
        self.set_split(0.5)

    @property
    def _both(self) -> bool:
        return self._before.frame is not None and self._after.frame is not None

    def _arrange(self) -> None:
        """Show what the mode, the peek and the frames at hand ask for."""
        before, after = self._before.frame is not None, self._after.frame is not None
        peeking = self._peeking and before
        self._before.setVisible(before and (not after or peeking or self._mode == "split"))
        self._after.setVisible(after and not peeking)
        self._pane.set_label(self._labels[0])
        self._lay_out_panes()
        if self._empty is not None:
            self._empty.setVisible(not before and not after)
            self._spread_empty()
        self._place_divider()
        self._describe()
        self.viewport().update()

    def _lay_out_panes(self) -> None:
        side = self._both and self._mode == "side"
        half = (self.width() - _GAP) // 2
        self._pane.setVisible(side)
        self._pane.setGeometry(0, 0, half, self.height())
        self.setViewportMargins(self.width() - half if side else 0, 0, 0, 0)

    def _place_divider(self) -> None:
        """Cut both pictures at the divider, and repaint only the strip that it swept and the labels above."""
        x = self.divider_x
        cut = None if x is None else self.to_picture(QPointF(x, 0)).x()
        before = self._before.span
        self._before.set_span(None if cut is None else (-1.0, cut))
        self._after.set_span(None if cut is None else (cut, float(self.picture_size[0]) + 1.0))
        if x is not None:
            edges = [x, x if before is None else self.to_view(QPointF(before[1], 0)).x()]
            left, right = int(min(edges) - GRIP - 4), int(max(edges) + GRIP + 4)
            self.viewport().update(QRect(left, 0, right - left, self.viewport().height()))
            self.viewport().update(QRect(0, int(self.picture_in_view().top()), self.viewport().width(), LABEL_BAND))

    def _describe(self) -> None:
        width, height = self.picture_size
        if self._both:
            words = f"{self._labels[0]} and {self._labels[1].lower()}, {width} by {height} pixels"
        elif width:
            words = f"{self._labels[0] if self._before.frame else self._labels[1]}, {width} by {height} pixels"
        else:
            words = "No picture yet"
        self.setAccessibleDescription(words)

    # -- the screen

    def _dress(self, tokens: Tokens) -> None:
        self._colours = CanvasColours.of(tokens)
        self.setBackgroundBrush(QColor(self._colours.surround))
        palette = self.palette()
        palette.setColor(self.backgroundRole(), QColor(self._colours.surround))
        self.setPalette(palette)
        for part in (self._before, self._after, self._pane, self._overlay):
            part.set_colours(self._colours)
        self.viewport().update()

    def eye_moved(self) -> None:
        """Let the pane and the divider follow."""
        super().eye_moved()
        for item in (self._before, self._after, self._pane.item):
            item.set_pixels_wanted(not self.fitted)
        self._pane.follow(self)
        self._place_divider()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Draw divider and labels in the screen's own pixels."""
        visible, x = self.picture_in_view(), self.divider_x
        font, (before, after) = small_font(self.font()), self._labels
        painter.save()
        painter.resetTransform()
        if x is not None:
            left, right = QRectF(visible), QRectF(visible)
            left.setRight(x)
            right.setLeft(x)
            paint_label(painter, before, left, False, font, self._colours)
            paint_label(painter, after, right, True, font, self._colours)
            paint_divider(painter, x, visible, self._hot, self._colours)
        elif self._both and self._peeking:
            paint_label(painter, before, visible, False, font, self._colours)
        elif self._both and self._mode == "side":
            paint_label(painter, after, visible, False, font, self._colours)
        painter.restore()

    def show_pointer(self, shape: Qt.CursorShape) -> None:
        """Shape the pointer over both halves, and light the divider up while it can be grabbed."""
        super().show_pointer(shape)
        self._pane.viewport().setCursor(shape)
        hot = shape == Qt.CursorShape.SplitHCursor
        if hot != self._hot:
            self._hot = hot
            self._place_divider()

    def event(self, event: QEvent) -> bool:
        """Share a new size between the panes before the viewport gets it."""
        if event.type() == QEvent.Type.Resize:
            self._lay_out_panes()
            self._overlay.setGeometry(self.rect())
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the empty state in the middle."""
        super().resizeEvent(event)
        self._spread_empty()

    def _spread_empty(self) -> None:
        if self._empty is not None:
            self._empty.setGeometry(self.viewport().rect())

    # -- keyboard

    def answer_key(self, event: QKeyEvent) -> bool:
        """Move the divider with [ and ], peek with Space, paste."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.peek(True)
            self._peek_key_held = True
        elif event.key() in _SPLIT_KEYS and self.divider_x is not None:
            self.set_split(self._split + _SPLIT_KEYS[Qt.Key(event.key())] * _SPLIT_STEP)
        else:
            return super().answer_key(event)
        return True

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End the peek with the key."""
        if event.key() == Qt.Key.Key_Space and self._peek_key_held:
            if not event.isAutoRepeat():
                self.peek(False)
        else:
            event.ignore()

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
        if self._peek_key_held:
            self.peek(False)

    # -- pictures that come in

    def paste(self) -> None:
        """Take a picture or files from the clipboard."""
        self._drops.take(QGuiApplication.clipboard().mimeData())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say what a drop would do."""
        self._drops.enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Go on saying it."""
        self._drops.hover(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the highlight away."""
        self._drops.leave()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what is dropped."""
        self._drops.drop(event)


_SPLIT_KEYS = {
    Qt.Key.Key_BracketLeft: -1,
    Qt.Key.Key_BracketRight: 1,
    Qt.Key.Key_BraceLeft: -5,
    Qt.Key.Key_BraceRight: 5,
}
