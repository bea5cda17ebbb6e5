"""What an empty place says: what belongs there, and the shortest ways to fill it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from studio.jobs.browse import Thumbnail
from studio.ui.controls.layouts import column, row
from studio.ui.controls.mnemonics import without_mnemonic
from studio.ui.controls.samples import SampleRow
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

_ICON = 48
_SAMPLE_TILE = 96


class EmptyState(QWidget):
    """An icon, a sentence, a quieter one, buttons, and samples to click.

    Args:
        icon_name: an icon by what it means.
        title: e.g. "Drop a photo here".
        words: the quieter sentence.

    """

    sample_chosen = Signal(str)

    def __init__(self, icon_name: str, title: str, words: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._sign = QLabel(self)
        self._title = QLabel(title, self)
        self._words = QLabel(words, self)
        self._buttons = row(gap=theme.tokens.gap)
        self._samples_title = QLabel("or try one of these", self)
        self._samples = SampleRow(_SAMPLE_TILE, theme, self)
        self._lay_out()
        self._connect()
        set_icon(self._sign, icon_name, theme, colour="text_muted", side=_ICON)
        self.set_samples([])

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        centre = Qt.AlignmentFlag.AlignHCenter
        mark(self._title, tone="title")
        mark(self._words, tone="muted")
        mark(self._samples_title, tone="small")
        for label in (self._title, self._words):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._buttons.setAlignment(centre)
        samples = ((self._samples_title, centre), (self._samples, centre))
        self.setLayout(
            column(
                None, (self._sign, centre), self._title, self._words, gap, self._buttons, gap, *samples, None,
                gap=gap, margins=3 * gap,
            )
        )  # fmt: skip

    def _connect(self) -> None:
        self._samples.sample_chosen.connect(self.sample_chosen)

    def add_action(self, action: QAction, *, primary: bool = False) -> QPushButton:
        """Offer an action as a button that follows it."""
        button = _ActionButton(action, self, with_icon=not primary)
        if primary:
            mark(button, kind="primary")
        self._buttons.addWidget(button)
        return button

    def set_samples(self, samples: Sequence[Thumbnail]) -> None:
        """Offer samples; without any, their caption is hidden too."""
        self._samples.set_samples(samples)
        self._samples.setVisible(bool(samples))
        self._samples_title.setVisible(bool(samples))

    def set_words(self, title: str, words: str) -> None:
        """Say something else."""
        self._title.setText(title)
        self._words.setText(words)


class _ActionButton(QPushButton):
    """A push button that says, shows and allows what its action does."""

    def __init__(self, action: QAction, parent: QWidget, *, with_icon: bool) -> None:
        super().__init__(parent)
        self._action, self._with_icon = action, with_icon
        self._follow()
        action.changed.connect(self._follow)
        self.clicked.connect(action.trigger)

    def _follow(self) -> None:
        self.setText(self._action.text())
        self.setToolTip(self._action.toolTip())
        self.setEnabled(self._action.isEnabled())
        self.setVisible(self._action.isVisible())
        self.setAccessibleName(without_mnemonic(self._action.text()))
        if self._with_icon:
            self.setIcon(self._action.icon())
