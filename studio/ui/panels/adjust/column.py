"""The Adjust panel's column: what frames the picture stands between photo and settings."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from studio.core.picture_tasks import ADJUST
from studio.core.settings import Settings, describe
from studio.ui.icons import set_icon
from studio.ui.picture.column import PictureColumn
from studio.ui.theme import Theme

__all__ = ["AdjustColumn"]


class AdjustColumn(PictureColumn):
    """Adds the crop tool, the quarter turns and the mirrors.

    Args:
        theme: where colours and icons come from.

    """

    turn_requested = Signal(int)
    """By so many quarters clockwise."""
    mirror_requested = Signal(str)
    """ "horizontal" or "vertical"."""

    def __init__(self, theme: Theme) -> None:
        self.crop_button = QToolButton()
        super().__init__(ADJUST, theme)
        self.form.set_open_groups(info.group for info in describe(ADJUST.settings))

    def controls(self) -> Sequence[QWidget]:
        """Return the photo, the tools and the settings."""
        crop = self.crop_button
        crop.setText("Crop")
        crop.setCheckable(True)
        crop.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        crop.setFixedHeight(self._theme.tokens.control)
        crop.setToolTip("Choose on the picture what stays: Enter when done, Esc to leave it as it was")
        crop.toggled.connect(lambda on: crop.setText("Done" if on else "Crop"))
        set_icon(crop, "crop", self._theme)
        tools = QWidget()
        row = QHBoxLayout(tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self._theme.tokens.gap // 2)
        row.addWidget(crop)
        row.addStretch(1)
        for icon, name, signal, way in (
            ("rotate_left", "Turn left", self.turn_requested, -1),
            ("rotate_right", "Turn right", self.turn_requested, 1),
            ("flip_horizontal", "Swap left and right", self.mirror_requested, "horizontal"),
            ("flip_vertical", "Swap top and bottom", self.mirror_requested, "vertical"),
        ):
            button = self._make_tool(icon, name)
            button.clicked.connect(lambda _=False, signal=signal, way=way: signal.emit(way))
            row.addWidget(button)
        return (*self.tiles.values(), tools, self.form)

    def hidden(self, settings: Settings) -> Collection[str]:
        """Leave out what the buttons set."""
        return ("turn", "flip")

    def _make_tool(self, icon: str, name: str) -> QToolButton:
        button, tokens = QToolButton(), self._theme.tokens
        set_icon(button, icon, self._theme)
        button.setFixedSize(tokens.control, tokens.control)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button
