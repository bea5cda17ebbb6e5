"""A list to choose one value from, with a chevron of our own icon font."""

from collections.abc import Mapping

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyledItemDelegate, QWidget

from studio.ui.controls.focus_wheel import FocusWheel
from studio.ui.icons import icon
from studio.ui.theme import Theme

_MOST_IN_SIGHT = 30
"""Lines that a list shows before it scrolls."""


class ChoiceBox(QComboBox):
    """A combo box over values and their words; long words elide instead of widening the panel."""

    chosen = Signal(str)
    """Chosen by hand or key, never by `set_current`."""

    def __init__(self, choices: Mapping[str, str], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setMaxVisibleItems(_MOST_IN_SIGHT)
        self.setItemDelegate(QStyledItemDelegate(self))  # Fusion's own delegate ignores the stylesheet
        FocusWheel(self)
        self.set_choices(choices)
        self._connect()

    def _connect(self) -> None:
        self.currentIndexChanged.connect(self._tell)

    def set_choices(self, choices: Mapping[str, str]) -> None:
        """Offer these values; tells nobody."""
        blocked = self.blockSignals(True)
        self.clear()
        for value, words in choices.items():
            self.addItem(words, value)
        self.blockSignals(blocked)

    def set_current(self, value: str) -> None:
        """Show `value` as chosen, adding it if it is not on offer; tells nobody."""
        blocked = self.blockSignals(True)
        index = self.findData(value)
        if index < 0:
            self.addItem(value, value)
            index = self.count() - 1
        self.setCurrentIndex(index)
        self.blockSignals(blocked)

    def showPopup(self) -> None:
        """Open the list as wide as its longest words: the panel may have cut them short."""
        view = self.view()
        frame = 2 * view.frameWidth() + view.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        view.setMinimumWidth(view.sizeHintForColumn(0) + frame)
        super().showPopup()

    def words_for(self, value: str) -> str:
        """Return the words that stand for `value`."""
        index = self.findData(value)
        return self.itemText(index) if index >= 0 else value

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        super().paintEvent(event)
        side = 16
        corner = QRect(self.width() - side - 5, (self.height() - side) // 2, side, side)
        colour = "text_muted" if self.isEnabled() else "border"
        icon("chevron_down", self._theme.tokens, colour=colour).paint(
            QPainter(self), corner, Qt.AlignmentFlag.AlignCenter
        )

    def _tell(self, index: int) -> None:
        if index >= 0:
            self.chosen.emit(str(self.itemData(index)))
