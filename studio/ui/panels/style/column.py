"""The Style panel's column of controls: what to paint after stands between photo and settings."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from studio.core.picture_task import CONTENT, InputSlot
from studio.core.picture_tasks import STYLIZE
from studio.core.settings import Settings, describe
from studio.core.style_settings import DEFAULT_BACKBONE, StyleSettings
from studio.ui.controls.segments import Segments
from studio.ui.panels.style.fast_style_tiles import FastStyleTiles
from studio.ui.panels.style.painting_shelf import PaintingShelf
from studio.ui.picture.column import PictureColumn
from studio.ui.picture.input_slot import SlotView
from studio.ui.theme import Theme, mark

__all__ = ["StyleColumn"]

_NAMES = frozenset(info.name for info in describe(StyleSettings))
_METHODS = next(info for info in describe(StyleSettings) if info.name == "method")
_METHOD_TIPS = (
    "Paint stroke by stroke after any painting, and steer while it paints",
    "Paint at once, with a network that has learnt one painting by heart",
)
_ELSEWHERE = frozenset({"style_mix", "method"})
"""Settings that are set by other things than the form: the shelf, the two words above it."""


class StyleColumn(PictureColumn):
    """Shows the paintings, or the fast styles, and the settings that act."""

    def __init__(self, theme: Theme) -> None:
        self.method = Segments(_METHODS.choices)
        self.fast_styles = FastStyleTiles(theme)
        self.networks_button = _networks_button()
        super().__init__(STYLIZE, theme)
        self.photo_tile = self.slots[CONTENT]
        self.method.name_buttons(_METHODS.label)
        for button, tip in zip(self.method.buttons, _METHOD_TIPS, strict=True):
            button.setToolTip(tip)
        self.form.add_to_group("Network", self.networks_button)
        self.start_button.setToolTip("Paint the photo in the manner of the paintings (Ctrl+Enter)")

    def make_slot(self, slot: InputSlot) -> SlotView:
        """Return the photo's tile, or the shelf of paintings."""
        if slot.role == CONTENT:
            return super().make_slot(slot)
        self.shelf = PaintingShelf(self._theme)
        return self.shelf

    def controls(self) -> Sequence[QWidget]:
        """Return the photo, the two ways to paint, what to paint after, and the settings."""
        return (self.slots[CONTENT], self.method, self.shelf, self.fast_styles, self.looks_bar, self.form)

    def hidden(self, settings: Settings) -> Collection[str]:
        """Return what is set elsewhere, and what a fast style leaves nothing to set of."""
        assert isinstance(settings, StyleSettings)
        if settings.method == "instant":
            return settings.idle | _ELSEWHERE | {"fast_style"}
        hidden = _ELSEWHERE if settings.start_from == "instant" else _ELSEWHERE | {"fast_style"}
        return hidden | {"pooling"} if settings.backbone == DEFAULT_BACKBONE else hidden  # which pools as it learnt to

    def show_settings(self, settings: Settings) -> None:
        """Show `settings`, and only what acts with them; tells nobody."""
        assert isinstance(settings, StyleSettings)
        super().show_settings(settings)
        instantly = settings.method == "instant"
        self.form.set_enabled_names(None if instantly else _NAMES - settings.idle)
        self.method.set_current(settings.method)
        self.fast_styles.set_current(settings.fast_style)
        self.shelf.set_mix(settings.style_mix)
        self.shelf.setVisible(not instantly)
        self.fast_styles.setVisible(instantly)
        self.looks_bar.set_ways_open(not instantly)


def _networks_button() -> QPushButton:
    button = QPushButton("More networks…")
    mark(button, kind="link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setToolTip("See every network: what it is good for, and how to get it")
    button.setAccessibleName("More networks")
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return button
