"""The gallery in place of the canvas: seeds without an end, what is like the picture, collections of one's own."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QPushButton, QStackedWidget, QWidget

from studio.core.dream_album import STARRED
from studio.ui.controls.choice_box import ChoiceBox
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.gesture import Gesture
from studio.ui.controls.layouts import column, row
from studio.ui.controls.segments import Segments
from studio.ui.controls.tool_button import tool_button
from studio.ui.controls.value_scale import ValueScale
from studio.ui.controls.value_slider import ValueSlider
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.panels.dream.gallery import GalleryGrid
from studio.ui.theme import Theme, mark

__all__ = ["VIEWS", "GalleryPage"]

VIEWS = {"seeds": "Seeds", "like": "Like This", "nearest": "Nearest Seeds", "collection": "Collection"}
_TIPS = (
    "Seed after seed, without an end",
    "Variations of the picture that is shown now",
    "Of the first seeds those that are most like the picture that is shown now",
    "What you have starred, or put into a collection",
)


class GalleryPage(QWidget):
    """What is shown, the grid, and what can be learnt from marked pictures."""

    view_chosen = Signal(str)
    far_moved = Signal(float)
    """How far variations are."""
    again_requested = Signal()
    """Other variations, or those of the picture that is shown by now."""
    collection_chosen = Signal(str)
    add_requested = Signal()
    """A new collection."""
    remove_requested = Signal()
    learn_requested = Signal()
    clear_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.view = Segments(VIEWS)
        self.grid = GalleryGrid(theme, self)
        self.empty = EmptyState("star_outline", "", "", theme)
        self._middle = QStackedWidget()
        self.far = ValueSlider(ValueScale(0.05, 1.0, 0.05, "linear"), theme, Gesture(self), 0.3)
        side = theme.tokens.control
        self.again_button = tool_button("restart", "Others", theme, hint="Others, of the picture shown now", side=side)
        self.collection = ChoiceBox({STARRED: STARRED}, theme)
        self.more_button = tool_button("more", "More about collections", theme, side=side)
        self._menu = QMenu(self.more_button)
        self.learn_button, self.clear_button = QPushButton("Learn Direction…"), QPushButton("Clear Marks")
        self.words = WrappingLabel("", self)
        self._lay_out()
        self._connect()
        self.show_view("seeds")
        self.show_marks(0, 0)

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        gap, half = tokens.gap, tokens.gap // 2
        self.view.name_buttons("Gallery")
        for button, tip in zip(self.view.buttons, _TIPS, strict=True):
            button.setToolTip(tip)
        self.far.set_value(0.3)
        self.far.setFixedWidth(120)
        self.far.setAccessibleName("How far variations are")
        self.far.setToolTip("How far variations are from the picture")
        self.collection.setAccessibleName("Collection")
        self.collection.setToolTip("Which collection is shown")
        self.collection.setMinimumWidth(140)
        self.more_button.setMenu(self._menu)
        self.more_button.setPopupMode(self.more_button.ToolButtonPopupMode.InstantPopup)
        self._menu.addAction("New Collection…", self.add_requested.emit)
        self._remove = self._menu.addAction("Remove This Collection…", self.remove_requested.emit)
        mark(self.words, tone="small")
        for pressed in (self.learn_button, self.clear_button):
            pressed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clear_button.setToolTip("Take every − and + away")
        self.learn_button.setToolTip("Learn the direction from the pictures marked − to those marked +")
        mark(self.empty, surface="canvas")
        for part in (self.grid, self.empty):
            self._middle.addWidget(part)
        bar = QWidget(self)
        mark(bar, surface="window")
        tools = (self.far, self.again_button, self.collection, self.more_button)
        bar.setLayout(row(self.view, gap, *tools, None, gap=half, margins=(tokens.margin, half, gap, half)))
        foot = QWidget(self)
        mark(foot, surface="window")
        margins = (tokens.margin, half, gap, half)
        foot.setLayout(row((self.words, 1), self.clear_button, self.learn_button, gap=gap, margins=margins))
        self.setLayout(column(bar, (self._middle, 1), foot, gap=0))

    def _connect(self) -> None:
        self.view.chosen.connect(self.view_chosen)
        self.far.value_moved.connect(self.far_moved)
        self.again_button.clicked.connect(self.again_requested)
        self.collection.chosen.connect(self.collection_chosen)
        self.learn_button.clicked.connect(self.learn_requested)
        self.clear_button.clicked.connect(self.clear_requested)

    def show_view(self, view: str) -> None:
        """Show which gallery it is; tells nobody."""
        self.view.set_current(view)
        self.far.setVisible(view == "like")
        self.again_button.setVisible(view in ("like", "nearest"))
        self.collection.setVisible(view == "collection")
        self.more_button.setVisible(view == "collection")

    def show_empty(self, title: str = "", words: str = "") -> None:
        """Say why no picture is here; without a `title` the pictures are shown."""
        self.empty.set_words(title, words)
        self._middle.setCurrentWidget(self.empty if title else self.grid)

    def show_collections(self, names: Sequence[str], current: str) -> None:
        """Offer collections."""
        self.collection.set_choices({name: name for name in names})
        self.collection.set_current(current)
        self._remove.setEnabled(current != STARRED)

    def show_marks(self, without: int, having: int) -> None:
        """Say how many pictures are marked."""
        marked = without + having > 0
        self.learn_button.setEnabled(without > 0 and having > 0)
        self.clear_button.setVisible(marked)
        counted = f"Marked: {without} with −, {having} with +"
        self.words.setText(
            counted if marked else "Click: go there · S: star · − and +: mark, to learn a direction from a few of each"
        )
