"""The rows of the list of runs: what a run shows, how it is drawn, and which keys work on it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from studio.core.events import Picture
from studio.training.run_folder import RunState
from studio.ui.icons import icon
from studio.ui.theme import Theme, with_even_figures
from studio.ui.picture.film_model import Index
from studio.ui.controls.pixmaps import draw_cover, pixmap_of

ENTRY = Qt.ItemDataRole.UserRole + 1
_ROW, _PAD, _THUMB = 80, 8, 64
_BAR = 4
_NARROW = 260
"""Below this width of its words, px, a title has a line of its own."""

STATES: dict[RunState, tuple[str, str, str]] = {
    "new": ("Not begun", "history", "text_muted"),
    "running": ("Running", "play", "accent"),
    "paused": ("Paused", "pause", "text"),
    "interrupted": ("Interrupted", "warning", "warning"),
    "finished": ("Finished", "check_circle", "text_muted"),
    "stopped": ("Stopped, kept", "stop", "text_muted"),
    "failed": ("Failed", "error", "error"),
}
"""The word, the sign and the colour of a state; none of them alone."""

_GO_ON: Collection[RunState] = ("new", "paused", "interrupted", "stopped", "failed")


@dataclass(frozen=True, slots=True, eq=False)
class RunEntry:
    """A run as the list shows it. `share` is how much is done, 0–1, or None where that is not known."""

    folder: Path
    title: str
    task: str
    state: RunState
    share: float | None = None
    details: str = ""
    """How far and when, in words: "step 1,200 of 8,000 · yesterday"."""
    thumbnail: Picture | None = None

    @property
    def can_go_on(self) -> bool:
        """Whether it rests, and could be resumed."""
        return self.state in _GO_ON

    @property
    def in_words(self) -> str:
        """What a screen reader says."""
        percent = "" if self.share is None else f"{self.share:.0%}"
        return ", ".join(part for part in (self.title, self.task, STATES[self.state][0], percent, self.details) if part)


class RunView(QListView):
    """A list whose keys work on the chosen run."""

    open_pressed = Signal()
    space_pressed = Signal()
    delete_pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Runs")
        self.setAccessibleDescription("Enter opens a run, Space pauses or resumes it, Delete deletes it")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        # not `activated`: desktops that open with a single click would open while one only chooses
        keys = {
            Qt.Key.Key_Return: self.open_pressed, Qt.Key.Key_Enter: self.open_pressed,
            Qt.Key.Key_Space: self.space_pressed, Qt.Key.Key_Delete: self.delete_pressed,
        }  # fmt: skip
        if event.key() in keys:
            keys[Qt.Key(event.key())].emit()
        else:
            super().keyPressEvent(event)


class RunModel(QAbstractListModel):
    """The runs in their order, which of them is open, and which is compared with it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[RunEntry] = []
        self.open: Path | None = None
        self.compared: Path | None = None
        self._pixmaps: dict[Path, tuple[Picture, QPixmap]] = {}

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid() or index.row() >= len(self.entries):
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DecorationRole:
            return self._pixmap_of(entry)
        answers: dict[int, Any] = {
            Qt.ItemDataRole.DisplayRole: entry.title,
            Qt.ItemDataRole.ToolTipRole: "\n".join(
                part for part in (entry.title, entry.task, entry.details, str(entry.folder)) if part
            ),
            Qt.ItemDataRole.AccessibleTextRole: entry.in_words,
            ENTRY: entry,
        }
        return answers.get(role)

    def replace(self, entries: Sequence[RunEntry]) -> None:
        """Show these; where they are the same runs in the same order, nothing is built again."""
        same = [entry.folder for entry in entries] == [entry.folder for entry in self.entries]
        if not same:
            self.beginResetModel()
        self.entries = list(entries)
        there = {entry.folder for entry in entries}
        self._pixmaps = {folder: kept for folder, kept in self._pixmaps.items() if folder in there}
        if not same:
            self.endResetModel()
        elif entries:
            self.dataChanged.emit(self.index(0), self.index(len(entries) - 1))

    def set_marks(self, opened: Path | None, compared: Path | None) -> None:
        """Mark the open run and the one it is compared with."""
        self.open, self.compared = opened, compared
        if self.entries:
            self.dataChanged.emit(self.index(0), self.index(len(self.entries) - 1))

    def _pixmap_of(self, entry: RunEntry) -> QPixmap | None:
        if entry.thumbnail is None:
            return None
        known = self._pixmaps.get(entry.folder)
        if known is None or known[0] is not entry.thumbnail:
            known = self._pixmaps[entry.folder] = (entry.thumbnail, pixmap_of(entry.thumbnail))
        return known[1]


class RunDelegate(QStyledItemDelegate):
    """Thumbnail; title, task and details in lines; state and progress at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: D102
        return QSize(240, _ROW)

    def paint(  # noqa: D102
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index
    ) -> None:
        entry: RunEntry = index.data(ENTRY)
        model = index.model()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cell: QRect = option.rect
        self._paint_ground(painter, QRectF(cell).adjusted(1, 1, -1, -1), option.state)
        if isinstance(model, RunModel) and model.open == entry.folder:
            painter.fillRect(QRect(cell.left(), cell.top() + 8, 3, cell.height() - 16), self._theme.colour("accent"))
        thumb = QRectF(cell.x() + _PAD + 2, cell.y() + _PAD, _THUMB, _THUMB)
        self._paint_thumbnail(painter, thumb, index.data(Qt.ItemDataRole.DecorationRole))
        words = QRect(int(thumb.right()) + 12, cell.y() + _PAD, cell.right() - int(thumb.right()) - 24, _THUMB)
        compared = isinstance(model, RunModel) and model.compared == entry.folder
        self._paint_words(painter, option, words, entry, compared)
        painter.restore()

    def _paint_ground(self, painter: QPainter, cell: QRectF, state: QStyle.StateFlag) -> None:
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        under = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("accent_soft" if chosen else "panel" if under else "window"))
        painter.drawRoundedRect(cell, 4, 4)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(cell, 4, 4)

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
