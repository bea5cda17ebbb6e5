"""What a panel holds of a job that it gave to the engine."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.controls import Controls
from studio.core.events import Log, Metrics, Preview, Progress
from studio.core.failures import Failure
from studio.engine.messages import Cancelled, Failed, Finished, Message, Started
from studio.engine.run import Run


class JobState(StrEnum):
    """Where a job is, as the UI thread has been told."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """True when nothing more will be heard of the job."""
        return self in (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED)


class JobHandle(QObject):
    """Steers one job and tells what becomes of it; lives in the UI thread.

    Exactly one of `finished`, `failed` and `cancelled` ends a job's signals, and `state` has changed when it comes. A
    live job that was replaced, and any job that was dropped, falls silent instead: its handle is cancelled, and no
    signal follows, not even one that was on its way.
    """

    told = Signal(object)
    """Each `Message`, before the signal of its own, which follows whatever a slot does here.

    One connection for all of them, where jobs are many and short.
    """
    started = Signal()
    progressed = Signal(Progress)
    frame_ready = Signal(Preview)
    measured = Signal(Metrics)
    logged = Signal(Log)
    finished = Signal(object)
    failed = Signal(Failure)
    cancelled = Signal()
    state_changed = Signal(str)

    def __init__(self, run: Run, wake_engine: Callable[[], None]) -> None:
        super().__init__()
        self._run = run
        self._wake_engine = wake_engine
        self._phase = JobState.WAITING

    @property
    def key(self) -> str:
        """Whose job it is; the engine's signals carry it first."""
        return self._run.key

    @property
    def controls(self) -> Controls[Any]:
        """What steers the job: replace its settings here."""
        return self._run.controls

    @property
    def state(self) -> JobState:
        """Where the job is."""
        if not self._phase.is_over and self.controls.paused:
            return JobState.PAUSED
        return self._phase

    def pause(self) -> None:
        """Let the job stand still after the step in progress; it takes no time until `resume`."""
        before = self.state
        self.controls.pause()
        self._wake_engine()
        self._tell_change(before)

    def resume(self) -> None:
        """Go on with a paused job."""
        before = self.state
        self.controls.resume()
        self._wake_engine()
        self._tell_change(before)

    def cancel(self) -> None:
        """Close the job at its next yield and drop what it made; `cancelled` follows. Over already: does nothing."""
        self.controls.cancel()
        self._wake_engine()

    def drop(self) -> None:
        """Close the job at its next yield, and hear nothing of it from now on. Over already: does nothing."""
        if not self._phase.is_over:
            self.cancel()
            self.fall_silent()

    def finish(self) -> None:
        """Ask the job to return what it has reached; `finished` follows."""
        self.controls.finish()
        self.resume()

    def take(self, message: Message) -> None:
        """Bring the state up to date with `message` and emit it. The engine calls this, in the UI thread."""
        self._enter(message)
        self.told.emit(message)
        match message:
            case Started():
                self.started.emit()
            case Progress():
                self.progressed.emit(message)
            case Preview():
                self.frame_ready.emit(message)
            case Metrics():
                self.measured.emit(message)
            case Log():
                self.logged.emit(message)
            case Finished(result):
                self.finished.emit(result)
            case Failed(failure):
                self.failed.emit(failure)
            case Cancelled():
                self.cancelled.emit()

    def fall_silent(self) -> None:
        """End as cancelled, without a signal: another job took the place, or nobody wants to know any more."""
        self._phase = JobState.CANCELLED

    def _enter(self, message: Message) -> None:
        before = self.state
        match message:
            case Started():
                self._phase = JobState.RUNNING
            case Finished():
                self._phase = JobState.FINISHED
            case Failed():
                self._phase = JobState.FAILED
            case Cancelled():
                self._phase = JobState.CANCELLED
        self._tell_change(before)

    def _tell_change(self, before: JobState) -> None:
        if self.state != before:
            self.state_changed.emit(self.state)
