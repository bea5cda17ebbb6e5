"""The shelf of paintings whose manner is borrowed: up to four, and how much each of them counts."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QMenu, QToolButton, QWidget

from studio.core.events import Picture
from studio.jobs.browse import Thumbnail
from studio.ui.controls.drop_hint import DropFrame
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.gesture import Gesture
from studio.ui.controls.layouts import column, row
from studio.ui.controls.mnemonics import literal
from studio.ui.controls.number_box import NumberBox
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.controls.samples import SampleRow
from studio.ui.controls.segments import Segments
from studio.ui.controls.value_scale import ValueScale
from studio.ui.controls.value_slider import ValueSlider
from studio.ui.icons import set_icon
from studio.ui.picture.input_slot import SlotPicture, SlotView
from studio.ui.theme import Theme, mark

SHELF_LIMIT = 4
_TILE = 70
_SAMPLE_TILE = 44
_HINT = "click to paint after it; with Ctrl it joins the mix"
_SHARE = ValueScale(0.0, 1.0, 0.05)


class PaintingShelf(SlotView):
    """Thumbnails of the chosen paintings, a tile to choose another, samples, paintings of one's own; files drop here.

    What is chosen, in whatever way, takes the place of what is there; with Ctrl, or while *Mix* is on, it joins.

    Args:
        title: the caption above.

    """

    removed = Signal(int)
    """The painting in this place should go; the owner answers with `set_pictures`."""
    mix_changed = Signal(tuple)
    """The weights of all paintings, at each move of the hand; never after `set_mix`."""
    mix_drag_started = Signal()
    mix_drag_finished = Signal()

    def __init__(self, theme: Theme, title: str = "Paintings", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._count = 0
        self._slots = [_Slot(index, theme, self) for index in range(SHELF_LIMIT)]
        self._title = QLabel(title, self)
        self.mix_button = QToolButton(self)
        self._add = QToolButton(self)
        self._menu = QMenu(self)
        self._sources = Segments({"samples": "Samples", "own": "My paintings"}, self)
        self._samples = SampleRow(_SAMPLE_TILE, theme, self, hint=f"A sample: {_HINT}")
        self._own = SampleRow(_SAMPLE_TILE, theme, self, hint=_HINT.capitalize(), removable=True)
        self._no_own = QLabel("Paintings that you choose from files stay at hand here.", self)
        self._drop = FileDrop(self, pictures=True)
        DropFrame(self._drop, theme, self)
        self._lay_out()
        self._connect()
        self.set_pictures([])
        self.set_samples([])
        self.set_recent([])

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        mark(self._no_own, tone="small")
        self._sources.set_current("samples")
        self._sources.name_buttons("Paintings to choose from")
        for button, tip in zip(self._sources.buttons, ("Paintings that come with Atelier", "Your own"), strict=True):
            button.setToolTip(tip)
        self.mix_button.setText("Mix")
        self.mix_button.setCheckable(True)
        self.mix_button.setFixedHeight(tokens.row)
        self.mix_button.setAccessibleName("Mix paintings")
        self.mix_button.setToolTip("Let what you choose join the paintings that are there (or hold Ctrl)")
        mark(self.mix_button, kind="segment")
        self._add.setFixedSize(_TILE, _TILE)
        self._add.setIconSize(QSize(24, 24))
        mark(self._add, kind="add")
        self._add.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._add.setMenu(self._menu)
        self._add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._grid = QGridLayout()
        self._grid.setSpacing(tokens.gap)
        self._grid.setColumnStretch(SHELF_LIMIT, 1)
        for place, slot in enumerate(self._slots):
            self._grid.addWidget(slot, 0, place, Qt.AlignmentFlag.AlignTop)
        head = row(self._title, None, self.mix_button)
        offers = (self._sources, self._samples, self._own, self._no_own)
        self.setLayout(column(head, self._grid, *offers, gap=tokens.gap))

    def _connect(self) -> None:
        for index, slot in enumerate(self._slots):
            slot.tile.remove_requested.connect(lambda index=index: self.removed.emit(index))
            slot.weight_changed.connect(self._tell_mix)
            slot.gesture.started.connect(self.mix_drag_started)
            slot.gesture.finished.connect(self.mix_drag_finished)
        self.mix_button.toggled.connect(self._show_what_choosing_does)
        self._sources.chosen.connect(self._show_source)
        self._samples.sample_chosen.connect(self.sample_chosen)
        self._own.sample_chosen.connect(lambda name: self.recent_chosen.emit(Path(name)))
        self._own.remove_requested.connect(lambda name: self.recent_removed.emit(Path(name)))
        self._drop.files_dropped.connect(self.files_dropped)
        self._drop.picture_dropped.connect(self.picture_dropped)
        self._drop.refused.connect(self.refused)

    @property
    def joins(self) -> bool:
        """Whether what is being chosen joins the mix."""
        ctrl = self._drop.with_ctrl
        if ctrl is None:
            ctrl = bool(QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier)
        return self.mix_button.isChecked() or ctrl

    @property
    def count(self) -> int:
        """How many paintings are chosen."""
        return self._count

    @property
    def mix(self) -> tuple[float, ...]:
        """The weight of each painting, 0–1."""
        return tuple(slot.weight for slot in self._slots[: self._count])

    def set_pictures(self, pictures: Sequence[SlotPicture]) -> None:
        """Show these paintings, at most four; the weights stay in their places."""
        shown = list(pictures)[:SHELF_LIMIT]
        for slot in self._slots[self._count : len(shown)]:
            slot.set_weight(1.0)
        self._count = len(shown)
        for index, slot in enumerate(self._slots):
            slot.setVisible(index < self._count)
            if index < self._count:
                slot.show_picture(shown[index], mixed=self._count > 1)
        self._grid.removeWidget(self._add)
        self._add.setVisible(self._count < SHELF_LIMIT)
        if self._count < SHELF_LIMIT:
            self._grid.addWidget(self._add, 0, self._count, Qt.AlignmentFlag.AlignTop)
        self._show_what_choosing_does()

    def set_mix(self, mix: Sequence[float]) -> None:
        """Show these weights, 1 where none is given; tells nobody."""
        for index, slot in enumerate(self._slots):
            slot.set_weight(mix[index] if index < len(mix) else 1.0)

    def set_samples(self, samples: Sequence[Thumbnail]) -> None:
        """Offer sample paintings below the shelf and in the menu of the + tile."""
        self._samples.set_samples(samples)
        self._menu.clear()
        self._menu.addAction("Open a picture…", self.open_requested.emit)
        if samples:
            self._menu.addSeparator()
        for sample in samples:
            self._menu.addAction(literal(sample.title), partial(self.sample_chosen.emit, sample.name))

    def set_recent(self, pictures: Sequence[Thumbnail]) -> None:
        """Offer paintings of one's own, named by their paths."""
        self._own.set_samples(pictures)
        self._show_source(self._sources.current)

    def _show_source(self, source: str) -> None:
        own = source == "own"
        self._samples.setVisible(not own)
        self._own.setVisible(own and bool(self._own.tiles))
        self._no_own.setVisible(own and not self._own.tiles)

    def _show_what_choosing_does(self) -> None:
        joins = self.mix_button.isChecked() or not self._count
        set_icon(self._add, "add" if joins else "translate", self._theme, colour="text_muted")
        name = "Add a painting" if joins else "Choose another painting"
        self._add.setAccessibleName(name)
        self._add.setToolTip(f"{name}: open a file, or drop one here" + ("" if joins else "; with Ctrl it joins"))

    def _tell_mix(self) -> None:
        self.mix_changed.emit(self.mix)


class _Slot(QWidget):
    """One place on the shelf: the thumbnail, and below it how much it counts."""

    weight_changed = Signal()

    def __init__(self, index: int, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._place = index + 1
        self.gesture = Gesture(self)
        self.tile = PictureTile(_TILE, theme, removable=True, parent=self)
        self.slider = ValueSlider(_SHARE, theme, self.gesture, 1.0, self)
        self.box = NumberBox(self.gesture, self)
        self.box.setRange(0.0, 1.0)
        self.box.setSingleStep(_SHARE.step)
        self.box.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.box.setFixedWidth(_TILE)
        self.slider.setFixedWidth(_TILE)
        self.setLayout(column(self.tile, self.slider, self.box, gap=0))
        self.set_weight(1.0)
        self._name(f"Painting {self._place}", None)
        self._connect()

    def _connect(self) -> None:
        self.slider.value_moved.connect(self._take)
        self.box.valueChanged.connect(self._take)

    @property
    def weight(self) -> float:
        return self.slider.current

    def set_weight(self, weight: float) -> None:
        with QSignalBlocker(self.box):
            self.box.setValue(weight)
        self.slider.set_value(weight)

    def show_picture(self, picture: SlotPicture, *, mixed: bool) -> None:
        self._name(picture.name, picture.thumbnail)
        for control in (self.slider, self.box):
            control.setVisible(mixed)

    def _name(self, name: str, thumbnail: Picture | None) -> None:
        self.tile.set_picture(name, thumbnail)
        for control in (self.slider, self.box):
            control.setAccessibleName(f"Weight of painting {self._place}")
            control.setAccessibleDescription(f"How much {name} counts in the mix")
            control.setToolTip(f"How much {name} counts in the mix")

    def _take(self, weight: float) -> None:
        with self.gesture.step():
            self.set_weight(weight)
            self.weight_changed.emit()
