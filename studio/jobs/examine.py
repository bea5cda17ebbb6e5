"""Looks through the data before training starts, so that nothing about it is a surprise later."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job
from studio.training.data import inspection
from studio.training.data.inspection import DataReport
from studio.training.data.sources import ANY_PICTURES, Reading
from studio.training.data.worlds import Together, comparing_worlds, examining_pairs

__all__ = ["ExamineTask", "TogetherTask", "examine_data", "examine_together"]


@dataclass(frozen=True, slots=True)
class ExamineTask:
    """What to look at: `sources` (folders, files, lists), read as `reading` says, to be trained on at `size` px."""

    sources: tuple[Path, ...]
    size: int
    reading: Reading = ANY_PICTURES


def examine_data(task: ExamineTask, controls: Controls[Any]) -> Job[DataReport]:
    """Report on the data: how much there is, what is wrong with it, and what is done about that.

    Raises:
        StudioError: there is nothing to look at.

    """
    return (yield from inspection.examine(task.sources, size=task.size, reading=task.reading))


@dataclass(frozen=True, slots=True)
class TogetherTask:
    """Two places of data that belong together: how each is looked at, and what was found there."""

    places: tuple[ExamineTask, ...]
    reports: tuple[DataReport, ...]
    paired: bool


def examine_together(task: TogetherTask, controls: Controls[Any]) -> Job[Together]:
    """Report on what two worlds are to each other; of pairs, on which pictures belong together.

    Raises:
        StudioError: there are no pairs.

    """
    first = task.places[0]
    if task.paired:
        sources = tuple(dict.fromkeys(source for place in task.places for source in place.sources))
        return (yield from examining_pairs(sources, first.reading, first.size))
    return (yield from comparing_worlds(task.reports, first.size))
