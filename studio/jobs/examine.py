"""Looks through the data before training starts, so that nothing about it is a surprise later."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job
from studio.training.data import inspection
from studio.training.data.inspection import DataReport

__all__ = ["ExamineTask", "examine_data"]


@dataclass(frozen=True, slots=True)
class ExamineTask:
    """What to look at: `sources` as in `sources.find_pictures`, to be trained on at `size` px.

    `by_class`: each source holds a folder per class (the deepest ones, with `deepest`), or the only one idx files.
    """

    sources: tuple[Path, ...]
    size: int
    by_class: bool = False
    deepest: bool = False


def examine_data(task: ExamineTask, controls: Controls[Any]) -> Job[DataReport]:
    """Report on the data: how much there is, what is wrong with it, and what is done about that.

    Raises:
        StudioError: there is nothing to look at.

    """
    report = yield from inspection.examine(task.sources, size=task.size, by_class=task.by_class, deepest=task.deepest)
    return report
