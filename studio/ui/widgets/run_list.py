"""All runs: what each shows, how far it is, and what can be done with it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QMenu,
    QPushButton,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from studio.core.events import Picture
from studio.training.run_folder import RunState
from studio.ui.icons import icon, set_icon
from studio.ui.theme import Theme, mark, with_even_figures
from studio.ui.widgets.empty_state import EmptyState
from studio.ui.widgets.film_model import Index
from studio.ui.widgets.pictures import draw_cover, pixmap_of

_ENTRY = Qt.ItemDataRole.UserRole + 1
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


class RunList(QWidget):
    """The runs, the chosen one's buttons below them. Enter opens, Space pauses or resumes, Delete asks to delete.

    Args:
        theme: where colours and icons come from.
        parent: the widget it lies in.
        compact: for a narrow column beside the open run: a click opens, and there are no buttons below.

    """

    opened = Signal(Path)
    resume_requested = Signal(Path)
    pause_requested = Signal(Path)
    compare_requested = Signal(Path)
    """Draw this run's curves beside those that are shown; once more ends it."""
    delete_requested = Signal(Path)
    """Whoever answers asks first."""
    reveal_requested = Signal(Path)

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, compact: bool = False) -> None:
        super().__init__(parent)
        self._theme, self._compact = theme, compact
        self._model = _RunModel(self)
        self.view = _RunView(self)
        self.go_on = QPushButton("Resume", self)
        self.compare = QPushButton("Compare", self)
        self.delete = QPushButton("Delete…", self)
        self.empty_state = EmptyState(
            "train", "No runs yet", "Choose what to train and start: every run is kept here.", theme, self
        )
        self._foot = QWidget(self)
        self._stack = QStackedLayout()
        self._lay_out()
        self._connect()
        self.set_runs(())

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        mark(self, surface="window")
        self.view.setModel(self._model)
        self.view.setItemDelegate(_RunDelegate(self._theme, self.view))
        self.compare.setCheckable(True)
        set_icon(self.compare, "train", self._theme)
        set_icon(self.delete, "delete", self._theme)
        for button, widest in ((self.go_on, "Resume"), (self.compare, "Compare"), (self.delete, "Delete…")):
            button.setIconSize(QSize(16, 16))
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(widest) + 60)
        row = QHBoxLayout(self._foot)
        row.setContentsMargins(tokens.gap, tokens.gap, tokens.gap, tokens.gap)
        row.setSpacing(tokens.gap)
        row.addWidget(self.go_on)
        row.addWidget(self.compare)
        row.addStretch(1)
        row.addWidget(self.delete)
        self._stack.addWidget(self.empty_state)
        self._stack.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._stack, 1)
        layout.addWidget(self._foot)

    def _connect(self) -> None:
        self.view.selectionModel().currentChanged.connect(lambda *_: self._show_actions())
        clicked = self.view.clicked if self._compact else self.view.doubleClicked
        clicked.connect(lambda index: self._emit(self.opened, index))
        self.view.open_pressed.connect(lambda: self._emit(self.opened))
        self.view.space_pressed.connect(self._go_on_or_pause)
        self.view.delete_pressed.connect(self._ask_to_delete)
        self.view.customContextMenuRequested.connect(self._offer)
        self.go_on.clicked.connect(self._go_on_or_pause)
        self.compare.clicked.connect(lambda: self._emit(self.compare_requested))
        self.delete.clicked.connect(self._ask_to_delete)

    # -- what it shows -------------------------------------------------------------------------------------------------

    @property
    def folders(self) -> tuple[Path, ...]:
        """The runs shown, in order."""
        return tuple(entry.folder for entry in self._model.entries)

    @property
    def selected(self) -> RunEntry | None:
        """The run that is chosen."""
        index = self.view.currentIndex()
        return index.data(_ENTRY) if index.isValid() else None

    def set_runs(self, entries: Sequence[RunEntry]) -> None:
        """Show exactly these, in this order; the choice stays with its run."""
        chosen = self.selected
        self._model.replace(entries)
        if chosen is not None:
            self.select(chosen.folder)
        self._stack.setCurrentIndex(1 if entries else 0)
        self._foot.setVisible(bool(entries) and not self._compact)
        self._show_actions()

    def select(self, folder: Path) -> None:
        """Choose a run."""
        if folder in self.folders:
            self.view.setCurrentIndex(self._model.index(self.folders.index(folder)))

    def set_open(self, folder: Path | None) -> None:
        """Mark the run that the panel shows."""
        self._model.set_marks(folder, self._model.compared)
        self._show_actions()

    def set_compared(self, folder: Path | None) -> None:
        """Mark the run whose curves are drawn beside."""
        self._model.set_marks(self._model.open, folder)
        self._show_actions()

    def menu_for(self, entry: RunEntry) -> QMenu:
        """Return the context menu of a run."""
        menu = QMenu(self)
        menu.addAction("Open", partial(self.opened.emit, entry.folder))
        if entry.state == "running":
            menu.addAction("Pause", partial(self.pause_requested.emit, entry.folder))
        elif entry.can_go_on:
            menu.addAction(_go_on_word(entry), partial(self.resume_requested.emit, entry.folder))
        if entry.folder != self._model.open:
            words = "End comparison" if entry.folder == self._model.compared else "Compare curves"
            menu.addAction(words, partial(self.compare_requested.emit, entry.folder))
        menu.addAction("Show in folder", partial(self.reveal_requested.emit, entry.folder))
        menu.addSeparator()
        delete = menu.addAction("Delete…", partial(self.delete_requested.emit, entry.folder))
        delete.setEnabled(entry.state != "running")
        return menu

    def _show_actions(self) -> None:
        entry = self.selected
        running = entry is not None and entry.state == "running"
        words = "Pause" if running else _go_on_word(entry)
        self.go_on.setText(words)
        set_icon(self.go_on, "pause" if running else "play", self._theme)
        tip = "Save where it is and let the computer rest" if running else "Go on where it was (Space)"
        name = entry.title if entry else "the chosen run"
        compared = entry is not None and entry.folder == self._model.compared
        for button, hint, does, usable in (
            (self.go_on, tip, f"{words} {name}", running or (entry is not None and entry.can_go_on)),
            (self.compare, "Draw its curves, dashed, beside those of the run that is open", f"Compare with {name}",
             entry is not None and entry.folder != self._model.open),
            (self.delete, "A running one is paused first" if running else "Delete the run with all its files (Del)",
             f"Delete {name}", entry is not None and not running),
        ):  # fmt: skip
            button.setToolTip(hint)
            button.setAccessibleName(does)
            button.setEnabled(usable)
        self.compare.setChecked(compared)

    # -- what is asked for ---------------------------------------------------------------------------------------------

    def _emit(self, signal: Any, index: QModelIndex | None = None) -> None:
        entry = self.selected if index is None else index.data(_ENTRY)
        if entry is not None:
            signal.emit(entry.folder)

    def _go_on_or_pause(self) -> None:
        entry = self.selected
        if entry is not None and entry.state == "running":
            self.pause_requested.emit(entry.folder)
        elif entry is not None and entry.can_go_on:
            self.resume_requested.emit(entry.folder)

    def _ask_to_delete(self) -> None:
        entry = self.selected
        if entry is not None and entry.state != "running":
            self.delete_requested.emit(entry.folder)

    def _offer(self, position: QPoint) -> None:
        index = self.view.indexAt(position)
        if index.isValid():
            menu = self.menu_for(index.data(_ENTRY))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.viewport().mapToGlobal(position))


class _RunView(QListView):
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # not `activated`: desktops that open with a single click would open while one only chooses
        keys = {
            Qt.Key.Key_Return: self.open_pressed, Qt.Key.Key_Enter: self.open_pressed,
            Qt.Key.Key_Space: self.space_pressed, Qt.Key.Key_Delete: self.delete_pressed,
        }  # fmt: skip
        if event.key() in keys:
            keys[Qt.Key(event.key())].emit()
        else:
            super().keyPressEvent(event)


class _RunModel(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[RunEntry] = []
        self.open: Path | None = None
        self.compared: Path | None = None
        self._pixmaps: dict[Path, tuple[Picture, QPixmap]] = {}

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
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
            _ENTRY: entry,
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


class _RunDelegate(QStyledItemDelegate):
    """Thumbnail; title, task and details in lines; state and progress at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(240, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: RunEntry = index.data(_ENTRY)
        model = index.model()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cell: QRect = option.rect
        self._paint_ground(painter, QRectF(cell).adjusted(1, 1, -1, -1), option.state)
        if isinstance(model, _RunModel) and model.open == entry.folder:
            painter.fillRect(QRect(cell.left(), cell.top() + 8, 3, cell.height() - 16), self._theme.colour("accent"))
        thumb = QRectF(cell.x() + _PAD + 2, cell.y() + _PAD, _THUMB, _THUMB)
        self._paint_thumbnail(painter, thumb, index.data(Qt.ItemDataRole.DecorationRole))
        words = QRect(int(thumb.right()) + 12, cell.y() + _PAD, cell.right() - int(thumb.right()) - 24, _THUMB)
        compared = isinstance(model, _RunModel) and model.compared == entry.folder
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


def _go_on_word(entry: RunEntry | None) -> str:
    return "Start" if entry is not None and entry.state == "new" else "Resume"


def _draw_elided(painter: QPainter, area: QRect, words: str, mode: Qt.TextElideMode) -> None:
    shown = painter.fontMetrics().elidedText(words, mode, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
