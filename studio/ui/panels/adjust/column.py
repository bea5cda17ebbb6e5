"""The Adjust panel's column: what frames the picture stands between photo and settings."""

from collections.abc import Callable, Collection, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QToolButton, QWidget

from studio.core.adjust_settings import AdjustSettings
from studio.core.picture_tasks import ADJUST
from studio.core.settings import Settings, describe
from studio.ui.controls.gesture import Gesture
from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.number_box import NumberBox
from studio.ui.controls.tool_button import tool_button
from studio.ui.icons import set_icon
from studio.ui.picture.column import PictureColumn
from studio.ui.theme import Theme, mark

__all__ = ["AdjustColumn"]


class AdjustColumn(PictureColumn):
    """Adds the crop tool and its size, the quarter turns and the mirrors, the grey picker, and "Send to".

    Args:
        change: takes what the turns and mirrors make of the settings.

    """

    crop_sized = Signal(int, int)
    """A size of the crop was typed, in pixels."""

    def __init__(self, theme: Theme, change: Callable[[Callable[[AdjustSettings], AdjustSettings]], None]) -> None:
        self._change = change
        self.crop_button = QToolButton()
        self.crop_size = _CropSize(theme)
        self.whole_button = tool_button("reset", "Undo the crop", theme, hint="Keep all of the photo again")
        self.grey_button = QToolButton()
        self.send_button = QPushButton("Send to")
        self.send_menu = QMenu(self.send_button)
        self.tools = QWidget()
        super().__init__(ADJUST, theme)
        self.form.set_open_groups(info.group for info in describe(ADJUST.settings))
        self._add_grey_picker()
        self._add_send_button()
        self.whole_button.clicked.connect(lambda: change(lambda settings: settings.model_copy(update={"crop": ()})))
        self.crop_size.typed.connect(self.crop_sized)

    def controls(self) -> Sequence[QWidget]:
        """Return the photo, the tools and the settings."""
        crop, half = self.crop_button, self._theme.tokens.gap // 2
        tip = "Choose on the picture what stays: Enter when done, Esc to leave it as it was"
        self._make_toggle(crop, "crop", "Crop", tip)
        crop.toggled.connect(lambda on: crop.setText("Done" if on else "Crop"))
        turns = []
        for icon, name, change in (
            ("rotate_left", "Turn left", lambda settings: settings.turned(-1)),
            ("rotate_right", "Turn right", lambda settings: settings.turned(1)),
            ("flip_horizontal", "Swap left and right", lambda settings: settings.mirrored("horizontal")),
            ("flip_vertical", "Swap top and bottom", lambda settings: settings.mirrored("vertical")),
        ):
            button = tool_button(icon, name, self._theme, side=self._theme.tokens.control)
            button.clicked.connect(partial(self._change, change))
            turns.append(button)
        above = row(crop, None, *turns, gap=half)
        below = row(self.crop_size, None, self.whole_button, gap=half)
        holding(column(above, below, gap=half), self.tools)
        self.tools.setEnabled(False)  # until there is a photo
        return (*self.slots.values(), self.tools, self.looks_bar, self.form)

    def hidden(self, settings: Settings) -> Collection[str]:
        """Leave out what the buttons set."""
        return ("crop", "turn", "flip")

    def show_crop(self, settings: AdjustSettings, width: int, height: int) -> None:
        """Show the size of what stays of a photo of this (turned) size."""
        self.crop_size.show_size(*(settings.size(width, height) if width else (0, 0)))
        self.whole_button.setEnabled(bool(settings.crop))

    def _add_grey_picker(self) -> None:
        tip = "Click on the picture on something that was grey in truth: temperature and tint are set by it"
        self._make_toggle(self.grey_button, "eyedropper", "Pick a Grey", tip)
        self.grey_button.setEnabled(False)
        self.form.add_to_group("Colour", self.grey_button, first=True)

    def _add_send_button(self) -> None:
        self.send_button.setMenu(self.send_menu)
        self.send_button.setToolTip("Go on with the result in another panel; it is kept in the library on its way")
        self.send_button.setAccessibleName("Send to another panel")
        self.send_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.foot.insertWidget(self.foot.indexOf(self.save_button), self.send_button)

    def _make_toggle(self, button: QToolButton, icon: str, name: str, tip: str) -> None:
        set_icon(button, icon, self._theme)
        button.setText(name)
        button.setCheckable(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFixedHeight(self._theme.tokens.control)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        mark(button, kind="segment")


class _CropSize(QWidget):
    """Width × height of what stays, in pixels, to be read and typed."""

    typed = Signal(int, int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        gesture = Gesture(self)
        self._boxes = [NumberBox(gesture, self), NumberBox(gesture, self)]
        self.width_box, self.height_box = self._boxes
        for box, name in zip(self._boxes, ("Width of the crop", "Height of the crop"), strict=True):
            box.setDecimals(0)
            box.setRange(0, 100_000)
            box.setFixedWidth(box.fontMetrics().horizontalAdvance("888888") + 2 * theme.tokens.gap)
            box.setAccessibleName(name)
            box.setToolTip(f"{name} in pixels")
            box.valueChanged.connect(self._tell)
        units = [QLabel("×"), QLabel("px")]
        for unit in units:
            mark(unit, tone="muted")
        self.setLayout(row(self.width_box, units[0], self.height_box, units[1], gap=theme.tokens.gap // 2))

    def show_size(self, width: int, height: int) -> None:
        """Show this size; tells nobody."""
        for box, side in zip(self._boxes, (width, height), strict=True):
            blocked = box.blockSignals(True)
            box.setValue(side)
            box.blockSignals(blocked)

    def _tell(self) -> None:
        width, height = (max(1, round(box.value())) for box in self._boxes)
        self.typed.emit(width, height)
