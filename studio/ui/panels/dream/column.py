"""The Dream panel's column: which generator, and everything that is done to its pictures."""

from collections.abc import Collection, Sequence

from PySide6.QtWidgets import QWidget

from studio.core.picture_tasks import DREAM
from studio.core.settings import Settings
from studio.ui.panels.dream.pad_section import PadSection
from studio.ui.picture.column import PictureColumn
from studio.ui.theme import Theme

__all__ = ["DreamColumn"]

_PLACED = frozenset({"across", "down"})
"""What the pad sets."""


class DreamColumn(PictureColumn):
    """Shows generator, pad and settings."""

    def __init__(self, theme: Theme) -> None:
        self.pad = PadSection(theme)
        super().__init__(DREAM, theme)

    def controls(self) -> Sequence[QWidget]:
        """Return what stands in the column, from above."""
        return (self.pad, self.form, self.looks_bar)

    def hidden(self, settings: Settings) -> Collection[str]:
        """Leave out what the pad sets, and what does nothing now."""
        return settings.idle | _PLACED
