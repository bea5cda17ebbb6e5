"""The engine as the UI thread sees it: give it jobs, connect to its signals, shut it down."""

import gc
import os
import sys
from collections.abc import Callable
from threading import Condition, get_native_id
from time import perf_counter
from typing import Any, TypeAlias

from PySide6.QtCore import QObject, Qt, QThread, Signal

from studio.core.controls import Controls
from studio.core.events import Job, Log, Metrics, Preview, Progress
from studio.core.failures import Failure
from studio.core.settings import Settings
from studio.engine.handle import JobHandle
from studio.engine.memory import UiThreadCollector, free_device_caches
from studio.engine.messages import Cancelled, Failed, Finished, Message, Started
from studio.engine.outbox import Outbox
from studio.engine.run import Run
from studio.engine.scheduler import Scheduler
from studio.jobs import catalog

JobSource: TypeAlias = str | Callable[[Any, Controls[Any]], Job[Any]]
"""A name in the catalogue of jobs, or the generator function itself."""

DELIVERY_SLICE_S = 0.008
"""How long messages are delivered in one go before the window may draw again."""


class _EngineThread(QThread):
    def __init__(self, scheduler: Scheduler, niceness: int, parent: QObject) -> None:
        super().__init__(parent)
        self._scheduler = scheduler
        self._niceness = niceness

    def run(self) -> None:
        """Work until the scheduler is stopped."""
        if sys.platform == "linux":  # where a thread has a niceness of its own, which torch's threads inherit
            thread = get_native_id()
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + self._niceness)
        self._scheduler.work()


class Engine(QObject):
    """Runs jobs on one thread of its own and tells the UI thread about them.

    All methods belong to the UI thread, and all signals arrive there, in order; each carries the job's key first. A
    window that lags gets fewer frames (the newest of each job) and everything else. `shut_down` must be called before
    the engine goes away.

    Args:
        name: of the thread, for debuggers.
        parent: the owner, as everywhere in Qt.
        niceness: how far the thread stands back when processors are scarce. On two busy cores 10 halves the 99th
            percentile of the window's ticks; with cores to spare it costs nothing. 0 for short work people wait for.

    """

    started = Signal(str)
    progressed = Signal(str, Progress)
    frame_ready = Signal(str, Preview)
    measured = Signal(str, Metrics)
    logged = Signal(str, Log)
    finished = Signal(str, object)
    failed = Signal(str, Failure)
    cancelled = Signal(str)
    idle = Signal()

    _letters_arrived = Signal()
    _collection_wanted = Signal()

    def __init__(self, name: str, parent: QObject | None = None, *, niceness: int = 10) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._condition = Condition()
        self._outbox = Outbox(self._condition)
        self._scheduler = Scheduler(self._condition, self._send, lambda: self._outbox.has_room, self._free_memory)
        self._collection_pending = False
        self._libraries_settled = False
        self._handles: dict[Run, JobHandle] = {}
        self._collector = UiThreadCollector(self)
        self._letters_arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._collection_wanted.connect(self._collect_garbage, Qt.ConnectionType.QueuedConnection)
        self._thread = _EngineThread(self._scheduler, niceness, self)
        self._thread.setObjectName(name)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """True when no job runs, waits or is paused."""
        return not self._handles

    @property
    def has_live_work(self) -> bool:
        """True while a live job wants to go on: what is queued then gets a small share of the time."""
        return any(run.live and not run.controls.paused for run in self._handles)

    def live(
        self, key: str, job: JobSource, task: Any, controls: Controls[Any] | None = None, *, after_running: bool = False
    ) -> JobHandle:
        """Run a job at once, in place of whatever live job `key` runs or waits to run; latest wins.

        Args:
            key: who asks, usually a panel.
            job: what to run.
            task: handed to the job.
            controls: handed to the job; a new one for each, unless the steering shall carry over. Without them the job
                has nothing to be set.
            after_running: let the running job of `key` come to its end first and replace only what waits. For renders
                shorter than a drag, where each move would otherwise throw away a picture before it is seen.

        """
        run = self._new_run(key, job, task, controls)
        if self._scheduler.stopping:
            return self._refuse(run)
        replaced = self._scheduler.add_live(run, after_running=after_running)
        if not after_running:  # also those that have ended, but whose last words nobody has heard yet
            replaced = [old for old in self._handles if old.live and old.key == key and old is not run]
        for old in replaced:
            if old.controls is not controls:
                old.controls.cancel()
            self._handles.pop(old).fall_silent()
        return self._handles[run]

    def queue(self, key: str, job: JobSource, task: Any, controls: Controls[Any] | None = None) -> JobHandle:
        """Run a job after those that are queued already, beside live ones."""
        run = self._new_run(key, job, task, controls)
        if self._scheduler.stopping:
            return self._refuse(run)
        self._scheduler.add_queued(run)
        return self._handles[run]

    def shut_down(self, timeout_ms: int = 30_000) -> bool:
        """Close every job after the step in progress, end the thread and deliver what is left to say.

        A job that was asked to finish (`JobHandle.finish`) is not closed: it returns what it has reached first.

        Returns:
            False when the step did not end in time; call again to go on waiting.

        """
        self._scheduler.stop()
        if not self._thread.wait(timeout_ms):
            return False
        while (letter := self._outbox.fetch()) is not None:
            self._hand_over(*letter)
        self._collector.close()
        return True

    def _new_run(self, key: str, job: JobSource, task: Any, controls: Controls[Any] | None) -> Run:
        given = Controls(Settings()) if controls is None else controls

        def start() -> Job[Any]:
            return catalog.start(job, task, given) if isinstance(job, str) else job(task, given)

        run = Run(key, start, given)
        self._handles[run] = JobHandle(run, self._scheduler.wake)
        return run

    def _refuse(self, run: Run) -> JobHandle:
        handle = self._handles.pop(run)
        handle.fall_silent()
        return handle

    def _send(self, run: Run, message: Message) -> None:
        """Engine's thread: put a message in the outbox and call the UI thread, once for many."""
        if self._outbox.send(run, message):
            self._letters_arrived.emit()

    def _deliver(self) -> None:
        self._outbox.open()
        began = perf_counter()
        while (letter := self._outbox.fetch()) is not None:
            self._hand_over(*letter)
            if perf_counter() - began > DELIVERY_SLICE_S:
                self._letters_arrived.emit()
                return

    def _hand_over(self, run: Run, message: Message) -> None:
        handle = self._handles.get(run)
        if handle is None:  # replaced since the message was sent
            return
        over = isinstance(message, Finished | Failed | Cancelled)
        if over:
            del self._handles[run]
        if not handle.state.is_over:  # dropped meanwhile
            handle.take(message)
            self._tell(run.key, message)
        if over:
            self._settle_libraries()
            if self.is_idle:
                self.idle.emit()

    def _tell(self, key: str, message: Message) -> None:
        match message:
            case Started():
                self.started.emit(key)
            case Progress():
                self.progressed.emit(key, message)
            case Preview():
                self.frame_ready.emit(key, message)
            case Metrics():
                self.measured.emit(key, message)
            case Log():
                self.logged.emit(key, message)
            case Finished(result):
                self.finished.emit(key, result)
            case Failed(failure):
                self.failed.emit(key, failure)
            case Cancelled():
                self.cancelled.emit(key)

    def _settle_libraries(self) -> None:
        """Once torch is loaded, never search its half a million objects for garbage again: 60 ms each time."""
        if not self._libraries_settled and "torch" in sys.modules:
            self._libraries_settled = True
            gc.freeze()

    def _free_memory(self) -> None:
        """Engine's thread: have the UI thread collect garbage, wait for it, then empty the device's caches."""
        self._collection_pending = True
        self._collection_wanted.emit()
        with self._condition:
            self._condition.wait_for(lambda: not self._collection_pending or self._scheduler.stopping)
        free_device_caches()

    def _collect_garbage(self) -> None:
        gc.collect()
        self._collection_pending = False
        self._scheduler.wake()
