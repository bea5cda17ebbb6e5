"""The grid of results: lazily read thumbnails, captions, stars and stacks, and the keys that work on what is chosen."""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)  # fmt: skip
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionViewItem, QWidget

from studio.core.events import Picture
from studio.ui.controls.pixmaps import draw_whole, pixmap_of
from studio.ui.controls.thumbnails import SUBJECT, Index, ThumbnailDelegate, ThumbnailView
from studio.ui.icons import icon
from studio.ui.panels.library.arrangement import Row
from studio.ui.theme import Theme, mark, with_even_figures

_THUMB, _LINE, _PAD, _BADGE = 208, 18, 8, 24
_KEPT = 600
"""Small versions kept at once: a hundred megabytes. Others are read again when they come into sight."""
_PATIENCE_MS = 30
"""How long a scrolling hand has to rest before small versions are read."""


class LibraryModel(QAbstractListModel):
    """Results whose words are put together when they are drawn, and whose small versions are read when they were seen.

    Asking for one that is not there notes it: see `take_wanted`.
    """

    wanted = Signal()
    """Small versions were asked for that are not there."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()
        self._places: dict[Path, int] = {}
        self._small: OrderedDict[Path, QPixmap | None] = OrderedDict()
        self._wanted: dict[Path, None] = {}

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show exactly these, in this order."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self._places = {row.path: place for place, row in enumerate(rows)}
        self.endResetModel()

    def row_of(self, path: Path) -> int:
        """Return the row of a result, -1 when it is not shown."""
        return self._places.get(path, -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DecorationRole:
                return self._small_version(row.path)
            case Qt.ItemDataRole.ToolTipRole:
                return "\n".join((*_facts(row), row.path.name))
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(_facts(row))
            case Qt.ItemDataRole.DisplayRole:
                return row.result.subject
        return row if role == SUBJECT else None

    def take_wanted(self) -> tuple[Path, ...]:
        """Return what was asked for in vain and is still shown; it must be asked for again to be wanted again."""
        wanted, self._wanted = tuple(path for path in self._wanted if path in self._places), {}
        return wanted

    def set_small(self, found: Mapping[Path, Picture | None]) -> None:
        """Keep small versions, and draw their results."""
        for path, picture in found.items():
            self._small[path] = None if picture is None else pixmap_of(picture)
            if (row := self.row_of(path)) >= 0:
                self.dataChanged.emit(self.index(row), self.index(row), [Qt.ItemDataRole.DecorationRole])
        while len(self._small) > _KEPT:
            self._small.popitem(last=False)

    def is_known(self, path: Path) -> bool:
        """Tell whether its small version was read, or could not be."""
        return path in self._small

    def _small_version(self, path: Path) -> QPixmap | None:
        if path in self._small:
            self._small.move_to_end(path)
            return self._small[path]
        self._wanted[path] = None
        self.wanted.emit()
        return None


class LibraryGrid(ThumbnailView[Row]):
    """Results side by side; several can be chosen. Enter opens, S stars, V shows versions, Delete deletes."""

    thumbnails_wanted = Signal(object)
    """Paths in sight whose small versions are not there."""
    delete_pressed = Signal()
    star_pressed = Signal()
    words_pressed = Signal()
    star_clicked = Signal(Path)
    stack_clicked = Signal(Path)
    """The versions of this one shall be shown, or put away."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        self.grid: LibraryModel = LibraryModel()
        super().__init__(self.grid, _ResultDelegate(theme), parent)
        self._reading = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._set_up(theme)
        self.grid.wanted.connect(self._reading.start)
        self._reading.timeout.connect(self._ask_for_thumbnails)

    def _set_up(self, theme: Theme) -> None:
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSpacing(theme.tokens.gap // 2)
        self.setAccessibleName("Library")
        self.setAccessibleDescription(
            "Finished pictures; Enter opens one with its settings, S stars, V shows versions, Delete deletes"
        )
        mark(self, surface="canvas")

    @property
    def chosen(self) -> tuple[Path, ...]:
        """What is chosen, in the order shown."""
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return tuple(self.grid.rows[row].path for row in rows)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show exactly these; what is chosen, and where one is, stay as far as they are still there."""
        chosen, current, place = self.chosen, self.currentIndex(), self.verticalScrollBar().value()
        there = None if not current.isValid() else current.data(SUBJECT).path
        row = current.row()
        self.grid.show_rows(rows)
        if there is not None and rows:
            at = self.grid.row_of(there)
            now = self.grid.index(at if at >= 0 else min(row, len(rows) - 1))  # what comes after what was deleted
            self.selectionModel().setCurrentIndex(now, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.choose(chosen)
        self.executeDelayedItemsLayout()
        self.verticalScrollBar().setValue(place)

    def choose(self, paths: Collection[Path]) -> None:
        """Choose exactly these."""
        selection = QItemSelection()
        for path in paths:
            if (row := self.grid.row_of(path)) >= 0:
                selection.select(self.grid.index(row), self.grid.index(row))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def set_small(self, found: Mapping[Path, Picture | None]) -> None:
        """Draw these small versions."""
        self.grid.set_small(found)

    def _ask_for_thumbnails(self) -> None:
        seen = self.viewport().rect()
        paths = self.grid.take_wanted()
        in_sight = [path for path in paths if self._rect_of(path).intersects(seen)]
        if in_sight:
            self.thumbnails_wanted.emit(in_sight)

    def _rect_of(self, path: Path) -> QRect:
        return self.visualRect(self.grid.index(self.grid.row_of(path)))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        keys = {
            Qt.Key.Key_Delete: self.delete_pressed, Qt.Key.Key_S: self.star_pressed, Qt.Key.Key_W: self.words_pressed,
        }  # fmt: skip
        plainly = event.modifiers() == Qt.KeyboardModifier.NoModifier
        key = Qt.Key(event.key())
        if plainly and key in keys:
            keys[key].emit()
        elif plainly and key == Qt.Key.Key_V and (row := self.selected) is not None:
            self.stack_clicked.emit(row.path)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        index = self.indexAt(event.position().toPoint())
        row: Row | None = index.data(SUBJECT) if event.button() == Qt.MouseButton.LeftButton else None
        if row is not None:
            cell, place = self.visualRect(index), event.position().toPoint()
            if _star_place(cell).contains(place):
                self.star_clicked.emit(row.path)
                return
            if row.versions > 1 and _stack_place(cell).contains(place):
                self.stack_clicked.emit(row.path)
                return
        super().mousePressEvent(event)


def _facts(row: Row) -> list[str]:
    """Say what there is to know of a result, a fact a line."""
    result = row.result
    facts = (
        result.subject, f"after {', '.join(result.manner)}" if result.manner else result.task_title,
        f"{result.size_in_words} px" if result.width else "cannot be read",
        f"{result.made.day} {result.made:%B %Y, %H:%M}",
        f"version {row.place} of {row.versions}" if row.versions > 1 else "", "starred" if result.mark.star else "",
        result.mark.words,
    )  # fmt: skip
    return [fact for fact in facts if fact]


def _thumb_place(cell: QRect) -> QRectF:
    return QRectF(cell.x() + _PAD, cell.y() + _PAD, _THUMB, _THUMB)


def _star_place(cell: QRect) -> QRect:
    return QRect(cell.x() + _PAD + _THUMB - _BADGE - 4, cell.y() + _PAD + 4, _BADGE, _BADGE)


def _stack_place(cell: QRect) -> QRect:
    return QRect(cell.x() + _PAD + 4, cell.y() + _PAD + 4, 2 * _BADGE, _BADGE)


class _ResultDelegate(ThumbnailDelegate):
    """Draws a result: its picture, star and stack over it, photo and day, painting and size below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_THUMB + 2 * _PAD, _THUMB + 2 * _LINE + 4 + 2 * _PAD)

    def paint_item(self, painter: QPainter, option: QStyleOptionViewItem, cell: QRect, index: Index) -> None:
        row: Row = index.data(SUBJECT)
        self.paint_ground(painter, option, "window" if row.is_open else "canvas")
        thumb = _thumb_place(cell)
        pixmap: QPixmap | None = index.data(Qt.ItemDataRole.DecorationRole)
        if pixmap is not None:
            draw_whole(painter, pixmap, thumb, 2)
        else:
            self._paint_empty(painter, thumb, index)
        if row.result.mark.star or option.state & QStyle.StateFlag.State_MouseOver:
            self._paint_badge(painter, _star_place(cell))
            sign, colour = ("star", "accent") if row.result.mark.star else ("star_outline", "text_muted")
            icon(sign, self._theme.tokens, colour=colour).paint(painter, _star_place(cell).adjusted(4, 4, -4, -4))
        if row.versions > 1:
            self._paint_stack(painter, option, _stack_place(cell), row)
        self._paint_caption(painter, option, cell, row)

    def _paint_empty(self, painter: QPainter, thumb: QRectF, index: Index) -> None:
        """Draw what is not read yet as an empty place, and what cannot be read as such."""
        model = index.model()
        assert isinstance(model, LibraryModel)
        area = thumb.adjusted(24, 24, -24, -24)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("window"))
        painter.drawRoundedRect(area, 2, 2)
        if model.is_known(index.data(SUBJECT).path):
            centre = area.center().toPoint()
            sign = QRect(centre.x() - 14, centre.y() - 14, 28, 28)
            icon("image_broken_variant", self._theme.tokens, colour="text_disabled").paint(painter, sign)

    def _paint_badge(self, painter: QPainter, place: QRect) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("panel"))
        painter.drawRoundedRect(place, 4, 4)

    def _paint_stack(self, painter: QPainter, option: QStyleOptionViewItem, place: QRect, row: Row) -> None:
        """Say how many versions there are, or which of them this is."""
        words = f"{row.place} / {row.versions}" if row.is_open else f"{row.versions}"
        painter.setFont(self._small(option))
        width = painter.fontMetrics().horizontalAdvance(words) + (12 if row.is_open else 30)
        badge = QRect(place.x(), place.y(), width, place.height())
        self._paint_badge(painter, badge)
        if not row.is_open:
            sign = QRect(badge.x() + 5, badge.y() + 4, 16, 16)
            icon("layers_outline", self._theme.tokens, colour="text").paint(painter, sign)
        painter.setPen(self._theme.colour("text"))
        painter.drawText(
            badge.adjusted(0, 0, -6, 0), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words
        )

    def _paint_caption(self, painter: QPainter, option: QStyleOptionViewItem, cell: QRect, row: Row) -> None:
        result = row.result
        first = QRect(cell.x() + _PAD, cell.y() + _PAD + _THUMB + 4, _THUMB, _LINE)
        second = first.translated(0, _LINE)
        painter.setFont(option.font)
        day = f"{result.made.day} {result.made:%b}"
        self._paint_line(painter, first, result.subject, day, "text")
        painter.setFont(self._small(option))
        manner = " + ".join(result.manner) or result.task_title
        self._paint_line(painter, second, manner, result.size_in_words or "cannot be read", "text_muted")

    def _paint_line(self, painter: QPainter, line: QRect, left: str, right: str, colour: str) -> None:
        """Write both at the ends of a line; the left one gives way."""
        painter.setPen(QPen(self._theme.colour("text_muted")))
        vertical = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | vertical, right)
        room = line.width() - painter.fontMetrics().horizontalAdvance(right) - 10
        painter.setPen(self._theme.colour(colour))
        words = painter.fontMetrics().elidedText(left, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | vertical, words)

    def _small(self, option: QStyleOptionViewItem) -> QFont:
        font = with_even_figures(option.font)
        font.setPixelSize(self._theme.tokens.small_size)
        return font
