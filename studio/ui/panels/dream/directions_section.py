"""Directions as sliders: small pictures at both ends show where each leads."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from studio.core.dream_settings import Moves
from studio.core.events import Picture
from studio.core.named_directions import Direction
from studio.core.settings import SettingInfo
from studio.ui.controls.layouts import column, row
from studio.ui.controls.mnemonics import literal
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.controls.rows.number import NumberRow
from studio.ui.controls.section import Section
from studio.ui.controls.tool_button import tool_button
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.theme import Theme, mark

__all__ = ["END", "DirectionRow", "DirectionsSection", "spans_of"]

END = 3.0
"""How far the small pictures at the ends are."""
_FARTHEST = 5.0
_TILE = 44
_HINT = (
    "Directions are ways in which pictures change: a turn of the head, warmth, thicker lines. Find some, which takes a "
    "second; move them; name those that you like."
)


def spans_of(styles: int) -> dict[tuple[int, int], str]:
    """Return the spans of stages that a direction may be for: (first, the one behind the last) → words."""
    if styles < 3:
        return {(0, -1): "All Stages"}
    coarse, fine = -(-styles // 3), -(-2 * styles // 3)
    return {
        (0, -1): "All Stages", (0, coarse): "Coarse: Pose and Shape", (coarse, fine): "Middle: Features",
        (fine, -1): "Fine: Colours and Texture",
    }  # fmt: skip


class DirectionRow(QWidget):
    """One direction: its name, how far one is along it, and what lies at either end."""

    amount_moved = Signal(float)
    end_clicked = Signal(float)
    rename_requested = Signal()
    keep_requested = Signal()
    remove_requested = Signal()
    span_chosen = Signal(int, int)

    def __init__(self, direction: Direction, kept: bool, theme: Theme) -> None:
        super().__init__()
        self.direction, self._kept, self._styles = direction, kept, 1
        share = f" {direction.share:.0%} of what changes among its pictures." if direction.share else ""
        info = SettingInfo(
            "amount", "number", 0.0, direction.name, f"How far along “{direction.name}”.{share}", -_FARTHEST, _FARTHEST,
            step=0.1,
        )  # fmt: skip
        self.slider = NumberRow(info, theme)
        self.ends = PictureTile(_TILE, theme), PictureTile(_TILE, theme)
        self.menu_button = tool_button("more", f"More about {direction.name}", theme, side=theme.tokens.row)
        self._menu = QMenu(self.menu_button)
        self.menu_button.setMenu(self._menu)
        self.menu_button.setPopupMode(self.menu_button.ToolButtonPopupMode.InstantPopup)
        self.slider.add_to_head(self.menu_button)
        mark(self.slider, kept="true" if kept else "false")
        self._lay_out(theme)
        self._connect()

    def _lay_out(self, theme: Theme) -> None:
        gap, middle = theme.tokens.gap, Qt.AlignmentFlag.AlignVCenter
        less, more = self.ends
        for tile, words in ((less, "less"), (more, "more")):
            tile.set_picture(f"{self.direction.name}: {words}", None, "A click goes there")
        self.setLayout(row((less, middle), (self.slider, 1), (more, middle), gap=gap))

    def _connect(self) -> None:
        self.slider.value_changed.connect(lambda value: self.amount_moved.emit(float(value)))
        less, more = self.ends
        less.clicked.connect(lambda: self.end_clicked.emit(-END))
        more.clicked.connect(lambda: self.end_clicked.emit(END))
        self._menu.aboutToShow.connect(self._fill_menu)

    def set_amount(self, amount: float) -> None:
        """Show how far one is along it; tells nobody."""
        if amount != self.slider.value:
            self.slider.set_value(amount)

    def set_styles(self, styles: int) -> None:
        """Offer stages of a generator that has so many."""
        self._styles = styles

    def set_ends(self, less: Picture | None, more: Picture | None) -> None:
        """Show what lies at its ends."""
        name = self.direction.name
        self.ends[0].set_picture(f"{name}: less", less, "A click goes there")
        self.ends[1].set_picture(f"{name}: more", more, "A click goes there")

    def _fill_menu(self) -> None:
        self._menu.clear()
        self._menu.addAction("Rename…", self.rename_requested.emit)
        if not self._kept:
            self._menu.addAction("Keep", self.keep_requested.emit)
        spans = self._menu.addMenu("Acts on")
        group = QActionGroup(spans)
        for (first, after), words in spans_of(self._styles).items():
            action = QAction(literal(words), spans, checkable=True)
            action.setChecked((first, after) == (self.direction.first, self.direction.after))
            action.triggered.connect(partial(self.span_chosen.emit, first, after))
            group.addAction(action)
            spans.addAction(action)
        self._menu.addSeparator()
        self._menu.addAction("Remove", self.remove_requested.emit)


class DirectionsSection(Section):
    """All directions there are, and the ways to come to others."""

    find_requested = Signal(str, int)
    """A method (`jobs.dream_directions.Method`), and the stage."""
    moved = Signal(object, float)
    """A `Direction`, and how far along it."""
    gesture_started = Signal()
    gesture_finished = Signal()
    rename_requested = Signal(object)
    keep_requested = Signal(object)
    remove_requested = Signal(object)
    span_chosen = Signal(object, int, int)
    combine_requested = Signal()
    reset_requested = Signal()
    import_requested = Signal()
    export_requested = Signal()
    model_requested = Signal()
    forget_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("Directions", theme)
        self.rows: list[DirectionRow] = []
        self.find_button = QPushButton("Find Directions")
        self._find_menu = QMenu(self.find_button)
        self.more_button = tool_button("more", "More about directions", theme, side=theme.tokens.control)
        self._more_menu = QMenu(self.more_button)
        self._words = WrappingLabel(_HINT)
        self._rows = column(gap=theme.tokens.gap)
        self._stages = 1
        self._lay_out_section()

    def _lay_out_section(self) -> None:
        mark(self._words, tone="small")
        self.find_button.setToolTip("Look for ways in which pictures change")
        self.find_button.setMenu(self._find_menu)
        self._find_menu.aboutToShow.connect(self._fill_find_menu)
        self.more_button.setMenu(self._more_menu)
        self.more_button.setPopupMode(self.more_button.ToolButtonPopupMode.InstantPopup)
        self._more_menu.aboutToShow.connect(self._fill_more_menu)
        self.contents.addLayout(row((self.find_button, 1), self.more_button, gap=self._theme.tokens.gap))
        self.contents.addWidget(self._words)
        self.contents.addLayout(self._rows)

    def set_stages(self, stages: int, styles: int) -> None:
        """Offer those of a generator with so many stages, of which so many take a w of their own."""
        self._stages = stages
        for each in self.rows:
            each.set_styles(styles)

    def show_directions(self, kept: Sequence[Direction], found: Sequence[Direction], styles: int) -> None:
        """Show exactly these; rows of directions that stay, stay."""
        wanted = [(direction, True) for direction in kept] + [(direction, False) for direction in found]
        there = {(each.direction, each._kept): each for each in self.rows}
        rows = [there.pop(key) if key in there else self._make_row(*key) for key in wanted]
        for gone in there.values():
            self._rows.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, each in enumerate(rows):
            if self._rows.indexOf(each) != place:
                self._rows.removeWidget(each)
                self._rows.insertWidget(place, each)
            each.set_styles(styles)
        self.rows = rows
        self._words.setHidden(bool(rows))

    def show_moves(self, moves: Moves) -> None:
        """Show how far one is along each; tells nobody."""
        for each in self.rows:
            each.set_amount(moves.amount_of(each.direction.name))
        self.set_changed(bool(moves.along))

    def show_ends(self, ends: Mapping[str, tuple[Picture, Picture]]) -> None:
        """Show what lies at the ends of each, by name."""
        for each in self.rows:
            if each.direction.name in ends:
                each.set_ends(*ends[each.direction.name])

    def _make_row(self, direction: Direction, kept: bool) -> DirectionRow:
        made = DirectionRow(direction, kept, self._theme)
        made.amount_moved.connect(partial(self.moved.emit, direction))
        made.end_clicked.connect(partial(self.moved.emit, direction))
        made.slider.gesture_started.connect(self.gesture_started)
        made.slider.gesture_finished.connect(self.gesture_finished)
        made.rename_requested.connect(partial(self.rename_requested.emit, direction))
        made.keep_requested.connect(partial(self.keep_requested.emit, direction))
        made.remove_requested.connect(partial(self.remove_requested.emit, direction))
        made.span_chosen.connect(partial(self.span_chosen.emit, direction))
        return made

    def _fill_find_menu(self) -> None:
        menu = self._find_menu
        menu.clear()
        menu.setToolTipsVisible(True)
        for words, method, tip in (
            ("By How Its Pictures Differ", "styles", "Principal components of w (GANSpace)"),
            ("By Its Weights", "weights", "What scales and shifts change most by (SeFa)"),
        ):
            menu.addAction(words, partial(self.find_requested.emit, method, 0)).setToolTip(tip)
        stages = menu.addMenu("By What a Stage Makes")
        stages.setToolTipsVisible(True)
        for stage in range(self._stages):
            action = stages.addAction(f"{4 * 2**stage} px", partial(self.find_requested.emit, "features", stage))
            action.setToolTip("Principal components of the stage's features (GANSpace)")

    def _fill_more_menu(self) -> None:
        menu = self._more_menu
        menu.clear()
        moved = [each for each in self.rows if each.slider.value]
        menu.addAction("Set All to 0", self.reset_requested.emit).setEnabled(bool(moved))
        menu.addAction("Combine into One…", self.combine_requested.emit).setEnabled(len(moved) > 1)
        menu.addSeparator()
        menu.addAction("Import…", self.import_requested.emit)
        menu.addAction("Save as a File…", self.export_requested.emit).setEnabled(bool(self.rows))
        menu.addAction("Save the Generator with Them…", self.model_requested.emit).setEnabled(bool(self.rows))
        menu.addSeparator()
        loose = any(not each._kept for each in self.rows)
        menu.addAction("Remove What Is Not Kept", self.forget_requested.emit).setEnabled(loose)
