"""The Restore panel's column: what is done, with which network, and what it made up."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget

from studio.core.picture_tasks import RESTORE
from studio.core.restore_settings import RestoreSettings
from studio.core.settings import Settings, describe
from studio.jobs.restore.invented import Invented
from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.segments import Segments
from studio.ui.controls.tool_button import tool_button
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.icons import set_icon
from studio.ui.picture.column import PictureColumn
from studio.ui.theme import Theme, mark

__all__ = ["RestoreColumn"]

_NAMES = frozenset(info.name for info in describe(RestoreSettings))
_MODES = next(info for info in describe(RestoreSettings) if info.name == "mode")
_TIPS = (
    "Take noise, blur and blocks away; the size stays",
    "Make the photo larger, and sharp at its new size",
    "Find scratches, dust and cracks, and fill them",
    "Fill what is painted over from what is around it",
    "Take writing away: what is painted over, or what is found",
    "Give a grey photo colours; its lightness stays",
    "Fill scratches, take noise and blocks away, and colour it if it is grey",
)


class RestoreColumn(PictureColumn):
    """Shows photo, mode, what is missing, the settings that act, and the question what was invented."""

    def __init__(self, theme: Theme) -> None:
        self.hears_denoise = True
        """Whether the network is told how much to take away."""
        self.mode = Segments(_MODES.choices, lines=2)
        self.note, self.size_words = WrappingLabel(), WrappingLabel()
        self.invented_button = QToolButton()
        self.found_button = QToolButton()
        self.invented_words = WrappingLabel()
        super().__init__(RESTORE, theme)
        self.another_button = tool_button("dice", "Another proposal", theme, hint="Fill it with something else")
        self.form.row("proposal").add_to_head(self.another_button)
        self.mode.name_buttons("What is done")
        for button, tip in zip(self.mode.buttons, _TIPS, strict=True):
            button.setToolTip(tip)
        mark(self.size_words, tone="small")
        self.form.row("scale").add_below(self.size_words)

    def controls(self) -> Sequence[QWidget]:
        """Return the photo, the two things that can be done, the settings, and the map's button."""
        mark(self.note, tone="little")
        mark(self.invented_words, tone="small")
        for words in (self.note, self.invented_words):
            words.hide()
        button = self.invented_button
        set_icon(button, "invented", self._theme)
        button.setText("What did it invent?")
        button.setCheckable(True)
        button.setEnabled(False)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFixedHeight(self._theme.tokens.control)
        button.setAccessibleName("What did it invent?")
        button.setToolTip("Makes the result as small as the photo was, and shows over the picture where the two differ")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        mark(button, kind="segment")
        found = self.found_button
        set_icon(found, "style", self._theme)
        found.setText("Edit What Was Found")
        found.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        found.setFixedHeight(self._theme.tokens.control)
        found.setAccessibleName("Edit what was found")
        found.setToolTip("Puts it among the masks, to be painted on; what you leave of it is filled")
        found.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        mark(found, kind="segment")
        found.hide()
        asking = holding(
            column(row(found, None), row(button, None), self.invented_words, gap=self._theme.tokens.gap // 2)
        )
        return (*self.slots.values(), self.mode, self.note, *self.masks, self.looks_bar, self.form, asking)

    def hidden(self, settings: Settings) -> Collection[str]:
        """Leave out what the two words above set, and what does nothing now."""
        assert isinstance(settings, RestoreSettings)
        return settings.idle | {"mode"}

    def show_settings(self, settings: Settings) -> None:
        """Show `settings`, and only what acts with them; tells nobody."""
        super().show_settings(settings)
        assert isinstance(settings, RestoreSettings)
        self.mode.set_current(settings.mode)
        idle = ({"crisp"} if settings.model else set()) | (set() if self.hears_denoise else {"denoise"})
        self.form.set_enabled_names(_NAMES - idle)

    def show_size(self, words: str) -> None:
        """Say below the scale how large the result is."""
        self.size_words.setText(words)

    def show_note(self, words: str) -> None:
        """Say what is missing; "" where nothing is."""
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def show_invented(self, found: Invented | None) -> None:
        """Say how much of the result the photo does not say; None: nobody asks."""
        self.invented_words.setVisible(found is not None)
        if found is not None:
            how = "Made as small again as the photo, it" if found.reduced else "It"
            share = 100 * found.share
            where = f"visibly in {share:.0f} % of the picture (yellow: a little, red: much)" if share >= 0.5 else ""
            self.invented_words.setText(
                f"{how} differs from the photo by {found.mean:.1f} of 255 levels on average, "
                f"{where or 'and hardly anywhere visibly'}."
            )
