"""Frames of the film strip: looked at while painting goes on, compared, gone on from, with undo."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from studio_kit import LONG, QUICK, answering_file_dialog, open_pair, write_painting, write_photo

from studio.core.compositing import compose
from studio.core.images import load_picture
from studio.ui.picture.session import SessionState


@pytest.fixture
def panel(studio):
    return studio.window.panel("style")


@pytest.fixture
def bar(panel):
    return panel.workspace.strip_bar


def painted(panel, settings, tmp_path, until):
    panel.session.set_settings(settings)
    open_pair(panel, write_photo(tmp_path / "a photo.png"), write_painting(tmp_path / "stripes.png"))
    until(lambda: panel.session.state is SessionState.READY)
    panel.start()


@pytest.fixture
def running(panel, tmp_path, until):
    painted(panel, LONG, tmp_path, until)
    until(lambda: len(panel.session.history.frames) >= 3)
    return panel


@pytest.fixture
def finished(panel, tmp_path, until):
    painted(panel, QUICK.model_copy(update={"steps": 14}), tmp_path, until)
    until(lambda: panel.session.state is SessionState.FINISHED and panel.session.is_settled)
    return panel


def shows(panel, layer):
    photo = panel.session.photo.picture.pixels
    expected = compose(photo, layer, panel.session.settings_to_compose) // 257
    seen = panel._shown.levels[0][..., 2::-1].astype(int)
    return seen.shape == expected.shape and np.abs(seen - expected).max() <= 1


def test_a_frame_is_looked_at_while_the_painting_goes_on(running, bar, until):
    session = running.session
    first = session.history.frames[0]
    bar.strip.frame_shown.emit(first.number)
    until(lambda: shows(running, first.layer))
    assert session.state is SessionState.RUNNING
    frames = len(session.history.frames)
    until(lambda: len(session.history.frames) > frames)
    assert shows(running, first.layer)
    assert bar.strip.current == first.number
    assert running.canvas.labels == ("Photo", f"Step {first.evaluations}")
    assert bar.go_on.isEnabled()
    bar.newest.click()
    assert session.film.looking_at is None
    until(lambda: not shows(running, first.layer))
    assert running.canvas.labels == ("Photo", "Painting")
    assert not bar.go_on.isEnabled()  # it goes on already


def test_a_slider_that_steers_leads_back_to_the_newest(running):
    session = running.session
    session.film.show(session.history.frames[0].number)
    session.change(strength=0.5)
    assert session.film.looking_at is session.history.frames[0]
    session.change(style_weight=3.0)
    assert session.film.looking_at is None


def test_what_is_saved_is_the_frame_in_sight_with_its_own_recipe(finished, bar, tmp_path, until):
    first = finished.session.history.frames[0]
    with answering_file_dialog(tmp_path / "early.png"):
        bar.strip.save_requested.emit(first.number)
    until((tmp_path / "early.png").is_file)
    saved = load_picture(tmp_path / "early.png")
    assert saved.recipe == first.recipe.model_copy(update={"initial": first.recipe.initial or first.recipe.settings})
    assert np.array_equal(saved.pixels, first.layer)


def test_go_on_from_here_paints_on_and_undo_brings_the_picture_back(finished, bar, until):
    session, there = finished.session, list(finished.session.history.frames)
    layer = session.layer
    session.film.show(there[1].number)
    bar.go_on.click()
    assert session.state is SessionState.RUNNING
    until(lambda: session.state is SessionState.FINISHED and len(session.history.frames) > len(there))
    until(lambda: session.is_settled)
    new = session.history.frames[len(there)]
    assert (new.branch, new.parent) == (True, there[1].number)
    assert finished.undo_stack.undoText() == f"Go On from Step {there[1].evaluations}"
    finished.undo_stack.undo()
    assert session.layer is layer
    until(lambda: shows(finished, layer))
    assert session.film.shown_frame is there[-1]
    assert new in session.history.frames  # the strip forgets nothing


def test_frames_of_another_painting_stay_and_bring_it_back(finished, tmp_path, until):
    session, first = finished.session, finished.session.history.frames[0]
    finished.open_as("style", [write_painting(tmp_path / "dots.png", 5)])
    until(lambda: session.history.frames[-1].take > first.take and session.state is SessionState.FINISHED)
    until(lambda: session.is_settled)
    assert [one.picture.name for one in session.paintings] == ["dots.png"]
    assert first in session.history.frames
    session.branch_from(first.number)
    assert [one.picture.name for one in session.paintings] == ["stripes.png"]
    until(lambda: session.state is SessionState.FINISHED and session.is_settled)
    names = [record.name for record in session.recipe.inputs]
    assert names == ["a photo.png", "stripes.png"]
    finished.undo_stack.undo()
    assert [one.picture.name for one in session.paintings] == ["dots.png"]
    assert finished.shelf.count == 1


def test_a_slider_goes_on_from_the_frame_in_sight_with_its_paintings_and_undo_takes_both_back(
    finished, tmp_path, until
):
    session, first = finished.session, finished.session.history.frames[0]
    finished.open_as("style", [write_painting(tmp_path / "dots.png", 5)])
    until(lambda: session.history.frames[-1].take > first.take and session.state is SessionState.FINISHED)
    until(lambda: session.is_settled)
    layer, weight = session.layer, session.settings.style_weight
    session.film.show(first.number)
    session.change(style_weight=3.0)
    assert session.state is SessionState.RUNNING
    assert [one.picture.name for one in session.paintings] == ["stripes.png"]
    until(lambda: session.state is SessionState.FINISHED and session.is_settled)
    finished.undo_stack.undo()
    finished.undo_stack.undo()
    assert [one.picture.name for one in session.paintings] == ["dots.png"]
    assert session.settings.style_weight == weight
    assert session.layer is layer


def test_any_two_frames_are_compared_at_one_size(finished, bar, until):
    session, canvas = finished.session, finished.canvas
    first, last = session.history.frames[0], session.history.frames[-1]
    size, zoom = canvas.picture_size, canvas.zoom
    bar.strip.comparison_requested.emit(first.number)
    until(lambda: "frame" in canvas.pictures)
    assert canvas.labels == (f"Step {first.evaluations}", f"Step {last.evaluations}")
    assert canvas.compare_mode == "split"
    assert (canvas.picture_size, canvas.zoom) == (size, zoom)
    assert bar.compare.isChecked()
    bar.compare.click()
    assert canvas.labels == ("Photo", "Painting")
    assert canvas.picture_size == size
    assert not bar.compare.isChecked()


def test_the_photo_comes_back_to_the_comparison_with_another_photo(finished, bar, tmp_path, until):
    bar.strip.comparison_requested.emit(finished.session.history.frames[0].number)
    until(lambda: "frame" in finished.canvas.pictures)
    finished.open_pictures([write_photo(tmp_path / "other.png", 64, 96)])
    until(lambda: finished.session.photo.picture.name == "other.png")
    assert "frame" not in finished.canvas.pictures
    assert finished.canvas.labels[0] == "Photo"
    assert finished.canvas.picture_size == (64, 96)


def test_the_card_says_in_words_what_the_frame_is(finished, bar, until):
    session = finished.session
    texts = []
    for frame in session.history.frames:
        session.film.show(frame.number)
        texts.append((bar.title.text(), bar.facts.text()))
    assert texts[0][0] == f"Step {session.history.frames[0].evaluations} · 64 × 43 px"
    assert texts[0][1] == "The first of its take"
    assert any("closer to its aim" in facts or "nearly done" in facts for _, facts in texts[1:])


def test_a_star_is_set_and_taken_away_by_button_and_key(qtbot, finished, bar):
    session, number = finished.session, finished.session.history.frames[0].number
    session.film.show(number)
    bar.star.click()
    assert session.history.find(number).starred
    assert bar.star.isChecked()
    bar.strip.setFocus()
    bar.strip.set_current(number)
    qtbot.keyClick(bar.strip, Qt.Key.Key_S)
    assert not session.history.find(number).starred
    assert not bar.star.isChecked()
