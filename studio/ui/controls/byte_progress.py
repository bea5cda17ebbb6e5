"""One line for a file on its way: what is done with it, how much of it, how long still, and the way to stop it."""

import time
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QToolButton, QWidget

from studio.core.eta import EtaEstimator, words_for_time_left
from studio.core.events import Progress
from studio.core.sizes import of_megabytes
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.figures import figures_label
from studio.ui.icons import set_icon
from studio.ui.theme import Theme

_PACE_MEMORY = 8_000_000
"""Over how many bytes the pace is averaged: a few seconds of an ordinary line."""


class ByteProgress(QWidget):
    """Stage · bytes · time left · bar · Cancel, each in its place so that nothing shifts while the numbers run.

    Args:
        theme: where colours and icons come from.
        parent: the widget it lies in.
        clock: seconds; a test hands in its own.

    """

    cancel_requested = Signal()

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._theme, self._clock = theme, clock
        self._eta = EtaEstimator(memory=_PACE_MEMORY)
        self._stage_name = ""
        self._stage = ElidingLabel(parent=self)
        self._bytes = figures_label("8888 of 8888 MB", self)
        self._left = figures_label("88:88:88 left", self)
        self.bar = QProgressBar(self)
        self.cancel_button = QToolButton(self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        self._stage.setMinimumWidth(96)
        self._stage.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar.setTextVisible(False)
        self.bar.setMinimumWidth(64)
        self.cancel_button.setFixedSize(QSize(tokens.row, tokens.row))
        self.cancel_button.setIconSize(QSize(16, 16))
        self.cancel_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_icon(self.cancel_button, "close", self._theme, colour="text_muted")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(tokens.gap)
        layout.addWidget(self._stage, 3)
        layout.addWidget(self._bytes)
        layout.addWidget(self._left)
        layout.addSpacing(tokens.gap)
        layout.addWidget(self.bar, 2)
        layout.addWidget(self.cancel_button)

    def _connect(self) -> None:
        self.cancel_button.clicked.connect(self.cancel_requested)

    @property
    def text(self) -> str:
        """Everything the line says, as one sentence."""
        return " · ".join(part for part in (self._stage.text(), self._bytes.text(), self._left.text()) if part)

    def set_subject(self, subject: str, cancel_hint: str = "") -> None:
        """Tell screen readers what is on its way, and say what becomes of it when it is cancelled."""
        self.bar.setAccessibleName(f"Progress of {subject}")
        self.cancel_button.setAccessibleName(f"Cancel {subject}")
        self.cancel_button.setToolTip(cancel_hint or "Cancel")

    def start(self, words: str) -> None:
        """Something begins, or waits for its turn; how far it is nobody knows yet."""
        self._eta.reset()
        self._stage_name = ""
        self.cancel_button.setEnabled(True)
        self._say(words, "", "")
        self.bar.setRange(0, 0)

    def wait(self, words: str) -> None:
        """Show that it stands in line: an empty bar that does not move."""
        self.start(words)
        self.bar.setRange(0, 1)
        self.bar.setValue(0)

    def set_progress(self, progress: Progress) -> None:
        """Show how many bytes are done."""
        if progress.heading != self._stage_name:
            self._stage_name = progress.heading
            self._eta.reset()
        known = progress.total > 0
        left = self._eta.observe(self._clock(), progress.done, progress.total)
        share = of_megabytes(progress.done, progress.total) if known else ""
        self._say(progress.heading, share, words_for_time_left(left) if known else "")
        # thousandths: Qt's bar counts in 32 bits, and a network may have more bytes than that
        self.bar.setRange(0, 1000 if known else 0)
        self.bar.setValue(1000 * min(progress.done, progress.total) // progress.total if known else 0)

    def show_cancelling(self) -> None:
        """The wish was heard; the line in progress still has to let go."""
        self.cancel_button.setEnabled(False)
        self._say("Stopping…", self._bytes.text(), "")

    def _say(self, stage: str, share: str, left: str) -> None:
        for label, words in ((self._stage, stage), (self._bytes, share), (self._left, left)):
            if label.text() != words:
                label.setText(words)
