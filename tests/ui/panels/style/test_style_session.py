import time

import numpy as np
from studio_kit import LONG, PATIENCE, QUICK

from studio.core.compositing import compose
from studio.core.events import finish
from studio.core.frames import prepare_frame
from studio.core.picture_task import PictureRequest, PictureResult
from studio.jobs import catalog
from studio.jobs.picture_recipes import ReplayControls
from studio.ui.picture.session import SessionState


def test_what_can_be_done_follows_from_what_is_there(session, photo, paintings):
    assert session.state is SessionState.EMPTY
    session.put("content", photo)
    assert session.state is SessionState.EMPTY
    session.add("style", paintings[0])
    assert session.state is SessionState.READY
    session.remove("style", 0)
    assert session.state is SessionState.EMPTY
    session.set_settings(QUICK.model_copy(update={"mode": "reconstruct"}))
    session.put("content", photo)
    assert session.state is SessionState.READY


def test_a_painting_is_painted_from_start_to_end(session, heard, photo, paintings, until):
    session.set_settings(QUICK)
    session.put("content", photo)
    session.add("style", paintings[0])
    session.start()
    assert session.state is SessionState.RUNNING
    until(lambda: session.state is SessionState.FINISHED and session.history.frames)
    (result,) = heard.results
    assert isinstance(result, PictureResult)
    assert result.layer.shape == (43, 64, 3)
    assert heard.inputs == [(photo, paintings[0])]
    assert np.array_equal(session.layer, result.layer)
    assert session.recipe == result.recipe
    until(lambda: session.compositor.is_busy is False)
    shown = prepare_frame(compose(photo.picture.pixels, result.layer, session.settings))
    assert np.array_equal(heard.frames[-1].levels[0], shown.levels[0])


def test_a_painting_starts_by_itself_when_both_pictures_are_there(session, photo, paintings, until):
    session.set_settings(QUICK)
    session.start_when_ready = True
    session.add("style", paintings[0])
    assert session.state is SessionState.EMPTY
    session.put("content", photo)
    assert session.state is SessionState.RUNNING
    until(lambda: session.state is SessionState.FINISHED)
    session.add("style", paintings[1])
    until(lambda: session.state is SessionState.RUNNING)


def test_more_paintings_than_places_replace_the_last(session, paintings):
    for painting in paintings:
        session.add("style", painting)
    assert session.paintings == (*paintings[:3], paintings[4])


def test_moved_sliders_reach_the_running_painting_without_a_restart(at_work, heard, until):
    before = at_work.layer
    at_work.set_settings(LONG.model_copy(update={"style_weight": 9.0, "total_variation": 2.0}))
    until(lambda: at_work.recipe.settings["style_weight"] == 9.0)
    assert heard.states == [SessionState.READY, SessionState.RUNNING]
    until(lambda: not np.array_equal(at_work.layer, before))
    at_work.stop()
    until(lambda: heard.results)
    moves = [step.changes for step in heard.results[0].recipe.steering if step.action == "settings"]
    assert {name for changes in moves for name in changes} == {"style_weight", "total_variation"}


def test_instant_settings_change_the_shown_picture_while_the_network_rests(at_work, heard, photo, until):
    at_work.pause()
    assert at_work.state is SessionState.PAUSED
    until(lambda: not at_work.compositor.is_busy)
    painting = at_work.layer
    at_work.set_settings(LONG.model_copy(update={"strength": 0.25}))
    until(lambda: not at_work.compositor.is_busy)
    assert at_work.layer is painting
    expected = prepare_frame(compose(photo.picture.pixels, painting, at_work.settings))
    assert np.array_equal(heard.frames[-1].levels[0], expected.levels[0])


def test_a_paused_painting_rests_and_goes_on_where_it_was(qtbot, at_work, until):
    at_work.pause()
    qtbot.wait(100)
    frames = len(at_work.history.frames)
    painting = at_work.layer
    qtbot.wait(200)
    assert at_work.layer is painting
    at_work.resume()
    until(lambda: len(at_work.history.frames) > frames)
    assert at_work.state is SessionState.RUNNING


def test_stop_keeps_what_was_reached(at_work, heard, until):
    at_work.stop()
    until(lambda: at_work.state is SessionState.FINISHED)
    (result,) = heard.results
    assert not result.finished
    assert result.recipe.steering[-1].action == "stop"
    assert np.array_equal(at_work.layer, result.layer)


def test_a_stopped_painting_is_made_again_by_its_recipe(at_work, heard, photo, paintings, until):
    at_work.set_settings(LONG.model_copy(update={"style_weight": 3.0}))
    until(lambda: at_work.recipe.settings["style_weight"] == 3.0)
    at_work.stop()
    until(lambda: heard.results)
    (result,) = heard.results
    task = PictureRequest({"content": (photo.picture,), "style": (paintings[0].picture,)})
    again = finish(catalog.start("stylize", task, ReplayControls(result.recipe)))
    assert np.array_equal(again.layer, result.layer)


def test_stop_before_the_first_frame_leaves_nothing_behind(session, heard, photo, paintings, until):
    session.set_settings(LONG)
    session.put("content", photo)
    session.add("style", paintings[0])
    session.start()
    session.stop()
    until(lambda: session.state is SessionState.READY)
    assert heard.results == []
    assert session.layer is None


def test_a_setting_that_needs_a_restart_starts_again_once_the_hand_rests(at_work, until):
    for size in (96, 128):
        at_work.set_settings(LONG.model_copy(update={"size": size}))
    until(lambda: at_work.layer.shape == (85, 128, 3))
    assert at_work.state is SessionState.RUNNING


def test_another_photo_is_painted_at_once_and_what_was_reached_is_kept_with_its_own_photo(
    at_work, heard, photo, other_photo, paintings, until
):
    at_work.put("content", other_photo)
    assert at_work.state is SessionState.RUNNING
    assert (at_work.layer, at_work.history.frames) == (None, [])
    until(lambda: heard.results)
    assert heard.inputs == [(photo, paintings[0])]
    assert at_work.state is SessionState.RUNNING
    until(lambda: at_work.history.frames)
    assert at_work.layer.shape == (64, 43, 3)


def test_what_a_stopped_painting_still_says_is_not_taken_for_the_next_photos(at_work, heard, photo, other_photo, until):
    at_work.stop()
    at_work.remove("style", 0)
    at_work.put("content", other_photo)
    shown = len(heard.frames)
    until(lambda: heard.results)
    assert heard.inputs[0][0] is photo
    assert (at_work.state, at_work.layer, at_work.history.frames) == (SessionState.EMPTY, None, [])
    assert len(heard.frames) == shown


def test_a_result_on_its_way_is_kept_when_painting_begins_again(session, heard, photo, paintings, until):
    session.set_settings(QUICK)
    session.put("content", photo)
    session.add("style", paintings[0])
    session.start()
    run = session.job._handle._run
    deadline = time.monotonic() + PATIENCE / 1000
    while not run.ended:  # the window is busy: nothing of what is said arrives
        assert time.monotonic() < deadline
        time.sleep(0.01)
    session.start()
    until(lambda: session.state is SessionState.FINISHED)
    assert len(heard.results) == 2


def test_taking_the_only_painting_away_stops_and_keeps_what_was_reached(at_work, heard, until):
    at_work.remove("style", 0)
    until(lambda: at_work.state is SessionState.FINISHED)
    (result,) = heard.results
    assert not result.finished


def test_going_back_to_a_frame_restores_its_settings_and_goes_on_as_a_branch(at_work, heard, until):
    first = at_work.history.frames[0]
    at_work.set_settings(LONG.model_copy(update={"style_weight": 6.0}))
    until(lambda: at_work.history.frames[-1].settings.style_weight == 6.0)
    at_work.stop()
    until(lambda: at_work.state is SessionState.FINISHED)
    until(lambda: not at_work.compositor.is_busy)
    there = len(at_work.history.frames)
    at_work.branch_from(first.number)
    assert at_work.settings == first.settings
    assert at_work.layer is first.layer
    assert at_work.state is SessionState.RUNNING
    until(lambda: len(at_work.history.frames) >= there + 2)
    new = at_work.history.frames[there:]
    assert [frame.branch for frame in new] == [True] + [False] * (len(new) - 1)
    assert new[0].settings == first.settings
    at_work.stop()
    until(lambda: len(heard.results) == 2)
    assert [step.action for step in heard.results[1].recipe.steering].count("branch") == 1


def test_a_branch_is_undone_like_any_change_of_settings(at_work, undo_stack, until):
    first = at_work.history.frames[0]
    bold = LONG.model_copy(update={"style_weight": 6.0})
    at_work.set_settings(bold)
    at_work.branch_from(first.number)
    assert at_work.settings == LONG
    undo_stack.undo()
    assert at_work.settings == bold


def test_a_frame_that_was_thinned_out_is_no_branch(at_work):
    at_work.branch_from(10_000)
    assert at_work.state is SessionState.RUNNING


def test_a_slider_moved_after_the_end_goes_on_from_the_picture(finished, heard, until):
    reached = finished.history.frames[-1]
    finished.set_settings(finished.settings.model_copy(update={"style_weight": 4.0}))
    until(lambda: len(heard.results) == 2)
    branch = [step for step in heard.results[1].recipe.steering if step.action == "branch"]
    assert [step.changes for step in branch] == [{"style_weight": 4.0}]
    assert reached in finished.history.frames


def test_one_drag_is_one_step_back(session, undo_stack):
    before = session.settings
    session.settings_state.begin()
    for weight in (1.5, 2.0, 2.5):
        session.set_settings(before.model_copy(update={"style_weight": weight}))
    session.settings_state.commit()
    assert undo_stack.count() == 1
    undo_stack.undo()
    assert session.settings == before
    undo_stack.redo()
    assert session.settings.style_weight == 2.5


def test_a_mix_of_other_paintings_is_forgotten_even_by_undo(session, undo_stack, paintings):
    session.put("style", *paintings[:2])
    session.set_settings(session.settings.model_copy(update={"style_mix": (1.0, 0.5)}))
    session.remove("style", 1)
    assert session.settings.style_mix == ()
    undo_stack.undo()
    undo_stack.redo()
    assert session.settings.style_mix == ()


def test_a_failure_is_told_and_one_can_try_again(session, heard, photo, paintings, until, tmp_path):
    session.set_settings(QUICK.model_copy(update={"backbone": str(tmp_path / "gone.safetensors")}))
    session.put("content", photo)
    session.add("style", paintings[0])
    session.start()
    until(lambda: heard.failures)
    assert "is not there" in heard.failures[0].cause
    assert session.state is SessionState.READY
    session.set_settings(QUICK)
    session.start()
    until(lambda: session.state is SessionState.FINISHED)
