"""A few words side by side, one of them chosen."""

from collections.abc import Collection, Mapping
from math import ceil

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
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
        wraps: whether they take more lines where the place is too narrow for so few.

    """

    chosen = Signal(str)
    """Chosen by hand or key, never by `set_current`."""

    def __init__(
        self, choices: Mapping[str, str], parent: QWidget | None = None, *, lines: int = 1, wraps: bool = False
    ) -> None:
        super().__init__(parent)
        self._words = dict(choices)
        self._fewest, self._wraps, self._lines = lines, wraps, 0
        self._group = QButtonGroup(self)
        self.buttons = [self._make_button(i, words) for i, words in enumerate(self._words.values())]
        self.setFocusProxy(self.buttons[0])
        self._rows = [row(gap=0) for _ in (self.buttons if wraps else range(lines))]
        self.setLayout(column(*self._rows, gap=_BETWEEN_LINES))
        self._stand_in(lines)
        self._connect()

    def _make_button(self, index: int, words: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(literal(words))
        button.setCheckable(True)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._group.addButton(button, index)
        return button

    def _stand_in(self, lines: int) -> None:
        """Put the buttons into so many lines, if they are in others."""
        if lines == self._lines:
            return
        self._lines, in_line = lines, ceil(len(self.buttons) / lines)
        for index, button in enumerate(self.buttons):
            for line in self._rows:
                line.removeWidget(button)
            self._rows[index // in_line].addWidget(button)
            is_first = index % in_line == 0
            is_last = index == len(self.buttons) - 1 or (index + 1) % in_line == 0
            end = "both" if is_first and is_last else "first" if is_first else "last" if is_last else ""
            mark(button, kind="segment", end=end)
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        if self._wraps:
            least = range(self._fewest, len(self.buttons) + 1)
            self._stand_in(next((lines for lines in least if self._width_in(lines) <= self.width()), least[-1]))

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        narrowest = super().minimumSizeHint()
        return QSize(self._width_in(len(self.buttons)), narrowest.height()) if self._wraps else narrowest

    def sizeHint(self) -> QSize:  # noqa: D102
        wanted = super().sizeHint()
        return QSize(self._width_in(self._fewest), wanted.height()) if self._wraps else wanted

    def _width_in(self, lines: int) -> int:
        """Return the width that the buttons take in so many lines, px."""
        widths, in_line = [button.minimumSizeHint().width() for button in self.buttons], ceil(len(self.buttons) / lines)
        return max(sum(widths[at : at + in_line]) for at in range(0, len(widths), in_line))

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
