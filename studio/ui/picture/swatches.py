"""Colours side by side, to choose one from."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from studio.ui.controls.layouts import row
from studio.ui.theme import Theme

__all__ = ["Swatches"]

_MOST = 8


class Swatches(QWidget):
    """Shows up to eight colours with how likely each of them is; a click chooses one."""

    chosen = Signal(QColor)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colours: tuple[QColor, ...] = ()
        side = theme.tokens.control
        self.buttons = [QToolButton(self) for _ in range(_MOST)]
        for place, button in enumerate(self.buttons):
            button.setFixedSize(side, side)
            button.setIconSize(QSize(side - 8, side - 8))
            button.setAccessibleName("Likely colour")
            button.setToolTip("A colour that the place may have")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _on=False, place=place: self.chosen.emit(self.colours[place]))
        self.setLayout(row(*self.buttons, None, gap=2))
        self.show_colours(())

    def show_colours(self, likely: Sequence[tuple[QColor, float]]) -> None:
        """Show colours and their chances, 0–1; without any there is nothing to see."""
        self.colours = tuple(colour for colour, _ in likely[:_MOST])
        for button in self.buttons:
            button.hide()
        for button, (colour, chance) in zip(self.buttons, likely, strict=False):
            swatch = QPixmap(button.iconSize())
            swatch.fill(colour)
            button.setIcon(QIcon(swatch))
            words = f"{colour.name()}, likely by {max(1, round(100 * chance))} %"
            button.setAccessibleName(words)
            button.setToolTip(f"{words}: sets a dot of it")
            button.show()
        self.setVisible(bool(self.colours))
