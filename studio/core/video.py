"""Frames as a video file: through the system's ffmpeg where there is one, else through OpenCV."""

import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import cv2

from studio.core.atomic import write_error
from studio.core.events import Picture
from studio.core.failures import StudioError

__all__ = ["SUFFIXES", "VideoWriter", "write_video"]

SUFFIXES = {".mp4": "mp4v", ".avi": "MJPG"}
"""What a video may be called, and how OpenCV packs it."""
_QUALITY = "14"
"""Of ffmpeg's H.264 (CRF): hardly to be told from the frames."""


class VideoWriter:
    """A video under way: it is whole once it is closed, and not there before.

    OpenCV packs MPEG-4 part 2, which some players refuse; ffmpeg packs an .mp4 as H.264, which all show.

    Args:
        path: ends in one of `SUFFIXES`.
        rate: frames a second.
        ffmpeg: the program; "" looks for it, None does without.

    """

    def __init__(self, path: Path, rate: float = 25.0, ffmpeg: str | None = "") -> None:
        self._path, self._rate = path, rate
        self._part = path.with_name(f".{path.stem}.part{path.suffix}")
        is_mp4 = path.suffix.lower() == ".mp4"
        self._ffmpeg = (ffmpeg or shutil.which("ffmpeg")) if is_mp4 and ffmpeg is not None else None
        self._process: subprocess.Popen[bytes] | None = None
        self._opencv: cv2.VideoWriter | None = None

    def add(self, frame: Picture) -> None:
        """Add a frame, RGB; all are of one size.

        Raises:
            StudioError: the video cannot be written.

        """
        try:
            if self._process is None and self._opencv is None:
                self._open(frame.shape[1], frame.shape[0])
            if self._process is not None:
                assert self._process.stdin is not None
                self._process.stdin.write(frame.tobytes())
            elif self._opencv is not None:
                self._opencv.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        except BrokenPipeError:
            raise self._refused() from None
        except OSError as error:
            raise write_error(self._path, error) from error

    def _open(self, width: int, height: int) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._ffmpeg and not (width % 2 or height % 2):  # H.264 halves its colours
            self._process = subprocess.Popen(
                [
                    self._ffmpeg, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}",
                    "-r", f"{self._rate:g}", "-i", "-", "-c:v", "libx264", "-crf", _QUALITY, "-pix_fmt", "yuv420p",
                    "-movflags", "+faststart", str(self._part),
                ],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            return
        code = cv2.VideoWriter.fourcc(*SUFFIXES[self._path.suffix.lower()])
        self._opencv = cv2.VideoWriter(str(self._part), code, self._rate, (width, height))
        if not self._opencv.isOpened():
            raise self._refused()

    def close(self) -> None:
        """Put the finished video in its place; without a frame there is none.

        Raises:
            StudioError: it could not be written.

        """
        if self._process is not None:
            assert self._process.stdin is not None
            try:
                self._process.stdin.close()
            except BrokenPipeError:
                raise self._refused() from None
            if self._process.wait() != 0:
                raise self._refused()
        elif self._opencv is not None:
            self._opencv.release()
        else:
            return
        try:
            self._part.replace(self._path)
        except OSError as error:
            raise write_error(self._path, error) from error

    def discard(self) -> None:
        """Leave nothing of what is not finished; of a closed video nothing is lost."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.closed:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        if self._opencv is not None:
            self._opencv.release()
        self._part.unlink(missing_ok=True)

    def _refused(self) -> StudioError:
        return StudioError(
            f"{self._path.name} could not be written as a video.", "Choose another place, .avi, or a folder."
        )


def write_video(path: Path, frames: Iterable[Picture], *, rate: float = 25.0) -> None:
    """Write frames of one size, RGB, as a video: it is whole, or not there.

    Args:
        path: ends in one of `SUFFIXES`.
        frames: at least one.
        rate: frames a second.

    Raises:
        StudioError: it cannot be written.

    """
    writer = VideoWriter(path, rate)
    try:
        for frame in frames:
            writer.add(frame)
        writer.close()
    finally:
        writer.discard()
