"""The Dream panel's column: which generator, where one is, and everything that is done to its pictures."""

from collections.abc import Collection, Sequence

from PySide6.QtWidgets import QWidget

from studio.core.dream_settings import DreamSettings
from studio.core.picture_tasks import DREAM
from studio.core.settings import Settings
from studio.jobs.dream_tasks import GeneratorFound
from studio.ui.controls.segments import Segments
from studio.ui.controls.tool_button import tool_button
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.icons import set_icon
from studio.ui.panels.dream.bending import BendingSection
from studio.ui.panels.dream.directions_section import DirectionsSection
from studio.ui.panels.dream.dragging import DragSection
from studio.ui.panels.dream.mixing import MixingBoard
from studio.ui.panels.dream.pad_section import PadSection
from studio.ui.picture.column import PictureColumn
from studio.ui.theme import Theme, mark

__all__ = ["DreamColumn"]

_PLACED = frozenset({"across", "down", "walk"})
"""What the pad and the timeline set."""


class DreamColumn(PictureColumn):
    """Shows pad, settings, directions, and what is mixed and bent."""

    def __init__(self, theme: Theme) -> None:
        self.page = Segments({"picture": "Picture", "gallery": "Gallery"})
        self.pad = PadSection(theme)
        self.directions = DirectionsSection(theme)
        self.mixing = MixingBoard(theme)
        self.bending = BendingSection(theme)
        self.drag = DragSection(theme)
        self.kinship = WrappingLabel()
        super().__init__(DREAM, theme)
        side = theme.tokens.control
        self.star_button = tool_button(
            "star_outline", "Star", theme, hint="Star this dream (S in the gallery)", side=side
        )
        self.enlarge_button = tool_button(
            "arrow_expand_all", "Enlarge", theme, hint="Enlarge it four times, in Restore", side=side
        )
        self.send_button = tool_button("export", "Send to", theme, hint="Send it to another panel", side=side)
        self.send_button.setPopupMode(self.send_button.ToolButtonPopupMode.InstantPopup)
        for place, button in enumerate((self.star_button, self.enlarge_button, self.send_button)):
            self.foot.insertWidget(place, button)

    def controls(self) -> Sequence[QWidget]:
        """Return what stands in the column, from above."""
        mark(self.kinship, tone="small")
        self.kinship.hide()
        self.form.add_to_group("Mixing", self.mixing)
        self.form.add_to_group("Two Generators", self.kinship)
        self.form.add_section(self.directions)
        self.form.add_section(self.bending, last=True)
        self.form.add_section(self.drag, last=True)
        self.directions.set_open(True)
        self.page.name_buttons("What is shown")
        for button, tip in zip(self.page.buttons, ("One picture", "Many pictures to go on from"), strict=True):
            button.setToolTip(tip)
        self.page.set_current("picture")
        return (self.page, self.pad, self.form, self.looks_bar)

    def hidden(self, settings: Settings) -> Collection[str]:
        """Leave out what the pad sets, and what does nothing now."""
        return settings.idle | _PLACED

    def show_settings(self, settings: Settings) -> None:
        """Show `settings`; tells nobody."""
        super().show_settings(settings)
        assert isinstance(settings, DreamSettings)
        self.pad.show_settings(settings)
        self.directions.show_moves(settings.moves)
        self.mixing.show_settings(settings)
        self.bending.show_bends(settings.bends)

    def show_generator(self, generator: GeneratorFound | None) -> None:
        """Offer as many stages as there are."""
        if generator is not None:
            self.directions.set_stages(generator.stages, generator.styles)
            self.mixing.set_styles(generator.styles)
            self.bending.set_stages(generator.stages)
        for part in (self.directions, self.bending, self.drag):
            part.setEnabled(generator is not None)

    def show_star(self, starred: bool) -> None:
        """Show whether what is shown is starred."""
        sign, colour, words = ("star", "accent", "Take the star away") if starred else ("star_outline", "text", "Star")
        set_icon(self.star_button, sign, self._theme, colour=colour)
        self.star_button.setAccessibleName(words)

    def show_kinship(self, words: str) -> None:
        """Say whether the two generators go together; "" where there is one."""
        self.kinship.setText(words)
        self.kinship.setVisible(bool(words))
