"""The film strip with what can be done with the frame that is shown: its numbers in words, and buttons."""

from PySide6.QtCore import QSize, SignalInstance
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import column, holding, row
from studio.ui.icons import set_icon
from studio.ui.picture.film_strip import FilmStrip
from studio.ui.picture.history import History, HistoryState
from studio.ui.theme import Theme, mark

_CARD, _WIDEST, _BUTTON = 288, 440, 28
_SETTLED = 0.005
"""Below this relative change of the loss nothing much happens any more."""


_COMPARE = "Put this frame in the photo's place, then look at another one (C, or Ctrl+click on a frame)"


class StripBar(QWidget):
    """Frames on the left; on the right the one that is shown. Its buttons ask through the strip's own signals.

    Args:
        picture: what is being made: "Painting".

    """

    def __init__(self, picture: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._noun = theme, picture.lower()
        self.strip = FilmStrip(picture, theme, self)
        self._shown: HistoryState | None = None
        self._last = self._compared = -1
        self.title = ElidingLabel(parent=self)
        self.facts = ElidingLabel(parent=self)
        self.go_on = QPushButton("Go On from Here", self)
        self.star = self._button("star", "Star this frame", "Keep this frame in the strip, whatever comes (S)")
        self.compare = self._button("compare_split", "Compare with this frame", _COMPARE)
        self.save = self._button("export", "Save this frame as", "Save this frame under a name of its own")
        self.newest = self._button("newest", "Newest frame", f"Look at the newest state of the {self._noun} again")
        self._lay_out()
        self._connect()

    def _button(self, icon: str, name: str, tip: str) -> QToolButton:
        button, tokens = QToolButton(self), self._theme.tokens
        set_icon(button, icon, self._theme)
        button.setIconSize(QSize(tokens.icon, tokens.icon))
        button.setFixedSize(_BUTTON, tokens.control)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        return button

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        half = tokens.gap // 2
        mark(self.title, tone="strong")
        mark(self.facts, tone="small")
        self.go_on.setAccessibleName("Go on from here")
        self.go_on.setToolTip("Paint on from this frame, with its settings and its paintings (Enter)")
        for button in (self.star, self.compare):
            button.setCheckable(True)
        buttons = row((self.go_on, 1), self.star, self.compare, self.save, self.newest, gap=half)
        self.card = holding(
            column(None, self.title, self.facts, half, buttons, None, gap=2, margins=(0, 0, tokens.gap, 0))
        )
        self.card.setFixedWidth(_CARD)
        self.card.hide()
        self.setLayout(row((self.strip, 1), self.card, gap=0))

    def _connect(self) -> None:
        strip = self.strip
        self.go_on.clicked.connect(lambda: self._ask(strip.frame_chosen))
        self.star.clicked.connect(lambda: self._ask(strip.frame_starred))
        self.save.clicked.connect(lambda: self._ask(strip.save_requested))
        self.compare.clicked.connect(self._ask_for_comparison)
        self.newest.clicked.connect(lambda: strip.frame_shown.emit(self._last))

    def show_history(self, history: History, shown: HistoryState | None, *, newest: bool, running: bool) -> None:
        """Show every frame, and which one the canvas shows.

        Args:
            history: the frames.
            shown: the one on the canvas.
            newest: the canvas follows what is being made.
            running: a job is making more of them.

        """
        self.strip.set_frames(history.frames)
        self.strip.set_current(-1 if shown is None else shown.number)
        self._shown, self._last = shown, history.frames[-1].number if history.frames else -1
        self.card.setVisible(shown is not None)
        self.newest.setEnabled(not newest)
        self.go_on.setEnabled(not (running and newest))
        if shown is not None:
            self.title.setText(f"{shown.name} · " + "{} × {} px".format(*shown.size))
            wide = self.title.sizeHint().width() + self._theme.tokens.gap
            self.card.setFixedWidth(
                max(self.card.minimumWidth(), min(wide, _WIDEST))
            )  # never back: nothing moves to and fro
            self.facts.setText(words_of(shown, history))
            self.star.setChecked(shown.starred)
            set_icon(self.star, "star" if shown.starred else "star_outline", self._theme)

    def set_compared(self, number: int) -> None:
        """Show which frame the canvas compares with, -1 for the photo."""
        self._compared = number
        self.strip.set_compared(number)
        self.compare.setChecked(number >= 0)
        name = "Compare with the photo again" if number >= 0 else "Compare with this frame"
        self.compare.setAccessibleName(name)
        self.compare.setToolTip(f"{name} (C)" if number >= 0 else _COMPARE)

    def _ask_for_comparison(self) -> None:
        self.compare.setChecked(self._compared >= 0)  # until it has happened
        if self._compared >= 0:
            self.strip.comparison_requested.emit(self._compared)
        else:
            self._ask(self.strip.comparison_requested)

    def _ask(self, signal: SignalInstance) -> None:
        if self._shown is not None:
            signal.emit(self._shown.number)


def words_of(frame: HistoryState, history: History) -> str:
    """Say where a frame comes from, or how it differs from the one before: never only a number."""
    before, parent = history.before(frame), history.find(frame.parent)
    if frame.branch:
        return f"Another way from step {parent.evaluations}" if parent else "Another way from an earlier frame"
    if before is None or not before.loss or frame.loss is None:
        earlier = any(other.take == frame.take and other.number < frame.number for other in history.frames)
        return "The first at this size or with these settings" if earlier else "The first of its take"
    change = frame.loss / before.loss - 1.0
    if abs(change) < _SETTLED:
        return "Hardly changed: it is nearly done"
    way = "closer to its aim" if change < 0 else "farther from its aim"
    return f"{abs(change):.0%} {way} than the frame before".replace("%", " %", 1)
