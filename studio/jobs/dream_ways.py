"""What is asked of the jobs that walk through a generator, look for pictures in it and drag them. Free of torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from studio.core.dream_settings import Bends, DreamSettings, Walk
from studio.core.events import Picture

__all__ = [
    "DragTask",
    "Dragged",
    "Found",
    "LookForTask",
    "Spot",
    "WalkExportTask",
    "WalkFileTask",
    "WalkFrame",
    "WalkTask",
]

Spot: TypeAlias = tuple[float, float]
"""Right and down, in pixels of the generator's pictures."""


@dataclass(frozen=True, slots=True)
class WalkTask:
    """The walk of some settings, in so many frames a second."""

    settings: DreamSettings
    rate: float = 25.0


@dataclass(frozen=True, slots=True)
class WalkFrame:
    """A moment of a walk: its w (see `packed`), and how it is bent."""

    w: str
    bends: Bends


@dataclass(frozen=True, slots=True)
class WalkFileTask:
    """A walk, and where it shall lie."""

    path: Path
    walk: Walk


@dataclass(frozen=True, slots=True)
class WalkExportTask:
    """A walk to be written.

    Args:
        settings: with the walk.
        path: a video (see `studio.core.video`), or a folder for its frames.
        rate: frames a second.
        side: frames are made larger, by a whole number, until they are so large at least, px.

    """

    settings: DreamSettings
    path: Path
    rate: float = 25.0
    side: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class LookForTask:
    """A picture to be looked for.

    Args:
        settings: name the generator.
        picture: what is looked for; the square in its middle counts.
        name: what it is called.
        steps: how long.

    """

    settings: DreamSettings
    picture: Picture
    name: str
    steps: int = 200


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What is found so far.

    Args:
        settings: hold the point.
        similarity: how alike its picture is, 0–1: 0 no more than a picture picked at random.
        given: the square that was looked for, as large as the generator's pictures.

    """

    settings: DreamSettings
    similarity: float
    given: Picture


@dataclass(frozen=True, slots=True, eq=False)
class DragTask:
    """A picture to be dragged.

    Args:
        settings: make it.
        pairs: what is taken, and where each shall go.
        movable: S×S, 255 where things may move; None everywhere.
        most: so many steps at most.

    """

    settings: DreamSettings
    pairs: tuple[tuple[Spot, Spot], ...]
    movable: Picture | None = None
    most: int = 200


@dataclass(frozen=True, slots=True)
class Dragged:
    """How far it is dragged: the settings that hold it, where the handles are, and how far from their targets, px."""

    settings: DreamSettings
    handles: tuple[Spot, ...]
    distance: float
