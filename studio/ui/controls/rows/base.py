"""What every row of the settings form has: a caption, a reset, one gesture, and a value that only the hand changes."""

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QWidget

from studio.core.settings import SettingInfo
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.gesture import Gesture
from studio.ui.controls.layouts import row
from studio.ui.icons import set_icon
from studio.ui.theme import Theme


class SettingRow(QWidget):
    """Base of the rows; a subclass makes its control with `_place` and shows a value in `_show`.

    Args:
        info: the setting.

    """

    value_changed = Signal(object)
    """Changed by the artist, never by `set_value`."""
    gesture_started = Signal()
    gesture_finished = Signal()
    was_reset = Signal()

    def __init__(self, info: SettingInfo, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.info = info
        self._theme = theme
        self._value: Any = info.default
        self._controls: list[QWidget] = []
        self.gesture = Gesture(self)
        self.caption = ElidingLabel(parent=self)
        self.reset_button = QToolButton(self)
        self._lay_out()
        self._connect_base()

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.gap // 2)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(0, 1)
        self._grid.setRowMinimumHeight(0, tokens.row)
        self.reset_button.setFixedSize(QSize(tokens.row, tokens.row))
        self.reset_button.setIconSize(QSize(14, 14))
        set_icon(self.reset_button, "reset", self._theme, colour="text_muted", disabled="")
        self._head = row(self.caption, None, gap=tokens.gap // 2)
        self._grid.addLayout(self._head, 0, 0)
        self._grid.addWidget(self.reset_button, 0, 1)

    def _connect_base(self) -> None:
        self.gesture.started.connect(self.gesture_started)
        self.gesture.finished.connect(self.gesture_finished)
        self.caption.double_clicked.connect(self.reset)
        self.reset_button.clicked.connect(self.reset)

    @property
    def value(self) -> Any:
        """The value as it was set or last changed by hand."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Show `value`; tells nobody."""
        self._value = value
        self._show(value)
        self._update_reset()

    def set_caption(self, label: str, tooltip: str) -> None:
        """Name the row; screen readers hear the same words."""
        self.caption.setText(label)
        self.caption.set_hint(tooltip)
        self.reset_button.setAccessibleName(f"Reset {label}")
        self.reset_button.setToolTip(f"Reset {label} to {self._in_words(self.info.default)}")
        for control in self._controls:
            control.setAccessibleName(label)
            control.setAccessibleDescription(tooltip)
            control.setToolTip(tooltip)

    def reset(self) -> None:
        """Return to the default, as one gesture; tells whoever listens."""
        if self.isEnabled() and self._value != self.info.default:
            with self.gesture.step():
                self.set_value(self.info.default)
                self.value_changed.emit(self._value)
            self.was_reset.emit()

    def _place(self, control: QWidget, place: int, *, main: bool = False) -> None:
        """Put a control in the header (place 0, right) or across the row below it."""
        self._controls.append(control)
        if place == 0:
            self._grid.addWidget(control, 0, 2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        else:
            self._grid.addWidget(control, place, 0, 1, 3)
        if main:
            self.caption.setBuddy(control)
            self.setFocusProxy(control)

    def mark_restart(self) -> None:
        """Mark that another value does not steer what is made, but begins it again."""
        sign, words = QLabel(self), "Another value begins again; the film strip keeps what was reached."
        set_icon(sign, "restart", self._theme, colour="text_muted", side=12)
        sign.setToolTip(words)
        self._head.insertWidget(1, sign)
        self.set_caption(self.info.label, f"{_hint_of(self.info)}\n{words}")

    def add_below(self, widget: QWidget) -> None:
        """Put something that says more about the setting below its control."""
        self._grid.addWidget(widget, self._grid.rowCount(), 0, 1, 3)

    def add_to_head(self, widget: QWidget) -> None:
        """Put something to be done with the setting at the end of its first line, before what resets it."""
        self._head.addWidget(widget)

    def add_at_edge(self, widget: QWidget) -> None:
        """Put something at the right edge of the first line, where no control of the setting's own stands."""
        self._grid.addWidget(widget, 0, 2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _finish_building(self) -> None:
        info = self.info
        self.set_caption(info.label, _hint_of(info))
        self.set_value(info.default)

    def _take(self, value: Any) -> None:
        """A control was moved by hand: keep the value, show it in the other controls, tell."""
        if value == self._value:
            return
        with self.gesture.step():
            self.set_value(value)
            self.value_changed.emit(value)

    def _update_reset(self) -> None:
        self.reset_button.setEnabled(self._value != self.info.default)

    def _show(self, value: Any) -> None:
        raise NotImplementedError

    def _in_words(self, value: Any) -> str:
        return str(value)


def _hint_of(info: SettingInfo) -> str:
    technical = f"{info.term[:1].upper()}{info.term[1:]}" if info.term else ""
    return "\n".join(part for part in (info.help, technical) if part)
