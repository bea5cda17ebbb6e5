"""The search for a learning rate that suits a run which is still being put together."""

from PySide6.QtCore import QObject, Signal

from studio.core.events import Metrics
from studio.core.failures import Failure
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
        self._handle = handle = self._studio.live(_JOB, "find_learning_rate", RateRequest(plan, sweep=sweep))
        handle.progressed.connect(self.progressed)
        handle.measured.connect(self._take)
        handle.finished.connect(self._finish)
        handle.failed.connect(self._fail)
        self.began.emit()

    def finish(self) -> None:
        """End it with what is known."""
        if self._handle is not None:
            self._handle.finish()

    def cancel(self) -> None:
        """End it, and forget it."""
        if self._handle is not None:
            self._handle.drop()
            self._handle = None

    def _take(self, metrics: Metrics) -> None:
        self.measured.emit(metrics.values)

    def _finish(self, result: FoundRates) -> None:
        self._handle = None
        self.found.emit(result)

    def _fail(self, failure: Failure) -> None:
        self._handle = None
        self.failed.emit(failure)
