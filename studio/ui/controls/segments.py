"""A few words side by side, one of them chosen."""

from collections.abc import Collection, Mapping
from math import ceil

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QWidget

from studio.ui.controls.layouts import column, row
from studio.ui.controls.mnemonics import literal
from studio.ui.theme import mark

_BETWEEN_LINES = 4


class Segments(QWidget):
    """A segmented control; arrow keys move the choice, as in a group of radio buttons.

    Args:
        choices: value → words.
        lines: how many lines they stand in, as many in each as will go evenly.

    """

    chosen = Signal(str)
    """Chosen by hand or key, never by `set_current`."""

    def __init__(self, choices: Mapping[str, str], parent: QWidget | None = None, *, lines: int = 1) -> None:
        super().__init__(parent)
        self._words = dict(choices)
        self._in_line = ceil(len(self._words) / lines)
        self._group = QButtonGroup(self)
        self.buttons = [self._make_button(i, words) for i, words in enumerate(self._words.values())]
        self.setFocusProxy(self.buttons[0])
        starts = range(0, len(self.buttons), self._in_line)
        self.setLayout(
            column(*(row(*self.buttons[at : at + self._in_line], gap=0) for at in starts), gap=_BETWEEN_LINES)
        )
        self._connect()

    def _make_button(self, index: int, words: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(literal(words))
        button.setCheckable(True)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        is_last = index == len(self._words) - 1 or (index + 1) % self._in_line == 0
        mark(button, kind="segment", end="first" if index % self._in_line == 0 else "last" if is_last else "")
        self._group.addButton(button, index)
        return button

    def _connect(self) -> None:
        self._group.idToggled.connect(self._tell)

    @property
    def current(self) -> str:
        """What is chosen, "" without a choice."""
        place = self._group.checkedId()
        return list(self._words)[place] if place >= 0 else ""

    def set_current(self, value: str) -> None:
        """Show `value` as chosen, nothing where it is none of the choices; tells nobody."""
        values = list(self._words)
        self._group.blockSignals(True)
        if value in values:
            self._group.button(values.index(value)).setChecked(True)
        elif (chosen := self._group.checkedButton()) is not None:
            self._group.setExclusive(False)
            chosen.setChecked(False)
            self._group.setExclusive(True)
        self._group.blockSignals(False)
        checked = self._group.checkedButton()
        if checked is not None:
            self.setFocusProxy(checked)

    def set_words(self, words: Mapping[str, str], hints: Mapping[str, str], widest: int) -> None:
        """Call choices otherwise.

        Args:
            words: by value.
            hints: tooltips, by value.
            widest: a button's words, px; what is longer is cut.

        """
        for (value, _), button in zip(self._words.items(), self.buttons, strict=True):
            if value in words:
                self._words[value] = words[value]
                short = button.fontMetrics().elidedText(words[value], Qt.TextElideMode.ElideMiddle, widest)
                button.setText(literal(short))
                button.setToolTip(hints.get(value, ""))

    def set_possible(self, values: Collection[str]) -> None:
        """Let only these be chosen."""
        for value, button in zip(self._words, self.buttons, strict=True):
            button.setEnabled(value in values)

    def words_for(self, value: str) -> str:
        """Return the words that stand for `value`."""
        return self._words.get(value, value)

    def name_buttons(self, label: str) -> None:
        """Tell screen readers what is chosen here: "Pooling: Max"."""
        for button, words in zip(self.buttons, self._words.values(), strict=True):
            button.setAccessibleName(f"{label}: {words}")

    def _tell(self, index: int, checked: bool) -> None:
        if checked:
            self.chosen.emit(list(self._words)[index])
