"""Paintings that were stopped or small come to their end in the size that was asked for, or that suits the computer."""

import numpy as np
from studio_kit import LONG, QUICK

from studio.core.cost import Pace
from studio.core.events import finish
from studio.core.picture_task import PictureRequest
from studio.core.style_settings import StyleSettings
from studio.jobs.picture_recipes import ReplayControls
from studio.jobs.style.stylize import stylize
from studio.ui.picture.session import SessionState


def test_a_stopped_painting_says_so_and_goes_on_to_its_end(session, heard, photo, paintings, until):
    session.set_settings(QUICK.model_copy(update={"size": 96, "steps": 400}))
    session.put("content", photo)
    session.add("style", paintings[0])
    session.start()
    until(lambda: len(session.history.frames) >= 2)
    assert not session.is_stopped
    session.stop()
    until(lambda: session.state is SessionState.FINISHED)
    assert session.is_stopped
    assert session.can_go_on
    reached = session.layer
    session.set_settings(session.settings.model_copy(update={"steps": 4}))
    session._restart.stop()
    session.go_on()
    assert session.state is SessionState.RUNNING
    until(lambda: len(heard.results) == 2)
    assert heard.results[1].finished
    assert [step.action for step in heard.results[1].recipe.steering] == ["branch"]
    assert not session.is_stopped
    assert not session.can_go_on
    assert np.abs(session.layer.astype(int) - reached).mean() < 257 * 40  # nobody began again


def test_finishing_larger_goes_on_from_the_painting_and_is_made_again_by_its_recipe(
    finished, heard, photo, paintings, undo_stack, until
):
    frames = list(finished.history.frames)
    finished.finish_at(160)
    assert finished.size_to_be == (160, 107)
    until(lambda: len(heard.results) == 2)
    result = heard.results[1]
    assert result.layer.shape == (107, 160, 3)
    assert result.finished
    assert finished.settings.size == 160
    assert [step.action for step in result.recipe.steering] == ["branch", "grow"]
    until(lambda: not finished.compositor.is_busy)
    assert finished.history.frames[: len(frames)] == frames
    request = PictureRequest({"content": (photo.picture,), "style": (paintings[0].picture,)})
    again = finish(stylize(request, ReplayControls(result.recipe)))
    assert np.array_equal(again.layer, result.layer)


def test_a_setting_that_begins_again_leaves_the_film_strip_as_it_was(finished, until):
    frames = list(finished.history.frames)
    finished.set_settings(finished.settings.model_copy(update={"size": 96}))
    until(lambda: finished.layer.shape == (64, 96, 3) and finished.state is SessionState.FINISHED)
    until(lambda: len(finished.history.frames) > len(frames))
    assert finished.history.frames[: len(frames)] == frames
    assert finished.history.frames[len(frames)].take == frames[-1].take + 1
    finished.branch_from(frames[-1].number)
    assert finished.settings == frames[-1].settings
    until(lambda: finished.state is SessionState.FINISHED and finished.layer.shape == (43, 64, 3))


def test_the_size_to_be_is_known_while_it_is_painted(session, photo, paintings, until):
    session.put("content", photo)
    session.add("style", paintings[0])
    assert session.size_to_be is None
    session.set_settings(LONG.model_copy(update={"size": 256}))
    session.start()
    assert session.size_to_be == (256, 171)
    session.set_settings(session.settings.model_copy(update={"size": 96}))  # of the next one
    assert session.size_to_be == (256, 171)
    until(lambda: session.history.newest)
    session.stop()
    until(lambda: session.state is SessionState.FINISHED)
    assert session.size_to_be is None


def test_on_a_slow_computer_a_newcomer_begins_with_a_size_that_takes_a_moment(session, undo_stack, photo):
    default = StyleSettings()
    slow = {default.backbone: Pace({1_000_000: 10.0})}
    session.put("content", photo)
    steps = undo_stack.count()
    session.take_pace(slow)
    assert session.settings.size < default.size
    assert session.cost(session.settings.size).seconds <= 40.0 < session.cost(session.settings.size + 64).seconds
    assert undo_stack.count() == steps
    session.set_settings(default)
    session.take_pace(slow)
    assert session.settings == default  # by hand: it stays


def test_on_a_fast_computer_the_default_size_stays(session):
    session.take_pace({StyleSettings().backbone: Pace({1_000_000: 0.01})})
    assert session.settings == StyleSettings()
