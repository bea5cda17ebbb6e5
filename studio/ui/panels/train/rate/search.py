"""The search for a learning rate that suits a run which is still being put together."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from studio.core.controls import Controls
from studio.core.events import Metrics, Progress
from studio.core.failures import Failure
from studio.core.settings import Settings
from studio.engine import Engine, JobHandle
from studio.training.rate_curve import FoundRates, RateRequest, RateSweep
from studio.training.run_folder import RunPlan

_JOB = "train.rate"


class RateSearch(QObject):
    """Tries rates on copies of the networks; in the engine's live lane, so that it takes turns with a painting.

    Args:
        studio: the engine that owns the device.

    """

    began = Signal()
    progressed = Signal(object)
    measured = Signal(object)
    """Name → value, as in the job's `Metrics`."""
    found = Signal(object)
    """`FoundRates`: the search is over, or was ended early."""
    failed = Signal(object)

    def __init__(self, studio: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._handle: JobHandle | None = None

    @property
    def is_running(self) -> bool:
        """Whether rates are being tried."""
        return self._handle is not None

    def start(self, plan: RunPlan, sweep: RateSweep) -> None:
        """Try rates for the run that `plan` describes."""
        request = RateRequest(plan, sweep=sweep)
        self._handle = handle = self._studio.live(_JOB, "find_learning_rate", request, Controls(Settings()))
        handle.progressed.connect(partial(self._tell_progress, handle))
        handle.measured.connect(partial(self._take, handle))
        handle.finished.connect(partial(self._finish, handle))
        handle.failed.connect(partial(self._fail, handle))
        self.began.emit()

    def finish(self) -> None:
        """End it with what is known."""
        if self._handle is not None:
            self._handle.finish()

    def cancel(self) -> None:
        """End it, and forget it."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _tell_progress(self, handle: JobHandle, progress: Progress) -> None:
        if handle is self._handle:
            self.progressed.emit(progress)

    def _take(self, handle: JobHandle, metrics: Metrics) -> None:
        if handle is self._handle:
            self.measured.emit(metrics.values)

    def _finish(self, handle: JobHandle, result: FoundRates) -> None:
        if handle is self._handle:
            self._handle = None
            self.found.emit(result)

    def _fail(self, handle: JobHandle, failure: Failure) -> None:
        if handle is self._handle:
            self._handle = None
            self.failed.emit(failure)
