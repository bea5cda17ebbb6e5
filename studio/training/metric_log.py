"""What a run writes down about itself: events at once, numbers in batches, so that no step waits for the device."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

from studio.core.atomic import write_error
from studio.core.events import Metrics
from studio.training.processes import Processes
from studio.training.run_log import RunLog
from studio.training.schedule import StepConfig
from studio.training.step import StepReport

__all__ = ["MetricLogger"]

_Event: TypeAlias = tuple[str, int, Mapping[str, Any]]
"""Its type, step and facts."""

_EVERY_S = 0.2
_EVERY_STEPS = 10
"""Several processes average their numbers together, and so cannot go by the clock."""


@dataclass(frozen=True, slots=True)
class _Measured:
    step: int
    report: StepReport
    facts: Mapping[str, float]


class MetricLogger:
    """Writes one run's log, from its main process only; the numbers are means over all processes.

    What a full disk does not take waits, and is written when there is room again.

    Attributes:
        trouble: a sentence for the user when the disk begins to refuse, else "".

    Args:
        log: the run's log; None in processes other than the main one.
        processes: that train together.

    """

    def __init__(self, log: RunLog | None, processes: Processes) -> None:
        self._log = log
        self._processes = processes
        self._pending: list[_Measured] = []
        self._flushed = time.monotonic()
        self._newest: Metrics | None = None
        self._waiting: list[_Event] = []
        self._refusal: OSError | None = None
        self.trouble = ""

    def event(self, kind: str, step: int, /, **facts: Any) -> None:
        """Write an event at once."""
        self._write([(kind, step, facts)])

    def measured(self, step: int, report: StepReport, config: StepConfig, rate: float) -> None:
        """Take note of the numbers of the step that made it `step` steps; they are fetched and written later."""
        facts = {"epoch": round(config.epoch, 6), "rate": rate, "momentum": config.momentum}
        self._pending.append(_Measured(step, report, facts))
        waited = time.monotonic() - self._flushed >= _EVERY_S
        if len(self._pending) >= _EVERY_STEPS if self._processes.world > 1 else waited:
            self.flush()

    def flush(self) -> None:
        """Fetch the numbers from the device, all at once, and write them."""
        pending, self._pending = self._pending, []
        self._flushed = time.monotonic()
        if not pending:
            return
        values = self._processes.mean(_fetched(pending))
        if self._log is not None:
            tables: list[dict[str, float]] = [{} for _ in pending]
            for place, value in values.items():
                index, _, name = place.partition(":")
                tables[int(index)][name] = value
            lines = zip(pending, tables, strict=True)
            self._write([("metrics", one.step, {"values": table, **one.facts}) for one, table in lines])
            self._newest = Metrics(pending[-1].step, tables[-1])

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


def _fetched(pending: list[_Measured]) -> dict[str, float]:
    """Return every number under "index:name"; one transfer for all of them."""
    places, scalars = [], []
    values: dict[str, float] = {}
    for index, one in enumerate(pending):
        for name, scalar in one.report.terms.items():
            places.append(f"{index}:{name}")
            scalars.append(scalar)
        values.update({f"{index}:{name}": norm for name, norm in one.report.norms.items()})
    if scalars:
        values.update(zip(places, torch.stack(scalars).tolist(), strict=True))
    return values
