"""Painting what matters, away from the window's thread: which pictures a run learns from, their maps, keeping these."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.frames import Frame, prepare_frame
from studio.core.images import load_bytes
from studio.jobs.files import bytes_of
from studio.training.emphasis import Emphasis, EmphasisFolder, LearntPicture
from studio.training.run_commands import RunCommand
from studio.training.run_folder import RunFolder

__all__ = ["KeepEmphasisTask", "OpenedForPainting", "PaintedPictures", "PaintingTask", "keep_emphasis",
           "list_painted", "open_for_painting"]  # fmt: skip

_LARGEST = 4_000_000
"""Pixels of a picture as it is painted on: its map is coarser anyway."""


@dataclass(frozen=True, slots=True)
class PaintedPictures:
    """What a run learns from, and what is painted over it."""

    pictures: tuple[LearntPicture, ...]
    emphasis: Emphasis


@dataclass(frozen=True, slots=True)
class PaintingTask:
    """Which picture of which run is to be painted on."""

    run: Path
    picture: LearntPicture


@dataclass(frozen=True, slots=True, eq=False)
class OpenedForPainting:
    """A picture ready to draw, and its map, H×W; None: nothing is painted over it."""

    picture: LearntPicture
    frame: Frame
    painted: NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True, eq=False)
class KeepEmphasisTask:
    """What is painted over one picture of a run, H×W."""

    run: Path
    content: str
    painted: NDArray[np.uint8]


def list_painted(task: Path, controls: Controls[Any]) -> Job[PaintedPictures]:
    """Read what a run, whose folder is the task, learns from."""
    yield Progress("Looking for its pictures")
    folder = EmphasisFolder(task)
    return PaintedPictures(folder.pictures(), folder.newest())


def open_for_painting(task: PaintingTask, controls: Controls[Any]) -> Job[OpenedForPainting]:
    """Open a picture with its map.

    Raises:
        StudioError: one of them cannot be read.

    """
    path, folder = task.picture.path, EmphasisFolder(task.run)
    yield Progress(f"Opening {path.name}")
    picture = load_bytes((yield from bytes_of(path)), path.name, max_pixels=_LARGEST)
    yield Progress(f"Opening {path.name}")
    name = folder.newest().maps.get(task.picture.content)
    return OpenedForPainting(task.picture, prepare_frame(picture.pixels), folder.read(name) if name else None)


def keep_emphasis(task: KeepEmphasisTask, controls: Controls[Any]) -> Job[Emphasis]:
    """Keep a map, and tell the run, which heeds it from its next step on.

    Raises:
        WriteError: it could not be kept.
        OSError: the run could not be told.

    """
    yield Progress("Keeping what was painted")
    emphasis = EmphasisFolder(task.run).keep(task.content, task.painted)
    RunFolder(task.run).commands.post(RunCommand("settings", {"emphasis": emphasis.model_dump()}))
    return emphasis
