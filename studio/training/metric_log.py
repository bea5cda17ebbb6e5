"""What a run writes down about itself: events at once, numbers a few times a second."""

import time
from collections.abc import Mapping
from typing import Any, TypeAlias

from studio.core.atomic import write_error
from studio.core.events import Metrics
from studio.training.run_log import RunLog
from studio.training.schedule import StepConfig

__all__ = ["MetricLogger"]

_Event: TypeAlias = tuple[str, int, Mapping[str, Any]]
"""Its type, step and facts."""

_EVERY_S = 0.2


class MetricLogger:
    """Writes one run's log, from its main process only.

    What a full disk does not take waits, and is written when there is room again.

    Attributes:
        trouble: a sentence for the user when the disk begins to refuse, else "".

    Args:
        log: the run's log; None in processes other than the main one.

    """

    def __init__(self, log: RunLog | None) -> None:
        self._log = log
        self._pending: list[_Event] = []
        self._flushed = time.monotonic()
        self._newest: Metrics | None = None
        self._waiting: list[_Event] = []
        self._refusal: OSError | None = None
        self.trouble = ""

    def event(self, kind: str, step: int, /, **facts: Any) -> None:
        """Write an event at once."""
        self._write([(kind, step, facts)])

    def measured(self, step: int, values: dict[str, float], config: StepConfig, rate: float) -> None:
        """Take note of the numbers of the step that made it `step` steps; they are written later."""
        facts = {"epoch": round(config.epoch, 6), "rate": rate, "momentum": config.momentum}
        self._pending.append(("metrics", step, {"values": values, **facts}))
        if time.monotonic() - self._flushed >= _EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Write the numbers that are not written yet."""
        pending, self._pending = self._pending, []
        self._flushed = time.monotonic()
        if pending and self._log is not None:
            self._write(pending)
            _, step, facts = pending[-1]
            self._newest = Metrics(step, facts["values"])

    def take_newest(self) -> Metrics | None:
        """Return the numbers written last, once; in the main process only."""
        newest, self._newest = self._newest, None
        return newest

    def forget(self) -> None:
        """Drop numbers that are not written yet: the run goes back behind them."""
        self._pending.clear()

    def sync(self) -> None:
        """See to it that everything flushed so far is on the disk.

        Raises:
            WriteError: the disk does not take it.

        """
        if self._log is None:
            return
        self._write([])
        try:
            if self._refusal is not None:
                raise self._refusal
            self._log.sync()
        except OSError as error:
            raise write_error(self._log.path, error) from error

    def _write(self, events: list[_Event]) -> None:
        if self._log is None:
            return
        self._waiting += events
        try:
            self._log.write_all(self._waiting)
        except OSError as error:
            if self._refusal is None:
                told = write_error(self._log.path, error)
                self.trouble = f"{told.cause} {told.remedy} The run goes on, and writes down its numbers later."
            self._refusal = error
        else:
            self._waiting, self._refusal = [], None
