"""The row of a choice: up to four short words side by side, or below one another; otherwise a list."""

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QWidget

from studio.core.settings import SettingInfo
from studio.ui.controls.choice_box import ChoiceBox
from studio.ui.controls.rows.base import SettingRow
from studio.ui.controls.segments import Segments
from studio.ui.theme import Theme

_WIDEST_SEGMENTS = 304
_SEGMENT_PADDING = 14


class ChoiceRow(SettingRow):
    """One of several values; one that is not among them is shown as it is."""

    def __init__(self, info: SettingInfo, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(info, theme, parent)
        words = info.choices
        short = info.kind == "choice" and 2 <= len(words) <= 4 and self._width_of(words) <= _WIDEST_SEGMENTS
        self.control: Segments | ChoiceBox
        self.control = Segments(words, self, wraps=True) if short else ChoiceBox(words, theme, self)
        self._place(self.control, 1, main=True)
        if isinstance(self.control, Segments):
            self._controls.extend(self.control.buttons)
        self._finish_building()
        self._connect()

    def _connect(self) -> None:
        self.control.chosen.connect(self._take)

    def set_choices(self, choices: Mapping[str, str]) -> None:
        """Offer other values; what leaves the choice to the studio ("") stays, and the current one stays chosen."""
        if isinstance(self.control, ChoiceBox):
            automatic: dict[str, str] = {value: words for value, words in self.info.choices.items() if not value}
            with QSignalBlocker(self.control):
                self.control.set_choices({**automatic, **choices})
            self._show(self._value)

    def set_caption(self, label: str, tooltip: str) -> None:  # noqa: D102
        super().set_caption(label, tooltip)
        if isinstance(self.control, Segments):
            self.control.name_buttons(label)

    def _width_of(self, words: Mapping[str, str]) -> int:
        return sum(self.fontMetrics().horizontalAdvance(word) + _SEGMENT_PADDING for word in words.values())

    def _show(self, value: str) -> None:
        self.control.set_current(value)

    def _in_words(self, value: str) -> str:
        return self.control.words_for(value)
