"""Videos: whole or not there, through OpenCV or an ffmpeg."""

import sys

import cv2
import numpy as np
import pytest

from studio.core.failures import StudioError
from studio.core.video import VideoWriter, write_video

FRAMES = [np.full((32, 48, 3), level, np.uint8) for level in (20, 120, 220)]
PROGRAM = f"""#!{sys.executable}
import sys
from pathlib import Path
frames = sys.stdin.buffer.read()
assert sys.argv[sys.argv.index("-s") + 1] == "48x32"
Path(sys.argv[-1]).write_bytes(frames)
sys.exit(len(frames) != 3 * 32 * 48 * 3)
"""
"""Stands in for ffmpeg, which is not on every computer: keeps the bytes that it is given."""


def levels_in(path) -> list[float]:
    film, found = cv2.VideoCapture(str(path)), []
    while (read := film.read())[0]:
        found.append(float(read[1].mean()))
    return found


@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_opencv_packs_frames_in_their_order(tmp_path, name):
    writer = VideoWriter(tmp_path / name, ffmpeg=None)
    for frame in FRAMES:
        writer.add(frame)
    assert not (tmp_path / name).exists()
    writer.close()
    writer.discard()
    assert levels_in(tmp_path / name) == pytest.approx([20, 120, 220], abs=6)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_ffmpeg_is_given_the_frames_where_there_is_one(tmp_path):
    program = tmp_path / "ffmpeg"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    writer = VideoWriter(tmp_path / "a.mp4", ffmpeg=str(program))
    for frame in FRAMES:
        writer.add(frame)
    writer.close()
    writer.discard()
    assert (tmp_path / "a.mp4").read_bytes() == b"".join(frame.tobytes() for frame in FRAMES)


def test_what_an_ffmpeg_refuses_is_told_and_nothing_is_left(tmp_path):
    program = tmp_path / "ffmpeg"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    writer = VideoWriter(tmp_path / "a.mp4", ffmpeg=str(program))
    writer.add(FRAMES[0])
    with pytest.raises(StudioError, match="as a video"):
        writer.close()
    writer.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["ffmpeg"]


def test_frames_that_fail_on_their_way_leave_no_video(tmp_path):
    def frames():
        yield FRAMES[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_video(tmp_path / "a.avi", frames())
    assert not list(tmp_path.iterdir())
