"""The row of a yes or no."""

from PySide6.QtWidgets import QWidget

from studio.core.settings import SettingInfo
from studio.ui.controls.rows.base import SettingRow
from studio.ui.controls.switch import Switch
from studio.ui.theme import Theme


class SwitchRow(SettingRow):
    """A switch at the right of its caption."""

    def __init__(self, info: SettingInfo, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(info, theme, parent)
        self.switch = Switch(theme, self)
        self._place(self.switch, 0, main=True)
        self._finish_building()
        self._connect()

    def _connect(self) -> None:
        self.switch.clicked.connect(self._take)

    def _show(self, value: bool) -> None:
        self.switch.setChecked(value)

    def _in_words(self, value: bool) -> str:
        return "on" if value else "off"
