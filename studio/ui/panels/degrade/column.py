"""The Degrade panel's column: which recipe, and its stack."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from studio.core.degrade_settings import PRESET_WORDS, DegradeSettings
from studio.core.picture_tasks import DEGRADE
from studio.core.settings import SettingInfo, Settings
from studio.jobs.restore.trial import Mended
from studio.ui.controls.rows.choice import ChoiceRow
from studio.ui.controls.tool_button import tool_button
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.panels.degrade.edits import OWN, matching_preset
from studio.ui.panels.degrade.stack import DegradationStack
from studio.ui.picture.column import PictureColumn
from studio.ui.theme import Theme, mark

__all__ = ["DegradeColumn"]

_PRESET = SettingInfo(
    "preset", "choice", "old-photo", "Preset", "What happens to the photo, as it comes along.", None, None,
    choices={OWN: "Your own", **{name: title for name, (title, _) in PRESET_WORDS.items()}},
)  # fmt: skip


_MENDED_BY = SettingInfo(
    "mended_by", "choice", "", "Mended by", "A restorer, trained or still learning: what it makes of this damage lies "
    "beside it.", None, None, choices={"": "Nobody"},
)  # fmt: skip


class DegradeColumn(PictureColumn):
    """Shows photo, preset, one's own recipes, the stack, and the die that throws chance anew."""

    preset_chosen = Signal(str)
    dice_thrown = Signal()

    def __init__(self, theme: Theme) -> None:
        self.preset = ChoiceRow(_PRESET, theme)
        self.mended_by = ChoiceRow(_MENDED_BY, theme)
        self.mended_words = WrappingLabel()
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
        self.preset.add_at_edge(self.looks_bar.menu_button)
        self.looks_bar.setParent(self)
        self.looks_bar.hide()  # its menu is enough: one's own recipes
        self.stack.add_beside(self.scan_button)
        mark(self.mended_words, tone="small")
        self.mended_words.hide()
        self.mended_by.add_below(self.mended_words)
        return (*self.slots.values(), self.preset, *self.masks, self.stack, self.form, self.mended_by)

    def show_mended(self, found: Mended | None) -> None:
        """Say how much nearer to the photo the restorer came; None while nobody asks, or it is at work."""
        self.mended_words.setVisible(found is not None)
        if found is not None:
            gain = found.after - found.before
            verdict = (
                "It mends this." if gain > 1.0 else "It mends little of this." if gain > 0.1 else "Not its damage."
            )
            self.mended_words.setText(
                f"Nearness to the photo: {found.before:.1f} dB damaged, {found.after:.1f} dB mended. {verdict}"
            )

    def show_settings(self, settings: Settings) -> None:
        """Show `settings`; tells nobody."""
        super().show_settings(settings)
        assert isinstance(settings, DegradeSettings)
        self.stack.set_recipe(settings.recipe)
        self.preset.set_value(matching_preset(settings.recipe))
