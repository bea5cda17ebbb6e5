"""Saved paintings come back with everything that made them, as far as it is there."""

import numpy as np
import pytest
from PySide6.QtGui import QUndoStack
from studio_kit import LONG, QUICK

from studio.core.compositing import compose
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.frames import prepare_frame
from studio.core.images import load_picture, save_picture
from studio.core.library import Library
from studio.jobs.files import prepare_opened
from studio.jobs.recall import RecallTask, recall
from studio.jobs.sessions import SaveSessionTask, keep_session, open_session
from studio.ui.panels.style.session import StyleSession
from studio.ui.picture.keeper import SessionKeeper
from studio.ui.picture.session import SessionState


def recalled_from(path, library):
    return finish(recall(RecallTask(prepare_opened(load_picture(path)), library), Controls(QUICK)))


def at_the_next_start(session, tmp_path, engines):
    """Keep a session, open it in another one, and return which file that shows as it was saved, and its recipe."""
    keeper = SessionKeeper(session, engines[1], None)
    finish(keep_session(SaveSessionTask(keeper.saved(), tmp_path / "kept"), Controls(QUICK)))
    again, frames = StyleSession(*engines, stack := QUndoStack()), []
    again.frame_composed.connect(frames.append)
    again.restore(finish(open_session(tmp_path / "kept", Controls(QUICK))))
    assert np.array_equal(frames[-1].levels[0], again.as_saved.frame.levels[0])
    assert (again.state, again.settings) == (session.state, session.settings)
    again.deleteLater(), stack.deleteLater()
    return again.as_saved.picture.sha256, again.recipe


def saved_by(heard, library, tmp_path, *, without=""):
    """Save what was painted, and keep its inputs in the library, perhaps but one."""
    for used in heard.inputs[0]:
        if used.picture.name != without:
            library.keep_input(used.picture)
    save_picture(tmp_path / "saved.png", heard.results[0].picture, recipe=heard.results[0].recipe)
    return tmp_path / "saved.png"


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_a_saved_painting_comes_back_whole(finished, heard, photo, other_photo, until, tmp_path, strength):
    finished.set_settings(finished.settings.model_copy(update={"strength": strength}))
    (result,) = heard.results
    library = Library(tmp_path / "library")
    for used in heard.inputs[0]:
        library.keep_input(used.picture)
    recipe = result.recipe.model_copy(update={"settings": finished.settings.model_dump()})
    composed = compose(photo.picture.pixels, result.layer, finished.settings)
    save_picture(tmp_path / "saved.png", composed, recipe=recipe)
    settings = finished.settings
    finished.put("content", other_photo)
    finished.set_settings(LONG)
    finished.recall(recalled_from(tmp_path / "saved.png", library))
    assert finished.settings == settings
    assert finished.photo.picture.name == "photo.png"
    assert [p.picture.name for p in finished.paintings] == ["0.png"]
    expected = prepare_frame(load_picture(tmp_path / "saved.png").pixels)
    assert np.array_equal(heard.frames[-1].levels[0], expected.levels[0])
    plain = strength == 1.0
    assert finished.state is (SessionState.FINISHED if plain else SessionState.READY)
    assert len(finished.history.frames) == (1 if plain else 0)
    assert (finished.as_saved is None) == plain
    assert finished.pixels.shape == composed.shape


def test_a_painting_that_was_mixed_with_its_photo_is_there_as_its_file_has_it_and_finished_larger(
    finished, heard, undo_stack, engines, until, tmp_path
):
    """Nobody knows the layer below what its file holds: it is made anew."""
    finished.set_settings(finished.settings.model_copy(update={"strength": 0.5}))
    library = Library(tmp_path / "library")
    recipe = heard.results[0].recipe.model_copy(update={"settings": finished.settings.model_dump()})
    saved = saved_by(heard, library, tmp_path)
    save_picture(saved, load_picture(saved).pixels, recipe=recipe)
    finished.recall(recalled_from(saved, library))
    mixed = finished.as_saved
    finished.remove("style", 0)
    finished.put("content", prepare_opened(load_picture(saved)))
    assert finished.as_saved is None
    undo_stack.undo()
    assert finished.as_saved is mixed
    assert at_the_next_start(finished, tmp_path, engines) == (mixed.picture.sha256, finished.recipe)
    assert heard.frames[-1] is mixed.frame
    undo_stack.undo()
    finished.finish_at(96)
    until(lambda: len(heard.results) == 2)
    assert heard.results[1].layer.shape == (64, 96, 3)
    assert heard.results[1].recipe.steering == ()
    assert finished.as_saved is None


def test_restoring_can_be_undone(finished, undo_stack, photo, until, tmp_path, heard):
    library = Library(tmp_path / "library")
    saved = saved_by(heard, library, tmp_path)
    changed = finished.settings.model_copy(update={"seed": 5, "strength": 0.3})
    finished.set_settings(changed)
    finished.recall(recalled_from(saved, library))
    undo_stack.undo()
    assert finished.settings == changed


def test_the_settings_come_back_without_the_painting(finished, heard, until, tmp_path):
    settings, library = finished.settings, Library(tmp_path / "library")
    saved = saved_by(heard, library, tmp_path, without="0.png")
    finished.set_settings(LONG)
    finished.recall(recalled_from(saved, library))
    assert finished.settings == settings
    assert finished.photo.picture.name == "photo.png"
    assert finished.paintings == ()
    assert finished.state is SessionState.EMPTY
    ((words, level),) = [notice for notice in heard.notices if "0.png" in notice[0]]
    assert "settings are back" in words
    assert level == "warning"
    expected = prepare_frame(load_picture(saved).pixels)
    assert np.array_equal(heard.frames[-1].levels[0], expected.levels[0])


def test_the_settings_come_back_without_the_photo(finished, heard, tmp_path):
    settings, library = finished.settings, Library(tmp_path / "library")
    saved = saved_by(heard, library, tmp_path, without="photo.png")
    finished.set_settings(LONG)
    finished.recall(recalled_from(saved, library))
    assert finished.settings == settings
    assert finished.photo.picture.name == "saved.png"
    assert [painting.picture.name for painting in finished.paintings] == ["0.png"]
    assert finished.state is SessionState.READY
    assert finished.recipe is None
