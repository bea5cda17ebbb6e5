"""The Degrade panel's column: which recipe, and its stack."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from studio.core.degrade_settings import PRESET_WORDS, DegradeSettings
from studio.core.picture_tasks import DEGRADE
from studio.core.settings import SettingInfo, Settings
from studio.ui.controls.rows.choice import ChoiceRow
from studio.ui.controls.tool_button import tool_button
from studio.ui.panels.degrade.edits import OWN, matching_preset
from studio.ui.panels.degrade.stack import DegradationStack
from studio.ui.picture.column import PictureColumn
from studio.ui.theme import Theme

__all__ = ["DegradeColumn"]

_PRESET = SettingInfo(
    "preset", "choice", "old-photo", "Preset", "What happens to the photo, as it comes along.", None, None,
    choices={OWN: "Your own", **{name: title for name, (title, _) in PRESET_WORDS.items()}},
)  # fmt: skip


class DegradeColumn(PictureColumn):
    """Shows photo, preset, one's own recipes, the stack, and the die that throws chance anew."""

    preset_chosen = Signal(str)
    dice_thrown = Signal()

    def __init__(self, theme: Theme) -> None:
        self.preset = ChoiceRow(_PRESET, theme)
        self.stack = DegradationStack(theme)
        self.scan_button = QPushButton("Like a Scan…")
        self.scan_button.setToolTip("Choose a damaged photo: its noise, blur, file, tone and fading become the recipe")
        self.scan_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        super().__init__(DEGRADE, theme)
        self.dice_button = tool_button(
            "dice", "Throw the dice", theme, hint="The same kind of damage, thrown anew", side=theme.tokens.control
        )
        self.foot.insertWidget(0, self.dice_button)
        self.preset.value_changed.connect(lambda name: self.preset_chosen.emit(name) if name != OWN else None)
        self.dice_button.clicked.connect(self.dice_thrown)

    def controls(self) -> Sequence[QWidget]:
        """Return the photo, the recipes and the stack; the number of chance below it."""
        self.preset.add_to_head(self.looks_bar.menu_button)
        self.looks_bar.setParent(self)
        self.looks_bar.hide()  # its menu is enough: one's own recipes
        self.stack.add_beside(self.scan_button)
        return (*self.slots.values(), self.preset, self.stack, self.form)

    def show_settings(self, settings: Settings) -> None:
        """Show `settings`; tells nobody."""
        super().show_settings(settings)
        assert isinstance(settings, DegradeSettings)
        self.stack.set_recipe(settings.recipe)
        self.preset.set_value(matching_preset(settings.recipe))
