"""The rows of the list of runs: what a run shows, how it is drawn, and which keys work on it."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from studio.core.events import Picture
from studio.training.run_folder import RunState
from studio.ui.controls.pixmaps import draw_cover
from studio.ui.controls.thumbnails import (
    MARKS, SUBJECT, Index, ThumbnailDelegate, ThumbnailItem, ThumbnailModel, ThumbnailView,
)  # fmt: skip
from studio.ui.icons import icon
from studio.ui.theme import Theme, with_even_figures

OPEN, COMPARED = "open", "compared"
"""Marks of the run that the panel shows, and of the one whose curves are drawn beside."""
_ROW, _PAD, _THUMB = 80, 8, 64
_BAR = 4
_NARROW = 260
"""Below this width of its words, px, a title has a line of its own."""

EntryState: TypeAlias = RunState | Literal["waiting"]
"""A run's state, or that it shall go on here when its turn comes."""

STATES: dict[EntryState, tuple[str, str, str]] = {
    "new": ("Not begun", "history", "text_muted"),
    "waiting": ("Waiting", "clock_outline", "text"),
    "running": ("Running", "play", "accent"),
    "paused": ("Paused", "pause", "text"),
    "interrupted": ("Interrupted", "warning", "warning"),
    "finished": ("Finished", "check_circle", "text_muted"),
    "stopped": ("Stopped, kept", "stop", "text_muted"),
    "failed": ("Failed", "error", "error"),
}
"""The word, the sign and the colour of a state; none of them alone."""

_GO_ON: Collection[EntryState] = ("new", "paused", "interrupted", "stopped", "failed")


@dataclass(frozen=True, slots=True, eq=False)
class RunEntry:
    """A run as the list shows it. `share` is how much is done, 0–1, or None where that is not known."""

    folder: Path
    title: str
    task: str
    state: EntryState
    share: float | None = None
    details: str = ""
    """How far and when, in words: "step 1,200 of 8,000 · yesterday"."""
    thumbnail: Picture | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether it runs, or will as soon as its turn comes."""
        return self.state in ("running", "waiting")

    @property
    def can_go_on(self) -> bool:
        """Whether it rests, and could be resumed."""
        return self.state in _GO_ON

    @property
    def in_words(self) -> str:
        """What a screen reader says."""
        percent = "" if self.share is None else f"{self.share:.0%}"
        return ", ".join(part for part in (self.title, self.task, STATES[self.state][0], percent, self.details) if part)

    @property
    def item(self) -> "ThumbnailItem[RunEntry]":
        """What the list shows of it."""
        tooltip = "\n".join(part for part in (self.title, self.task, self.details, str(self.folder)) if part)
        return ThumbnailItem(self.folder, self.title, self.thumbnail, tooltip, self.in_words, self)


class RunView(ThumbnailView[RunEntry]):
    """A list whose keys work on the chosen run."""

    space_pressed = Signal()
    delete_pressed = Signal()

    def __init__(self, model: ThumbnailModel[RunEntry], theme: Theme, parent: QWidget, *, one_click: bool) -> None:
        super().__init__(model, RunDelegate(theme), parent, one_click=one_click)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Runs")
        self.setAccessibleDescription("Enter opens a run, Space pauses or resumes it, Delete deletes it")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        keys = {Qt.Key.Key_Space: self.space_pressed, Qt.Key.Key_Delete: self.delete_pressed}
        if event.key() in keys:
            keys[Qt.Key(event.key())].emit()
        else:
            super().keyPressEvent(event)


class RunDelegate(ThumbnailDelegate):
    """Thumbnail; title, task and details in lines; state and progress at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: D102
        return QSize(240, _ROW)

    def paint_item(  # noqa: D102
        self, painter: QPainter, option: QStyleOptionViewItem, cell: QRect, index: Index
    ) -> None:
        entry, marks = index.data(SUBJECT), index.data(MARKS)
        self.paint_ground(painter, option, "window")
        if OPEN in marks:
            painter.fillRect(QRect(cell.left(), cell.top() + 8, 3, cell.height() - 16), self._theme.colour("accent"))
        thumb = QRectF(cell.x() + _PAD + 2, cell.y() + _PAD, _THUMB, _THUMB)
        self._paint_thumbnail(painter, thumb, index.data(Qt.ItemDataRole.DecorationRole))
        words = QRect(int(thumb.right()) + 12, cell.y() + _PAD, cell.right() - int(thumb.right()) - 24, _THUMB)
        self._paint_words(painter, option, words, entry, COMPARED in marks)

    def _paint_thumbnail(self, painter: QPainter, area: QRectF, pixmap: QPixmap | None) -> None:
        if pixmap is not None:
            draw_cover(painter, pixmap, area, 2)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("field"))
        painter.drawRoundedRect(area, 2, 2)
        sign = icon("picture", self._theme.tokens, colour="text_disabled")
        sign.paint(painter, area.toRect().adjusted(20, 20, -20, -20))

    def _paint_words(
        self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, entry: RunEntry, compared: bool
    ) -> None:
        line = area.height() // 3
        first, second, third = (QRect(area.x(), area.y() + at * line, area.width(), line) for at in range(3))
        narrow = area.width() < _NARROW
        state_width = self._paint_state(painter, option, second if narrow else first, entry, at_left=narrow)
        beside = " · compared (dashed)" if compared else ""
        task = " · ".join(part for part in (entry.task, entry.details) if part) + beside
        font = with_even_figures(option.font)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(self._theme.colour("text"))
        room = 0 if narrow else state_width + 12
        _draw_elided(painter, first.adjusted(0, 0, -room, 0), entry.title, Qt.TextElideMode.ElideMiddle)
        painter.setFont(with_even_figures(option.font))
        painter.setPen(self._theme.colour("text_muted"))
        if narrow:
            second, task = second.adjusted(state_width + 6, 0, 0, 0), beside
        _draw_elided(painter, second, task, Qt.TextElideMode.ElideRight)
        if entry.share is not None:
            self._paint_progress(painter, third, entry)

    def _paint_state(
        self, painter: QPainter, option: QStyleOptionViewItem, line: QRect, entry: RunEntry, *, at_left: bool
    ) -> int:
        """Draw sign and word at one end; return how wide they are."""
        word, sign, colour = STATES[entry.state]
        painter.setFont(option.font)
        width = painter.fontMetrics().horizontalAdvance(word)
        if at_left:
            line = QRect(line.x(), line.y(), width + 22, line.height())
        painter.setPen(self._theme.colour(colour))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, word)
        place = QRect(line.right() - width - 22, line.center().y() - 8, 17, 17)
        icon(sign, self._theme.tokens, colour=colour).paint(painter, place)
        return width + 22

    def _paint_progress(self, painter: QPainter, line: QRect, entry: RunEntry) -> None:
        share = min(max(entry.share or 0.0, 0.0), 1.0)
        room = painter.fontMetrics().horizontalAdvance("100 %") + 8
        painter.setPen(self._theme.colour("text_muted"))
        # rounded down: 100 % is only said of what is complete
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{int(100 * share)} %")
        groove = QRectF(line.x(), line.center().y() - 1, line.width() - room, _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("groove"))
        painter.drawRoundedRect(groove, 2, 2)
        if share > 0:
            painter.setBrush(self._theme.colour("accent" if entry.state == "running" else "outline"))
            painter.drawRoundedRect(groove.adjusted(0, 0, -groove.width() * (1 - share), 0), 2, 2)


def _draw_elided(painter: QPainter, area: QRect, words: str, mode: Qt.TextElideMode) -> None:
    shown = painter.fontMetrics().elidedText(words, mode, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
