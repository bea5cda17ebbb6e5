"""A grid of dreams: made when they come into sight, starred, marked to learn a direction from."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)  # fmt: skip
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QListView, QStyle, QStyleOptionViewItem, QWidget

from studio.core.dream_settings import DreamSettings
from studio.core.events import Picture
from studio.ui.controls.pixmaps import draw_cover, pixmap_of
from studio.ui.controls.thumbnails import SUBJECT, Index, ThumbnailDelegate, ThumbnailView
from studio.ui.icons import icon
from studio.ui.theme import Theme, mark, with_even_figures

__all__ = ["GalleryGrid", "GalleryModel"]

_TILE, _PAD, _BADGE = 112, 4, 22
_PAGE = 120
"""So many seeds come at a time as one scrolls."""
_KEPT = 2000
"""Small pictures kept at once."""
_PATIENCE_MS = 25
_STARRED, _MARK, _IS_HERE = (Qt.ItemDataRole.UserRole + number for number in (11, 12, 13))


class GalleryModel(QAbstractListModel):
    """Dreams by their settings; without an end where they are seeds.

    Asking for a picture that is not there notes it: see `take_wanted`.
    """

    wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.dreams: list[DreamSettings] = []
        self._numbered = False
        self._next: Callable[[int], DreamSettings] | None = None
        self._small: OrderedDict[DreamSettings, QPixmap] = OrderedDict()
        self._wanted: dict[DreamSettings, None] = {}
        self._starred: Callable[[DreamSettings], bool] = lambda _dream: False
        self.marks: dict[DreamSettings, int] = {}
        """Dreams that are marked: −1 without something, 1 with it."""
        self._here: DreamSettings | None = None

    def show(
        self, dreams: Sequence[DreamSettings], go_on: Callable[[int], DreamSettings] | None = None, *,
        numbered: bool = False,
    ) -> None:  # fmt: skip
        """Show exactly these.

        Args:
            dreams: in their order.
            go_on: makes the one of any row behind them, for a gallery without an end.
            numbered: they are called by their place, since their names are all alike.

        """
        begins = list(dreams) if go_on is None else [*dreams, go_on(len(dreams))]
        shown = self.dreams if go_on is None else self.dreams[: len(begins)]
        if (begins, go_on is None, numbered) == (shown, self._next is None, self._numbered):
            return  # whoever goes through them by keys stays where he is
        self.beginResetModel()
        self.dreams, self._next, self._numbered = list(dreams), go_on, numbered
        self.endResetModel()

    def set_starred(self, starred: Callable[[DreamSettings], bool]) -> None:
        """Show stars on those of which this is true."""
        self._starred = starred
        self._repaint()

    def set_here(self, dream: DreamSettings | None) -> None:
        """Mark the one that is shown large."""
        self._here = dream
        self._repaint()

    def set_mark(self, dream: DreamSettings, mark: int) -> None:
        """Mark a dream with − or +; the same mark once more takes it away."""
        if self.marks.get(dream) == mark:
            del self.marks[dream]
        else:
            self.marks[dream] = mark
        self._repaint()

    def clear_marks(self) -> None:
        """Take every mark away."""
        self.marks.clear()
        self._repaint()

    def _repaint(self) -> None:
        if self.dreams:
            self.dataChanged.emit(self.index(0), self.index(len(self.dreams) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, D102
        return 0 if parent.isValid() else len(self.dreams)

    def canFetchMore(self, parent: Index) -> bool:  # noqa: D102
        return self._next is not None and not parent.isValid()

    def fetchMore(self, parent: Index) -> None:  # noqa: D102
        if self._next is None:
            return
        first = len(self.dreams)
        self.beginInsertRows(QModelIndex(), first, first + _PAGE - 1)
        self.dreams += [self._next(row) for row in range(first, first + _PAGE)]
        self.endInsertRows()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid() or index.row() >= len(self.dreams):
            return None
        dream = self.dreams[index.row()]
        match role:
            case Qt.ItemDataRole.DecorationRole:
                return self._small_version(dream)
            case Qt.ItemDataRole.DisplayRole:
                return str(index.row() + 1) if self._numbered else dream.held.name or str(dream.seed)
            case Qt.ItemDataRole.ToolTipRole:
                return dream.held.name or f"Seed {dream.seed}"
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._in_words(dream)
        answers: dict[int, Any] = {SUBJECT: dream, _MARK: self.marks.get(dream, 0), _IS_HERE: dream == self._here}
        return self._starred(dream) if role == _STARRED else answers.get(role)

    def _in_words(self, dream: DreamSettings) -> str:
        facts = [dream.held.name or f"Seed {dream.seed}"]
        facts += ["starred"] if self._starred(dream) else []
        facts += {-1: ["marked with minus"], 1: ["marked with plus"]}.get(self.marks.get(dream, 0), [])
        return ", ".join(facts)

    def take_wanted(self) -> list[DreamSettings]:
        """Return what was asked for in vain; it must be asked for again to be wanted again."""
        wanted, self._wanted = list(self._wanted), {}
        return wanted

    def set_small(self, found: Mapping[DreamSettings, Picture]) -> None:
        """Keep small pictures, and draw them."""
        self._small |= {dream: pixmap_of(picture) for dream, picture in found.items()}
        while len(self._small) > _KEPT:
            self._small.popitem(last=False)
        self._repaint()

    def forget_pictures(self) -> None:
        """Let every picture go: the generator has become another one."""
        self._small.clear()
        self._repaint()

    def _small_version(self, dream: DreamSettings) -> QPixmap | None:
        if dream in self._small:
            self._small.move_to_end(dream)
            return self._small[dream]
        self._wanted[dream] = None
        self.wanted.emit()
        return None


class GalleryGrid(ThumbnailView[DreamSettings]):
    """Dreams side by side. A click goes there, Enter or a double click shows it large, S stars, − and + mark."""

    chosen = Signal(object)
    """Settings to go to."""
    pictures_wanted = Signal(list)
    """Settings in sight that have no small picture."""
    star_pressed = Signal(object)
    marked = Signal(object, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self.dreams: GalleryModel = GalleryModel()
        super().__init__(self.dreams, _DreamDelegate(theme), parent)
        self._asking = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._under = QPersistentModelIndex()
        """What the mouse is over, until a key goes elsewhere."""
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setAccessibleName("Gallery")
        self.setAccessibleDescription("A click goes there, Enter shows it large, S stars, minus and plus mark")
        self.setViewportMargins(theme.tokens.margin - _PAD, 0, 0, 0)  # below what stands above
        mark(self, surface="canvas")
        self.setMouseTracking(True)
        self.entered.connect(self._point_at)
        self.viewportEntered.connect(self._point_at)
        self.selectionModel().currentChanged.connect(lambda _now, _before: self._point_at())
        self.dreams.wanted.connect(self._asking.start)
        self._asking.timeout.connect(self._ask)
        self.clicked.connect(lambda index: self.chosen.emit(index.data(SUBJECT)))

    def _ask(self) -> None:
        wanted, seen = set(self.dreams.take_wanted()), self.viewport().rect()
        rows = (row for row, dream in enumerate(self.dreams.dreams) if dream in wanted)
        in_sight = [row for row in rows if self.visualRect(self.dreams.index(row)).intersects(seen)]
        if in_sight:
            self.pictures_wanted.emit([self.dreams.dreams[row] for row in in_sight])

    def _point_at(self, index: QModelIndex | None = None) -> None:
        self._under = QPersistentModelIndex() if index is None else QPersistentModelIndex(index)

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.Leave:
            self._point_at()
        return super().viewportEvent(event)

    @property
    def at_hand(self) -> DreamSettings | None:
        """What a key is for: the picture under the mouse, or the one that keys or a click have come to last."""
        return self._under.data(SUBJECT) if self._under.isValid() else self.selected

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        dream, key = self.at_hand, Qt.Key(event.key())
        marks = {Qt.Key.Key_Minus: -1, Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1}
        if dream is None:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_S and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.star_pressed.emit(dream)
        elif key in marks:
            self.marked.emit(dream, marks[key])
        elif key == Qt.Key.Key_Space:
            self.chosen.emit(dream)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        index, place = self.indexAt(event.position().toPoint()), event.position().toPoint()
        left = index.isValid() and event.button() == Qt.MouseButton.LeftButton
        if left and _star_place(self.visualRect(index)).contains(place):
            self.star_pressed.emit(index.data(SUBJECT))
            return
        super().mousePressEvent(event)


def _tile_place(cell: QRect) -> QRect:
    return QRect(cell.x() + _PAD, cell.y() + _PAD, _TILE, _TILE)


def _star_place(cell: QRect) -> QRect:
    return QRect(cell.x() + _PAD + _TILE - _BADGE - 3, cell.y() + _PAD + 3, _BADGE, _BADGE)


class _DreamDelegate(ThumbnailDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_TILE + 2 * _PAD, _TILE + 2 * _PAD)

    def paint_item(self, painter: QPainter, option: QStyleOptionViewItem, cell: QRect, index: Index) -> None:
        self.paint_ground(painter, option, "canvas")
        tile = _tile_place(cell)
        pixmap: QPixmap | None = index.data(Qt.ItemDataRole.DecorationRole)
        if pixmap is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("window"))
            painter.drawRoundedRect(tile, 3, 3)
        else:
            draw_cover(painter, pixmap, tile.toRectF(), 3)
        if index.data(_IS_HERE):
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(tile, 4, 4)
        starred, under = index.data(_STARRED), option.state & QStyle.StateFlag.State_MouseOver
        if starred or under:
            self._paint_ground_of(painter, _star_place(cell))
            sign, colour = ("star", "accent") if starred else ("star_outline", "text_muted")
            icon(sign, self._theme.tokens, colour=colour).paint(painter, _star_place(cell).adjusted(3, 3, -3, -3))
        self._paint_words(painter, option, tile, index)

    def _paint_words(self, painter: QPainter, option: QStyleOptionViewItem, tile: QRect, index: Index) -> None:
        """Write its name or number below left, and its mark below right."""
        font = with_even_figures(option.font)
        font.setPixelSize(self._theme.tokens.small_size)
        painter.setFont(font)
        words = painter.fontMetrics().elidedText(
            index.data(Qt.ItemDataRole.DisplayRole), Qt.TextElideMode.ElideRight, _TILE - _BADGE - 16
        )
        ground = QRect(tile.x() + 3, tile.bottom() - 17, painter.fontMetrics().horizontalAdvance(words) + 8, 15)
        self._paint_ground_of(painter, ground)
        painter.setPen(self._theme.colour("text"))
        painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, words)
        marked: int = index.data(_MARK)
        if marked:
            badge = QRect(tile.right() - _BADGE - 2, tile.bottom() - _BADGE - 2, _BADGE, _BADGE)
            self._paint_ground_of(painter, badge)
            sign = "add" if marked > 0 else "minus"
            icon(sign, self._theme.tokens, colour="accent").paint(painter, badge.adjusted(3, 3, -3, -3))

    def _paint_ground_of(self, painter: QPainter, place: QRect) -> None:
        colour = self._theme.colour("panel")
        colour.setAlphaF(0.8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(place, 3, 3)
