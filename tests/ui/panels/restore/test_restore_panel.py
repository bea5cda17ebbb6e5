"""The Restore panel: a photo is restored as soon as it is there, with a network that does what is asked."""

import numpy as np
from accessibility import controls_without_name, controls_without_tooltip
from colouriser_kit import write_colouriser
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox
from restorer_kit import ENLARGER, write_restorer
from retouch_kit import SMALL_DETECTOR, soft_photo, white_detector, write_network
from studio_kit import drop_files, write_photo

from studio.core.controls import Controls
from studio.core.events import Log, finish
from studio.core.picture_task import HINTS, HOLE, MASK, PictureRequest
from studio.core.resizing import to_16_bits
from studio.core.restore_settings import RestoreSettings
from studio.jobs.restore.restore import restore
from studio.ui.canvas.layers import Pen
from studio.ui.panel import ModelToUse
from studio.ui.picture.session import SessionState


def clicks(button):
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def mode(panel, name):
    return panel.column.mode.buttons[["enhance", "enlarge"].index(name)]


def test_a_photo_that_is_dropped_is_restored_at_once(opened, networks):
    assert opened.session.settings.model == networks["mends"]  # in place of one that comes along and is not here
    assert opened.session.layer.shape == (80, 120, 3)
    assert opened.session.layer.dtype == np.uint16
    assert opened.session.state is SessionState.FINISHED
    assert set(opened.canvas.pictures) == {"before", "after"}
    assert opened.start_button.text() == "Restore again"
    assert not opened.column.note.isVisible()


def test_another_mode_takes_a_network_that_does_it_and_is_one_step_of_undo(opened, networks, settled):
    clicks(mode(opened, "enlarge"))
    assert opened.session.settings.model == ""  # the one that comes along
    opened.start()
    settled(opened)
    assert opened.session.layer.shape == (160, 240, 3)
    assert opened.column.size_words.text() == "It becomes 240 × 160 px."
    assert opened.undo_stack.count() == 1
    opened.undo_stack.undo()
    assert (opened.session.settings.mode, opened.session.settings.model) == ("enhance", networks["mends"])


def test_what_is_done_follows_the_network_that_is_chosen(opened, networks):
    row = opened.form.row("model")
    assert row.control.itemText(0) == "Automatic"
    row.control.setCurrentIndex(row.control.findData(networks["twofold"]))
    settings = opened.session.settings
    assert (settings.mode, settings.scale, settings.model) == ("enlarge", "2", networks["twofold"])
    assert opened.column.mode.current == "enlarge"
    assert not opened.form.row("crisp").isEnabled()
    assert opened.form.row("scale").isVisible()
    assert not opened.form.row("longer_side").isVisible()


def test_a_colouriser_that_is_chosen_colours_and_warmth_acts_at_once(opened, tmp_path, settled):
    opened.take(ModelToUse("colouriser", str(write_colouriser(tmp_path / "colour.safetensors"))))
    settled(opened)
    assert (opened.session.settings.mode, opened.column.mode.current) == ("colourise", "colourise")
    assert opened.session.layer.shape == (80, 120, 3)
    shown = {
        name for name in ("denoise", "grain", "model", "warmth", "colouriser") if not opened.form.row(name).isHidden()
    }
    assert shown == {"warmth", "colouriser"}
    layer = opened.session.layer
    opened.session.change(warmth=0.5)
    assert opened.session.state is SessionState.FINISHED  # nothing is computed again
    assert opened.session.layer is layer


def test_a_scale_that_no_network_has_is_told_with_what_to_do(opened, until):
    clicks(mode(opened, "enlarge"))
    opened.session.change(scale="4")
    assert opened.session.settings.model == ""
    assert "enlarges 4 ×" in opened.column.note.text()
    assert "in Train choose Restorer" in opened.column.note.text()
    assert opened.column.note.isVisible()
    until(lambda: not opened.session.job.is_there)
    assert not opened.start_button.isEnabled()
    opened.session.change(scale="2")
    assert not opened.column.note.isVisible()


def test_a_size_is_reached_with_the_network_that_there_is(opened, settled):
    opened.session.change(mode="enlarge", scale="size", longer_side=200)
    assert opened.session.settings.model == ""  # the one that comes along
    assert opened.form.row("longer_side").isVisible()
    opened.start()
    settled(opened)
    assert opened.session.layer.shape == (133, 200, 3)
    assert opened.column.size_words.text() == "It becomes 200 × 133 px."


def test_without_any_network_a_photo_waits_until_one_is_there(open_panel, photo, home, until, settled):
    panel = open_panel()
    assert drop_files(panel.canvas.viewport(), photo)
    until(lambda: panel.session.photo is not None)
    assert panel.session.state is SessionState.EMPTY
    assert "There is no network yet that enhances" in panel.column.note.text()
    assert "no network" in panel.words[SessionState.EMPTY]
    assert not panel.start_button.isEnabled()
    write_restorer(home / "runs" / "mine" / "model.safetensors", ENLARGER)
    panel.take(ModelToUse("restorer", str(home / "runs" / "mine")))
    settled(panel)
    assert (panel.session.settings.mode, panel.session.settings.scale) == ("enlarge", "2")
    assert panel.session.layer.shape == (160, 240, 3)
    assert not panel.column.note.isVisible()


def test_strength_acts_at_once_and_nothing_is_computed_again(opened, until):
    made, frames = opened.session.layer, []
    opened.session.frame_composed.connect(frames.append)
    opened.session.change(strength=0.0)
    until(lambda: frames)
    assert opened.session.layer is made
    assert not opened.session.job.is_there
    assert np.array_equal(frames[-1].levels[0], opened.session.photo.frame.levels[0])


def test_where_one_looks_is_told_to_the_job(panel, tmp_path, until):
    assert drop_files(panel.canvas.viewport(), write_photo(tmp_path / "large.png", 1200, 900))
    until(lambda: panel.session.is_running)
    panel.session.pause()
    panel.canvas.zoom_to(4.0)
    panel.canvas.place(QPointF(300, 675), QPointF(panel.canvas.viewport().rect().center()))
    across, down = panel.session.job._handle.controls.look_at
    assert abs(across - 0.25) < 0.01
    assert abs(down - 0.75) < 0.01
    panel.stop()
    until(lambda: not panel.session.job.is_there)


def test_what_is_stopped_leaves_the_photo_or_what_was_made_before(opened, tmp_path, until, settled):
    made = opened.session.layer
    opened.session.change(denoise=0.7)
    opened.start()
    assert opened.is_running
    assert opened.session.snapshot().made.layer is made
    opened.stop()
    until(lambda: opened.session.is_settled)
    assert opened.session.layer is made
    long_enough_to_be_stopped = write_photo(tmp_path / "other.png", 1200, 900)
    assert drop_files(opened.canvas.viewport(), long_enough_to_be_stopped)
    until(lambda: opened.session.is_running and opened.session.photo.picture.name == "other.png")
    opened.stop()
    until(lambda: opened.session.is_settled)
    assert opened.session.layer is None
    assert not opened.has_picture
    assert set(opened.canvas.pictures) == {"before"}
    assert opened.session.state is SessionState.READY
    opened.start()
    settled(opened)
    assert opened.session.layer.shape == (900, 1200, 3)


def test_what_was_invented_lies_over_the_picture_while_one_asks(opened, until):
    button = opened.column.invented_button
    assert not opened.column.invented_words.isVisible()
    clicks(button)
    until(opened.map.isVisible)
    assert (opened.map.frame.width, opened.map.frame.height) == (120, 80)
    assert "of 255 levels" in opened.column.invented_words.text()
    before = opened.column.invented_words.text()
    opened.session.change(strength=0.2)
    until(lambda: opened.column.invented_words.text() != before)
    clicks(button)
    assert not opened.map.isVisible()
    assert not opened.column.invented_words.isVisible()


def test_everything_has_a_name_and_a_hint(opened):
    opened.session.change(mode="enlarge", scale="size")
    assert controls_without_name(opened) == []
    assert controls_without_tooltip(opened, QAbstractButton, QComboBox, QAbstractSpinBox) == []


def test_reset_keeps_to_networks_that_are_here(opened, networks):
    opened.session.change(mode="enlarge", grain=0.5)
    opened.reset()
    assert opened.session.settings == RestoreSettings(model=networks["mends"])


def test_what_was_found_is_corrected_by_hand(opened, tmp_path, until, settled):
    detector = write_network(tmp_path / "detector.safetensors", white_detector(), SMALL_DETECTOR)
    scratched = soft_photo()
    scratched[30:33, 10:60] = 255
    Image.fromarray(scratched).save(tmp_path / "scratched.png")
    opened.open_pictures([tmp_path / "scratched.png"])
    opened.session.change(mode="scratches", scratch_detector=str(detector))
    until(lambda: opened.column.found_button.isVisible())
    settled(opened)
    opened.column.found_button.click()
    until(lambda: opened.session.inputs[HOLE])
    (mask,) = opened.session.inputs[HOLE]
    assert mask.picture.pixels[31, 20].max() == 255
    assert mask.picture.pixels[50].max() == 0
    until(lambda: opened.session.recipe is not None and len(opened.session.recipe.inputs) == 2)
    settled(opened)
    assert not opened.column.found_button.isVisible()


def test_what_no_network_finds_is_painted_over(opened, until, monkeypatch):
    monkeypatch.setattr("studio.ui.panels.restore.session.AUTOMATIC_DETECTOR", "none of this name")
    opened.session.change(mode="scratches")
    until(lambda: opened.session.lacks_hole and not opened.is_running)
    assert not opened.can_start
    assert "paint over it" in opened.words[SessionState.READY]
    opened.use_model(ModelToUse("scratch_detector", "mine"))
    assert (opened.session.settings.mode, opened.session.settings.scratch_detector) == ("scratches", "mine")


def test_fill_waits_for_a_hole_and_then_begins(opened, tmp_path, until, settled):
    opened.session.change(mode="fill")
    until(lambda: not opened.is_running)
    assert not opened.can_start
    assert "paint over what is to go" in opened.words[SessionState.READY]
    hole = np.zeros((80, 120), np.uint8)
    hole[30:36, 40:80] = 255
    Image.fromarray(hole).save(tmp_path / "hole.png")
    opened.open_as("hole", [tmp_path / "hole.png"])
    until(lambda: opened.session.recipe is not None and opened.session.recipe.settings["mode"] == "fill")
    settled(opened)
    photo = opened.session.photo.picture.pixels.astype(np.uint16) * 257
    assert np.array_equal(opened.session.layer[:25], photo[:25])
    assert not np.array_equal(opened.session.layer[31:35, 45:75], photo[31:35, 45:75])


def test_a_large_picture_follows_a_slider_in_small_and_is_whole_when_the_hand_rests(opened, until, settled, tmp_path):
    opened.session.change(mode="enlarge", scale="size", longer_side=1600)
    opened.start()
    settled(opened)
    drafts, frames = [], []
    opened.session.draft_composed.connect(drafts.append)
    opened.session.frame_composed.connect(frames.append)
    state = opened.session.settings_state
    state.begin()
    opened.session.change(saturation=0.5)
    assert not opened.session.is_settled
    until(lambda: drafts)
    assert frames == []
    assert drafts[0].width < 1600
    assert opened.canvas.picture_size == (1600, 1067)
    until(lambda: frames)
    assert (frames[0].width, frames[0].height) == (1600, 1067)
    state.commit()


def test_a_click_asks_for_likely_colours_and_one_of_them_makes_a_dot(opened, tmp_path, until, settled):
    colouriser = write_colouriser(tmp_path / "colour.safetensors")
    opened.session.change(mode="colourise", colouriser=str(colouriser))
    settled(opened)
    section, desk = opened.column.mask_section, opened.mask_desk
    section.add_requested.emit(HINTS)
    assert desk.layer.tool == "likely"
    desk.layer.begin_stroke(Pen(QPointF(40, 30), 4.0))
    desk.layer.commit_stroke()
    until(lambda: section.likely.isVisible())
    (mask,) = opened.session.masks.all
    assert mask.painted.is_blank
    wanted = section.likely.colours[0].getRgb()[:3]
    clicks(section.likely.buttons[0])
    assert opened.undo_stack.undoText() == "Paint"
    assert tuple(mask.painted.pixels[30, 40]) == (*wanted, 255)
    assert mask.painted.pixels[30, 60, 3] == 0
    clicks(section.likely.buttons[1])  # another one lies over it altogether
    other = section.likely.colours[1].getRgb()[:3]
    painted = mask.painted.pixels[mask.painted.pixels[..., 3] == 255, :3]
    assert (painted == other).all()
    settled(opened)
    desk.set_tool("brush")
    assert not section.likely.isVisible()


def test_protecting_lays_the_photo_over_what_was_made_and_nothing_is_computed(opened, until, settled, home):
    bare, began = opened.session.layer, []
    opened.session.job.progressed.connect(began.append)
    opened.mask_desk.add(MASK)
    opened.mask_desk.layer.dot(QPointF(30, 40), 1.0)
    until(lambda: opened.session.layer is not bare)
    settled(opened)
    photo = to_16_bits(opened.session.photo.picture.pixels)
    assert np.array_equal(opened.session.layer[35:45, 25:35], photo[35:45, 25:35])
    assert np.array_equal(opened.session.layer[:, 70:], bare[:, 70:])
    assert [used.role for used in opened.session.recipe.inputs] == ["content", "mask"]
    inputs = {role: tuple(one.picture for one in those) for role, those in opened.session.used_inputs.items()}
    again = finish(restore(PictureRequest(inputs), Controls(opened.session.settings)))
    assert np.array_equal(again.layer, opened.session.layer)
    assert again.recipe == opened.session.recipe
    opened.undo_stack.undo()
    until(lambda: opened.session.layer is bare)
    assert began == []


def test_a_job_that_runs_heeds_a_new_mask_at_its_end_and_does_not_begin_again(opened, until, settled):
    ends = []
    opened.session.job.ended.connect(ends.append)
    opened.mask_desk.add(MASK)
    opened.session.start()
    opened.mask_desk.layer.dot(QPointF(30, 40), 1.0)
    opened.session.masks.flush()
    until(lambda: opened.session.inputs[MASK])
    settled(opened)
    photo = to_16_bits(opened.session.photo.picture.pixels)
    assert np.array_equal(opened.session.layer[35:45, 25:35], photo[35:45, 25:35])
    assert len(ends) == 1


def test_where_the_photo_was_all_and_nothing_was_made_it_is_made_when_that_is_seen(opened, until, settled):
    opened.mask_desk.add(MASK)
    opened.mask_desk.layer.dot(QPointF(30, 40), 1.0)
    until(lambda: opened.session.inputs[MASK])
    settled(opened)
    opened.session.start()
    settled(opened)
    assert opened.session.film.newest.bare.unmade[40, 30]
    opened.mask_desk.layer.wipe()
    until(lambda: opened.session.is_running)
    settled(opened)
    photo = to_16_bits(opened.session.photo.picture.pixels)
    assert not np.array_equal(opened.session.layer[35:45, 25:35], photo[35:45, 25:35])


def test_a_mask_that_is_not_used_by_the_mode_says_so(opened):
    mask = opened.session.masks.add(HOLE)
    row = opened.column.mask_section.rows[mask.key]
    assert not row.unused.isHidden()
    opened.session.change(mode="fill")
    assert row.unused.isHidden()


def test_what_every_stroke_would_say_again_is_said_once(panel):
    told = []
    panel.session.noticed.connect(lambda words, _level: told.append(words))
    for message, level in (
        ("No network.", "warning"),
        ("No network.", "warning"),
        ("Found.", "info"),
        ("Found.", "info"),
    ):
        panel.session.job.logged.emit(Log(message, level))
    assert told == ["No network.", "Found.", "Found."]
