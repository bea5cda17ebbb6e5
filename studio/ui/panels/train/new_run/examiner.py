"""Looks at what a new run learns from, place by place, as soon as there is anything."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.core.failures import Failure
from studio.engine import Engine, JobHandle
from studio.jobs.examine import ExamineTask, TogetherTask, examine_data, examine_together
from studio.training.data.inspection import DataReport
from studio.training.data.sources import DataCount
from studio.training.data.worlds import Together
from studio.training.task_kind import DataSlot

_JOB, _TOGETHER = "train.examine", "train.examine together"


@dataclass(frozen=True, slots=True)
class DataPlace:
    """A place of data: a slot of the task, or what a phase of the schedule learns from instead of it."""

    slot: DataSlot
    phase: int | None = None


class DataExaminer(QObject):
    """Keeps a report for every place that is known, and asks for another when its data is read otherwise.

    Args:
        reader: the engine on which the data is examined.

    """

    progressed = Signal(object, object)
    """The place, and `Progress`."""
    reported = Signal(object)
    """The place: there is a report, or there is none any more."""
    failed = Signal(object, object)
    """The place, and the `Failure`."""
    compared = Signal()
    """There is something else to say of two places together, or nothing any more."""

    def __init__(self, reader: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self.reports: dict[DataPlace, DataReport] = {}
        self.failures: dict[DataPlace, Failure] = {}
        self._tasks: dict[DataPlace, ExamineTask] = {}
        self._handles: dict[DataPlace, JobHandle] = {}
        self.together: Together | Failure | None = None
        self._compared: tuple[tuple[DataPlace, ...], bool] | None = None
        self._comparing: JobHandle | None = None
        self.reported.connect(self._compare)

    def is_busy(self, place: DataPlace) -> bool:
        """Whether this place is being looked at."""
        return place in self._handles

    def count(self, slot: DataSlot, sources: tuple[Path, ...]) -> DataCount | None:
        """Return how much there is in these sources, wherever they were seen; None while nobody knows."""
        seen = (report for place, report in self.reports.items() if self._tasks[place].sources == sources
                and place.slot is slot)  # fmt: skip
        report = next(seen, None)
        if report is None or not report.taught:
            return None
        return DataCount(report.taught, tuple(count for _, count in report.classes if count), report.kept > 0)

    def follow(self, tasks: dict[DataPlace, ExamineTask]) -> None:
        """Know exactly these places; of those whose data or reading changed there shall be another report.

        Another size alone is no reason to look again.
        """
        for place in self._tasks.keys() - tasks.keys():
            self._forget(place)
        for place, task in tasks.items():
            if (before := self._tasks.get(place)) is None or replace(before, size=task.size) != task:
                self._look(place, task)

    def compare(self, places: tuple[DataPlace, ...], *, paired: bool) -> None:
        """Look at these places together as well, as soon as there is a report on each; at none where there are none."""
        if (places, paired) != (self._compared or ((), paired)):
            self._compared = (places, paired) if places else None
            self._compare()

    def _compare(self) -> None:
        if self._comparing is not None:
            self._comparing.drop()
            self._comparing = None
        if self.together is not None:
            self._take_together(None)
        places, paired = self._compared or ((), False)
        if not places or not all(place in self.reports for place in places):
            return
        tasks, reports = tuple(self._tasks[place] for place in places), tuple(self.reports[place] for place in places)
        task = TogetherTask(tasks, reports, paired)
        self._comparing = handle = self._reader.live(_TOGETHER, examine_together, task)
        handle.finished.connect(self._take_together)
        handle.failed.connect(self._take_together)

    def _take_together(self, found: Together | Failure | None) -> None:
        self.together, self._comparing = found, None
        self.compared.emit()

    def look_again(self, place: DataPlace) -> None:
        """Look once more: the files may be others by now."""
        if place in self._tasks:
            self._look(place, self._tasks[place])

    def stop(self, place: DataPlace) -> None:
        """Do without a report; training itself passes over what is broken."""
        if (handle := self._handles.pop(place, None)) is not None:
            handle.drop()
            self.reported.emit(place)

    def _look(self, place: DataPlace, task: ExamineTask) -> None:
        self._forget(place)
        self._tasks[place] = task
        self._handles[place] = handle = self._reader.live(f"{_JOB} {id(place.slot)} {place.phase}", examine_data, task)
        handle.progressed.connect(partial(self.progressed.emit, place))
        handle.finished.connect(partial(self._take, place))
        handle.failed.connect(partial(self._fail, place))

    def _forget(self, place: DataPlace) -> None:
        self._tasks.pop(place, None)
        known = self.reports.pop(place, None) or self.failures.pop(place, None)
        handle = self._handles.pop(place, None)
        if handle is not None:
            handle.drop()
        if known or handle:
            self.reported.emit(place)

    def _take(self, place: DataPlace, report: DataReport) -> None:
        del self._handles[place]
        self.reports[place] = report
        self.reported.emit(place)

    def _fail(self, place: DataPlace, failure: Failure) -> None:
        del self._handles[place]
        self.failures[place] = failure
        self.failed.emit(place, failure)
