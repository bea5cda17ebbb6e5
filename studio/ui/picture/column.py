"""The column of controls beside the canvas: the pictures that go in, the settings, and the buttons below them."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from studio.core.looks import SURPRISES, built_in_looks
from studio.core.picture_task import PAINTED, InputSlot, PictureTask
from studio.core.settings import Settings
from studio.ui.controls.layouts import column, holding, row, scrolling
from studio.ui.controls.settings_form import SettingsForm
from studio.ui.icons import set_icon
from studio.ui.picture.input_slot import SlotTile, SlotView
from studio.ui.picture.looks_bar import LooksBar
from studio.ui.picture.mask_section import MaskSection
from studio.ui.theme import Theme, mark

__all__ = ["COLUMN_WIDTH", "PictureColumn"]

COLUMN_WIDTH = 360


class PictureColumn(QWidget):
    """Lays the controls of a picture task out, from its description.

    Args:
        task: its inputs, its settings and its verb.

    """

    def __init__(self, task: PictureTask, theme: Theme) -> None:
        super().__init__()
        self.task, self._theme = task, theme
        self.form = SettingsForm(task.settings, theme, marks_restart=not task.at_once)
        self.slots = {slot.role: self.make_slot(slot) for slot in task.inputs if slot.role not in PAINTED}
        roles = {slot.role: slot.title for slot in task.painted}
        self.mask_section = MaskSection(roles, theme) if roles else None
        self.looks_bar = LooksBar(built_in_looks(task.name, task.settings), task.name in SURPRISES, theme)
        self.start_button, self.save_button, self.export_button = self._make_buttons()
        self.finish_button, self.size_note = self._make_finish_button(), self._make_size_note()
        self._lay_out()
        self.show_settings(task.settings())

    def make_slot(self, slot: InputSlot) -> SlotView:
        """Return what shows the pictures of a slot; one for several pictures brings a view of its own."""
        return SlotTile(slot, self._theme)

    def controls(self) -> Sequence[QWidget]:
        """Return what stands in the column, from above; asked once, while it is laid out."""
        return (*self.slots.values(), *self.masks, self.looks_bar, self.form)

    @property
    def masks(self) -> Sequence[QWidget]:
        """What stands in the column for what is painted over the photo; nothing where the task does not ask for it."""
        return () if self.mask_section is None else (self.mask_section,)

    def hidden(self, settings: Settings) -> Collection[str]:
        """Return the settings that the form leaves out: what something else sets, and what does nothing now."""
        return ()

    def show_settings(self, settings: Settings) -> None:
        """Show `settings`, and only what acts with them; tells nobody."""
        if self.form.settings != settings:
            self.form.set_settings(settings)
        self.form.set_hidden(self.hidden(settings))

    def _lay_out(self) -> None:
        gap, margin = self._theme.tokens.gap, self._theme.tokens.margin
        content = holding(column(*self.controls(), None, gap=margin, margins=margin))
        self.setMinimumWidth(COLUMN_WIDTH)
        mark(self, surface="panel")
        self.foot = row((self.finish_button, 1), None, self.save_button, self.export_button, gap=gap)
        bottom = column(self.start_button, self.foot, gap=gap, margins=(margin, gap, margin, margin))
        self.setLayout(column((scrolling(content), 1), bottom, gap=0))
        self.start_button.setHidden(self.task.at_once)  # nobody needs to ask for it
        self.finish_button.setHidden(not self.has_sizes)
        if self.has_sizes:
            self.form.row("size").add_below(self.size_note)

    @property
    def has_sizes(self) -> bool:
        """Whether the artist sets how large the result is, and it takes long enough to be asked for."""
        return "size" in self.task.settings.model_fields and not self.task.at_once

    def show_size_note(self, words: str) -> None:
        """Say below the size what it costs; "" while nobody knows."""
        self.size_note.setText(words)
        self.size_note.setAccessibleName(f"{words}: choose a size by its time")
        self.size_note.setVisible(bool(words))

    def _make_size_note(self) -> QPushButton:
        note = QPushButton(self)
        note.hide()  # until there is something to be said
        mark(note, kind="link")
        note.setAccessibleName("Sizes by time")
        note.setToolTip("Choose a size by how long it takes here")
        note.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        return note

    def _make_finish_button(self) -> QPushButton:
        button = QPushButton("Finish at…", self)
        button.setAccessibleName("Finish at another size")
        button.setToolTip("Go on from the picture up to a larger size")
        return button

    def _make_buttons(self) -> tuple[QPushButton, QPushButton, QPushButton]:
        """Start, Save, Save As."""
        start, save, export = QPushButton(self.task.verb), QPushButton("Save"), QPushButton("Save As…")
        mark(start, kind="primary")
        set_icon(start, "play", self._theme, colour="on_accent")
        for button, tip in (
            (start, f"{self.task.tooltip} (Ctrl+Enter)"),
            (save, "Save the picture as it is shown now (Ctrl+S)"),
            (export, "Choose name and format: PNG, JPEG, 16-bit TIFF, WebP (Ctrl+Shift+S)"),
        ):
            button.setToolTip(tip)
            button.setAccessibleName(button.text())
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard on what is worked with
        return start, save, export
