"""The rows that are typed: a text, and a list of numbers."""

from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from studio.core.settings import SettingInfo
from studio.ui.controls.rows.base import SettingRow
from studio.ui.theme import Theme, mark


class TextRow(SettingRow):
    """A line of text; it counts when Enter is pressed or the focus leaves."""

    def __init__(self, info: SettingInfo, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(info, theme, parent)
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(info.lowest)
        self._place(self.field, 1, main=True)
        self._finish_building()
        self._connect()

    def _connect(self) -> None:
        self.field.editingFinished.connect(self._take_text)
        self.field.textEdited.connect(self._forgive)

    def _take_text(self) -> None:
        try:
            value = self._parse(self.field.text())
        except ValueError:
            mark(self.field, invalid="true")
            return
        self._forgive()
        self._take(value)

    def _forgive(self) -> None:
        mark(self.field, invalid="false")

    def _parse(self, text: str) -> Any:
        return text.strip()

    def _show(self, value: Any) -> None:
        self.field.setText(self._in_words(value))


class NumbersRow(TextRow):
    """Numbers separated by spaces or semicolons; anything else is marked and not taken."""

    def _parse(self, text: str) -> tuple[float, ...]:
        return tuple(float(part) for part in text.replace(";", " ").split())

    def _in_words(self, value: tuple[float, ...]) -> str:
        return "  ".join(f"{number:g}" for number in value)
