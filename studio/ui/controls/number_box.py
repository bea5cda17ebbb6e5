"""Exact numbers: the box behind a slider, and how numbers are read and written where a box would be too coarse."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from studio.ui.controls.focus_wheel import FocusWheel
from studio.ui.controls.gesture import Gesture
from studio.ui.theme import mark, with_even_figures

_STEPPING = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class NumberBox(QDoubleSpinBox):
    """A spin box without buttons: typed, stepped with the arrows, turned with the wheel once it has the focus.

    `valueChanged` comes when a typed number is finished, not at each digit.

    Args:
        gesture: a held arrow key is one gesture.

    """

    entered = Signal()
    """Enter was pressed, and the number taken; it may be the one that was there before."""

    def __init__(self, gesture: Gesture, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gesture = gesture
        # the stylesheet gives the buttons no width; Qt's own NoButtons leaves a styled box no room for its text
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setKeyboardTracking(False)
        self.setFont(with_even_figures(self.font()))
        mark(self, kind="quiet")
        FocusWheel(self)

    def event(self, event: QEvent) -> bool:
        """Leave undo and redo to the window unless a number is just being typed."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            undoes = event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
            if undoes and not self.lineEdit().isModified():
                event.ignore()
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() in _STEPPING:
            self._gesture.begin()
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.selectAll()
            self.entered.emit()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        super().keyReleaseEvent(event)
        if not event.isAutoRepeat():
            self._gesture.end()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        self._gesture.end()
        super().focusOutEvent(event)


def read_number(text: str) -> float:
    """Read a number as people write it: 0.001, 0,001, 1e-3, 5 %.

    Raises:
        ValueError: there is none.

    """
    words = text.strip().replace("−", "-").replace(",", ".").replace(" ", "")
    share = words.endswith("%")
    try:
        value = float(words.removesuffix("%"))
    except ValueError:
        raise ValueError(f"“{text.strip()}” is no number.") from None
    return value / 100 if share else value


def number_text(value: float) -> str:
    """Write a number briefly and exactly enough to be read back: 0.002, 2e-5."""
    return f"{value:.6g}".replace("e-0", "e-").replace("e+0", "e+")
