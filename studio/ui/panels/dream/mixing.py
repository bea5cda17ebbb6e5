"""What each stage takes of another seed: coarse stages say pose and shape, fine ones colours and texture."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from studio.core.dream_settings import DreamSettings, Mixture
from studio.core.events import Picture
from studio.core.settings import SettingInfo
from studio.ui.controls.layouts import column, row
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.controls.rows.number import NumberRow
from studio.ui.theme import Theme, mark

__all__ = ["MixingBoard"]

_TILE = 64


class MixingBoard(QWidget):
    """A slider for each stage, and what they are set to most often, as buttons beside the other seed's picture."""

    mixture_moved = Signal(object)
    """A `Mixture`."""
    gesture_started = Signal()
    gesture_finished = Signal()
    other_clicked = Signal()
    """Go to the other seed."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.tile = PictureTile(_TILE, theme)
        self.tile.set_picture("The other seed", None, "A click goes there")
        self.buttons = {words: QPushButton(words) for words in ("Its Shape", "Its Colours", "Nothing")}
        self.rows: list[NumberRow] = []
        self._rows = column(gap=theme.tokens.gap // 2)
        gap = theme.tokens.gap
        choices = column(row(*self.buttons.values(), None, gap=gap), gap=gap)
        self.setLayout(column(row((self.tile, Qt.AlignmentFlag.AlignTop), (choices, 1), gap=gap), self._rows, gap=gap))
        self._connect()

    def _connect(self) -> None:
        self.tile.clicked.connect(self.other_clicked)
        tips = ("The coarse half of the stages", "The fine half of the stages", "The picture as it is")
        for (words, button), tip in zip(self.buttons.items(), tips, strict=True):
            mark(button, kind="link")
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, words=words: self._choose(words))

    def set_styles(self, styles: int) -> None:
        """Have so many stages; one alone cannot be mixed."""
        if len(self.rows) == styles:
            return
        for each in self.rows:
            self._rows.removeWidget(each)
            each.hide()
            each.deleteLater()
        self.rows = [self._make_row(stage, styles) for stage in range(styles)]
        for each in self.rows:
            self._rows.addWidget(each)

    def _make_row(self, stage: int, styles: int) -> NumberRow:
        ends = {0: " (shape)", styles - 1: " (colours)"} if styles > 1 else {}
        info = SettingInfo(
            "share", "number", 0.0, f"{4 * 2**stage} px{ends.get(stage, '')}",
            "How much of the other seed this stage takes", 0.0, 1.0, "style mixing", step=0.05,
        )  # fmt: skip
        made = NumberRow(info, self._theme)
        made.value_changed.connect(lambda _value: self._tell())
        made.gesture_started.connect(self.gesture_started)
        made.gesture_finished.connect(self.gesture_finished)
        return made

    def show_settings(self, settings: DreamSettings) -> None:
        """Show what is mixed; tells nobody."""
        shares = settings.mixture.shares
        for stage, each in enumerate(self.rows):
            value = shares[stage] if stage < len(shares) else 0.0
            if value != each.value:
                each.set_value(value)
        self.buttons["Nothing"].setEnabled(any(shares))

    def show_other(self, seed: int, picture: Picture | None) -> None:
        """Show the other seed's picture."""
        self.tile.set_picture(f"Seed {seed}", picture, "The other seed: a click goes there")

    def _choose(self, words: str) -> None:
        styles = len(self.rows)
        coarse = -(-styles // 2)
        shares: Sequence[float] = {
            "Its Shape": (1.0,) * coarse + (0.0,) * (styles - coarse),
            "Its Colours": (0.0,) * coarse + (1.0,) * (styles - coarse),
        }.get(words, ())
        self.mixture_moved.emit(Mixture(shares=tuple(shares)))

    def _tell(self) -> None:
        shares = tuple(float(each.value) for each in self.rows)
        self.mixture_moved.emit(Mixture(shares=shares if any(shares) else ()))
