"""Drawings of photos: a folder of the same names, to learn edges → picture from."""

import cv2
import numpy as np
import pytest

from studio.core.controls import Controls
from studio.core.events import Log, finish
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.jobs.drawings import DrawingsTask, make_drawings
from studio.training.data.sources import Reading, finding_files


def save_scenes(folder, count):
    folder.mkdir(parents=True)
    for number in range(count):
        coarse = np.random.default_rng(number).uniform(0, 255, (5, 7, 3)).astype(np.float32)
        scene = cv2.resize(coarse, (96, 64), interpolation=cv2.INTER_CUBIC).clip(0, 255)
        cv2.imwrite(str(folder / f"{number:03d}.png"), scene.astype(np.uint8))


def draw(photos, folder):
    job, said = make_drawings(DrawingsTask(photos, folder), Controls(Settings())), []
    try:
        while True:
            event = next(job)
            said += [event.message] if isinstance(event, Log) else []
    except StopIteration as end:
        return end.value, said


def test_each_photo_becomes_a_drawing_of_its_name_and_size(tmp_path):
    save_scenes(tmp_path / "photos" / "within", 3)
    (tmp_path / "photos" / "broken.png").write_bytes(b"nothing")
    folder, said = draw(tmp_path / "photos", tmp_path / "drawings")
    assert folder == tmp_path / "drawings"
    assert len(said) == 1
    assert said[0].startswith("broken.png is not drawn")
    drawing = cv2.imread(str(folder / "within" / "001.png"))
    assert drawing.shape == (64, 96, 3)
    assert np.ptp(drawing, axis=2).max() == 0
    assert np.median(drawing) > 250  # lines on white paper
    pairs = finish(finding_files([folder, tmp_path / "photos"], Reading(holds="pairs")))
    assert [path.name for path in pairs.partners] == ["000.png", "001.png", "002.png"]
    written = (folder / "within" / "001.png").stat().st_mtime_ns
    draw(tmp_path / "photos", folder)
    assert (folder / "within" / "001.png").stat().st_mtime_ns == written  # what is there is left alone


def test_where_nothing_can_be_drawn_it_says_why(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "broken.png").write_bytes(b"nothing")
    with pytest.raises(StudioError, match="broken"):
        draw(tmp_path / "photos", tmp_path / "drawings")
