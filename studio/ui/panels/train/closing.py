"""What becomes of a training when the window closes: the question, and the wait until it is saved."""

from typing import Literal, TypeAlias

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLabel, QProgressBar, QPushButton, QWidget

from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.switch import Switch
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.theme import Theme, mark

ClosingChoice: TypeAlias = Literal["pause", "background"]

_WIDTH = 540


class ClosingDialog(QDialog):
    """Asks, then shows that the runs are being saved; the owner closes it when they are.

    Args:
        titles: the runs that this window trains.

    """

    chosen = Signal(str, bool)
    """A `ClosingChoice`, and whether it holds from now on."""

    def __init__(self, titles: list[str], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Close Atelier")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(_WIDTH)
        self._theme = theme
        one = len(titles) == 1
        self._subject = f"“{titles[0]}”" if one else f"{len(titles)} runs"
        self.question = WrappingLabel(f"{self._subject} {'is' if one else 'are'} still training.", self)
        self._words = WrappingLabel(
            "Paused, nothing is lost: the step in progress is brought to its end and saved, which may take a moment, "
            "and Resume goes on from there. In the background it goes on without the window; "
            "you can watch it, or bring it back, when you open Atelier again.",
            self,
        )
        self.remember = Switch(theme, self)
        self.pause_button = QPushButton("Pause and Close", self)
        self.background_button = QPushButton("Go On in the Background", self)
        self.cancel_button = QPushButton("Cancel", self)
        self._bar = QProgressBar(self)
        self._lay_out()
        self._connect()
        self.pause_button.setFocus()

    def _lay_out(self) -> None:
        margin, gap = self._theme.tokens.margin, self._theme.tokens.gap
        mark(self.question, tone="title")
        mark(self._words, tone="muted")
        mark(self.pause_button, kind="primary")
        self.pause_button.setDefault(True)
        self.remember.setToolTip("Choose once; File → When Closing changes it again")
        for button, hint in (
            (self.pause_button, "Save and close; resume whenever you like"),
            (self.background_button, "Close the window; the training goes on in a process of its own"),
            (self.cancel_button, "Stay here"),
        ):
            button.setToolTip(hint)
            button.setAccessibleName(button.text())
        self.remember.setAccessibleName("Do this from now on")
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Saving")
        caption = QLabel("Do this from now on", self)
        caption.setBuddy(self.remember)
        waiting = QLabel("The step in progress comes to its end first, then it is written down.", self)
        mark(waiting, tone="muted")
        always = row(self.remember, caption, None, gap=gap)
        buttons = row(self.cancel_button, None, self.background_button, self.pause_button, gap=gap)
        self._asking = holding(column(self._words, always, buttons, gap=margin))
        self._saving = holding(column(waiting, self._bar, gap=margin, margins=(0, 0, 0, gap)))
        self._saving.hide()
        wide = margin + gap
        self.setLayout(column(self.question, self._asking, self._saving, gap=gap, margins=(wide, wide, wide, margin)))

    def _connect(self) -> None:
        self.pause_button.clicked.connect(lambda: self._choose("pause"))
        self.background_button.clicked.connect(lambda: self._choose("background"))
        self.cancel_button.clicked.connect(self.reject)

    def show_saving(self) -> None:
        """Nothing is left to choose: say what is waited for."""
        self.question.setText(f"Saving {self._subject}…")
        self._asking.hide()
        self._saving.show()
        self.adjustSize()

    @property
    def is_saving(self) -> bool:
        """Whether a choice was made and the runs are being saved."""
        return not self._saving.isHidden()

    def reject(self) -> None:
        """Escape or Cancel: stay, unless it is being saved already."""
        if not self.is_saving:
            super().reject()

    def _choose(self, choice: ClosingChoice) -> None:
        self.show_saving()
        self.chosen.emit(choice, self.remember.isChecked())
