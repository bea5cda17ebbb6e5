import numpy as np
import pytest
from job_kit import heard

from studio.core.controls import Controls
from studio.core.events import Progress
from studio.core.images import PictureError, from_pixels, save_picture
from studio.core.library import Library
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.jobs import catalog
from studio.jobs.files import KeepTask, LoadTask, prepare_opened

PIXELS = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
RECIPE = Recipe(task="stylize", settings={"strength": 0.5})


def run(name, task):
    """Run a job to its end; returns its events and its result."""
    return heard(catalog.start(name, task, Controls(Settings())))


@pytest.fixture
def saved(tmp_path):
    save_picture(tmp_path / "a.png", PIXELS, recipe=RECIPE)
    return tmp_path / "a.png"


def test_a_file_opens_in_every_form_that_a_window_needs(saved):
    events, opened = run("load_picture", LoadTask(path=saved))
    assert isinstance(events[0], Progress)
    assert "a.png" in events[0].stage
    assert np.array_equal(opened.picture.pixels, PIXELS)
    assert opened.picture.recipe == RECIPE
    assert np.array_equal(opened.frame.levels[0][..., 2::-1], PIXELS)
    assert opened.thumbnail.shape == (192, 256, 3)


def test_bytes_and_pixels_open_too(saved):
    _, dropped = run("load_picture", LoadTask(data=saved.read_bytes(), name="dropped.png"))
    assert dropped.picture.name == "dropped.png"
    assert dropped.picture.path is None
    _, pasted = run("load_picture", LoadTask(pixels=PIXELS))
    assert pasted.picture.name == "Pasted picture"
    assert np.array_equal(pasted.picture.pixels, dropped.picture.pixels)


def test_a_given_name_replaces_that_of_the_file(saved):
    _, opened = run("load_picture", LoadTask(path=saved, name="beach.jpg"))
    assert (opened.picture.name, opened.picture.path) == ("beach.jpg", saved)
    assert prepare_opened(opened.picture).picture.name == "beach.jpg"


def test_a_task_names_one_source():
    with pytest.raises(ValueError, match="exactly one"):
        LoadTask()
    with pytest.raises(ValueError, match="exactly one"):
        LoadTask(data=b"x", pixels=PIXELS)


def test_nothing_is_read_before_the_job_runs(tmp_path):
    job = catalog.start("load_picture", LoadTask(path=tmp_path / "gone.png"), Controls(Settings()))
    assert isinstance(next(job), Progress)
    with pytest.raises(PictureError, match="is not there"):
        next(job)


def test_a_result_goes_into_the_library_with_its_inputs(tmp_path):
    library, photo = Library(tmp_path / "library"), from_pixels(PIXELS, "Pasted picture")
    _, path = run("keep_result", KeepTask(library, PIXELS.astype(np.uint16) * 257, RECIPE, (photo,)))
    assert library.entries()[0].path == path
    assert library.find_input(photo.sha256, photo.name) is not None
