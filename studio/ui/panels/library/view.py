"""The library: everything that was made, to look at and to go on from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPen, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QMenu,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from studio.core.events import Picture
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.pixmaps import draw_whole, pixmap_of
from studio.ui.picture.film_model import Index
from studio.ui.theme import Theme, mark

_PATH = Qt.ItemDataRole.UserRole + 1
_THUMB = 208
_CAPTION = 20
_PAD = 8


@dataclass(frozen=True, slots=True, eq=False)
class LibraryEntry:
    """One result: its file, the words below it, and a small thumbnail."""

    path: Path
    title: str
    thumbnail: Picture


class LibraryView(QWidget):
    """A grid of results; double-click or Enter opens one.

    Args:
        theme: where colours and icons come from.
        parent: the widget it lies in.

    """

    opened = Signal(Path)
    reveal_requested = Signal(Path)
    """Show this file in the desktop's file manager."""
    menu_opened = Signal(QMenu, Path)
    """The context menu of a result, for whoever has more to offer."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _LibraryModel(self)
        self.view = QListView(self)
        self.empty_state = EmptyState(
            "library", "Nothing here yet", "Every finished picture is kept here with its recipe.", theme, self
        )
        self._stack = QStackedLayout(self)
        # not `activated`: desktops that open with a single click would open while one only chooses
        self._enter = QShortcut(QKeySequence(Qt.Key.Key_Return), self.view)
        self._enter.setKeys([QKeySequence(Qt.Key.Key_Return), QKeySequence(Qt.Key.Key_Enter)])
        self._enter.setContext(Qt.ShortcutContext.WidgetShortcut)
        self._set_up(theme)
        self._connect()

    def _set_up(self, theme: Theme) -> None:
        mark(self, surface="canvas")
        view = self.view
        view.setModel(self._model)
        view.setItemDelegate(_EntryDelegate(theme, view))
        view.setViewMode(QListView.ViewMode.IconMode)
        view.setResizeMode(QListView.ResizeMode.Adjust)
        view.setMovement(QListView.Movement.Static)
        view.setUniformItemSizes(True)
        view.setSpacing(theme.tokens.gap // 2)
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.setAccessibleName("Library")
        view.setAccessibleDescription("Finished pictures; Enter opens one with its settings")
        mark(view, surface="canvas")
        self._stack.addWidget(self.empty_state)
        self._stack.addWidget(view)

    def _connect(self) -> None:
        self._enter.activated.connect(self._open_selected)
        self.view.doubleClicked.connect(self._open)
        self.view.customContextMenuRequested.connect(self._offer)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files shown, in order."""
        return tuple(entry.path for entry in self._model.entries)

    @property
    def selected(self) -> Path | None:
        """The file that is chosen, if any."""
        index = self.view.currentIndex()
        return index.data(_PATH) if index.isValid() else None

    def set_entries(self, entries: Sequence[LibraryEntry]) -> None:
        """Show exactly these, in this order."""
        self._model.replace(entries)
        self._stack.setCurrentIndex(1 if entries else 0)

    def menu_for(self, path: Path) -> QMenu:
        """Return the context menu of a result."""
        menu = QMenu(self)
        menu.addAction("Open", lambda: self.opened.emit(path))
        menu.addAction("Show in folder", lambda: self.reveal_requested.emit(path))
        self.menu_opened.emit(menu, path)
        return menu

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(index.data(_PATH))

    def _open_selected(self) -> None:
        if self.selected is not None:
            self.opened.emit(self.selected)

    def _offer(self, position: QPoint) -> None:
        index = self.view.indexAt(position)
        if index.isValid():
            menu = self.menu_for(index.data(_PATH))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.viewport().mapToGlobal(position))


class _LibraryModel(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[LibraryEntry] = []
        self._pixmaps: dict[Path, QPixmap] = {}

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.entries):
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DecorationRole:
            if entry.path not in self._pixmaps:
                self._pixmaps[entry.path] = pixmap_of(entry.thumbnail)
            return self._pixmaps[entry.path]
        answers: dict[int, Any] = {
            Qt.ItemDataRole.DisplayRole: entry.title,
            Qt.ItemDataRole.ToolTipRole: f"{entry.title}\n{entry.path.name}",
            _PATH: entry.path,
        }
        return answers.get(role)

    def replace(self, entries: Sequence[LibraryEntry]) -> None:
        self.beginResetModel()
        self.entries = list(entries)
        self._pixmaps.clear()
        self.endResetModel()


class _EntryDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_THUMB + 2 * _PAD, _THUMB + _CAPTION + 2 * _PAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cell: QRect = option.rect
        self._paint_ground(painter, QRectF(cell).adjusted(1, 1, -1, -1), option.state)
        area = QRectF(cell.x() + _PAD, cell.y() + _PAD, _THUMB, _THUMB)
        draw_whole(painter, index.data(Qt.ItemDataRole.DecorationRole), area, 2)
        caption = QRect(cell.x() + _PAD, int(area.bottom()) + 2, _THUMB, _CAPTION)
        painter.setPen(self._theme.colour("text"))
        words = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, caption.width())
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, words)
        painter.restore()

    def _paint_ground(self, painter: QPainter, cell: QRectF, state: QStyle.StateFlag) -> None:
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        under = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("accent_soft" if chosen else "panel" if under else "canvas"))
        painter.drawRoundedRect(cell, 4, 4)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(cell, 4, 4)
