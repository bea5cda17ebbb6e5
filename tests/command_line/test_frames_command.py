"""`atelier frames`: what differs is taken out of a video, and what was there already is not."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def video(tmp_path):
    """Four seconds at 10 frames a second: a scene that rests, another one, the first again, and one that moves."""
    chance = np.random.default_rng(0)
    first, second = (cv2.resize(chance.integers(0, 256, (4, 6, 3), np.uint8), (96, 64)) for _ in range(2))
    bar = [np.roll(np.where(np.arange(96) < 24, 220, 30), 8 * step)[None, :, None] for step in range(10)]
    moving = [np.broadcast_to(one, (64, 96, 3)).astype(np.uint8) for one in bar]
    writer = cv2.VideoWriter(str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (96, 64))
    for frame in (*[first] * 10, *[second] * 10, *[first] * 10, *moving):
        grainy = frame.astype(int) + chance.integers(-4, 5, frame.shape)
        writer.write(np.clip(grainy, 0, 255).astype(np.uint8))
    writer.release()
    return tmp_path / "film.avi"


def test_near_duplicates_are_left_out_wherever_they_come(video, tmp_path, atelier):
    code, told, _ = atelier("frames", video, "-o", tmp_path / "out", "--rate", 10, "--events")
    assert code == 0
    result = json.loads(told.splitlines()[-1])
    assert (result["seen"], result["pictures"]) == (40, 12)
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files[:3] == ["film 000000.png", "film 000010.png", "film 000030.png"]
    assert np.asarray(Image.open(tmp_path / "out" / files[0])).shape == (64, 96, 3)


def test_fewer_frames_are_looked_at_where_that_is_asked_for(video, tmp_path, atelier):
    code, told, _ = atelier("frames", video, "-o", tmp_path / "out", "--rate", 1, "--events")
    assert code == 0
    assert json.loads(told.splitlines()[-1])["seen"] == 4


def test_what_is_no_video_is_told_so(tmp_path, atelier):
    (tmp_path / "no.mp4").write_bytes(b"nothing")
    code, _, said = atelier("frames", tmp_path / "no.mp4", "-o", tmp_path / "out")
    assert code == 1
    assert "cannot be read as a video" in said
    assert atelier("frames", tmp_path / "none.mp4", "-o", tmp_path / "out")[0] == 2
