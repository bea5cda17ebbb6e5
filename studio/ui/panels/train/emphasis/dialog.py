"""Paint what matters: the pictures that a run learns from at the left, the one that is painted on beside them."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QKeySequence, QUndoStack
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QPushButton, QWidget

from studio.core.failures import Failure
from studio.core.settings import Settings, describe, setting
from studio.engine import Engine
from studio.jobs.browse import PicturesTask, Thumbnail, list_pictures
from studio.jobs.emphasis import (
    KeepEmphasisTask,
    OpenedForPainting,
    PaintedPictures,
    PaintingTask,
    keep_emphasis,
    list_painted,
    open_for_painting,
)
from studio.training.emphasis import Emphasis, LearntPicture
from studio.ui.canvas.brush_layer import BrushLayer
from studio.ui.canvas.view import Canvas
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.layouts import column, holding, row, splitter
from studio.ui.controls.pixmaps import pixmap_of
from studio.ui.controls.rows.number import NumberRow
from studio.ui.controls.segments import Segments
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.theme import Theme, mark

_SIZE, _LIST, _ICON = QSize(980, 680), 240, 48
_REST_MS = 80
_AT_ONCE = 16
"""So many small pictures are read in one go."""
_PICTURE = Qt.ItemDataRole.UserRole
_HINT = (
    "Paint where errors matter: from the next step on they count more there. Alt erases, [ and ] change the brush, "
    "the wheel zooms. “Painted counts” in the run's settings says how much more."
)


class BrushLook(Settings):
    """How one paints."""

    diameter: int = setting(
        40, label="Brush", help="How wide the brush is on the screen: zoom in to paint finely.",
        term="diameter", low=4, high=400, step=1, unit="px", scale="log")  # fmt: skip


class EmphasisDialog(QDialog):
    """Stays open beside the window while the run learns.

    Args:
        run: its folder.
        title: what the artist calls the run.
        pictures: the engine that opens pictures and keeps maps.

    """

    emphasis_changed = Signal(object)
    """What is painted now (`Emphasis`), once it is kept and the run is told."""

    def __init__(self, run: Path, title: str, pictures: Engine, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"What Matters in “{title}”")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(_SIZE)
        self._run, self._pictures, self._theme = run, pictures, theme
        self._emphasis = Emphasis()
        self._open: LearntPicture | None = None
        self._known: set[Path] = set()
        self.undo_stack = QUndoStack(self)
        self.search = QLineEdit(self)
        self.list = QListWidget(self)
        self.canvas = Canvas(theme, self)
        self.brush = BrushLayer(self.undo_stack)
        self.tool = Segments({"paint": "Paint", "erase": "Erase"}, self)
        self.width_row = NumberRow(describe(BrushLook)[0], theme, self)
        self.undo_button = QPushButton("Undo", self)
        self.clear_button = QPushButton("Clear", self)
        self.words = WrappingLabel(_HINT, self)
        self.close_button = QPushButton("Close", self)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._set_up()
        self._lay_out()
        self._connect()
        handle = pictures.live("train.emphasis.list", list_painted, run)
        handle.finished.connect(self._show_list)
        handle.failed.connect(self._tell)

    def _set_up(self) -> None:
        self.search.setPlaceholderText("Find by name")
        self.search.setAccessibleName("Find by name")
        self.search.setToolTip("Show only pictures in whose names this stands")
        self.search.setClearButtonEnabled(True)
        self.list.setAccessibleName("Pictures that it learns from")
        self.list.setToolTip("What the run learns from; painted pictures come first")
        self.list.setIconSize(QSize(_ICON, _ICON))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.tool.name_buttons("Tool")
        self.tool.set_current("paint")
        for choice, tip in zip(self.tool.buttons, ("Errors count more here", "They count as everywhere"), strict=True):
            choice.setToolTip(tip)
        self.width_row.set_value(round(self.brush.diameter))
        self.undo_button.setToolTip("Take the last stroke back (Ctrl+Z)")
        self.undo_button.setShortcut(QKeySequence.StandardKey.Undo)
        self.clear_button.setToolTip("Take everything away that is painted over this picture")
        self.close_button.setToolTip("Close this window (Escape); what is painted is kept")
        for button in (self.undo_button, self.clear_button, self.close_button):
            button.setAccessibleName(button.text())
            button.setAutoDefault(False)
            button.setEnabled(button is self.close_button)
        self.canvas.setAcceptDrops(False)
        self.canvas.setAccessibleName("Picture to paint on")
        self.canvas.set_empty_widget(
            EmptyState("picture", "Choose a picture", "Then paint over what matters in it.", self._theme)
        )
        self.canvas.layers.add(self.brush)
        self.canvas.layers.activate(self.brush)
        mark(self.words, tone="muted")

    def _lay_out(self) -> None:
        gap, margin = self._theme.tokens.gap, self._theme.tokens.margin
        left = holding(column(self.search, (self.list, 1), gap=gap))
        left.setMinimumWidth(_LIST)
        tools = row(self.tool, (self.width_row, 1), self.undo_button, self.clear_button, gap=gap)
        right = holding(column(tools, (self.canvas, 1), gap=gap))
        parts = splitter(left, right, sizes=(_LIST, _SIZE.width() - _LIST), growing=1)
        bottom = row((self.words, 1), self.close_button, gap=margin)
        self.setLayout(column((parts, 1), bottom, gap=gap, margins=margin))

    def _connect(self) -> None:
        self.search.textChanged.connect(self._filter)
        self.list.currentItemChanged.connect(self._choose)
        self.list.verticalScrollBar().valueChanged.connect(lambda: self._rest.start())
        self.list.verticalScrollBar().rangeChanged.connect(lambda: self._rest.start())
        self._rest.timeout.connect(self._load_small)
        self.tool.chosen.connect(lambda which: setattr(self.brush, "erases", which == "erase"))
        self.width_row.value_changed.connect(lambda value: setattr(self.brush, "diameter", value))
        self.brush.diameter_changed.connect(lambda value: self.width_row.set_value(round(value)))
        self.brush.painted.connect(self._keep)
        self.undo_stack.canUndoChanged.connect(self.undo_button.setEnabled)
        self.undo_button.clicked.connect(self.undo_stack.undo)
        self.clear_button.clicked.connect(self.brush.wipe)
        self.close_button.clicked.connect(self.accept)

    # -- the list --------------------------------------------------------------------------------------------------

    def _show_list(self, found: PaintedPictures) -> None:
        self._emphasis = found.emphasis
        if not found.pictures:
            self.words.setText("The run has to begin before its pictures are known: resume it, and open this again.")
        order = sorted(found.pictures, key=lambda one: (one.content not in found.emphasis.maps, one.path.name))
        for picture in order:
            item = QListWidgetItem(self.list)
            item.setData(_PICTURE, picture)
            item.setSizeHint(QSize(_LIST, _ICON + 8))
            self._name(item)
        self._rest.start()

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _name(self, item: QListWidgetItem) -> None:
        picture: LearntPicture = item.data(_PICTURE)
        is_painted = picture.content in self._emphasis.maps
        item.setText(f"{'Painted · ' if is_painted else ''}{picture.path.name}")
        item.setToolTip(str(picture.path))

    def _filter(self, words: str) -> None:
        for item in self._items():
            item.setHidden(words.casefold() not in item.data(_PICTURE).path.name.casefold())
        self._rest.start()

    def _load_small(self) -> None:
        """Read the small pictures that are in sight."""
        seen = self.list.viewport().rect()
        paths = [
            path for item in self._items()
            if not item.isHidden() and self.list.visualItemRect(item).intersects(seen)
            and (path := item.data(_PICTURE).path) not in self._known
        ][:_AT_ONCE]  # fmt: skip
        if paths:
            handle = self._pictures.live("train.emphasis.small", list_pictures, PicturesTask(tuple(paths)))
            handle.finished.connect(partial(self._show_small, tuple(paths)))
            handle.failed.connect(self._tell)

    def _show_small(self, asked: tuple[Path, ...], found: tuple[Thumbnail, ...]) -> None:
        self._known.update(asked)
        small = {one.path: one.picture for one in found}
        for item in self._items():
            if (path := item.data(_PICTURE).path) in small:
                item.setIcon(QIcon(pixmap_of(small[path])))
        self._rest.start()

    # -- painting --------------------------------------------------------------------------------------------------

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._open = None
            self.canvas.show_waiting("Opening…")
            task = PaintingTask(self._run, item.data(_PICTURE))
            handle = self._pictures.live("train.emphasis.open", open_for_painting, task)
            handle.finished.connect(self._show_picture)
            handle.failed.connect(self._tell)

    def _show_picture(self, opened: OpenedForPainting) -> None:
        self.canvas.show_waiting("")
        self.undo_stack.clear()
        self.canvas.set_before(opened.frame)
        self.brush.set_map(opened.painted, opened.frame.width, opened.frame.height)
        self._open = opened.picture
        self.clear_button.setEnabled(True)
        self.words.setText(_HINT)

    def _keep(self) -> None:
        if self._open is None:
            return
        task = KeepEmphasisTask(self._run, self._open.content, self.brush.map())
        handle = self._pictures.queue(f"train.emphasis.keep {self._open.content}", keep_emphasis, task)
        handle.finished.connect(self._take)
        handle.failed.connect(self._tell)

    def _take(self, emphasis: Emphasis) -> None:
        self._emphasis = emphasis
        for item in self._items():
            self._name(item)
        self.emphasis_changed.emit(emphasis)

    def _tell(self, failure: Failure) -> None:
        self.canvas.show_waiting("")
        self.words.setText(f"{failure.cause} {failure.remedy}")
