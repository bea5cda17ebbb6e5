"""The library: everything that was made, to look at and to go on from."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QMenu, QStackedLayout, QStyleOptionViewItem, QWidget

from studio.jobs.browse import Thumbnail
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.pixmaps import draw_whole
from studio.ui.controls.thumbnails import Index, ThumbnailDelegate, ThumbnailItem, ThumbnailModel, ThumbnailView
from studio.ui.theme import Theme, mark

_THUMB = 208
_CAPTION = 20
_PAD = 8


class LibraryView(QWidget):
    """A grid of results; double-click or Enter opens one."""

    opened = Signal(Path)
    reveal_requested = Signal(Path)
    """Show this file in the desktop's file manager."""
    menu_opened = Signal(QMenu, Path)
    """The context menu of a result, for whoever has more to offer."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: ThumbnailModel[Path] = ThumbnailModel()
        self.view: ThumbnailView[Path] = ThumbnailView(self._model, _EntryDelegate(theme), self)
        self.empty_state = EmptyState(
            "library", "Nothing here yet", "Every finished picture is kept here with its recipe.", theme, self
        )
        self._stack = QStackedLayout(self)
        self._set_up(theme)
        self.view.opened.connect(self.opened)
        self.view.offer_menu(self.menu_for)

    def _set_up(self, theme: Theme) -> None:
        mark(self, surface="canvas")
        view = self.view
        view.setViewMode(QListView.ViewMode.IconMode)
        view.setResizeMode(QListView.ResizeMode.Adjust)
        view.setMovement(QListView.Movement.Static)
        view.setSpacing(theme.tokens.gap // 2)
        view.setAccessibleName("Library")
        view.setAccessibleDescription("Finished pictures; Enter opens one with its settings")
        mark(view, surface="canvas")
        self._stack.addWidget(self.empty_state)
        self._stack.addWidget(view)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files shown, in order."""
        return self._model.keys

    @property
    def selected(self) -> Path | None:
        """The file that is chosen, if any."""
        return self.view.selected

    def set_entries(self, entries: Sequence[Thumbnail]) -> None:
        """Show exactly these, in this order."""
        self._model.replace(
            [
                ThumbnailItem(one.path, one.title, one.picture, f"{one.title}\n{one.path.name}", one.title, one.path)
                for one in entries
            ]
        )
        self._stack.setCurrentIndex(1 if entries else 0)

    def menu_for(self, path: Path) -> QMenu:
        """Return the context menu of a result."""
        menu = QMenu(self)
        menu.addAction("Open", lambda: self.opened.emit(path))
        menu.addAction("Show in folder", lambda: self.reveal_requested.emit(path))
        self.menu_opened.emit(menu, path)
        return menu


class _EntryDelegate(ThumbnailDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_THUMB + 2 * _PAD, _THUMB + _CAPTION + 2 * _PAD)

    def paint_item(self, painter: QPainter, option: QStyleOptionViewItem, cell: QRect, index: Index) -> None:
        self.paint_ground(painter, option, "canvas")
        area = QRectF(cell.x() + _PAD, cell.y() + _PAD, _THUMB, _THUMB)
        draw_whole(painter, index.data(Qt.ItemDataRole.DecorationRole), area, 2)
        caption = QRect(cell.x() + _PAD, int(area.bottom()) + 2, _THUMB, _CAPTION)
        painter.setPen(self._theme.colour("text"))
        words = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, caption.width())
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, words)
