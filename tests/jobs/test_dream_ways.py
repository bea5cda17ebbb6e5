"""Walks, pictures looked for and pictures dragged: what the jobs return and show on the way."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from generator_kit import GeneratorFacts, write_generator

from studio.core.controls import Controls
from studio.core.dream_settings import Bending, Bends, DreamSettings, Station, Walk, unpacked
from studio.core.events import Metrics, Preview
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.jobs import catalog
from studio.jobs.dream_find import GIVEN
from studio.jobs.dream_picture import SketchesTask
from studio.jobs.dream_ways import DragTask, LookForTask, WalkExportTask, WalkTask

FACTS = GeneratorFacts("styled", {"widths": [16, 16, 16, 8], "latent": 8, "style": 16, "blocks": 1}, 32)


@pytest.fixture
def plain(tmp_path: Path) -> DreamSettings:
    return DreamSettings(model=str(write_generator(tmp_path / "g.safetensors", FACTS)))


def run(job: str, task, *, finish_after: int = 0):
    """Run a job; returns its result, and what it said."""
    controls, said = Controls(DreamSettings()), []
    steps = catalog.start(job, task, controls)
    while True:
        try:
            said.append(next(steps))
        except StopIteration as end:
            return end.value, said
        if len(said) == finish_after:
            controls.finish()


def sketches(*settings: DreamSettings) -> tuple[np.ndarray, ...]:
    return tuple(picture.astype(int) for picture in run("sketch", SketchesTask(settings))[0])


def walking(plain: DreamSettings, **changes) -> DreamSettings:
    stations = tuple(plain.at_seed(seed).station.model_copy(update={"seconds": 0.4}) for seed in (1, 5, 9))
    return plain.model_copy(update={"walk": Walk(stations=stations, **changes)})


def shown(settings: DreamSettings, frame) -> DreamSettings:
    held = settings.holding(unpacked(frame.w), "Walk")
    return held.model_copy(update={"bends": frame.bends})


@pytest.mark.parametrize("curve", ["arcs", "spline", "line"])
def test_a_walk_passes_its_stations_and_a_loop_comes_back(plain, curve):
    settings = walking(plain, curve=curve)
    loop, _ = run("walk_through", WalkTask(settings, rate=10))
    open_, _ = run("walk_through", WalkTask(walking(plain, curve=curve, loop=False), rate=10))
    assert (len(loop), len(open_)) == (12, 9)
    stations = sketches(*(settings.standing_at(station) for station in settings.walk.stations))
    for frames, places in ((loop, (0, 4, 8)), (open_, (0, 4, 8))):
        for there, place in zip(stations, places, strict=True):
            (made,) = sketches(shown(settings, frames[place]))
            assert np.abs(made - there).mean() < 1.5
    points = np.stack([unpacked(frame.w) for frame in loop])
    steps = np.abs(np.roll(points, -1, axis=0) - points).mean(axis=1)
    assert max(steps) < 4 * np.mean(steps)  # no jump, at the seam neither


def test_what_is_set_at_a_station_comes_and_goes_evenly(plain):
    bent = plain.model_copy(update={"bends": Bends(stages=(Bending(stage=1, turn=40.0),)), "typical": 0.5})
    stations = tuple(one.station.model_copy(update={"seconds": 0.4}) for one in (plain, bent))
    settings = plain.model_copy(update={"walk": Walk(stations=stations, loop=False)})
    frames, _ = run("walk_through", WalkTask(settings, rate=10))
    assert [frame.bends.at(1).turn for frame in frames] == pytest.approx([0, 10, 20, 30, 40])
    points = [unpacked(frame.w) for frame in frames]
    np.testing.assert_allclose(points[2], (points[0] + points[4]) / 2, atol=2e-2)  # the same seed, half as typical
    soft = settings.model_copy(update={"walk": settings.walk.model_copy(update={"soft": True})})
    assert run("walk_through", WalkTask(soft, rate=10))[0][1].bends.at(1).turn == pytest.approx(40 * 5 / 32)  # 3t²−2t³


def test_a_walk_from_a_held_point_goes_straight(plain):
    held = plain.holding(np.full((4, 16), 0.5, np.float32), "Held")
    stations = tuple(one.station.model_copy(update={"seconds": 0.2}) for one in (plain.at_seed(3), held))
    settings = plain.model_copy(update={"walk": Walk(stations=stations, loop=False)})
    frames, _ = run("walk_through", WalkTask(settings, rate=10))
    points = [unpacked(frame.w) for frame in frames]
    np.testing.assert_allclose(points[1], (points[0] + points[2]) / 2, atol=5e-3)
    np.testing.assert_allclose(points[2], 0.5)


def test_a_walk_becomes_a_video_or_frames_as_large_as_is_asked(plain, tmp_path):
    settings = walking(plain)
    video, _ = run("export_walk", WalkExportTask(settings, tmp_path / "walk.avi", 10, side=100))
    film, frames = cv2.VideoCapture(str(video)), []
    while (read := film.read())[0]:
        frames.append(read[1])
    assert len(frames) == 12
    assert frames[0].shape == (128, 128, 3)
    folder, _ = run("export_walk", WalkExportTask(settings, tmp_path / "frames", 10))
    files = sorted(folder.iterdir())
    assert [file.name for file in files[:2]] == ["00000.png", "00001.png"]
    (first,) = sketches(settings.standing_at(settings.walk.stations[0]))
    assert np.abs(load_picture(files[0]).pixels.astype(int) - first).max() <= 2
    with pytest.raises(StudioError, match="goes nowhere"):
        run("export_walk", WalkExportTask(plain, tmp_path / "none.avi"))
    assert not (tmp_path / "none.avi").exists()


def test_a_picture_is_looked_for_in_sight_and_the_best_is_held(plain):
    (wanted,) = sketches(plain.at_seed(77))
    found, said = run("look_for", LookForTask(plain, wanted.astype(np.uint8), "face.png", steps=16))
    given, *previews = [one for one in said if isinstance(one, Preview)]
    assert given.stage == GIVEN
    assert np.abs(given.picture.astype(int) - wanted).max() <= 1
    alike = [one.values["alike"] for one in said if isinstance(one, Metrics)]
    assert alike == sorted(alike)
    assert found.similarity >= alike[-1]
    assert (found.settings.held.name, found.settings.model) == ("face.png", plain.model)
    for preview in previews:  # its recipe makes it again
        (again,) = sketches(DreamSettings.model_validate(preview.recipe.settings))
        assert np.abs(again - preview.picture).max() <= 2
    early, said = run("look_for", LookForTask(plain, wanted.astype(np.uint8), "face.png", steps=100), finish_after=6)
    assert early.settings.held.w
    assert len(said) < 20


def test_a_picture_is_dragged_in_sight_and_stays_where_it_may_not_move(plain):
    settings = plain.at_seed(4)
    pair = ((10.0, 16.0), (16.0, 16.0))
    dragged, said = run("drag_picture", DragTask(settings, (pair,), most=6))
    told = [one.values for one in said if isinstance(one, Metrics)]
    assert dragged.distance == told[-1]["distance"]
    assert dragged.handles == ((told[-1]["handle 0 right"], told[-1]["handle 0 down"]),)
    *_, last = [one for one in said if isinstance(one, Preview)]
    (again,) = sketches(dragged.settings)
    assert np.abs(again - last.picture).max() <= 2
    still = np.zeros((32, 32), np.uint8)
    kept, _ = run("drag_picture", DragTask(settings, (pair,), still, most=6))
    before, free, bound = sketches(settings, dragged.settings, kept.settings)
    assert np.abs(free - before).mean() > np.abs(bound - before).mean()


def test_a_walk_is_part_of_what_is_set():
    settings = DreamSettings(typical=0.7).at(2.5, 1.0)
    station = settings.station
    assert DreamSettings().standing_at(station) == settings.model_copy(update={"model": ""})
    walk = Walk(stations=(station, Station(seconds=3.0)), loop=False)
    assert (walk.seconds, walk.model_copy(update={"loop": True}).seconds) == (2.0, 5.0)
    kept = settings.model_copy(update={"walk": walk})
    assert DreamSettings.model_validate_json(kept.model_dump_json()) == kept
