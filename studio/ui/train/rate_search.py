"""The search for a learning rate that suits a run which is still being put together."""

from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import QObject, Signal

from studio.core.controls import Controls
from studio.core.events import Metrics, Progress
from studio.core.failures import Failure
from studio.core.settings import Settings
from studio.engine import Engine, JobHandle
from studio.training.rate_curve import FoundRates, RateRequest
from studio.training.run_folder import RunPlan

_JOB = "train.rate"


@dataclass(slots=True)
class Trace:
    """What was measured of one network so far: loss over rate, as it came and smoothed."""

    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    smoothed: list[float] = field(default_factory=list)


class RateSearch(QObject):
    """Tries rates on copies of the networks; the engine's live lane, so that it takes turns with a painting.

    Args:
        studio: the engine that owns the device.

    """

    progressed = Signal(object)
    traced = Signal()
    """`traces` have grown."""
    found = Signal(object)
    """`FoundRates`: the search is over, or was ended early."""
    failed = Signal(object)

    def __init__(self, studio: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._handle: JobHandle | None = None
        self.traces: dict[str, Trace] = {}
        self.result: FoundRates | None = None

    @property
    def is_running(self) -> bool:
        """Whether rates are being tried."""
        return self._handle is not None

    def start(self, plan: RunPlan) -> None:
        """Try rates for the run that `plan` describes."""
        self.traces, self.result = {}, None
        self._handle = handle = self._studio.live(_JOB, "find_learning_rate", RateRequest(plan), Controls(Settings()))
        handle.progressed.connect(partial(self._tell_progress, handle))
        handle.measured.connect(partial(self._take, handle))
        handle.finished.connect(partial(self._finish, handle))
        handle.failed.connect(partial(self._fail, handle))

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
        if handle is not self._handle:
            return
        for name, value in metrics.values.items():
            network, _, what = name.rpartition(".")
            trace = self.traces.setdefault(network, Trace())
            {"rate": trace.rates, "loss": trace.losses, "smoothed": trace.smoothed}[what].append(value)
        self.traced.emit()

    def _finish(self, handle: JobHandle, result: FoundRates) -> None:
        if handle is self._handle:
            self._handle, self.result = None, result
            self.found.emit(result)

    def _fail(self, handle: JobHandle, failure: Failure) -> None:
        if handle is self._handle:
            self._handle = None
            self.failed.emit(failure)
