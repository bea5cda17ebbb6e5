"""Instant in the Style panel: the painting appears at once, Strength paints it anew, and everything else goes on."""

import numpy as np
import pytest
from fast_style_kit import write_fast_style, write_finished_run
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from studio_kit import QUICK, drag_slider, drop_files, open_pair, write_painting, write_photo

from studio.core.images import load_picture, read_recipe, resize, to_8_bits
from studio.core.model_shelf import ModelShelf
from studio.core.style_settings import StyleSettings
from studio.jobs.files import prepare_opened
from studio.ui.panel import ModelToUse
from studio.ui.picture.session import SessionState

SMALL = StyleSettings(size=96)


@pytest.fixture
def panel(studio, until):
    """The panel with a fast style of one's own on the shelf."""
    shelf = ModelShelf.standard()
    write_fast_style(shelf.folder / "own.safetensors")
    panel = studio.window.panel("style")
    panel.session.set_settings(SMALL)
    panel.refresh_models()
    until(lambda: "own" in panel.fast_styles.tiles)
    return panel


@pytest.fixture
def painted(panel, tmp_path, until):
    """A photo painted at once."""
    panel.column.method.buttons[1].click()
    panel.fast_styles.tiles["own"].click()
    panel.open_pictures([write_photo(tmp_path / "photo.png")])
    until(lambda: panel.session.state is SessionState.FINISHED and panel.session.history.frames)
    return panel


def test_a_photo_is_painted_at_once_without_a_painting(painted):
    assert painted.session.recipe.settings["method"] == "instant"
    assert [record.role for record in painted.session.recipe.inputs] == ["content"]
    assert painted.has_picture


def test_the_packaged_ones_are_offered_with_their_paintings_but_no_former_ones(panel):
    assert {"fast-starry-night", "fast-scream", "own"} <= set(panel.fast_styles.tiles)
    assert panel.fast_styles.tiles["fast-scream"].accessibleName() == "The Scream"
    assert not {"fast-wave", "fast-town"} & set(panel.fast_styles.tiles)


def test_only_what_acts_is_shown(panel):
    assert not panel.shelf.isHidden()
    assert panel.fast_styles.isHidden()
    panel.column.method.buttons[1].click()
    assert panel.shelf.isHidden()
    assert not panel.fast_styles.isHidden()
    assert panel.form.row("style_weight").isHidden()
    assert not panel.form.row("strength").isHidden()
    panel.column.method.buttons[0].click()
    assert panel.fast_styles.isHidden()
    assert not panel.form.row("style_weight").isHidden()


def test_strength_fades_the_painting_and_then_paints_it_anew(painted, until):
    full = np.array(painted.session.layer)
    drag_slider(painted.form.row("strength").slider, 0.4)
    strength = painted.session.settings.strength
    assert 0.3 < strength < 0.5
    until(lambda: painted.session.state is SessionState.FINISHED and painted.session.recipe is not None
          and painted.session.recipe.settings["strength"] == strength)  # fmt: skip
    assert painted.session.layer.shape == full.shape
    assert not np.array_equal(painted.session.layer, full)


def test_one_drag_of_strength_is_one_frame_and_one_step_however_often_the_hand_rests(painted, until):
    session, state = painted.session, painted.session.settings_state

    def moved(strength):
        session.change(strength=strength)
        until(lambda: session.is_settled and session.recipe.settings["strength"] == strength)
        return [frame.settings.strength for frame in session.history.frames]

    steps = painted.undo_stack.count()
    state.begin()
    assert moved(0.8) == [1.0, 0.8]
    assert moved(0.6) == [1.0, 0.6]
    state.commit()
    assert moved(0.4) == [1.0, 0.6, 0.4]
    assert painted.undo_stack.count() == steps + 2
    session.film.star(session.history.frames[-1].number)
    state.begin()
    assert moved(0.3) == [1.0, 0.6, 0.4, 0.3]
    session.film.star(session.history.frames[-1].number)
    assert moved(0.2) == [1.0, 0.6, 0.4, 0.3, 0.2]
    state.commit()


def test_the_library_keeps_the_first_version_alone(painted, studio, until):
    until(lambda: len(studio.library.entries()) == 1)
    painted.session.set_settings(painted.session.settings.model_copy(update={"strength": 0.5}))
    until(lambda: painted.session.recipe is not None and painted.session.recipe.settings["strength"] == 0.5
          and painted.session.state is SessionState.FINISHED)  # fmt: skip
    until(lambda: studio.pictures.is_idle)
    assert len(studio.library.entries()) == 1


def test_what_is_saved_while_a_draft_is_shown_is_written_when_it_is_painted(painted, tmp_path, until):
    saved, asked = tmp_path / "saved.png", []

    def save(_frame):
        if painted.session.recipe is None and not asked:
            asked.append(painted._saver._export(saved))

    painted.session.frame_composed.connect(save)
    painted.session.change(size=1024)
    until(saved.exists)
    recipe = read_recipe(saved)
    assert asked
    assert recipe.settings["size"] == 1024
    assert max(load_picture(saved).pixels.shape) == 1024


def test_a_fast_style_that_is_gone_leaves_the_painting_with_the_settings_it_was_made_with(panel, tmp_path, until):
    session = panel.session
    session.set_settings(QUICK.model_copy(update={"strength": 0.5}))
    panel.files.open_file(write_painting(tmp_path / "painting.png"), "style")
    panel.open_pictures([write_photo(tmp_path / "photo.png")])
    until(lambda: session.photo and session.paintings)
    session.start()
    until(lambda: session.state is SessionState.FINISHED and session.is_settled)
    failures = []
    panel.failed.connect(failures.append)
    session.change(method="instant", fast_style="gone")
    until(lambda: failures and session.is_settled)
    panel._saver._export(tmp_path / "saved.png")
    until((tmp_path / "saved.png").exists)
    photo, layer = (resize(pixels, 64, 43) for pixels in (session.photo.picture.pixels, to_8_bits(session.layer)))
    half = load_picture(tmp_path / "saved.png").pixels
    assert np.abs(half - (photo.astype(float) + layer) / 2).max() <= 1
    assert read_recipe(tmp_path / "saved.png").settings["method"] == "live"


def test_another_fast_style_paints_at_once(painted, until):
    painted.fast_styles.tiles["fast-scream"].click()
    until(lambda: painted.session.recipe is not None
          and painted.session.recipe.settings["fast_style"] == "fast-scream")  # fmt: skip
    assert painted.form.settings.fast_style == "fast-scream"


def test_choosing_instant_is_one_step_of_undo(painted):
    painted.session.change(fast_style="fast-scream")
    painted.undo_stack.undo()
    assert painted.session.settings.fast_style == "own"
    painted.undo_stack.redo()
    assert painted.session.settings.fast_style == "fast-scream"


def test_a_saved_picture_brings_everything_back(painted, tmp_path, studio, until):
    painted.session.set_settings(painted.session.settings.model_copy(update={"strength": 0.6, "saturation": 0.5}))
    until(lambda: painted.session.recipe is not None and painted.session.recipe.settings["strength"] == 0.6
          and painted.session.state is SessionState.FINISHED)  # fmt: skip
    saved = tmp_path / "saved.png"
    painted._saver._export(saved)
    until(lambda: saved.exists() and studio.pictures.is_idle)
    assert read_recipe(saved).settings["fast_style"] == "own"
    shown = load_picture(saved).pixels
    painted.session.set_settings(StyleSettings())
    painted.open_pictures([saved])
    until(lambda: painted.session.settings.method == "instant")
    assert painted.session.settings.strength == 0.6
    assert shown.shape[:2] == (64, 96)


def test_the_network_of_a_run_is_used_in_the_panel(panel, tmp_path, studio, until):
    run = write_finished_run(tmp_path / "runs of mine/stripes", "My stripes", seed=5)
    panel.open_pictures([write_photo(tmp_path / "photo.png")])
    until(lambda: panel.session.photo is not None)
    panel.use_fast_style(str(run))
    until(lambda: panel.session.state is SessionState.FINISHED)
    assert panel.session.recipe.settings["fast_style"] == "stripes"
    until(lambda: str(run) in panel.fast_styles.tiles)  # though it lies elsewhere than other runs
    assert panel.fast_styles.tiles[str(run)].isChecked()
    assert panel.fast_styles.tiles[str(run)].accessibleName() == "My stripes"


def test_a_fast_style_that_came_with_a_picture_is_shown_as_the_chosen_one(panel, tmp_path, until):
    file = str(write_fast_style(tmp_path / "elsewhere.safetensors"))
    panel.session.change(fast_style=file)
    assert file not in panel.fast_styles.tiles  # nobody sees them while one paints live
    panel.session.change(method="instant")
    until(lambda: file in panel.fast_styles.tiles)
    assert panel.fast_styles.tiles[file].isChecked()


def test_a_fast_style_from_the_models_panel_is_used_instantly(panel, studio):
    studio.window.send(ModelToUse("fast_style", "own"))
    assert (panel.session.settings.method, panel.session.settings.fast_style) == ("instant", "own")
    studio.window.send(ModelToUse("backbone", "atelier-slim"))
    assert panel.session.settings.method == "live"


def test_back_to_live_it_goes_on_with_paintings(painted, tmp_path, until):
    open_pair(painted, write_photo(tmp_path / "photo.png"), write_painting(tmp_path / "stripes.png"))
    until(lambda: painted.session.paintings and painted.session.state is SessionState.FINISHED)
    painted.session.set_settings(QUICK)
    until(lambda: painted.session.state is SessionState.FINISHED and painted.session.recipe is not None
          and painted.session.recipe.settings["method"] == "live")  # fmt: skip
    assert [record.role for record in painted.session.recipe.inputs] == ["content", "style"]


def test_a_painting_dropped_on_the_fast_styles_is_painted_after_live(panel, tmp_path, until):
    panel.session.set_settings(QUICK.model_copy(update={"method": "instant", "fast_style": "own"}))
    panel.open_pictures([write_photo(tmp_path / "photo.png")])
    until(lambda: panel.session.history.frames and panel.session.is_settled)
    session, (fast,) = panel.session, panel.session.history.frames
    at_once = np.array(session.layer)
    panel.undo_stack.clear()
    assert drop_files(panel.fast_styles, write_painting(tmp_path / "stripes.png"))
    until(lambda: session.paintings)
    assert session.settings.method == "live"
    assert not panel.shelf.isHidden()
    until(lambda: session.state is SessionState.FINISHED and session.recipe.settings["method"] == "live"
          and session.is_settled)  # fmt: skip
    assert [record.role for record in session.recipe.inputs] == ["content", "style"]
    kept = session.history.find(fast.number)
    assert (kept.settings.method, kept.recipe) == ("instant", fast.recipe)
    assert panel.undo_stack.count() == 1
    panel.undo_stack.undo()
    assert (session.settings.method, session.paintings) == ("instant", ())
    assert np.array_equal(session.layer, at_once)
    assert session.recipe == fast.recipe
    until(lambda: session.is_settled)
    assert np.array_equal(session.layer, at_once)  # and nothing begins by itself
    assert panel.shelf.isHidden()
    panel.undo_stack.redo()
    assert (session.settings.method, len(session.paintings)) == ("live", 1)
    assert session.recipe.settings["method"] == "live"


def test_a_painting_that_comes_while_a_fast_style_paints_ends_that(panel, tmp_path, until):
    session, results = panel.session, []
    session.finished.connect(lambda result, _inputs: results.append(result.recipe))
    session.set_settings(QUICK.model_copy(update={"method": "instant", "fast_style": "own"}))
    panel.open_pictures([write_photo(tmp_path / "photo.png")])
    until(lambda: session.is_running)
    panel.open_as("style", [write_painting(tmp_path / "stripes.png")])
    until(lambda: session.paintings)
    until(lambda: session.state is SessionState.FINISHED and session.recipe.settings["method"] == "live"
          and session.is_settled)  # fmt: skip
    made = [*results, *(frame.recipe for frame in session.history.frames)]
    assert {len(recipe.inputs) for recipe in made if recipe.settings["method"] == "live"} == {2}
    assert {len(recipe.inputs) for recipe in made if recipe.settings["method"] == "instant"} <= {1}


def test_undo_of_a_painting_that_came_in_the_first_instant_pass_paints_at_once_again(panel, tmp_path, until):
    session = panel.session
    session.set_settings(QUICK.model_copy(update={"method": "instant", "fast_style": "own"}))
    photo, painting = write_photo(tmp_path / "photo.png"), write_painting(tmp_path / "stripes.png")
    session.put("content", prepare_opened(load_picture(photo)))
    assert (session.is_running, session.layer) == (True, None)
    session.put("style", prepare_opened(load_picture(painting)))
    until(lambda: session.state is SessionState.FINISHED and session.is_settled)
    live = panel.canvas._items["after"].frame
    assert session.recipe.settings["method"] == "live"
    panel.undo_stack.undo()
    assert (session.settings.method, session.paintings, panel.has_picture) == ("instant", (), False)
    assert panel.canvas._items["after"].frame is None  # the photo alone, for a moment
    until(lambda: session.state is SessionState.FINISHED and session.is_settled)
    assert session.recipe.settings["method"] == "instant"
    assert panel.canvas._items["after"].frame not in (None, live)


def test_undo_to_where_nothing_was_painted_shows_the_photo_alone(panel, tmp_path, until):
    session = panel.session
    session.set_settings(QUICK)
    session.put("content", prepare_opened(load_picture(write_photo(tmp_path / "photo.png"))))
    session.put("style", prepare_opened(load_picture(write_painting(tmp_path / "stripes.png"))))
    session.start()
    until(lambda: session.state is SessionState.FINISHED and session.is_settled)
    assert panel.canvas._items["after"].frame is not None
    panel.undo_stack.undo()
    assert (session.state, session.paintings, panel.has_picture) == (SessionState.EMPTY, (), False)
    assert panel.canvas._items["after"].frame is None


def test_a_fast_style_that_is_gone_is_told_and_the_panel_stays_usable(panel, tmp_path, studio, until):
    panel.use_fast_style(str(tmp_path / "gone.safetensors"))
    panel.open_pictures([write_photo(tmp_path / "photo.png")])
    until(lambda: studio.window.banner.is_showing)
    assert "gone.safetensors" in studio.window.banner.text
    until(lambda: panel.session.state is SessionState.READY)  # and it does not try again by itself
    panel.fast_styles.tiles["own"].click()
    until(lambda: panel.session.state is SessionState.FINISHED)


def test_the_two_ways_are_reached_by_keyboard_and_named(panel):
    live, instant = panel.column.method.buttons
    assert live.accessibleName() == "Paint: Live"
    assert instant.toolTip()
    live.setFocus()
    QTest.keyClick(live, Qt.Key.Key_Right)
    assert panel.session.settings.method == "instant"
