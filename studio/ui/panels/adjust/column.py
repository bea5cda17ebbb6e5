"""The Adjust panel's column: what frames the picture stands between photo and settings."""

from collections.abc import Callable, Collection, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget

from studio.core.adjust_settings import AdjustSettings
from studio.core.picture_tasks import ADJUST
from studio.core.settings import Settings, describe
from studio.ui.controls.layouts import holding, row
from studio.ui.icons import set_icon
from studio.ui.picture.column import PictureColumn
from studio.ui.theme import Theme, mark

__all__ = ["AdjustColumn"]


class AdjustColumn(PictureColumn):
    """Adds the crop tool, the quarter turns and the mirrors.

    Args:
        change: takes what the turns and mirrors make of the settings.

    """

    def __init__(self, theme: Theme, change: Callable[[Callable[[AdjustSettings], AdjustSettings]], None]) -> None:
        self._change = change
        self.crop_button = QToolButton()
        self.tools = QWidget()
        super().__init__(ADJUST, theme)
        self.form.set_open_groups(info.group for info in describe(ADJUST.settings))

    def controls(self) -> Sequence[QWidget]:
        """Return the photo, the tools and the settings."""
        crop, buttons = self.crop_button, []
        self._dress(
            crop, "crop", "Crop", "Choose on the picture what stays: Enter when done, Esc to leave it as it was"
        )
        crop.setText("Crop")
        crop.setCheckable(True)
        crop.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        mark(crop, kind="segment")
        crop.toggled.connect(lambda on: crop.setText("Done" if on else "Crop"))
        for icon, name, change in (
            ("rotate_left", "Turn left", lambda settings: settings.turned(-1)),
            ("rotate_right", "Turn right", lambda settings: settings.turned(1)),
            ("flip_horizontal", "Swap left and right", lambda settings: settings.mirrored("horizontal")),
            ("flip_vertical", "Swap top and bottom", lambda settings: settings.mirrored("vertical")),
        ):
            button = QToolButton()
            self._dress(button, icon, name, name)
            button.setFixedWidth(self._theme.tokens.control)
            button.clicked.connect(partial(self._change, change))
            buttons.append(button)
        holding(row(crop, None, *buttons, gap=self._theme.tokens.gap // 2), self.tools)
        self.tools.setEnabled(False)  # until there is a photo
        return (*self.slots.values(), self.tools, self.looks_bar, self.form)

    def hidden(self, settings: Settings) -> Collection[str]:
        """Leave out what the buttons set."""
        return ("turn", "flip")

    def _dress(self, button: QToolButton, icon: str, name: str, tip: str) -> None:
        set_icon(button, icon, self._theme)
        button.setFixedHeight(self._theme.tokens.control)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
