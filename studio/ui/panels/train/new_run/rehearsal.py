"""Measures, when asked, what the run that is being put together would cost, and remembers it while it holds."""

from PySide6.QtCore import QObject, Signal

from studio.core.events import Progress
from studio.core.failures import Failure
from studio.engine import Engine, JobHandle
from studio.training.run_folder import RunPlan
from studio.training.task_kind import TaskKind
from studio.training.time_estimate import Rehearsed, costs_of

_JOB = "train.rehearse"


class Rehearsal(QObject):
    """Takes a few steps of a plan, in the engine's live lane, so that it takes turns with a painting.

    Args:
        studio: the engine that owns the device.

    """

    changed = Signal()
    """It has begun, come further, or ended."""
    failed = Signal(object)
    """A `Failure`."""

    def __init__(self, studio: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._handle: JobHandle | None = None
        self._found: tuple[object, Rehearsed] | None = None
        self.stage = ""

    @property
    def is_running(self) -> bool:
        """Whether steps are being measured."""
        return self._handle is not None

    def found_for(self, plan: RunPlan, kind: TaskKind) -> Rehearsed | None:
        """Return what was measured, where steps of `plan` cost the same; else None."""
        return self._found[1] if self._found is not None and self._found[0] == costs_of(plan, kind) else None

    def start(self, plan: RunPlan, kind: TaskKind) -> None:
        """Measure; whatever was being measured is dropped."""
        self.cancel()
        self._handle = handle = self._studio.live(_JOB, "rehearse_run", plan)
        handle.progressed.connect(self._show)
        handle.finished.connect(lambda foretold: self._end((costs_of(plan, kind), foretold.rehearsed)))
        handle.failed.connect(self._fail)
        self.stage = "Preparing…"
        self.changed.emit()

    def cancel(self) -> None:
        """End it, and forget it."""
        if self._handle is not None:
            self._handle.drop()
            self._end(self._found)

    def _show(self, progress: Progress) -> None:
        self.stage = progress.stage
        self.changed.emit()

    def _end(self, found: tuple[object, Rehearsed] | None) -> None:
        self._handle, self.stage, self._found = None, "", found
        self.changed.emit()

    def _fail(self, failure: Failure) -> None:
        self._end(self._found)
        self.failed.emit(failure)
