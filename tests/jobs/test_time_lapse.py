"""A run's samples as a video."""

import cv2
import numpy as np
import pytest
from PIL import Image

from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.jobs.time_lapse import TimeLapseTask, make_time_lapse


def test_samples_follow_one_another_and_the_last_one_stays(tmp_path):
    with pytest.raises(StudioError, match="nothing yet"):
        finish(make_time_lapse(TimeLapseTask(tmp_path / "samples", tmp_path / "a.avi"), Controls(Settings())))
    (tmp_path / "samples").mkdir()
    for step, (level, side) in {0: (10, 32), 250: (60, 64), 500: (120, 64), 1000: (200, 64)}.items():
        picture = np.full((side, side, 3), level, np.uint8)
        Image.fromarray(picture).save(tmp_path / "samples" / f"{step:08}.png")
    finish(make_time_lapse(TimeLapseTask(tmp_path / "samples", tmp_path / "a.avi"), Controls(Settings())))
    film, levels = cv2.VideoCapture(str(tmp_path / "a.avi")), []
    while (read := film.read())[0]:
        levels.append(float(read[1].mean()))
    assert levels == pytest.approx([60, 120, *[200] * 13], abs=4)
