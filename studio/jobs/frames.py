"""A folder of pictures to learn from, out of a video: frames now and then, of which none is nearly another.

A camera that rests, a scene that comes again: learnt from a hundred times, it would be learnt by heart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.atomic import write_error
from studio.core.controls import Controls
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.images import save_picture

__all__ = ["FramesTask", "TakenFrames", "take_frames"]

_SMALL = 16
"""Frames are compared at this size, px: what moves a little, or is packed otherwise, is the same."""


@dataclass(frozen=True, slots=True)
class FramesTask:
    """What to take out of which video.

    Args:
        video: a file that OpenCV can read.
        folder: where the pictures go, as PNG.
        rate: so many frames a second are looked at.
        differ: so far, in levels of 255 (root mean square), a frame must be from all that were taken.
        most: no more than these.

    """

    video: Path
    folder: Path
    rate: float = 2.0
    differ: float = 8.0
    most: int = 20_000


@dataclass(frozen=True, slots=True)
class TakenFrames:
    """How many frames were looked at, and taken."""

    seen: int
    taken: int


def take_frames(task: FramesTask, controls: Controls[Any]) -> Job[TakenFrames]:
    """Write the frames of a video that differ from one another; asked to finish, it stops there.

    Raises:
        StudioError: the video cannot be read, or the folder cannot be written to.

    """
    yield Progress("Opening the video")
    film = cv2.VideoCapture(str(task.video))
    try:
        count, own = int(film.get(cv2.CAP_PROP_FRAME_COUNT)), film.get(cv2.CAP_PROP_FPS) or 25.0
        stride = max(1, round(own / task.rate))
        small: list[NDArray[np.float32]] = []
        seen = 0
        for number, frame in _frames(film, stride):
            seen += 1
            yield Progress("Taking frames", number, max(count, number))
            if controls.finishing or len(small) >= task.most:
                break
            tiny = cv2.resize(frame, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA).astype(np.float32)
            if small and float(_distances(tiny, small).min()) < task.differ:
                continue
            small.append(tiny)
            _save(task.folder / f"{task.video.stem} {number:06}.png", frame)
    finally:
        film.release()
    if not seen:
        raise StudioError(f"{task.video.name} cannot be read as a video.", "Choose another file, such as an .mp4.")
    return TakenFrames(seen, len(small))


def _frames(film: cv2.VideoCapture, stride: int) -> Iterator[tuple[int, Picture]]:
    """Yield the number of every `stride`-th frame, and the frame, RGB."""
    number = 0
    while film.grab():  # what is passed over is not unpacked
        if number % stride == 0:
            there, frame = film.retrieve()
            if there:
                yield number, np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
        number += 1


def _distances(one: NDArray[np.float32], others: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return how far one small frame is from others, in levels of 255."""
    return np.asarray(np.sqrt(np.square(np.stack(others) - one).mean(axis=(1, 2, 3))), np.float32)


def _save(path: Path, frame: Picture) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(path, error) from error
    save_picture(path, frame, recipe=None)
