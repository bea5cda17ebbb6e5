"""The line at the bottom: what is being done, how far it is, how long it will take, and the way to stop it."""

import time
from collections.abc import Callable

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QWidget

from studio.core.eta import EtaEstimator, words_for_time_left
from studio.core.events import Progress
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.figures import figures_label
from studio.ui.icons import set_icon
from studio.ui.theme import Theme

_IDLE = "Ready"

_FINE = 10_000
"""Parts into which the whole job is divided for bar and clock."""


class ProgressLine(QWidget):
    """Stage · step · time left · bar · Pause · Stop, each in its fixed place so that nothing shifts.

    Args:
        theme: where colours and icons come from.
        parent: the widget it lies in.
        clock: seconds; a test hands in its own.
        with_buttons: whether there is anything that takes long enough to be paused and stopped.

    """

    stop_requested = Signal()
    pause_requested = Signal()
    resume_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        with_buttons: bool = True,
    ) -> None:
        super().__init__(parent)
        self._theme, self._clock = theme, clock
        self._eta = EtaEstimator()
        self._job_eta = EtaEstimator(memory=0.06 * _FINE)
        self._running = self._paused = False
        self._stage_name: str | None = None
        self._stage = ElidingLabel(_IDLE, self)
        self._steps = figures_label("8888 / 8888", self)
        self._left = figures_label("88:88:88 left", self)
        self._bar = QProgressBar(self)
        self._pause = QPushButton(self)
        self._stop = QPushButton("Stop", self)
        self._lay_out()
        self._connect()
        for button in (self._pause, self._stop):
            button.setVisible(with_buttons)
        self._show_state()

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        self._stage.setMinimumWidth(96)
        self._stage.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar.setTextVisible(False)
        self._bar.setMinimumWidth(48)
        self._bar.setAccessibleName("Progress")
        set_icon(self._stop, "stop", self._theme)
        for button, widest in ((self._pause, "Resume"), (self._stop, "Stop")):
            button.setIconSize(QSize(16, 16))
            button.setFixedSize(button.fontMetrics().horizontalAdvance(widest) + 44, tokens.control)
        self._stop.setAccessibleName("Stop")
        self._stop.setToolTip("Stop here and keep what was reached")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(tokens.margin, tokens.gap // 2, tokens.margin, tokens.gap // 2)
        layout.setSpacing(tokens.gap)
        layout.addWidget(self._stage, 1)
        layout.addWidget(self._steps)
        layout.addWidget(self._left)
        layout.addSpacing(tokens.gap)
        layout.addWidget(self._bar, 1)
        layout.addSpacing(tokens.gap)
        layout.addWidget(self._pause)
        layout.addWidget(self._stop)

    def _connect(self) -> None:
        self._pause.clicked.connect(self._ask_pause_or_resume)
        self._stop.clicked.connect(self.stop_requested)

    @property
    def is_running(self) -> bool:
        """True between `start` and `finish`."""
        return self._running

    @property
    def text(self) -> str:
        """Everything the line says, as one sentence."""
        return " · ".join(part for part in (self._stage.text(), self._steps.text(), self._left.text()) if part)

    def start(self, words: str = "Starting…") -> None:
        """Something runs from now on: Pause and Stop can be pressed."""
        self._running, self._paused = True, False
        self._stage_name = None
        self._eta.reset()
        self._job_eta.reset()
        self._say(words)
        self._bar.setRange(0, 0)
        self._show_state()

    def set_progress(self, progress: Progress) -> None:
        """Show where the job is."""
        if progress.heading != self._stage_name:
            self._stage_name = progress.heading
            self._eta.reset()
        known = progress.total > 0
        done, total = _whole(progress)
        eta = self._eta if progress.share is None else self._job_eta
        left = eta.observe(self._clock(), done, total)
        self._say(progress.stage)
        self._steps.setText(f"{progress.done} / {progress.total}" if known and not progress.in_words else "")
        self._left.setText(words_for_time_left(left) if known and not self._paused else "")
        self._bar.setRange(0, total)  # 0: the length is not known, the bar only shows that it lives
        self._bar.setValue(min(done, total))

    def set_paused(self, paused: bool) -> None:
        """Show that the job rests, or goes on."""
        self._paused = paused
        self._eta.rest()
        self._job_eta.rest()
        if paused:
            self._left.setText("paused")
        elif self._left.text() == "paused":
            self._left.setText("")
        self._show_state()

    def finish(self, words: str = _IDLE) -> None:
        """Nothing runs any more; `words` say how it ended."""
        self._running = self._paused = False
        self._say(words)
        self._steps.setText("")
        self._left.setText("")
        self._bar.setRange(0, 1)
        self._bar.setValue(0)
        self._show_state()

    def _say(self, words: str) -> None:
        if words != self._stage.text():
            self._stage.setText(words)

    def _ask_pause_or_resume(self) -> None:
        (self.resume_requested if self._paused else self.pause_requested).emit()

    def _show_state(self) -> None:
        for widget in (self._steps, self._left, self._bar):
            widget.setVisible(self._running)  # at rest the words have the whole line
        words = "Resume" if self._paused else "Pause"
        self._pause.setText(words)
        self._pause.setAccessibleName(words)
        self._pause.setToolTip("Go on painting" if self._paused else "Rest here; the picture stays")
        set_icon(self._pause, "play" if self._paused else "pause", self._theme)
        for button in (self._pause, self._stop):
            button.setEnabled(self._running)


def _whole(progress: Progress) -> tuple[int, int]:
    """Return done and total of the whole job where that is known, otherwise of the stage."""
    if progress.share is None:
        return progress.done, progress.total
    return round(progress.share * _FINE), _FINE
