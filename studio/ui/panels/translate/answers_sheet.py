"""Nine answers of a pair that knows many, side by side: a click takes one."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from studio.jobs.translate.answers import SHOWN, Answer
from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.controls.tool_button import tool_button
from studio.ui.theme import Theme

__all__ = ["AnswersSheet"]

_ACROSS, _TILE = 3, 92


class AnswersSheet(QWidget):
    """Asks for answers, nine at a time, and shows them."""

    wanted = Signal(int)
    """The seed of the first of nine answers."""
    chosen = Signal(int)
    """The seed of one."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._first = 1
        self._answers: Sequence[Answer] = ()
        self.ask_button = QPushButton("Nine Answers", self)
        self.ask_button.setToolTip("Paint nine answers of this pair, small, to choose one")
        self.others_button = tool_button("dice", "Others", theme, hint="Nine others", side=theme.tokens.control)
        self.tiles = [PictureTile(_TILE, theme) for _ in range(SHOWN)]
        gap = theme.tokens.gap
        rows = (row(*self.tiles[first : first + _ACROSS], None, gap=gap // 2) for first in range(0, SHOWN, _ACROSS))
        self.sheet = holding(column(*rows, gap=gap // 2))
        self.setLayout(column(row(self.ask_button, self.others_button, None, gap=gap), self.sheet, gap=gap))
        self.ask_button.clicked.connect(lambda: self._ask(1))
        self.others_button.clicked.connect(lambda: self._ask(self._first + SHOWN))
        for place, tile in enumerate(self.tiles):
            tile.set_picture(f"Answer {place + 1}", None, "A click translates by it")
            tile.clicked.connect(partial(self._choose, place))
        self.show_answers(())

    def _ask(self, first: int) -> None:
        self._first = first
        self.wanted.emit(first)

    def _choose(self, place: int) -> None:
        self.chosen.emit(self._answers[place].code)

    def show_answers(self, answers: Sequence[Answer]) -> None:
        """Show nine answers; none are of another picture or pair, and are not shown any more."""
        self._answers = answers
        for tile, answer in zip(self.tiles, answers, strict=False):
            tile.set_picture(f"Answer {answer.code}", answer.picture, "A click translates by it")
        self.sheet.setVisible(bool(answers))
        self.others_button.setVisible(bool(answers))
