"""Looks through the data before training starts, so that nothing about it is a surprise later."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job
from studio.training.data import inspection
from studio.training.data.inspection import DataReport
from studio.training.data.sources import ANY_PICTURES, Reading

__all__ = ["ExamineTask", "examine_data"]


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
