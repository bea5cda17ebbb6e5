"""What a run has shown on its way, as a video: its samples one after the other."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.core.video import VideoWriter

__all__ = ["TimeLapseTask", "make_time_lapse"]

_RATE = 12.0
_RESTS = 12
"""So many frames the last one stays."""


@dataclass(frozen=True, slots=True)
class TimeLapseTask:
    """The folder of a run's samples, and where the video shall lie."""

    samples: Path
    path: Path


def make_time_lapse(task: TimeLapseTask, controls: Controls[Any]) -> Job[Path]:
    """Write a video of a run's samples, as large as the last of them; asked to finish, it ends there.

    Raises:
        StudioError: there are none, or the video cannot be written.

    """
    yield Progress("Looking for samples")
    files = sorted(task.samples.glob("*.png"))
    if not files:
        raise StudioError("This run has shown nothing yet.", "Let it learn until there are samples.")
    last = load_picture(files[-1]).pixels[:, :, :3]
    writer = VideoWriter(task.path, _RATE)
    try:
        for number, file in enumerate(files):
            yield Progress("Making a time-lapse", number, len(files))
            if controls.finishing:
                break
            frame = load_picture(file).pixels[:, :, :3]
            if frame.shape == last.shape:  # a run that grew has shown smaller ones at first
                writer.add(frame)
        for _ in range(_RESTS):
            writer.add(last)
        writer.close()
    finally:
        writer.discard()
    return task.path
