"""A session on the disk: written while one works, and brought back with everything."""

import numpy as np
import pytest
from PySide6.QtGui import QUndoStack
from studio_kit import LONG, QUICK, write_painting, write_photo

from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.images import load_picture
from studio.core.kept_sessions import kept_sessions
from studio.core.picture_task import PictureRequest
from studio.core.session_reading import read_session
from studio.jobs import catalog
from studio.jobs.files import prepare_opened
from studio.jobs.picture_recipes import ReplayControls
from studio.jobs.sessions import ListSessionsTask, open_last_session
from studio.ui.panels.style.session import StyleSession
from studio.ui.picture import keeper as keeper_module
from studio.ui.picture.keeper import SessionKeeper
from studio.ui.picture.session import SessionState


@pytest.fixture
def session(engines, undo_stack):
    return StyleSession(*engines, undo_stack)


@pytest.fixture
def keeper(session, engines, tmp_path, monkeypatch):
    monkeypatch.setattr(keeper_module, "_DELAY_MS", 20)
    return SessionKeeper(session, engines[1], tmp_path / "sessions")


def opened(path):
    return prepare_opened(load_picture(path))


@pytest.fixture
def photo(tmp_path):
    return opened(write_photo(tmp_path / "photo.png"))


@pytest.fixture
def painting(tmp_path):
    return opened(write_painting(tmp_path / "stripes.png", 1))


@pytest.fixture
def finished(session, keeper, photo, painting, until):
    session.set_settings(QUICK)
    session.put("content", photo)
    session.put("style", painting)
    session.start()
    until(lambda: session.state is SessionState.FINISHED and session.is_settled)
    return session


def restored(root, engines):
    """What the next start holds."""
    stack = QUndoStack()
    again = StyleSession(*engines, stack)
    again.undo_stack_kept = stack
    again.restore(finish(open_last_session(ListSessionsTask(root), Controls(QUICK))))
    return again


def test_the_next_start_has_everything_back_without_painting_again(finished, keeper, engines, until):
    finished.film.star(finished.history.frames[0].number)
    until(lambda: keeper.is_up_to_date)
    again = restored(keeper.root, engines)
    assert again.state is SessionState.FINISHED
    assert (again.photo.picture.name, again.paintings[0].picture.name) == ("photo.png", "stripes.png")
    assert again.settings == finished.settings
    assert np.array_equal(again.layer, finished.layer)
    assert again.layer.dtype == np.uint16
    assert again.recipe == finished.recipe
    assert [frame.number for frame in again.history.frames] == [frame.number for frame in finished.history.frames]
    for mine, theirs in zip(again.history.frames, finished.history.frames, strict=True):
        assert np.array_equal(mine.layer, theirs.layer)
        assert (mine.settings, mine.recipe, mine.starred, mine.take, mine.evaluations, mine.loss) == (
            theirs.settings, theirs.recipe, theirs.starred, theirs.take, theirs.evaluations, theirs.loss,
        )  # fmt: skip
    assert again.film.shown_frame is again.history.frames[-1]


def test_a_restored_session_goes_on_from_its_frames(finished, keeper, engines, until):
    until(lambda: keeper.is_up_to_date)
    again = restored(keeper.root, engines)
    there = len(again.history.frames)
    again.branch_from(again.history.frames[0].number)
    until(lambda: again.state is SessionState.FINISHED and len(again.history.frames) > there and again.is_settled)
    assert again.history.frames[there].branch
    assert [step.action for step in again.recipe.steering].count("branch") == 1
    request = PictureRequest({"content": again.pictures[:1], "style": again.pictures[1:]})
    replayed = finish(catalog.start("stylize", request, ReplayControls(again.recipe)))
    assert np.array_equal(replayed.layer, again.layer)  # a frame from a file is the frame, to the bit


def test_while_it_paints_the_newest_picture_reaches_the_disk_and_is_marked_unfinished(
    session, keeper, photo, painting, engines, until
):
    session.set_settings(LONG)
    session.put("content", photo)
    session.put("style", painting)
    session.start()
    until(lambda: kept_sessions(keeper.root) and read_session(keeper.folder).layer is not None)
    kept = read_session(keeper.folder)
    assert kept.running
    assert kept.recipe.steering[-1].action == "stop"
    again = restored(keeper.root, engines)
    assert np.array_equal(again.layer, kept.layer)
    assert again.history.frames[-1].recipe == kept.recipe  # one can go on from it, whether it was a frame or not
    assert again.film.shown_frame is again.history.frames[-1]
    session.stop()
    until(lambda: session.state is SessionState.FINISHED and session.is_settled and keeper.is_up_to_date)
    assert not read_session(keeper.folder).running


def test_each_photo_has_a_session_of_its_own(finished, keeper, tmp_path, until):
    until(lambda: keeper.is_up_to_date)
    first = keeper.folder
    finished.put("content", opened(write_photo(tmp_path / "other.png", 64, 96)))
    until(lambda: finished.state is SessionState.FINISHED and finished.is_settled and keeper.is_up_to_date)
    assert [kept.title for kept in kept_sessions(keeper.root)] == ["other · stripes", "photo · stripes"]
    assert read_session(first).layer is not None


def test_what_was_made_last_is_kept_though_another_photo_comes_at_once(
    finished, keeper, photo, tmp_path, until, monkeypatch
):
    until(lambda: keeper.is_up_to_date)
    keeper._timer.setInterval(600_000)
    finished.change(strength=0.25)
    first = keeper.folder
    finished.put("content", opened(write_photo(tmp_path / "other.png", 64, 96)))
    until(lambda: finished.state is SessionState.FINISHED and finished.is_settled)
    kept = read_session(first)
    assert kept.settings["strength"] == 0.25
    assert not kept.running


def test_a_disk_that_takes_nothing_is_told_once_and_painting_goes_on(session, engines, photo, tmp_path, until):
    (tmp_path / "in the way").touch()
    keeper = SessionKeeper(session, engines[1], tmp_path / "in the way")
    keeper._timer.setInterval(10)
    told = []
    keeper.failed.connect(told.append)
    session.put("content", photo)
    until(lambda: told)
    assert "session is not kept" in told[0].cause
    keeper._timer.setInterval(10)
    session.change(strength=0.5)
    until(lambda: keeper.is_up_to_date)
    assert len(told) == 1


def test_without_a_folder_nothing_is_kept(session, engines, photo, qtbot):
    keeper = SessionKeeper(session, engines[1], None)
    session.put("content", photo)
    qtbot.wait(50)
    assert keeper.folder is None
    assert engines[1].is_idle


def test_settings_a_later_version_knows_cost_only_themselves(finished, keeper, engines, until):
    import json

    until(lambda: keeper.is_up_to_date)
    file = keeper.folder / "session.json"
    content = json.loads(file.read_text())
    content["settings"] |= {"mood": "blue", "style_weight": "very"}
    file.write_text(json.dumps(content))
    again = restored(keeper.root, engines)
    default = type(finished.settings)().style_weight
    assert again.settings == finished.settings.model_copy(update={"style_weight": default})


def test_opening_a_session_is_one_step_of_undo(finished, keeper, engines, undo_stack, tmp_path, until):
    until(lambda: keeper.is_up_to_date)
    layer, frames = finished.layer, list(finished.history.frames)
    session = finish(open_last_session(ListSessionsTask(keeper.root), Controls(QUICK)))
    finished.put("content", opened(write_photo(tmp_path / "other.png", 64, 96)))
    until(lambda: finished.state is SessionState.FINISHED and finished.is_settled)
    other = finished.layer
    finished.restore(session)
    assert np.array_equal(finished.layer, layer)
    assert undo_stack.undoText() == "Open Session “photo · stripes”"
    undo_stack.undo()
    assert finished.photo.picture.name == "other.png"
    assert finished.layer is other
    undo_stack.undo()
    assert finished.layer is layer
    assert finished.history.frames == frames
