"""Colours to paint with, ready to hand."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QWidget

from studio.ui.controls.layouts import row
from studio.ui.theme import Theme

__all__ = ["Palette"]

_COLOURS = {
    "Black": "#000000", "Grey": "#7f7f7f", "White": "#ffffff", "Brown": "#6b4423", "Sand": "#d9b98a",
    "Red": "#c4331f", "Orange": "#ef8a2b", "Yellow": "#f6d743", "Meadow": "#7ea04d", "Green": "#2f5d34",
    "Turquoise": "#2a8c8c", "Sky": "#8fc1e8", "Blue": "#2b57a7", "Violet": "#7a4b94",
}  # fmt: skip
_SIDE = 20


class Palette(QWidget):
    """A row of colours, one of which may be the one that is painted with; arrow keys move the choice."""

    chosen = Signal(QColor)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self.swatches = [_Swatch(name, QColor(colour), theme, self) for name, colour in _COLOURS.items()]
        for swatch in self.swatches:
            self._group.addButton(swatch)
        self.setLayout(row(*self.swatches, None, gap=3))
        self._group.buttonClicked.connect(lambda swatch: self.chosen.emit(swatch.colour))

    def set_current(self, colour: QColor) -> None:
        """Show which one is painted with, if any; tells nobody."""
        self._group.setExclusive(False)
        for swatch in self.swatches:
            swatch.setChecked(swatch.colour == colour)
        self._group.setExclusive(True)


class _Swatch(QAbstractButton):
    def __init__(self, name: str, colour: QColor, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.colour, self._theme = colour, theme
        self.setCheckable(True)
        self.setAccessibleName(f"Colour: {name}")
        self.setToolTip(name)
        self.setFixedSize(_SIDE, _SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        marked = self.isChecked() or self.hasFocus()
        painter.setPen(QPen(self._theme.colour("focus" if marked else "border"), 2 if marked else 1))
        painter.setBrush(self.colour)
        inset = 1.0 if marked else 1.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 4, 4)
