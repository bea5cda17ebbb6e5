"""The Translate panel's column: what is translated, with which pair and which way, and what comes back."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QPushButton, QToolButton, QWidget

from studio.core.picture_task import SKETCH
from studio.core.picture_tasks import TRANSLATE
from studio.core.settings import Settings, describe
from studio.core.translate_settings import TranslateSettings
from studio.jobs.translate.choices import TranslatorChoice
from studio.jobs.translate.way_back import WayBack
from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.rows.choice import ChoiceRow
from studio.ui.controls.segments import Segments
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.icons import set_icon
from studio.ui.panels.translate.answers_sheet import AnswersSheet
from studio.ui.picture.column import PictureColumn
from studio.ui.theme import Theme, mark

__all__ = ["LINE_WIDTH", "MAP_LEGEND", "SHEETS", "TranslateColumn"]

SHEETS = {"Square": (1024, 1024), "Landscape": (1024, 768), "Portrait": (768, 1024)}
"""Blank sheets: width and height, px. A drawing is painted smaller: strokes are drawn finer than they are painted."""

LINE_WIDTH = 10
"""Of a brush, px, that draws as pairs of drawings and pictures mostly learn: with thin dark lines."""
MAP_LEGEND = "Over the picture, yellow is a little off, red is much"
"""What the colours of *Its Error* mean."""

_MODES = next(info for info in describe(TranslateSettings) if info.name == "mode")
_MODE_TIPS = (
    "Translate pictures as they are",
    "Draw over a faded picture, or on a blank sheet: it is painted at every stroke",
)
_WIDEST = 128
"""Words on a half of Direction, px."""
_WORDS_OF_MASKS = {
    False: ("Masks", "Paint where: what stays as it is, what alone is translated, what needs another go."),
    True: ("Layers", "Add a layer, and draw on it."),
}


class TranslateColumn(PictureColumn):
    """Shows picture, mode, what is missing, layers or masks, the settings that act, and the way back."""

    def __init__(self, theme: Theme) -> None:
        self._knows_many = False
        self.mode = Segments(_MODES.choices)
        self.note = WrappingLabel()
        self.train_button, self.import_button = QPushButton("Train a Pair…"), QPushButton("Import One…")
        self.sheet_button, self.save_drawing_button = QPushButton("Blank Sheet"), QPushButton("Save Drawing…")
        self.sheet_menu = QMenu(self.sheet_button)
        self.back_button, self.error_button = QToolButton(), QToolButton()
        self.back_words, self.line_hint = WrappingLabel(), WrappingLabel()
        self.answers = AnswersSheet(theme)
        super().__init__(TRANSLATE, theme)
        self.mode.name_buttons("What is translated")
        for button, tip in zip(self.mode.buttons, _MODE_TIPS, strict=True):
            button.setToolTip(tip)
        direction = self.form.row("direction")
        assert isinstance(direction, ChoiceRow)
        assert isinstance(direction.control, Segments)
        self.direction = direction.control

    def controls(self) -> Sequence[QWidget]:
        """Return the picture, what is done with it, layers or masks, the settings, and the way back."""
        gap = self._theme.tokens.gap
        mark(self.note, tone="little")
        for words in (self.back_words, self.line_hint):
            mark(words, tone="small")
        self.line_hint.setText(
            f"This pair learnt from drawings: thin dark lines on white. Choose black, about {LINE_WIDTH} px; areas of "
            "colour may become something else."
        )
        mark(self.train_button, kind="primary")
        self.sheet_button.setMenu(self.sheet_menu)
        for button, icon, name, tip in (
            (self.train_button, "train", "Train a pair", "Teach a pair of networks with two folders of your pictures"),
            (self.import_button, "download", "Import a generator",
             "Choose a generator of CycleGAN's or pix2pix's authors, such as latest_net_G_A.pth"),
            (self.sheet_button, "file_outline", "Blank sheet", "Draw on white paper"),
            (self.save_drawing_button, "export", "Save the drawing", "Save what you drew, as it is, as a PNG file"),
            (self.back_button, "undo", "Way back", "See the picture translated and back again beside the result"),
            (self.error_button, "invented", "Error of the way back",
             "Over the picture: where it did not come back as it was (yellow: a little, red: much)"),
        ):  # fmt: skip
            set_icon(button, icon, self._theme, colour="on_accent" if button is self.train_button else "text")
            button.setAccessibleName(name)
            button.setToolTip(tip)
        self.back_button.setText("Way Back")
        self.error_button.setText("Its Error")
        for button in (self.back_button, self.error_button):
            mark(button, kind="segment", end="both")
            button.setCheckable(True)
            button.setEnabled(False)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFixedHeight(self._theme.tokens.control)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.back_words.hide()
        self.missing = holding(column(self.note, row(self.train_button, self.import_button, None, gap=gap), gap=gap))
        sheets = row(self.sheet_button, self.save_drawing_button, None, gap=gap)
        self.drawing = holding(column(sheets, self.line_hint, gap=gap // 2))
        back = holding(column(row(self.back_button, self.error_button, None, gap=gap), self.back_words, gap=gap // 2))
        self.answers.hide()
        below = (self.drawing, self.missing, *self.masks, self.looks_bar, self.form, self.answers, back)
        return (*self.slots.values(), self.mode, *below)

    def hidden(self, settings: Settings) -> Collection[str]:
        """Leave out what the words above set, and what does nothing now."""
        return settings.idle | {"mode"} | (set() if self._knows_many else {"code"})

    def show_settings(self, settings: Settings) -> None:
        """Show `settings`, and only what acts with them; tells nobody."""
        super().show_settings(settings)
        assert isinstance(settings, TranslateSettings)
        self.mode.set_current(settings.mode)
        self.drawing.setVisible(settings.draws)
        assert self.mask_section is not None
        roles = {role for role in self.mask_section.roles if (role == SKETCH) == settings.draws}
        self.mask_section.offer_roles(roles, *_WORDS_OF_MASKS[settings.draws])

    def show_pair(self, pair: TranslatorChoice | None) -> None:
        """Name the two ways after the pair's worlds; let what it does not know be neither chosen nor asked."""
        self._knows_many = pair is not None and pair.answers
        self.answers.setVisible(self._knows_many)
        self.form.set_hidden(self.hidden(self.form.settings))
        a, b = ("A", "B") if pair is None else (pair.a, pair.b)
        ways = {"AtoB": f"{a} → {b}", "BtoA": f"{b} → {a}"}
        known = ways if pair is None else pair.ways
        hints = {way: f"{words} (X swaps)" if way in known else "This pair has not learnt this way"
                 for way, words in ways.items()}  # fmt: skip
        self.direction.set_words(ways, hints, _WIDEST)
        self.direction.set_possible(known)

    def show_line_hint(self, shows: bool) -> None:
        """Say which lines the pair knows, where it knows lines."""
        self.line_hint.setVisible(shows)

    def show_missing(self, words: str, *, none: bool) -> None:
        """Say why nothing can be translated, "" where it can; with `none`, offer ways to get a pair."""
        self.note.setText(words)
        self.missing.setVisible(bool(words))
        for button in (self.train_button, self.import_button):
            button.setVisible(none)

    def show_way_back(self, found: WayBack | None, *, going: bool) -> None:
        """Say how far the picture is off when it comes back, and what the map's colours mean, or that it is `going`."""
        if found is None and going:
            self.back_words.setText("It is being translated and back again…")
        self.back_words.setVisible(found is not None or going)
        if found is not None:
            where = f"visibly in {100 * found.share:.0f} % of it" if found.share >= 0.005 else "hardly anywhere visibly"
            legend = f" {MAP_LEGEND}." if self.error_button.isChecked() else ""
            self.back_words.setText(
                f"There and back, at {found.size[0]} × {found.size[1]} px, the picture is off by {found.mean:.1f} of "
                f"255 levels on average, {where}.{legend}"
            )
