"""Keeps up with one run, wherever it is trained: looks at its folder a few times a second, on an engine of its own."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.failures import Failure
from studio.engine import Engine, JobHandle
from studio.jobs.runs import RunReader, RunSnapshot, look_at_run

_BUSY_MS = 100
_CALM_MS = 1000
"""Between two looks: at a run that works, and at one that rests but may be woken by another process."""


class RunWatch(QObject):
    """Watches at most one run, and rests while nobody looks at it.

    Args:
        engine: reads; never the one that trains.
        key: tells several watches on one engine apart.

    """

    snapshot_taken = Signal(object)
    """A `RunSnapshot` in which there is something new, at most ten a second."""
    reading = Signal(object)
    """`Progress`, while a long log is read for the first time."""
    failed = Signal(object)
    """The run cannot be read any more."""

    def __init__(self, engine: Engine, key: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._key = engine, key
        self._reader: RunReader | None = None
        self._handle: JobHandle | None = None
        self._active = False
        self._pause = QTimer(self, singleShot=True)
        self.snapshot: RunSnapshot | None = None
        self._connect()

    def _connect(self) -> None:
        self._pause.timeout.connect(self._look)

    @property
    def path(self) -> Path | None:
        """The folder that is watched."""
        return None if self._reader is None else self._reader.folder.path

    def watch(self, path: Path | None) -> None:
        """Watch another run, or none; the same one again is read anew where it could not be read before."""
        if path is not None and path == self.path:
            self.look_now()
            return
        self._let_go()
        self.snapshot = None
        self._reader = None if path is None else RunReader(path)
        self.look_now()

    def set_active(self, active: bool) -> None:
        """Look, or rest because nobody can see it."""
        self._active = active
        if active:
            self.look_now()
        else:
            self._pause.stop()

    def look_now(self) -> None:
        """Look without waiting for the next turn: something was just asked of the run."""
        if self._handle is None:
            self._pause.stop()
            self._look()

    def _look(self) -> None:
        if self._reader is None or not self._active or self._handle is not None:
            return
        self._handle = handle = self._engine.live(self._key, look_at_run, self._reader)
        handle.progressed.connect(self.reading)
        handle.finished.connect(self._take)
        handle.failed.connect(self._fail)

    def _take(self, snapshot: RunSnapshot) -> None:
        self._handle = None
        self.snapshot = snapshot
        if snapshot.fresh:
            self.snapshot_taken.emit(snapshot)
        if self._active:
            self._pause.start(_BUSY_MS if snapshot.state == "running" else _CALM_MS)

    def _fail(self, failure: Failure) -> None:
        self._handle = self._reader = None
        self.failed.emit(failure)

    def _let_go(self) -> None:
        self._pause.stop()
        if self._handle is not None:
            self._handle.drop()
        self._handle = self._reader = None
