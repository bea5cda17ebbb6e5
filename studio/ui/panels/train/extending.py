"""A finished run that shall learn for longer: by how much, and how long that will take."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QWidget

from studio.core.eta import words_for_duration
from studio.ui.controls.gesture import Gesture
from studio.ui.controls.layouts import column, row
from studio.ui.controls.number_box import NumberBox
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.theme import Theme, mark

_WIDTH = 480
_MOST = 10_000_000


class ExtendDialog(QDialog):
    """Asks for a number of steps; as many as it has taken are proposed.

    Args:
        title: of the run.
        taken: steps that it has taken.
        seconds: how long it has worked; 0 where nobody knows.

    """

    steps_chosen = Signal(int)

    def __init__(self, title: str, taken: int, seconds: float, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Learn On")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(_WIDTH)
        self._theme, self._a_step = theme, seconds / max(1, taken)
        self._question = WrappingLabel(f"“{title}” has learnt for {taken:,} steps. How many more?", self)
        self.steps = NumberBox(Gesture(self), self)
        self.words = WrappingLabel("", self)
        self.extend_button = QPushButton("Learn On", self)
        self.cancel_button = QPushButton("Cancel", self)
        self.steps.setRange(1, _MOST)
        self.steps.setValue(taken)
        self._lay_out()
        self._connect()
        self._tell_length()

    def _lay_out(self) -> None:
        gap, margin = self._theme.tokens.gap, self._theme.tokens.margin
        mark(self._question, tone="title")
        mark(self.words, tone="muted")
        self.steps.setDecimals(0)
        self.steps.setGroupSeparatorShown(True)
        self.steps.setFixedWidth(self.steps.fontMetrics().horizontalAdvance("88,888,888") + 24)
        self.steps.setAccessibleName("Steps")
        self.steps.setToolTip("So many steps more than it has taken")
        caption = QLabel("Steps", self)
        caption.setBuddy(self.steps)
        for button, hint in (
            (self.extend_button, "Go on from where it ended; what it has learnt is kept"),
            (self.cancel_button, "Leave it as it is"),
        ):
            button.setToolTip(hint)
            button.setAccessibleName(button.text())
        mark(self.extend_button, kind="primary")
        self.extend_button.setDefault(True)
        asked = row(caption, self.steps, None, gap=gap)
        buttons = row(self.cancel_button, None, self.extend_button, gap=gap)
        wide = margin + gap
        self.setLayout(
            column(self._question, asked, self.words, buttons, gap=margin, margins=(wide, wide, wide, margin))
        )

    def _connect(self) -> None:
        self.steps.valueChanged.connect(self._tell_length)
        self.extend_button.clicked.connect(self._choose)
        self.cancel_button.clicked.connect(self.reject)

    def _tell_length(self) -> None:
        how_long = f"About {words_for_duration(self._a_step * self.steps.value())}. " if self._a_step else ""
        self.words.setText(
            f"{how_long}It warms up once more and cools down again, and then keeps what it is by then. "
            "Until that, its network stays as it is."
        )

    def _choose(self) -> None:
        self.steps_chosen.emit(round(self.steps.value()))
        self.accept()
