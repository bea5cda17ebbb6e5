"""Lists of small pictures, of whatever kind: the items with their marks, the view, what delegates draw alike."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)  # fmt: skip
from PySide6.QtGui import QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)  # fmt: skip

from studio.core.events import Picture
from studio.ui.controls.pixmaps import pixmap_of
from studio.ui.theme import Theme

SUBJECT = Qt.ItemDataRole.UserRole + 1
"""The thing that an item stands for."""
MARKS = Qt.ItemDataRole.UserRole + 2
"""The marks that an item carries, a set of words such as "open"."""

Index = QModelIndex | QPersistentModelIndex
Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True, eq=False)
class ThumbnailItem(Generic[Subject]):
    """What a list shows of one thing.

    Args:
        key: what tells it from every other; items with the same key are the same thing, perhaps changed.
        title: the words beside or below the picture.
        thumbnail: small, ready to draw; None where there is none.
        tooltip: more words.
        in_words: what a screen reader says.
        subject: the thing itself.

    """

    key: Hashable
    title: str
    thumbnail: Picture | None
    tooltip: str
    in_words: str
    subject: Subject


class ThumbnailModel(QAbstractListModel, Generic[Subject]):
    """Items in their order, of which some carry a mark, such as the one that is open."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[ThumbnailItem[Subject]] = []
        self._marks: dict[str, Hashable] = {}
        self._pixmaps: dict[Hashable, tuple[Picture, QPixmap]] = {}

    @property
    def keys(self) -> tuple[Any, ...]:
        """The keys of the items shown, in order."""
        return tuple(item.key for item in self.items)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102
        return 0 if parent.isValid() else len(self.items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid() or index.row() >= len(self.items):
            return None
        item = self.items[index.row()]
        if role == Qt.ItemDataRole.DecorationRole:  # made when it is first drawn
            return self._pixmap_of(item)
        marks = frozenset(mark for mark, key in self._marks.items() if key == item.key)
        answers: dict[int, Any] = {
            Qt.ItemDataRole.DisplayRole: item.title,
            Qt.ItemDataRole.ToolTipRole: item.tooltip,
            Qt.ItemDataRole.AccessibleTextRole: ", ".join([item.in_words, *sorted(marks)]),
            SUBJECT: item.subject,
            MARKS: marks,
        }
        return answers.get(role)

    def row_of(self, key: Hashable) -> int:
        """Return the row of an item, -1 when it is not there."""
        return next((row for row, item in enumerate(self.items) if item.key == key), -1)

    def marked(self, mark: str) -> Any:
        """Return the key of the item that carries `mark`, None without any."""
        return self._marks.get(mark)

    def set_mark(self, mark: str, key: Hashable | None) -> None:
        """Let this item carry `mark`, and no other."""
        rows = (self.row_of(self._marks.get(mark)), self.row_of(key))
        self._marks[mark] = key
        for row in rows:
            if row >= 0:
                self.dataChanged.emit(self.index(row), self.index(row))

    def replace(self, items: Sequence[ThumbnailItem[Subject]]) -> None:
        """Show exactly these; rows of items that stay in their order stay, and known thumbnails are kept."""
        wanted = [item.key for item in items]
        there = set(wanted)
        self._drop(row for row, key in enumerate(self.keys) if key not in there)
        if list(self.keys) != wanted[: len(self.items)]:  # others, which happen to share some keys
            self._drop(range(len(self.items)))
        self._pixmaps = {key: kept for key, kept in self._pixmaps.items() if key in there}
        count = len(self.items)
        self.items[:] = items[:count]
        if count:
            self.dataChanged.emit(self.index(0), self.index(count - 1))
        if len(items) > count:
            self.beginInsertRows(QModelIndex(), count, len(items) - 1)
            self.items += items[count:]
            self.endInsertRows()

    def _drop(self, rows: Iterable[int]) -> None:
        for row in sorted(rows, reverse=True):
            self.beginRemoveRows(QModelIndex(), row, row)
            del self.items[row]
            self.endRemoveRows()

    def _pixmap_of(self, item: ThumbnailItem[Subject]) -> QPixmap | None:
        if item.thumbnail is None:
            return None
        known = self._pixmaps.get(item.key)
        if known is None or known[0] is not item.thumbnail:
            known = self._pixmaps[item.key] = (item.thumbnail, pixmap_of(item.thumbnail))
        return known[1]


class ThumbnailDelegate(QStyledItemDelegate):
    """Draws an item in `paint_item`, with antialiasing and a painter that may be left as it is."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: D102
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_item(painter, option, option.rect, index)
        painter.restore()

    def paint_item(self, painter: QPainter, option: QStyleOptionViewItem, cell: QRect, index: Index) -> None:
        """Draw an item within `cell`."""
        raise NotImplementedError

    def paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, surface: str) -> None:
        """Fill the cell: chosen, under the mouse, or as `surface` is; with a ring while it has the focus."""
        cell, state = QRectF(option.rect).adjusted(1, 1, -1, -1), option.state
        chosen, under = state & QStyle.StateFlag.State_Selected, state & QStyle.StateFlag.State_MouseOver
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("accent_soft" if chosen else "panel" if under else surface))
        painter.drawRoundedRect(cell, 4, 4)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(cell, 4, 4)


class ThumbnailView(QListView, Generic[Subject]):
    """A list of which one item can be chosen, opened and asked for a menu.

    Args:
        model: what is shown; a `ThumbnailModel`, or one that answers `SUBJECT` as that does.
        delegate: how it is drawn.
        one_click: opens an item with one click instead of two.

    """

    opened = Signal(object)
    """The subject of an item, by mouse or Enter; not `activated`: some desktops would open what one only chooses."""

    def __init__(
        self,
        model: QAbstractListModel,
        delegate: ThumbnailDelegate,
        parent: QWidget | None,
        *,
        one_click: bool = False,
    ) -> None:
        super().__init__(parent)
        for part in (model, delegate):
            part.setParent(self)
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        (self.clicked if one_click else self.doubleClicked).connect(self._open)

    @property
    def selected(self) -> Subject | None:
        """The subject of the item that is chosen."""
        subject: Subject | None = self.currentIndex().data(SUBJECT)
        return subject

    def offer_menu(self, make: Callable[[Subject], QMenu]) -> None:
        """Show the menu that `make` returns for a subject, where it is asked for."""
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda position: self._offer(make, position))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(index.data(SUBJECT))

    def _offer(self, make: Callable[[Subject], QMenu], position: QPoint) -> None:
        index = self.indexAt(position)
        if index.isValid():
            menu = make(index.data(SUBJECT))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.viewport().mapToGlobal(position))
