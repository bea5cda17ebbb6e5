"""A task that is made at once: it follows every change by itself, and the newest settings always have the last word."""

import gc
import weakref
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from picture_kit import BRIGHTEN, BrightenSettings, brightened
from studio_kit import write_photo

from studio.core.frames import prepare_frame
from studio.core.images import load_picture, save_picture
from studio.core.library import Library
from studio.jobs.files import prepare_opened
from studio.ui.picture.files import PictureFiles
from studio.ui.picture.session import PictureSession, SessionState

pytestmark = pytest.mark.usefixtures("brightening")


@pytest.fixture
def session(pictures, undo_stack):
    return PictureSession(BRIGHTEN, pictures, pictures, undo_stack)


@pytest.fixture
def heard(session):
    said = {"frames": [], "states": [], "failures": [], "results": []}
    session.frame_composed.connect(said["frames"].append)
    session.state_changed.connect(said["states"].append)
    session.failed.connect(said["failures"].append)
    session.finished.connect(lambda *result: said["results"].append(result))
    return said


@pytest.fixture
def photo(tmp_path):
    return prepare_opened(load_picture(write_photo(tmp_path / "photo.png")))


@pytest.fixture
def worked_on(session, heard, photo, until):
    session.put("content", photo)
    until(lambda: session.state is SessionState.FINISHED and heard["frames"] and session.is_settled)
    return session


def stops_of(session):
    return None if session.recipe is None else session.recipe.settings["stops"]


def test_a_photo_is_worked_on_without_being_asked(worked_on, heard, photo):
    assert np.array_equal(worked_on.layer, brightened(photo.picture.pixels, 0.0))
    assert heard["states"] == [SessionState.READY, SessionState.RUNNING, SessionState.FINISHED]
    expected = prepare_frame(worked_on.layer)
    assert np.array_equal(heard["frames"][-1].levels[0], expected.levels[0])


def test_every_move_of_a_slider_ends_in_the_picture_of_its_last_place(worked_on, heard, photo, until):
    for stops in np.linspace(0.1, 1.0, 10):
        worked_on.change(stops=float(stops))
    until(lambda: stops_of(worked_on) == 1.0 and worked_on.is_settled)
    expected = brightened(photo.picture.pixels, 1.0)
    assert np.array_equal(worked_on.layer, expected)
    assert np.array_equal(heard["frames"][-1].levels[0], prepare_frame(expected).levels[0])


def test_pictures_keep_coming_while_the_slider_moves(worked_on, heard, photo, pictures, until):
    """What has begun is shown before the newest begins: a drag faster than the job is followed, not waited out."""
    in_the_way, go_on = Event(), Event()

    def obstacle(task, controls):
        in_the_way.set()
        go_on.wait(20)
        yield from ()

    pictures.live("obstacle", obstacle, None)
    assert in_the_way.wait(20)
    heard["frames"].clear()
    for stops in (0.5, 1.0, 1.5):
        worked_on.change(stops=stops)
    go_on.set()
    until(lambda: stops_of(worked_on) == 1.5 and worked_on.is_settled)
    first, last = (prepare_frame(brightened(photo.picture.pixels, stops)).levels[0] for stops in (0.5, 1.5))
    assert [frame.levels[0].tobytes() for frame in heard["frames"]] == [first.tobytes(), last.tobytes()]


def test_a_file_saved_too_early_names_the_settings_of_the_picture_in_it(worked_on, until):
    worked_on.change(stops=1.0)  # whose picture is not there yet
    assert worked_on.settings_of_picture == BrightenSettings(stops=0.0)
    until(lambda: stops_of(worked_on) == 1.0)
    assert worked_on.settings_of_picture == BrightenSettings(stops=1.0)


def test_what_follows_a_slider_does_not_flicker_through_the_states(worked_on, heard, until):
    heard["states"].clear()
    worked_on.change(stops=1.0)
    until(lambda: stops_of(worked_on) == 1.0)
    assert heard["states"] == []


def test_nothing_is_kept_unasked(worked_on, heard, until):
    worked_on.change(stops=1.0)
    until(lambda: stops_of(worked_on) == 1.0)
    assert heard["results"] == []
    assert worked_on.history.frames == []


def test_a_drag_is_one_step_and_undo_makes_the_picture_anew(worked_on, undo_stack, until):
    worked_on.settings_state.begin()
    for stops in (0.3, 0.6):
        worked_on.change(stops=stops)
    worked_on.settings_state.commit()
    until(lambda: stops_of(worked_on) == 0.6)
    assert undo_stack.undoText() == "Exposure"
    undo_stack.undo()
    until(lambda: stops_of(worked_on) == 0.0)


def test_undo_brings_the_former_photo_back_and_redo_the_newer_one(worked_on, undo_stack, photo, tmp_path, until):
    worked_on.change(stops=1.0)
    other = prepare_opened(load_picture(write_photo(tmp_path / "other.png", 40, 60)))
    worked_on.put("content", other)
    worked_on.change(stops=0.5)
    until(lambda: worked_on.is_settled)
    assert [undo_stack.text(step) for step in range(undo_stack.count())][1:] == [
        "Exposure", "Photo “other.png”", "Exposure",
    ]  # fmt: skip
    undo_stack.undo()
    undo_stack.undo()
    until(lambda: worked_on.is_settled)
    assert worked_on.photo is photo
    assert np.array_equal(worked_on.layer, brightened(photo.picture.pixels, 1.0))
    undo_stack.redo()
    until(lambda: worked_on.is_settled)
    assert worked_on.photo is other
    assert np.array_equal(worked_on.layer, brightened(other.picture.pixels, 1.0))


def test_undo_of_the_first_photo_leaves_nothing(worked_on, undo_stack, until):
    undo_stack.undo()
    assert (worked_on.state, worked_on.photo, worked_on.layer) == (SessionState.EMPTY, None, None)
    undo_stack.redo()
    until(lambda: worked_on.state is SessionState.FINISHED)


def test_undo_lets_the_oldest_photos_go_where_they_take_too_much_and_says_so(worked_on, undo_stack, tmp_path, until):
    said = []
    worked_on.noticed.connect(lambda words, level: said.append(words))
    worked_on._undo_memory.limit = 60_000  # bytes: one or two of these pictures
    for number in range(4):
        worked_on.put("content", prepare_opened(load_picture(write_photo(tmp_path / f"{number}.png", 64, 48))))
    until(lambda: worked_on.is_settled)
    undo_stack.undo()
    assert worked_on.photo.picture.name == "2.png"
    steps = undo_stack.count()
    while undo_stack.canUndo():
        undo_stack.undo()
    assert undo_stack.count() < steps
    assert any("too far back" in words for words in said)
    assert worked_on.photo is not None


def test_what_cannot_be_done_is_told_once_and_the_next_move_works(worked_on, heard, until):
    before = worked_on.layer
    worked_on.change(stops=-3.0)
    until(lambda: heard["failures"])
    assert worked_on.layer is before
    assert worked_on.state is SessionState.FINISHED
    worked_on.change(stops=-1.0)
    until(lambda: stops_of(worked_on) == -1.0)
    assert len(heard["failures"]) == 1


def test_another_photo_is_worked_on_with_the_same_settings(worked_on, photo, tmp_path, until):
    worked_on.change(stops=1.0)
    other = prepare_opened(load_picture(write_photo(tmp_path / "other.png", 40, 60)))
    worked_on.put("content", other)
    until(lambda: worked_on.state is SessionState.FINISHED)
    assert np.array_equal(worked_on.layer, brightened(other.picture.pixels, 1.0))


@pytest.mark.parametrize("at_once", [True, False])
def test_a_photo_that_another_replaced_is_let_go_with_the_way_back_to_it(
    pictures, undo_stack, photo, tmp_path, until, at_once
):
    session = PictureSession(replace(BRIGHTEN, at_once=at_once), pictures, pictures, undo_stack)
    session.start_when_ready = True
    first = prepare_opened(load_picture(write_photo(tmp_path / "first.png", 40, 60)))
    pixels = weakref.ref(first.picture.pixels)
    session.put("content", first)
    until(lambda: session.state is SessionState.FINISHED and session.is_settled)
    session.put("content", photo)
    until(lambda: session.state is SessionState.FINISHED and session.is_settled)
    del first
    gc.collect()
    assert pixels() is not None
    undo_stack.clear()
    gc.collect()
    assert pixels() is None


def test_a_saved_result_brings_photo_and_settings_back_and_is_made_anew(worked_on, pictures, photo, tmp_path, until):
    worked_on.change(stops=1.0)
    until(lambda: stops_of(worked_on) == 1.0)
    save_picture(tmp_path / "saved.jpg", worked_on.layer, recipe=worked_on.recipe)
    files = PictureFiles(BRIGHTEN, pictures, Library(tmp_path / "library"))
    files.recalled.connect(worked_on.recall)
    worked_on.change(stops=-2.0)
    files.open_file(tmp_path / "saved.jpg", "content")
    until(lambda: worked_on.settings == BrightenSettings(stops=1.0) and stops_of(worked_on) == 1.0
          and worked_on.layer is not None and worked_on.layer.dtype == np.uint16)  # fmt: skip
    assert worked_on.photo.picture.name == "photo.png"
    assert np.array_equal(worked_on.layer, brightened(photo.picture.pixels, 1.0))


def test_what_is_asked_of_the_newest_picture_waits_until_it_is_shown(worked_on, heard, until):
    seen = []
    worked_on.when_made(lambda: seen.append(stops_of(worked_on)))
    assert seen == [0.0]
    worked_on.change(stops=1.0)
    worked_on.change(stops=2.0)
    worked_on.when_made(lambda: seen.append((stops_of(worked_on), len(heard["frames"]))))
    assert seen == [0.0]
    until(lambda: worked_on.is_settled)
    assert seen == [0.0, (2.0, len(heard["frames"]))]


def test_what_was_asked_for_is_done_with_what_is_there_when_the_panel_stops(worked_on):
    seen = []
    worked_on.change(stops=1.0)
    worked_on.when_made(lambda: seen.append(worked_on.settings_of_picture.stops))
    worked_on.stop()
    assert seen == [0.0]
