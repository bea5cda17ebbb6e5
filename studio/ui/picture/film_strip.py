"""The film strip: frames of the painting to look at and to go on from, oldest at the left, take after take."""

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QItemSelectionModel, QPointF, QRect, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu, QStyle, QStyleOptionViewItem, QWidget

from studio.core.events import Picture
from studio.ui.controls.pixmaps import draw_cover
from studio.ui.controls.thumbnails import (
    MARKS,
    SUBJECT,
    Index,
    ThumbnailDelegate,
    ThumbnailItem,
    ThumbnailModel,
    ThumbnailView,
)  # fmt: skip
from studio.ui.icons import icon
from studio.ui.theme import Theme, with_even_figures

_THUMB, _WIDTH = 64, 84
_CAPTION = 16
_PAD = 4
_BAR = 4
_TAKES = ("accent", "outline", "warning", "text_muted")
"""Colours of takes, one after the other."""
_SHOWN = "shown now"
"""The mark of the frame on the canvas."""
_COMPARED = "compared with"
"""The mark of the frame that it is compared with."""


class StripFrame(Protocol):
    """What the strip needs to know of a frame."""

    @property
    def number(self) -> int:
        """Its name, given back by the signals."""

    @property
    def thumbnail(self) -> Picture:
        """Small, ready to draw."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def evaluations(self) -> int:
        """How many evaluations led to it, shown below it."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, px; the longer one is shown below it."""

    @property
    def take(self) -> int:
        """Frames that were made in one go have the same number."""

    @property
    def branch(self) -> bool:
        """True where the artist went another way from an earlier frame."""

    @property
    def starred(self) -> bool:
        """True where the artist wants to keep it."""


class FilmStrip(ThumbnailView[StripFrame]):
    """A row of frames; a click or the arrow keys show one, Enter goes on from it, S stars it, C compares with it.

    New frames never move what is being looked at: the strip follows its end only while it stands there, and whoever
    walks along it by key stays where they are.

    Args:
        picture: what is being made: "Painting".

    """

    frame_shown = Signal(int)
    """The number of a frame to look at, chosen by hand or key."""
    frame_chosen = Signal(int)
    """The number of a frame to go on from."""
    frame_starred = Signal(int)
    """The star of this frame should come or go."""
    comparison_requested = Signal(int)
    """What is shown should be compared with this frame; with the photo again where it is compared with it already."""
    save_requested = Signal(int)

    _by_key = False

    def __init__(self, picture: str, theme: Theme, parent: QWidget | None = None) -> None:
        film: ThumbnailModel[StripFrame] = ThumbnailModel()
        super().__init__(film, _FrameDelegate(theme), parent, one_click=True)
        self._film, self._theme, self._noun = film, theme, picture.lower()
        self._walking = False
        self._set_up()
        self.opened.connect(self._choose)
        self.offer_menu(self.menu_for)

    def _set_up(self) -> None:
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # of one height with and without its scroll bar, so that the picture above it stays where it is
        self.setFixedHeight(_THUMB + _CAPTION + _BAR + 2 * _PAD + 16)
        self.setViewportMargins(12, 0, 12, 0)
        self.setAccessibleName("Film strip")
        self.setAccessibleDescription(f"Earlier frames of the {self._noun}; Enter goes on from one")

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the frames shown, in order."""
        return self._film.keys

    @property
    def current(self) -> int:
        """The number of the frame marked as shown on the canvas, -1 for none."""
        return -1 if (number := self._film.marked(_SHOWN)) is None else number

    def set_frames(self, frames: Sequence[StripFrame]) -> None:
        """Show exactly these frames."""
        self._keeping_place(lambda: self._film.replace([_item(frame) for frame in frames]))

    def set_current(self, number: int) -> None:
        """Mark the frame that the canvas shows; tells nobody."""
        self._film.set_mark(_SHOWN, number)
        row = self._film.row_of(number)
        if row >= 0 and not self._walking:
            flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.selectionModel().setCurrentIndex(self._film.index(row), flag)

    def go_to_end(self) -> None:
        """Look at the newest frames, and follow them."""
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().maximum())

    def set_compared(self, number: int) -> None:
        """Mark the frame that what is shown is compared with, -1 for none."""
        self._film.set_mark(_COMPARED, number)

    def menu_for(self, frame: StripFrame) -> QMenu:
        """Return the menu of a frame."""
        menu, number = QMenu(self), frame.number
        menu.addAction("Show", lambda: self.frame_shown.emit(number))
        menu.addAction("Go On from Here", lambda: self.frame_chosen.emit(number))
        menu.addSeparator()
        menu.addAction("Compare with This", lambda: self.comparison_requested.emit(number))
        menu.addAction("Take the Star Away" if frame.starred else "Star", lambda: self.frame_starred.emit(number))
        menu.addAction("Save As…", lambda: self.save_requested.emit(number))
        return menu

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        before, frame = self.currentIndex().row(), self.selected
        asked = _KEYS.get(Qt.Key(event.key()))
        if asked is not None and frame is not None and event.modifiers() in _PLAIN:
            self._walking = False
            getattr(self, asked).emit(frame.number)
            return
        self._by_key = True
        super().keyPressEvent(event)
        self._by_key = False
        if self.currentIndex().row() != before and self.selected is not None:
            self._walking = True
            self.frame_shown.emit(self.selected.number)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        self._walking = False
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        bar = self.horizontalScrollBar()
        at_end = bar.value() >= bar.maximum()
        super().resizeEvent(event)
        if at_end:
            self._lay_out_now()  # a layout that is due already would only come later, and know of another end
            self.go_to_end()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        if self._film.rowCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self._theme.colour("text_muted"))
            area = self.viewport().rect().adjusted(16, 0, -16, 0)
            words = f"Frames of the {self._noun} appear here, to look at again and to go on from."
            words = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)

    def scrollTo(  # noqa: D102
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        # only the artist's own steps along the strip may move it
        if self._by_key:
            super().scrollTo(index, hint)

    def _choose(self, frame: StripFrame) -> None:
        self._walking = False
        if QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier:
            self.comparison_requested.emit(frame.number)
        else:
            self.frame_shown.emit(frame.number)

    def _keeping_place(self, change: Callable[[], None]) -> None:
        bar = self.horizontalScrollBar()
        at_end = bar.value() >= bar.maximum()
        lefts = self._lefts_in_view()
        change()
        self._lay_out_now()
        anchor = next(((row, left) for number, left in lefts if (row := self._film.row_of(number)) >= 0), None)
        if at_end:
            bar.setValue(bar.maximum())
        elif anchor is not None:
            row, left = anchor
            bar.setValue(bar.value() + self.visualRect(self._film.index(row)).left() - left)

    def _lay_out_now(self) -> None:
        self.executeDelayedItemsLayout()
        self.updateGeometries()

    def _lefts_in_view(self) -> list[tuple[int, int]]:
        """Return number and left edge of every frame that begins in view: some of them will outlive the change."""
        rects = ((number, self.visualRect(self._film.index(row))) for row, number in enumerate(self.numbers))
        return [(number, rect.left()) for number, rect in rects if 0 <= rect.left() < self.viewport().width()]


def _item(frame: StripFrame) -> ThumbnailItem[StripFrame]:
    pixels = f"{max(frame.size)} px"
    caption = f"{frame.evaluations} · {pixels}" if frame.evaluations else pixels
    words = f"{frame.name}, " + "{} × {} px".format(*frame.size)
    also = [word for word, holds in (("branch", frame.branch), ("starred", frame.starred)) if holds]
    spoken = ", ".join([words, *also])
    hint = f"{spoken}\nClick: look at it · Enter: go on from it · Ctrl+click: compare with it"
    return ThumbnailItem(frame.number, caption, frame.thumbnail, hint, spoken, frame)


class _FrameDelegate(ThumbnailDelegate):
    """Draws one frame: a bar in the colour of its take, thumbnail, caption, signs, and rings."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_WIDTH + 2 * _PAD, _THUMB + _CAPTION + _BAR + 2 * _PAD)

    def paint_item(self, painter: QPainter, option: QStyleOptionViewItem, cell: QRect, index: Index) -> None:
        frame, marks = index.data(SUBJECT), index.data(MARKS)
        self._paint_take(painter, cell, index)
        thumb = QRectF(cell.x() + _PAD, cell.y() + _PAD + _BAR, _WIDTH, _THUMB)
        draw_cover(painter, index.data(Qt.ItemDataRole.DecorationRole), thumb, 2)
        self._paint_ring(painter, thumb, option.state, _SHOWN in marks, _COMPARED in marks)
        corner = thumb.topLeft() + QPointF(2, 2)
        for sign, holds in (("branch", frame.branch), ("star", frame.starred)):
            if holds:
                self._paint_sign(painter, QRectF(corner, QSizeF(18, 18)), sign)
                corner += QPointF(20, 0)
        font = with_even_figures(option.font)
        font.setPixelSize(self._theme.tokens.small_size)
        painter.setFont(font)
        painter.setPen(self._theme.colour("text" if _SHOWN in marks else "text_muted"))
        caption = QRectF(cell.x(), thumb.bottom() + 2, cell.width(), _CAPTION)
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, str(index.data()))

    def _paint_take(self, painter: QPainter, cell: QRect, index: Index) -> None:
        """Draw a bar over the frames of a take, broken where another one begins."""
        take = index.data(SUBJECT).take
        before = index.model().index(index.row() - 1, 0).data(SUBJECT) if index.row() else None
        begins = before is None or before.take != take
        left = cell.left() + (_PAD if begins else 0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(_TAKES[take % len(_TAKES)]))
        painter.drawRect(QRectF(left, cell.top() + 1, cell.right() + 1 - left, _BAR - 1))

    def _paint_ring(
        self, painter: QPainter, thumb: QRectF, state: QStyle.StateFlag, shown: bool, compared: bool
    ) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        if shown or focused or compared:
            pen = QPen(self._theme.colour("focus" if focused else "accent"), 2)
            if compared and not shown:
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawRoundedRect(thumb.adjusted(-2, -2, 2, 2), 4, 4)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(self._theme.colour("outline"), 1))
            painter.drawRoundedRect(thumb.adjusted(-1.5, -1.5, 1.5, 1.5), 3, 3)

    def _paint_sign(self, painter: QPainter, badge: QRectF, sign: str) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("panel"))
        painter.drawEllipse(badge)
        icon(sign, self._theme.tokens, colour="accent").paint(painter, badge.adjusted(3, 3, -3, -3).toRect())


_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
_KEYS = {
    Qt.Key.Key_Return: "frame_chosen",
    Qt.Key.Key_Enter: "frame_chosen",
    Qt.Key.Key_S: "frame_starred",
    Qt.Key.Key_C: "comparison_requested",
}
"""Key → the signal that asks for what it does with the frame at hand."""
