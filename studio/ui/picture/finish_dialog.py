"""Asks at which size a picture shall be finished, and says what that costs while one chooses."""

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QWidget

from studio.core.cost import Cost
from studio.ui.controls.gesture import Gesture
from studio.ui.controls.layouts import column, row
from studio.ui.controls.number_box import NumberBox
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.theme import Theme, mark

_WIDTH = 400


class FinishDialog(QDialog):
    """A number, and what it means: pixels, time, memory. What there is no memory for cannot be accepted.

    Args:
        cost: tells what a longer side, px, costs.
        largest: tells the longer side that there is memory for.
        range: least, proposed and greatest longer side.

    """

    def __init__(
        self,
        cost: Callable[[int], Cost | None],
        largest: Callable[[], int],
        range: tuple[int, int, int],
        theme: Theme,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._cost, self._largest = cost, largest
        self.setWindowTitle("Finish at another size")
        self.box = NumberBox(Gesture(self))
        self.words = WrappingLabel(parent=self)
        self._buttons = QDialogButtonBox(self)
        self.finish_button = self._buttons.addButton("Finish", QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self._prepare(range)
        title = QLabel("Longer side", self)
        title.setBuddy(self.box)
        gap, margin = theme.tokens.gap, theme.tokens.margin
        self.setLayout(column(row(title, None, self.box), self.words, None, self._buttons, gap=gap, margins=margin))
        self.setMinimumWidth(_WIDTH)
        self._connect()
        self._show()

    def _prepare(self, range: tuple[int, int, int]) -> None:
        least, proposed, greatest = range
        mark(self.finish_button, kind="primary")
        mark(self.words, tone="muted")
        self.box.setDecimals(0)
        self.box.setSingleStep(32)
        self.box.setSuffix(" px")
        self.box.setRange(least, greatest)
        self.box.setValue(proposed)
        self.box.setAccessibleName("Longer side")

    def _connect(self) -> None:
        self.box.valueChanged.connect(self._show)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    @property
    def size_chosen(self) -> int:
        """The longer side, px."""
        return round(self.box.value())

    def _show(self) -> None:
        cost = self._cost(self.size_chosen)
        self.finish_button.setEnabled(cost is None or cost.fits)
        if cost is None:
            self.words.setText("")
        elif cost.fits:
            self.words.setText(" · ".join(part for part in (f"{cost.width} × {cost.height} px", cost.words) if part))
        else:
            self.words.setText(str(cost.refusal(self._largest())))
