"""The form of a task: built from its settings model, so that a new setting needs no line here."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from studio.core.settings import SettingInfo, Settings, describe
from studio.ui.controls.layouts import bring_into_sight, column
from studio.ui.controls.rows.base import SettingRow
from studio.ui.controls.rows.choice import ChoiceRow
from studio.ui.controls.rows.number import NumberRow
from studio.ui.controls.rows.switch import SwitchRow
from studio.ui.controls.rows.text import NumbersRow, TextRow
from studio.ui.controls.section import Section
from studio.ui.theme import Theme


class SettingsForm(QWidget):
    """Every setting of `model` as a row, in its group; group "" stands open at the top.

    Args:
        model: the task's settings.
        marks_restart: whether settings are marked whose change begins the work again (`setting(effect="restart")`).

    """

    settings_changed = Signal(object)
    """The newest settings, at each move of the hand; never after `set_settings`."""
    drag_started = Signal(str)
    """A gesture on this setting begins (a drag, a held key, a typed number, a reset); `settings` are still the old."""
    drag_finished = Signal(str)
    """The gesture ended; `settings` are its outcome: one step of undo."""
    reset_requested = Signal(str)
    """This setting was put back to its default, which `settings_changed` has already told."""
    group_toggled = Signal(str, bool)
    """A group was opened or closed."""

    def __init__(
        self,
        model: type[Settings],
        theme: Theme,
        *,
        marks_restart: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._theme = model, theme
        self._settings = model()
        self._rows = {info.name: _make_row(info, theme) for info in describe(model) if info.kind != "structure"}
        for row in self._rows.values():
            if marks_restart and row.info.effect == "restart":
                row.mark_restart()
        self._sections: dict[str, Section] = {}
        self._hidden: frozenset[str] = frozenset()
        self._lay_out()
        self._connect()
        self.set_settings(self._settings)

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        top = column(gap=gap, margins=(0, 0, 0, gap))
        layout = self._sections_layout = column(top, gap=0)
        self.setLayout(layout)
        for group in dict.fromkeys(row.info.group for row in self._rows.values() if row.info.group):
            self._sections[group] = Section(group, self._theme, self)
            layout.addWidget(self._sections[group])
        for row in self._rows.values():
            group = row.info.group
            (self._sections[group].contents if group else top).addWidget(row)
        layout.addStretch(1)

    def _connect(self) -> None:
        for name, row in self._rows.items():
            row.gesture_started.connect(lambda name=name: self.drag_started.emit(name))
            row.value_changed.connect(lambda value, name=name: self._take(name, value))
            row.gesture_finished.connect(lambda name=name: self.drag_finished.emit(name))
            row.was_reset.connect(lambda name=name: self.reset_requested.emit(name))
        for group, section in self._sections.items():
            section.toggled.connect(lambda is_open, group=group: self.group_toggled.emit(group, is_open))

    @property
    def settings(self) -> Settings:
        """The newest settings."""
        return self._settings

    def set_settings(self, settings: Settings) -> None:
        """Show `settings`; tells nobody."""
        self._settings = settings
        for name, row in self._rows.items():
            row.set_value(getattr(settings, name))
        self._mark_changed_groups()

    def row(self, name: str) -> SettingRow:
        """Return the row of one setting."""
        return self._rows[name]

    @property
    def offered(self) -> tuple[SettingInfo, ...]:
        """The settings that can be changed here now, also those in closed groups."""
        return tuple(row.info for name, row in self._rows.items() if name not in self._hidden and row.isEnabled())

    def show_setting(self, name: str) -> None:
        """Open the group of a setting, bring it into sight and the keyboard to it."""
        row = self._rows[name]
        if row.info.group:
            self._sections[row.info.group].set_open(True)
        row.setFocus(Qt.FocusReason.ShortcutFocusReason)
        bring_into_sight(row, margin=self._theme.tokens.margin)

    def set_hidden(self, names: Collection[str]) -> None:
        """Hide exactly these settings; a group without any visible one hides too."""
        self._hidden = frozenset(names)
        for name, row in self._rows.items():
            row.setVisible(name not in self._hidden)
        for group, section in self._sections.items():
            section.setVisible(any(r.info.group == group and n not in self._hidden for n, r in self._rows.items()))
        self._mark_changed_groups()

    def set_enabled_names(self, names: Collection[str] | None) -> None:
        """Let only these settings be changed; None means all."""
        for name, row in self._rows.items():
            row.setEnabled(names is None or name in names)

    def set_caption(self, name: str, label: str, tooltip: str) -> None:
        """Call a setting by other words than its model does."""
        self._rows[name].set_caption(label, tooltip)

    @property
    def offers(self) -> tuple[str, ...]:
        """The tasks whose trained networks are offered here, each once: see `setting(offers=…)`."""
        return tuple(dict.fromkeys(row.info.offers for row in self._rows.values() if row.info.offers))

    def set_offers(self, task: str, choices: Mapping[str, str]) -> None:
        """Offer these networks, name → words, wherever one of this task is asked for."""
        for row in self._rows.values():
            if isinstance(row, ChoiceRow) and row.info.offers == task:
                row.set_choices(choices)

    def add_to_group(self, group: str, widget: QWidget, *, first: bool = False) -> None:
        """Put something that is no setting below the settings of a group, or above them."""
        self._sections[group].contents.insertWidget(0 if first else -1, widget)

    def add_section(self, section: Section, *, last: bool = False) -> None:
        """Put a section that is no group of settings before the groups, or behind them."""
        layout = self._sections_layout
        layout.insertWidget(layout.count() - 1 if last else 1, section)

    @property
    def open_groups(self) -> tuple[str, ...]:
        """The groups that stand open, in order."""
        return tuple(group for group, section in self._sections.items() if section.is_open)

    def set_open_groups(self, groups: Iterable[str]) -> None:
        """Open exactly these groups; names that are no groups any more are passed over."""
        wanted = set(groups)
        for group, section in self._sections.items():
            section.set_open(group in wanted)

    def _take(self, name: str, value: Any) -> None:
        try:
            changed = self._settings.moved(name, value)
        except ValidationError:
            # the controls keep the ranges; a typed text may still be refused by the model
            self._rows[name].set_value(getattr(self._settings, name))
            return
        self._settings = changed
        for other, row in self._rows.items():
            if other != name and row.value != getattr(changed, other):
                row.set_value(getattr(changed, other))
        self._mark_changed_groups()
        self.settings_changed.emit(changed)

    def _mark_changed_groups(self) -> None:
        changed = {
            row.info.group
            for name, row in self._rows.items()
            if name not in self._hidden and getattr(self._settings, name) != row.info.default
        }
        for group, section in self._sections.items():
            section.set_changed(group in changed)


def _make_row(info: SettingInfo, theme: Theme) -> SettingRow:
    if info.offers or info.choices:
        return ChoiceRow(info, theme)
    kinds: dict[str, type[NumberRow] | type[SwitchRow] | type[TextRow]] = {
        "number": NumberRow, "integer": NumberRow, "switch": SwitchRow, "text": TextRow, "numbers": NumbersRow,
    }  # fmt: skip
    return kinds[info.kind](info, theme)
