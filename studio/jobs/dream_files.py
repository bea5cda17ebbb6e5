"""Walks read and written where a slow disk keeps nobody waiting."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.dream_settings import Walk
from studio.core.events import Job, Progress
from studio.core.walk_files import read_walk, write_walk

__all__ = ["WalkFileTask", "keep_walk", "open_walk"]


@dataclass(frozen=True, slots=True)
class WalkFileTask:
    """A walk, and where it shall lie."""

    path: Path
    walk: Walk


def keep_walk(task: WalkFileTask, controls: Controls[Any]) -> Job[Path]:
    """Write a walk.

    Raises:
        StudioError: the place cannot be written to.

    """
    yield Progress("Saving the walk")
    write_walk(task.path, task.walk)
    return task.path


def open_walk(path: Path, controls: Controls[Any]) -> Job[Walk]:
    """Read a walk.

    Raises:
        StudioError: it cannot be read, or is none.

    """
    yield Progress("Opening the walk")
    return read_walk(path)
