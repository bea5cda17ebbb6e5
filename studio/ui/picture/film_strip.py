"""The film strip: frames of the painting to go back to, oldest at the left."""

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QItemSelectionModel, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionViewItem, QWidget

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

_THUMB = 64
_CAPTION = 16
_PAD = 4
_SHOWN = "shown now"
"""The mark of the frame on the canvas."""


class StripFrame(Protocol):
    """What the strip needs to know of a frame."""

    @property
    def number(self) -> int:
        """Its name, given back by `frame_chosen`."""

    @property
    def thumbnail(self) -> Picture:
        """Small, ready to draw."""

    @property
    def step(self) -> int:
        """The evaluation it was painted at, shown below it."""

    @property
    def branch(self) -> bool:
        """True where the artist went another way from an earlier frame."""


class FilmStrip(ThumbnailView[StripFrame]):
    """A row of frames; arrow keys walk along it, a click or Enter chooses one.

    New frames never move what is being looked at: the strip follows its end only while it stands there, and whoever
    walks along it by key stays where they are.

    Args:
        picture: what is being made: "Painting".

    """

    frame_chosen = Signal(int)
    """The number of a frame, chosen by hand or key."""

    _by_key = False

    def __init__(self, picture: str, theme: Theme, parent: QWidget | None = None) -> None:
        film: ThumbnailModel[StripFrame] = ThumbnailModel()
        super().__init__(film, _FrameDelegate(theme), parent, one_click=True)
        self._film, self._theme, self._noun = film, theme, picture.lower()
        self._walking = False
        self._set_up()
        self.opened.connect(self._choose)

    def _set_up(self) -> None:
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # of one height with and without its scroll bar, so that the picture above it stays where it is
        self.setFixedHeight(_THUMB + _CAPTION + 2 * _PAD + 16)
        self.setViewportMargins(12, 0, 12, 0)
        self.setAccessibleName("Film strip")
        self.setAccessibleDescription(f"Earlier frames of the {self._noun}; choose one to go on from it")

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

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        before = self.currentIndex().row()
        self._by_key = True
        super().keyPressEvent(event)
        self._by_key = False
        self._walking |= self.currentIndex().row() != before

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        self._walking = False
        super().focusOutEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        if self._film.rowCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self._theme.colour("text_muted"))
            area = self.viewport().rect().adjusted(16, 0, -16, 0)
            words = f"Frames of the {self._noun} appear here; click one to go on from it."
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
        self.frame_chosen.emit(frame.number)

    def _keeping_place(self, change: Callable[[], None]) -> None:
        bar = self.horizontalScrollBar()
        at_end = bar.value() >= bar.maximum()
        lefts = self._lefts_in_view()
        change()
        self.executeDelayedItemsLayout()
        self.updateGeometries()
        anchor = next(((row, left) for number, left in lefts if (row := self._film.row_of(number)) >= 0), None)
        if at_end:
            bar.setValue(bar.maximum())
        elif anchor is not None:
            row, left = anchor
            bar.setValue(bar.value() + self.visualRect(self._film.index(row)).left() - left)

    def _lefts_in_view(self) -> list[tuple[int, int]]:
        """Return number and left edge of every frame in view: some of them will outlive the change."""
        rects = ((number, self.visualRect(self._film.index(row))) for row, number in enumerate(self.numbers))
        return [(number, rect.left()) for number, rect in rects if rect.intersects(self.viewport().rect())]


def _item(frame: StripFrame) -> ThumbnailItem[StripFrame]:
    step = f"Step {frame.step}"
    words = f"{step}, branch" if frame.branch else step
    return ThumbnailItem(
        frame.number, str(frame.step), frame.thumbnail, f"{step}: click to go on from here", words, frame
    )


class _FrameDelegate(ThumbnailDelegate):
    """Draws one frame: thumbnail, step, branch sign, and rings for current, focus and hover."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_THUMB + 2 * _PAD, _THUMB + _CAPTION + 2 * _PAD)

    def paint_item(self, painter: QPainter, option: QStyleOptionViewItem, cell: QRect, index: Index) -> None:
        thumb = QRectF(cell.x() + _PAD, cell.y() + _PAD, _THUMB, _THUMB)
        shown = _SHOWN in index.data(MARKS)
        draw_cover(painter, index.data(Qt.ItemDataRole.DecorationRole), thumb, 2)
        self._paint_ring(painter, thumb, option.state, shown)
        if index.data(SUBJECT).branch:
            self._paint_branch(painter, thumb)
        font = with_even_figures(option.font)
        font.setPixelSize(self._theme.tokens.small_size)
        painter.setFont(font)
        painter.setPen(self._theme.colour("text" if shown else "text_muted"))
        caption = QRectF(cell.x(), thumb.bottom() + 2, cell.width(), _CAPTION)
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, str(index.data()))

    def _paint_ring(self, painter: QPainter, thumb: QRectF, state: QStyle.StateFlag, current: bool) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        if current or focused:
            painter.setPen(QPen(self._theme.colour("focus" if focused else "accent"), 2))
            painter.drawRoundedRect(thumb.adjusted(-2, -2, 2, 2), 4, 4)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(self._theme.colour("outline"), 1))
            painter.drawRoundedRect(thumb.adjusted(-1.5, -1.5, 1.5, 1.5), 3, 3)

    def _paint_branch(self, painter: QPainter, thumb: QRectF) -> None:
        badge = QRectF(thumb.left() + 2, thumb.top() + 2, 18, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("panel"))
        painter.drawEllipse(badge)
        icon("branch", self._theme.tokens, colour="accent").paint(painter, badge.adjusted(3, 3, -3, -3).toRect())
