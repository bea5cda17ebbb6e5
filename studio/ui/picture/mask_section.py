"""The masks in the column: the list, the tools for the one that is painted on, and the brush."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Literal, get_args

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QButtonGroup, QLabel, QMenu, QPushButton, QToolButton, QWidget

from studio.core.picture_task import SKETCH
from studio.core.settings import Settings, describe, setting
from studio.ui.canvas.brush import Brush
from studio.ui.canvas.brush_layer import FINEST, WIDEST
from studio.ui.canvas.mask_layer import MaskTool
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.layouts import UNBOUNDED, column, holding, row
from studio.ui.controls.mnemonics import literal
from studio.ui.controls.row_order import RowOrder
from studio.ui.controls.rows.number import NumberRow
from studio.ui.controls.segments import Segments
from studio.ui.controls.settings_form import SettingsForm
from studio.ui.controls.tool_button import tool_button
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.icons import set_icon
from studio.ui.picture.mask_row import MaskRow
from studio.ui.picture.masks import Mask, Masks, kind_of
from studio.ui.picture.palette import Palette
from studio.ui.picture.swatches import Swatches
from studio.ui.theme import Theme, mark

__all__ = ["MaskHand", "MaskSection"]

_TOOLS: dict[str, tuple[str, str, str]] = {
    "brush": ("brush", "Brush", "Paint; Alt erases, Shift draws straight lines, Shift and a drag change the size (B)"),
    "eraser": ("eraser", "Eraser", "Erase what is painted; Alt paints (E)"),
    "rectangle": ("select_drag", "Rectangle", "Drag a rectangle; Alt takes it away (R)"),
    "lasso": ("lasso", "Lasso", "Draw around something; Alt takes it away (L)"),
    "bucket": ("format_color_fill", "Fill", "Click on an area to fill it up to the lines around; Alt empties it (G)"),
    "wand": ("auto_fix", "Magic wand", "Click on a colour: all that is like it; Alt takes it away (W)"),
    "cutout": ("selection_search", "Object", "Drag a rectangle around something: what stands out in it (O)"),
    "likely": ("palette_outline", "Likely colours", "Click on something: the colours that it may have (C)"),
    "pick": ("eyedropper", "Eyedropper", "Click on a colour that you see, to paint with it (I)"),
}
_FINDS = {
    "people": ("account_outline", "People", "Find people, and add them"),
    "faces": ("face_recognition", "Faces", "Find faces, and add them"),
    "fit": ("magnet", "Fit to the object", "Fit roughly painted strokes to what stands out there"),
}
_EDITS = {
    "invert": ("invert_colors", "Invert", "Swap what is painted and what is not"),
    "feather": ("blur", "Feather", "Make the edge softer, as wide as Edge says"),
    "grow": ("arrow_expand_all", "Grow", "Move the edge outwards, as far as Edge says"),
    "shrink": ("arrow_collapse_all", "Shrink", "Move the edge inwards, as far as Edge says"),
    "clear": ("close", "Clear", "Take everything away"),
}
_FOR_COLOURS = frozenset({"brush", "eraser", "rectangle", "lasso", "bucket", "likely", "pick", "clear"})
_FOR_NOTHING_ELSE = frozenset({"bucket", "likely", "pick"})
_VIEWS = {"tint": "Tint", "ruby": "Ruby", "mask": "Mask", "off": "Off"}
_VIEW_TIPS = (
    "A tint over what is painted", "Ruby film over everything else", "The mask itself, in black and white",
    "The picture alone, while you paint (H)",
)  # fmt: skip
_COLOURS = ("#ff5c30", "#2f9bff", "#33c26b", "#e3b21c", "#c45cff", "#ff5ca8")
_ASK = (
    "Click on something in the picture: the colours that it may have, likeliest first. One of them makes a dot there."
)
_EMPTY = "Paint where: what is to be left alone, worked on or filled."


class MaskHand(Settings):
    """What the hand holds: the brush, and how far the other tools go."""

    diameter: int = setting(
        40, label="Size", help="How wide the brush is on the screen: zoom in to paint finely. [ and ] change it.",
        term="diameter", low=int(FINEST), high=int(WIDEST), step=1, unit="px", scale="log")  # fmt: skip
    hardness: float = setting(
        0.8, label="Hardness", help="Up to which share of its radius the brush paints fully; then it fades.",
        term="hardness", low=0.0, high=1.0, step=0.05)  # fmt: skip
    opacity: float = setting(
        1.0, label="Opacity", help="The most that one stroke lays down.", term="opacity", low=0.05, high=1.0,
        step=0.05)  # fmt: skip
    flow: float = setting(
        1.0, label="Flow", help="What each dab lays down: below 1 paint gathers where the brush lingers.", term="flow",
        low=0.02, high=1.0, step=0.02, group="Pen")  # fmt: skip
    pressure: Literal["size", "flow", "both", "off"] = setting(
        "size", label="Pressure", help="What the pressure of a pen changes.", term="pressure", group="Pen",
        choices={"size": "Size", "flow": "Flow", "both": "Size and flow", "off": "Nothing"})  # fmt: skip
    tolerance: int = setting(
        28, label="Tolerance", help="How different a colour may be from the one that you click on.",
        term="levels of 255 in each channel", low=0, high=128, step=1)  # fmt: skip
    touching: bool = setting(
        True, label="Only what touches", help="Off: the colour is taken wherever it is.",
        term="contiguous")  # fmt: skip
    edge: int = setting(
        12, label="Edge", help="How far Feather, Grow and Shrink go, in pixels of the photo.", term="radius", low=1,
        high=200, step=1, unit="px", scale="log")  # fmt: skip

    def brush(self, colour: QColor) -> Brush:
        """Return the brush."""
        rgb = colour.red(), colour.green(), colour.blue()
        return Brush(self.diameter, self.hardness, self.opacity, self.flow, self.pressure, rgb)


_ACTING: dict[MaskTool, frozenset[str]] = {
    "brush": frozenset({"diameter", "hardness", "opacity", "flow", "pressure"}),
    "eraser": frozenset({"diameter", "hardness", "opacity", "flow", "pressure"}),
    "rectangle": frozenset({"opacity"}),
    "lasso": frozenset({"opacity"}),
    "bucket": frozenset({"tolerance"}),
    "wand": frozenset({"tolerance", "touching"}),
    "cutout": frozenset(),
    "likely": frozenset({"diameter"}),
    "pick": frozenset(),
}


class MaskSection(QWidget):
    """Shows masks, and tells what the hand wants with them; folds its tools away while none is painted on.

    Args:
        roles: what masks may serve as, value → words.

    """

    add_requested = Signal(str)
    """A new mask for this role."""
    load_requested = Signal()
    files_dropped = Signal(list)
    reuse_requested = Signal(object)
    """A `Mask` of another photo."""
    mask_pressed = Signal(str)
    eye_toggled = Signal(str, bool)
    renamed = Signal(str, str)
    role_chosen = Signal(str, str)
    duplicate_requested = Signal(str)
    delete_requested = Signal(str)
    save_requested = Signal(str)
    arranged = Signal(str, list)
    """One was moved: the keys of all that are listed, in their new order."""
    tool_chosen = Signal(str)
    hand_changed = Signal(object)
    colour_chosen = Signal(QColor)
    colour_requested = Signal()
    likely_chosen = Signal(QColor)
    """One of the likely colours."""
    find_requested = Signal(str)
    edit_requested = Signal(str)
    view_chosen = Signal(str)
    done_requested = Signal()

    def __init__(self, roles: Mapping[str, str], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.roles, self._theme = dict(roles), theme
        self._offered, self._empty = frozenset(roles), _EMPTY
        self._left: Sequence[Mask] = ()
        self._ignored: frozenset[str] = frozenset()
        self.rows: dict[str, MaskRow] = {}
        self._serving: dict[str, str] = {}
        """What each serves as, by key."""
        self._colours: dict[str, QColor] = {}
        self.add_button, self.menu = QPushButton("Add", self), QMenu(self)
        self.note = WrappingLabel(_EMPTY, self)
        self.tools: dict[str, QToolButton] = {}
        self.finds: dict[str, QToolButton] = {}
        self.edits: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self.view = Segments(_VIEWS, self)
        self.form = SettingsForm(MaskHand, theme, parent=self)
        self.edge = NumberRow(next(info for info in describe(MaskHand) if info.name == "edge"), theme, self)
        self.colour_button = QPushButton("Colour", self)
        self.colours = Palette(theme, self)
        self.likely, self.ask_words = Swatches(theme, self), WrappingLabel(_ASK, self)
        self.suggests = False
        """Whether somebody knows likely colours."""
        self.done_button = QPushButton("Done", self)
        self._tool: MaskTool = "brush"
        self._has_colours = False
        self._drop = FileDrop(self)
        self._order = RowOrder(self, self._listed_rows, theme)
        self._lay_out()
        self._connect()
        self.set_usable(False)

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        gap, half = tokens.gap, tokens.gap // 2
        self.title = QLabel("Masks", self)
        mark(self.note, tone="muted")
        set_icon(self.add_button, "add", self._theme)
        self.add_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.add_button.setAccessibleName("Add a mask")
        self.add_button.setToolTip("A new mask, one from a file, or one of another photo")
        self.add_button.setMenu(self.menu)
        self._list = column(gap=half)
        tools = self._make_buttons(_TOOLS, self.tools, checkable=True)
        finds, edits = self._make_buttons(_FINDS, self.finds), self._make_buttons(_EDITS, self.edits)
        self.view.name_buttons("View")
        for button, tip in zip(self.view.buttons, _VIEW_TIPS, strict=True):
            button.setToolTip(tip)
        self.view.set_current("tint")
        self.colour_button.setToolTip("Choose the colour that is painted; the eyedropper takes one from the photo")
        self.colour_button.setAccessibleName("Colour to paint with")
        self.done_button.setToolTip("Leave the masks as they are (Esc on the picture)")
        self.done_button.setAccessibleName("Done with the mask")
        for plain in (self.colour_button, self.done_button):
            plain.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        look = row((self.view, 1), self.done_button, gap=gap)
        found = row(*finds, gap, *edits, None, gap=half)
        colour = row(self.colour_button, None, gap=half)
        mark(self.ask_words, tone="small")
        likely = column(self.ask_words, self.likely, gap=half)
        bench = column(
            row(*tools, None, gap=0), self.colours, colour, likely, self.form, found, self.edge, look, gap=gap
        )
        bench.setContentsMargins(0, half, 0, 0)
        self.bench = holding(bench)
        self.setLayout(column(row(self.title, None, self.add_button), self.note, self._list, self.bench, gap=half))
        self.bench.hide()
        self.show_tool("brush")

    def _make_buttons(
        self, kinds: Mapping[str, tuple[str, str, str]], into: dict[str, QToolButton], *, checkable: bool = False
    ) -> list[QToolButton]:
        side = self._theme.tokens.control
        for place, (name, (icon, title, tip)) in enumerate(kinds.items()):
            button = into[name] = tool_button(icon, title, self._theme, self, hint=f"{title}: {tip}", side=side)
            if checkable:
                button.setCheckable(True)
                end = "first" if place == 0 else "last" if place == len(kinds) - 1 else ""
                mark(button, kind="segment", end=end)
                self._group.addButton(button)
        return list(into.values())

    def _connect(self) -> None:
        self.menu.aboutToShow.connect(self._fill_menu)
        for name, button in self.tools.items():
            button.clicked.connect(partial(self.tool_chosen.emit, name))
        for buttons, signal in ((self.finds, self.find_requested), (self.edits, self.edit_requested)):
            for name, button in buttons.items():
                button.clicked.connect(partial(signal.emit, name))
        self.form.settings_changed.connect(self.hand_changed)
        self.edge.value_changed.connect(lambda edge: self.hand_changed.emit(self.form.settings.moved("edge", edge)))
        self.view.chosen.connect(self.view_chosen)
        self.colours.chosen.connect(self.colour_chosen)
        self.colour_button.clicked.connect(self.colour_requested)
        self.likely.chosen.connect(self.likely_chosen)
        self.done_button.clicked.connect(self.done_requested)
        self._drop.files_dropped.connect(self.files_dropped)
        self._order.moved.connect(self.arranged)

    # -- adding ------------------------------------------------------------------------------------------------------

    def offer_roles(self, roles: Collection[str], title: str, note: str) -> None:
        """Let masks be added that serve as these alone, and call them so; `note` is said while there are none."""
        self._offered, self._empty = frozenset(roles), note
        self.title.setText(title)
        one = kind_of(SKETCH if self._draws else "")
        self.add_button.setAccessibleName(f"Add a {one}")
        self.add_button.setToolTip(
            f"A new {one}, one from a file, or one of another {'sheet' if self._draws else 'photo'}"
        )
        self.done_button.setToolTip(f"Leave the {one}s as they are (Esc on the picture)")
        self.done_button.setAccessibleName(f"Done with the {one}")
        self.set_usable(self.add_button.isEnabled())
        self._show_rows()

    @property
    def _draws(self) -> bool:
        """Whether masks are the layers of a drawing."""
        return self._offered == {SKETCH}

    def lists(self, role: str) -> bool:
        """Whether masks that serve as this are seen now; those that serve as nothing are in any case."""
        return not role or role in self._offered

    def _listed_rows(self) -> list[tuple[str, MaskRow]]:
        """Return the rows that are seen, from above, with their keys."""
        listed = [(key, row) for key, row in self.rows.items() if self.lists(self._serving.get(key, ""))]
        return sorted(listed, key=lambda one: self._list.indexOf(one[1]))

    def _show_rows(self) -> None:
        listed = self._listed_rows()
        for shown in self.rows.values():
            shown.setVisible(any(shown is one for _, one in listed))
        for place, (_, shown) in enumerate(listed):
            shown.show_place(first=place == 0, last=place == len(listed) - 1)
        self.note.setVisible(not listed)

    def set_usable(self, usable: bool) -> None:
        """Let masks be added, or not: without a photo there is nothing to paint on."""
        self.add_button.setEnabled(usable)
        self.note.setText(self._empty if usable else "With a photo, masks say where.")

    def ignore(self, roles: Collection[str], masks: Masks) -> None:
        """Say of masks that serve as these that they change nothing now."""
        self._ignored = frozenset(roles)
        for mask in masks.all:
            self.show_mask(mask, masks)

    def offer(self, left: Sequence[Mask]) -> None:
        """Offer masks of other photos."""
        self._left = tuple(left)

    def _fill_menu(self) -> None:
        self.menu.clear()
        for role, words in ((role, words) for role, words in self.roles.items() if role in self._offered):
            self.menu.addAction(literal(words), partial(self.add_requested.emit, role))
        self.menu.addSeparator()
        self.menu.addAction("Open a Picture…" if self._draws else "Open a Mask…", self.load_requested.emit)
        reused = self.menu.addMenu("Of Another Sheet" if self._draws else "Of Another Photo")
        left = [mask for mask in self._left if (mask.role == SKETCH) == self._draws]
        reused.setEnabled(bool(left))
        for mask in left:
            reused.addAction(literal(mask.name), partial(self.reuse_requested.emit, mask))

    # -- what is shown -----------------------------------------------------------------------------------------------

    def show_masks(self, masks: Masks) -> None:
        """Show the list, and the tools if one is painted on."""
        active = masks.active
        keys = [mask.key for mask in masks.all]
        for key in [key for key in self.rows if key not in keys]:
            row = self.rows.pop(key)
            self._serving.pop(key, None)
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        for place, mask in enumerate(masks.all):
            if mask.key not in self.rows:
                self.rows[mask.key] = self._make_row(mask, masks)
            if self._list.indexOf(self.rows[mask.key]) != place:
                self._list.insertWidget(place, self.rows[mask.key])
            self.show_mask(mask, masks)
        self._show_rows()
        self._has_colours = active is not None and active.painted.has_colours
        self.bench.setVisible(active is not None)
        self.view.setVisible(active is None or active.role != SKETCH)  # what is drawn is seen as it is
        self.show_tool(self._tool)

    def show_mask(self, mask: Mask, masks: Masks) -> None:
        """Show how one mask stands."""
        made = masks.picture(mask)
        self._serving[mask.key] = mask.role
        self.rows[mask.key].show_mask(
            mask.name, mask.role, shown=mask.shown, active=mask is masks.active,
            small=None if made is None else made.thumbnail, used=mask.role not in self._ignored,
        )  # fmt: skip

    def tint_of(self, mask: Mask) -> QColor:
        """Return the colour in which a mask is seen; it keeps it whatever comes and goes beside it."""
        if mask.key not in self._colours:
            used = {colour.name() for key, colour in self._colours.items() if key in self.rows}
            free = (name for name in _COLOURS if name not in used)
            self._colours[mask.key] = QColor(next(free, _COLOURS[len(self._colours) % len(_COLOURS)]))
        return self._colours[mask.key]

    def _make_row(self, mask: Mask, masks: Masks) -> MaskRow:
        key = mask.key
        roles = {role: self.roles[role] for role in masks.roles_for(mask)}
        roles |= {} if roles.keys() == {SKETCH} else {"": "Not used"}  # of a layer, the eye says that
        row = MaskRow(roles, self.tint_of(mask), self._theme, self)
        row.pressed.connect(lambda: self.mask_pressed.emit(key))
        row.eye_toggled.connect(lambda shown: self.eye_toggled.emit(key, shown))
        row.renamed.connect(lambda name: self.renamed.emit(key, name))
        row.role_chosen.connect(lambda role: self.role_chosen.emit(key, role))
        row.duplicate_requested.connect(lambda: self.duplicate_requested.emit(key))
        row.delete_requested.connect(lambda: self.delete_requested.emit(key))
        row.save_requested.connect(lambda: self.save_requested.emit(key))
        row.move_requested.connect(lambda by: self._order.step(key, by))
        self._order.add(row)
        return row

    def show_tool(self, tool: str) -> None:
        """Show which tool the hand holds, and what it can be set to; tells nobody."""
        assert tool in get_args(MaskTool)
        self._tool = tool  # type: ignore[assignment]  # just looked at
        self.tools[tool].setChecked(True)
        for name, button in (*self.tools.items(), *self.finds.items(), *self.edits.items()):
            button.setVisible(self.knows(name))
        self._show_word_beside(self.edits["clear"], "Clear" if self._has_colours else "")
        for colours in (self.colours, self.colour_button):
            colours.setVisible(self._has_colours)
        self.ask_words.setVisible(tool == "likely")
        if tool != "likely":
            self.show_likely(())
        self.edge.setVisible(self.knows("grow"))
        self.form.set_hidden(MaskHand.model_fields.keys() - _ACTING[self._tool])

    def _show_word_beside(self, button: QToolButton, word: str) -> None:
        """Where it stands alone, an icon does not say enough."""
        style = Qt.ToolButtonStyle
        button.setText(word)
        button.setToolButtonStyle(style.ToolButtonTextBesideIcon if word else style.ToolButtonIconOnly)
        button.setMaximumWidth(UNBOUNDED if word else button.minimumWidth())

    def knows(self, what: str) -> bool:
        """Return whether a tool, or something else that can be done, makes sense for what is painted on."""
        if (what == "likely" and not self.suggests) or (what == "bucket" and SKETCH not in self.roles):
            return False
        return what in _FOR_COLOURS if self._has_colours else what not in _FOR_NOTHING_ELSE

    def show_hand(self, hand: MaskHand) -> None:
        """Show what the hand is set to; tells nobody."""
        self.form.set_settings(hand)
        self.edge.set_value(hand.edge)

    def show_likely(self, likely: Sequence[tuple[QColor, float]]) -> None:
        """Offer the colours that a place may have, with their chances."""
        self.likely.show_colours(likely)

    def show_colour(self, colour: QColor) -> None:
        """Show the colour that is painted."""
        self.colours.set_current(colour)
        swatch = QPixmap(self.colour_button.iconSize())
        swatch.fill(colour)
        self.colour_button.setIcon(QIcon(swatch))
        self.colour_button.setText(colour.name())
        self.colour_button.setAccessibleDescription(colour.name())
