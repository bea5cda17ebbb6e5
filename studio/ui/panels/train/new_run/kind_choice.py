"""The choice of what to train: its name, and one sentence about what comes of it."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.training.task_kind import TaskKind
from studio.ui.controls.choice_box import ChoiceBox
from studio.ui.controls.layouts import column
from studio.ui.controls.segments import Segments
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.theme import Theme, mark

_MOST_SEGMENTS = 3


class KindChoice(QWidget):
    """Up to three kinds side by side, more of them in a list.

    Args:
        kinds: what can be trained.

    """

    chosen = Signal(str)

    def __init__(self, kinds: Sequence[TaskKind], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kinds = {kind.name: kind for kind in kinds}
        words = {kind.name: kind.title for kind in kinds}
        self.control: Segments | ChoiceBox = (
            Segments(words, self) if len(words) <= _MOST_SEGMENTS else ChoiceBox(words, theme, self)
        )
        self._summary = WrappingLabel("", self)
        mark(self._summary, tone="muted")
        self._name_controls()
        self.setLayout(column(self.control, self._summary, gap=theme.tokens.gap))
        self._connect()

    def _name_controls(self) -> None:
        if isinstance(self.control, Segments):
            self.control.name_buttons("What to train")
            for button, kind in zip(self.control.buttons, self._kinds.values(), strict=True):
                button.setToolTip(kind.summary)
        else:
            self.control.setAccessibleName("What to train")
            self.control.setToolTip("What comes of the training")

    def _connect(self) -> None:
        self.control.chosen.connect(self.chosen)

    def set_current(self, name: str) -> None:
        """Show a kind as chosen; tells nobody."""
        self.control.set_current(name)
        self._summary.setText(self._kinds[name].summary)
