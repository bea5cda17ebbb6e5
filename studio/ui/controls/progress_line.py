"""How far something is: what is being done, how much of it, how long it will take, and the way to stop it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QWidget

from studio.core.eta import EtaEstimator, words_for_time_left
from studio.core.events import Progress
from studio.core.sizes import of_megabytes
from studio.ui.controls.eliding_label import ElidingLabel, figures_label
from studio.ui.controls.layouts import row
from studio.ui.controls.memory_label import MemoryLabel
from studio.ui.controls.tool_button import tool_button
from studio.ui.icons import set_icon
from studio.ui.theme import Theme

__all__ = ["ByteProgress", "ProgressLine"]

_IDLE = "Ready"

_FINE = 10_000
"""Parts of the bar, and of the clock of a whole job: Qt's bar counts in 32 bits, and a file may have more bytes."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is counted: the widest text, how `done` of `total` is written, and over how many the pace is averaged."""

    widest: str
    write: Callable[[int, int], str]
    memory: float


_STEPS = _Unit("8888 / 8888", lambda done, total: f"{done} / {total}", 12.0)
_BYTES = _Unit("8888 of 8888 MB", of_megabytes, 8_000_000.0)  # a few seconds of an ordinary connection


class _ProgressBase(QWidget):
    """Stage · how much · time left · bar, each in its fixed place so that nothing shifts; subclasses add buttons.

    Args:
        clock: seconds; a test hands in its own.

    """

    unit: ClassVar[_Unit]

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._theme, self._clock = theme, clock
        self._eta = EtaEstimator(memory=self.unit.memory)
        self._job_eta = EtaEstimator(memory=0.06 * _FINE, least=_FINE // 100)
        self._heading = ""
        self._stage = ElidingLabel(parent=self)
        self._count = figures_label(self.unit.widest, self)
        self._left = figures_label("88:88:88 left", self)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self._stage.setMinimumWidth(96)
        self._stage.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._add_buttons()

    def _add_buttons(self) -> None:
        """Make the buttons, connect them and lay everything out."""
        raise NotImplementedError

    def _lay_out(self, *buttons: QWidget, stretch: tuple[int, int]) -> QHBoxLayout:
        gap = self._theme.tokens.gap
        layout = row((self._stage, stretch[0]), self._count, self._left, gap, (self.bar, stretch[1]), *buttons, gap=gap)
        self.setLayout(layout)
        return layout

    @property
    def text(self) -> str:
        """Everything the line says, as one sentence."""
        return " · ".join(part for part in (self._stage.text(), self._count.text(), self._left.text()) if part)

    def start(self, words: str) -> None:
        """Something begins; how far it is nobody knows yet."""
        self._heading = ""
        self._eta.reset()
        self._job_eta.reset()
        self._say(words)
        self.bar.setRange(0, 0)

    def set_progress(self, progress: Progress) -> None:
        """Show where the job is."""
        if progress.heading != self._heading:
            self._heading = progress.heading
            self._eta.reset()
        done, total, eta = progress.done, progress.total, self._eta
        if progress.share is not None:  # of the whole job, not only of the stage
            done, total, eta = round(progress.share * _FINE), _FINE, self._job_eta
        left = words_for_time_left(eta.observe(self._clock(), done, total))
        self._say(*self._words(progress), left if progress.total > 0 else "")
        self.bar.setRange(0, _FINE if total else 0)  # 0: the length is not known, the bar only shows that it lives
        self.bar.setValue(_FINE * min(done, total) // total if total else 0)

    def _words(self, progress: Progress) -> tuple[str, str]:
        """Return what is being done, and how much of it is done."""
        return progress.heading, self.unit.write(progress.done, progress.total) if progress.total > 0 else ""

    def _say(self, stage: str, count: str = "", left: str = "") -> None:
        for label, words in ((self._stage, stage), (self._count, count), (self._left, left)):
            if label.text() != words:
                label.setText(words)


class ProgressLine(_ProgressBase):
    """The line at the bottom: the job's stage, steps and time left, with Pause and Stop.

    Where the window is narrow, memory goes first, then the count of steps; the stage is cut short, and nothing else.

    Args:
        with_buttons: whether there is anything that takes long enough to be paused and stopped.

    """

    unit = _STEPS

    stop_requested = Signal()
    pause_requested = Signal()
    resume_requested = Signal()
    go_on_requested = Signal()
    """What was stopped shall be brought to its end."""

    def __init__(
        self,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        with_buttons: bool = True,
    ) -> None:
        super().__init__(theme, parent, clock=clock)
        for button in (self._pause, self._stop):
            button.setVisible(with_buttons)

    def _add_buttons(self) -> None:
        tokens = self._theme.tokens
        self._pause = QPushButton(self)
        self._stop = QPushButton("Stop", self)
        self.bar.setMinimumWidth(48)
        self.bar.setAccessibleName("Progress")
        set_icon(self._stop, "stop", self._theme)
        for button, widest in ((self._pause, "Resume"), (self._stop, "Stop")):
            button.setIconSize(QSize(16, 16))
            button.setFixedSize(button.fontMetrics().horizontalAdvance(widest) + 44, tokens.control)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard where it is
        self._stop.setAccessibleName("Stop")
        self._stop.setToolTip("Stop here and keep what was reached")
        self._memory = MemoryLabel(self)
        layout = self._lay_out(self._memory, self._pause, self._stop, stretch=(1, 1))
        layout.insertSpacing(layout.count() - 2, tokens.gap)
        layout.setContentsMargins(tokens.margin, tokens.gap // 2, tokens.margin, tokens.gap // 2)
        self._pause.clicked.connect(self._ask_pause_or_resume)
        self._stop.clicked.connect(self.stop_requested)
        self.finish()

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        shown = (widget for widget in (self._count, self._memory) if not widget.isHidden())
        return super().minimumSizeHint() - QSize(sum(self._room_of(widget) for widget in shown), 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fold()

    def _room_of(self, widget: QWidget) -> int:
        return widget.minimumWidth() + self._theme.tokens.gap

    def _fold(self) -> None:
        """Show what there is room for."""
        room = self.width() - self.minimumSizeHint().width()
        for widget, wanted in ((self._count, self._running), (self._memory, self._memory.is_known)):
            fits = wanted and self._room_of(widget) <= room
            widget.setVisible(fits)
            room -= self._room_of(widget) if fits else 0

    @property
    def is_running(self) -> bool:
        """True between `start` and `finish`."""
        return self._running

    def start(self, words: str = "Starting…") -> None:
        """Something runs from now on: Pause and Stop can be pressed."""
        self._show_state(running=True)
        super().start(words)

    def set_paused(self, paused: bool) -> None:
        """Show that the job rests, or goes on."""
        self._eta.rest()
        self._job_eta.rest()
        self._show_state(running=self._running, paused=paused)
        self._say(self._stage.text(), self._count.text())

    def finish(self, words: str = _IDLE, *, can_go_on: bool = False) -> None:
        """Nothing runs any more; `words` say how it ended.

        Args:
            words: what stands there.
            can_go_on: whether it was stopped, and can be gone on with.

        """
        self._show_state(running=False, can_go_on=can_go_on)
        self._say(words)
        self.bar.setRange(0, 1)
        self.bar.setValue(0)

    def _words(self, progress: Progress) -> tuple[str, str]:
        """Leave a stage that says itself how far it is, such as a download's, as it is."""
        return progress.stage, "" if progress.in_words else super()._words(progress)[1]

    def _say(self, stage: str, count: str = "", left: str = "") -> None:
        super()._say(stage, count, "paused" if self._paused else left)

    def _ask_pause_or_resume(self) -> None:
        if not self._running:
            self.go_on_requested.emit()
        else:
            (self.resume_requested if self._paused else self.pause_requested).emit()

    def _show_state(self, *, running: bool, paused: bool = False, can_go_on: bool = False) -> None:
        self._running, self._paused = running, paused
        for widget in (self._left, self.bar):
            widget.setVisible(running)  # at rest the words have the whole line
        self._fold()
        words, tip = ("Resume", "Go on painting") if paused else ("Pause", "Rest here; the picture stays")
        if can_go_on:
            words, tip = "Go on", "It was stopped: bring it to its end (Ctrl+P)"
        self._pause.setText(words)
        self._pause.setAccessibleName(words)
        self._pause.setToolTip(tip)
        set_icon(self._pause, "play" if paused or can_go_on else "pause", self._theme)
        self._pause.setEnabled(running or can_go_on)
        self._stop.setEnabled(running)


class ByteProgress(_ProgressBase):
    """The line of a file on its way: megabytes and time left, with Cancel."""

    unit = _BYTES

    cancel_requested = Signal()

    def _add_buttons(self) -> None:
        side = self._theme.tokens.row
        self.cancel_button = tool_button("close", "Cancel", self._theme, self, side=side, colour="text_muted")
        self.bar.setMinimumWidth(64)
        self._lay_out(self.cancel_button, stretch=(3, 2))
        self.cancel_button.clicked.connect(self.cancel_requested)

    def set_subject(self, subject: str, cancel_hint: str = "") -> None:
        """Tell screen readers what is on its way, and say what becomes of it when it is cancelled."""
        self.bar.setAccessibleName(f"Progress of {subject}")
        self.cancel_button.setAccessibleName(f"Cancel {subject}")
        self.cancel_button.setToolTip(cancel_hint or "Cancel")

    def start(self, words: str) -> None:
        """Something begins; it can be cancelled."""
        super().start(words)
        self.cancel_button.setEnabled(True)

    def wait(self, words: str) -> None:
        """Show that it stands in line: an empty bar that does not move."""
        self.start(words)
        self.bar.setRange(0, 1)
        self.bar.setValue(0)

    def show_cancelling(self) -> None:
        """The wish was heard; the connection in progress still has to let go."""
        self.cancel_button.setEnabled(False)
        self._say("Stopping…", self._count.text())
