"""Frames as a video file, through OpenCV."""

from collections.abc import Iterable
from pathlib import Path

import cv2

from studio.core.atomic import write_error
from studio.core.events import Picture
from studio.core.failures import StudioError

__all__ = ["SUFFIXES", "write_video"]

SUFFIXES = {".mp4": "mp4v", ".avi": "MJPG"}
"""What a video may be called, and how it is packed."""


def write_video(path: Path, frames: Iterable[Picture], *, rate: float = 25.0) -> None:
    """Write frames of one size, RGB, as a video: it is whole, or not there.

    Args:
        path: ends in one of `SUFFIXES`.
        frames: at least one.
        rate: frames a second.

    Raises:
        StudioError: OpenCV cannot, or the place cannot be written to.

    """
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    writer: cv2.VideoWriter | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for frame in frames:
            if writer is None:
                height, width = frame.shape[:2]
                code = cv2.VideoWriter.fourcc(*SUFFIXES[path.suffix.lower()])
                writer = cv2.VideoWriter(str(part), code, rate, (width, height))
                if not writer.isOpened():
                    raise StudioError(
                        f"{path.name} could not be written as a video.", "Choose another place, .avi, or a folder."
                    )
            writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        if writer is not None:
            writer.release()
            part.replace(path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        if writer is not None:
            writer.release()
        part.unlink(missing_ok=True)
