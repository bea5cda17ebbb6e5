"""A walk that is being written: how far it is, and the way to stop it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QPushButton, QWidget

from studio.core.events import Progress
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import row
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

__all__ = ["WritingBar"]


class WritingBar(QWidget):
    """A line below the canvas, there while a walk is written."""

    stop_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._name = ""
        self.words, self.bar, self.stop_button = ElidingLabel(), QProgressBar(), QPushButton("Stop")
        self.bar.setTextVisible(False)
        self.bar.setMinimumWidth(48)
        self.bar.setAccessibleName("Progress of the walk that is written")
        set_icon(self.stop_button, "stop", theme)
        self.stop_button.setAccessibleName("Stop writing the walk")
        self.stop_button.setToolTip("Stop writing; of a video nothing is left")
        mark(self.stop_button, kind="quiet")
        mark(self, surface="window")
        tokens = theme.tokens
        margins = (tokens.margin, tokens.gap // 2, tokens.gap, tokens.gap // 2)
        self.setLayout(row((self.words, 1), (self.bar, 1), self.stop_button, gap=tokens.gap, margins=margins))
        self.stop_button.clicked.connect(self.stop_requested)
        self.hide()

    def begin(self, name: str) -> None:
        """Say what is about to be written."""
        self._name = name
        self.words.setText(f"Writing {name}")
        self.bar.setRange(0, 0)
        self.stop_button.setEnabled(True)
        self.show()

    def set_progress(self, progress: Progress) -> None:
        """Show how many frames are written; until they are counted the bar only shows that it lives."""
        if progress.total:
            self.words.setText(f"Writing {self._name} · {progress.done} of {progress.total} frames")
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)

    def show_stopping(self) -> None:
        """The wish was heard."""
        self.words.setText("Stopping…")
        self.stop_button.setEnabled(False)
