"""The Style panel's column of controls: photo, what to paint after, settings, and the buttons below them."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from studio.core.settings import describe
from studio.core.style_settings import StyleSettings
from studio.ui.controls.segments import Segments
from studio.ui.controls.settings_form import SettingsForm
from studio.ui.icons import set_icon
from studio.ui.panels.style.fast_style_tiles import FastStyleTiles
from studio.ui.panels.style.painting_shelf import PaintingShelf
from studio.ui.picture.input_slot import PhotoTile
from studio.ui.theme import Theme, mark

__all__ = ["COLUMN_WIDTH", "StyleColumn"]

COLUMN_WIDTH = 360

_METHODS = next(info for info in describe(StyleSettings) if info.name == "method")
_ELSEWHERE = frozenset({"style_mix", "method"})
"""Settings that are set by other things than the form: the shelf, the two words above it."""
_OF_FAST_STYLES = frozenset({"strength", "size", "original_colours", "saturation", "blend"})
"""What there is to set where a network has learnt everything else."""


class StyleColumn(QWidget):
    """Lays the controls out, and shows those that act.

    Args:
        theme: where colours and icons come from.
        networks: the networks to choose from: name → words.

    """

    def __init__(self, theme: Theme, networks: Mapping[str, str]) -> None:
        super().__init__()
        self.photo_tile = PhotoTile(theme)
        self.method = Segments(_METHODS.choices)
        self.method.name_buttons(_METHODS.label)
        for button, tip in zip(self.method.buttons, _METHOD_TIPS, strict=True):
            button.setToolTip(tip)
        self.shelf = PaintingShelf(theme)
        self.fast_styles = FastStyleTiles(theme)
        self.form = SettingsForm(StyleSettings, theme)
        self.form.set_offers("backbone", networks)
        self.networks_button = _networks_button()
        self.form.append_to_group("Network", self.networks_button)
        self.paint_button, self.save_button, self.export_button = _buttons(theme)
        self._lay_out(theme)
        self.show_settings(StyleSettings())

    def _lay_out(self, theme: Theme) -> None:
        gap = theme.tokens.margin
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(gap, gap, gap, gap)
        inner.setSpacing(gap)
        for widget in (self.photo_tile, self.method, self.shelf, self.fast_styles, self.form):
            inner.addWidget(widget)
        inner.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(COLUMN_WIDTH)
        mark(self, surface="panel")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        row = QHBoxLayout()
        row.setContentsMargins(gap, theme.tokens.gap, gap, gap)
        row.setSpacing(theme.tokens.gap)
        row.addWidget(self.paint_button, 1)
        row.addWidget(self.save_button)
        row.addWidget(self.export_button)
        outer.addLayout(row)

    def show_settings(self, settings: StyleSettings) -> None:
        """Show `settings`, and only what acts with them; tells nobody."""
        instantly = settings.method == "instant"
        if self.form.settings != settings:
            self.form.set_settings(settings)
        self.form.set_hidden(_hidden(settings))
        self.form.set_enabled_names(None if instantly else _ACTING[settings.mode])
        self.method.set_current(settings.method)
        self.fast_styles.set_current(settings.fast_style)
        self.shelf.set_mix(settings.style_mix)
        self.shelf.setVisible(not instantly)
        self.fast_styles.setVisible(instantly)


_METHOD_TIPS = (
    "Paint stroke by stroke after any painting, and steer while it paints",
    "Paint at once, with a network that has learnt one painting by heart",
)


def _hidden(settings: StyleSettings) -> frozenset[str]:
    names = frozenset(info.name for info in describe(StyleSettings))
    if settings.method == "instant":
        return names - _OF_FAST_STYLES
    return _ELSEWHERE if settings.start_from == "instant" else _ELSEWHERE | {"fast_style"}


def _acting(mode: str) -> frozenset[str]:
    """Return the settings that change the picture in `mode`: a photo has no strokes, a texture keeps no photo."""
    idle = {
        "reconstruct": ("style_", "stroke_size", "statistic"),
        "texture": ("content_",),
    }.get(mode, ())
    return frozenset(info.name for info in describe(StyleSettings) if not info.name.startswith(idle or ("\0",)))


_ACTING = {mode: _acting(mode) for mode in ("paint", "reconstruct", "texture")}


def _networks_button() -> QPushButton:
    button = QPushButton("More networks…")
    mark(button, kind="link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setToolTip("See every network: what it is good for, and how to get it")
    button.setAccessibleName("More networks")
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return button


def _buttons(theme: Theme) -> tuple[QPushButton, QPushButton, QPushButton]:
    """Paint, Save, Save As."""
    paint, save, export = QPushButton("Paint"), QPushButton("Save"), QPushButton("Save As…")
    mark(paint, kind="primary")
    set_icon(paint, "play", theme, colour="on_accent")
    for button, tip in (
        (paint, "Paint the photo in the manner of the paintings (Ctrl+Enter)"),
        (save, "Save the picture as it is shown now (Ctrl+S)"),
        (export, "Choose name and format: PNG, JPEG, 16-bit TIFF, WebP (Ctrl+Shift+S)"),
    ):
        button.setToolTip(tip)
        button.setAccessibleName(button.text())
    return paint, save, export
