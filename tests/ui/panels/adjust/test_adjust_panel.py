"""The Adjust panel: proofs while a hand moves, the full picture when it rests, and the crop on the canvas."""

import numpy as np
import pytest
from accessibility import controls_without_name, controls_without_tooltip
from adjust_kit import pull, shows, tool
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider
from studio_kit import PATIENCE, drop_files, write_photo

from studio.core.adjust_settings import AdjustSettings
from studio.core.images import load_picture, save_picture
from studio.core.recipes import Recipe, WeightsRecord
from studio.core.resizing import to_8_bits
from studio.jobs.adjust import framed, toned
from studio.ui.canvas.incoming import picture_of


def expected(photo, settings):
    return toned(framed(load_picture(photo).pixels, settings), settings)


# -- proofs and pictures


def test_the_picture_follows_a_setting_and_is_made_in_full(opened, photo, settled):
    opened.session.change(exposure=-1.0, saturation=40)
    settled()
    settings = opened.session.settings
    assert np.array_equal(opened.session.layer, expected(photo, settings))
    assert np.abs(shows(opened, 120, 20) - expected(photo, settings)[20, 120] / 257).max() <= 4


def test_a_large_photo_shows_a_proof_at_once_in_the_same_place(panel, tmp_path, settled, until):
    panel.open_pictures([write_photo(tmp_path / "large.png", 2400, 1600)])
    settled("large.png")
    panel.canvas.zoom_to(2.0)
    panel.canvas.place(QPointF(1700, 500), QPointF(300, 300))
    eye, sizes = (panel.canvas.to_picture(QPointF(0, 0)), panel.canvas.zoom), []
    panel.session.frame_composed.connect(lambda proof: sizes.append((proof.after.width, proof.size)))
    panel.session.change(exposure=0.5)
    until(lambda: sizes)
    assert sizes[0][0] * sizes[0][0] * 2 / 3 == pytest.approx(2_000_000, rel=0.01)
    settled("large.png")
    assert sizes[-1] == (2400, (2400, 1600))
    assert {size for _, size in sizes} == {(2400, 1600)}
    assert (panel.canvas.to_picture(QPointF(0, 0)), panel.canvas.zoom) == eye
    assert panel.session.layer.shape == (1600, 2400, 3)


def test_while_a_slider_moves_the_full_picture_is_not_made(opened, pictures, settled, qtbot):
    made = []
    pictures.started.connect(made.append)
    opened.session.settings_state.begin()
    for step in range(8):
        opened.session.change(exposure=0.1 * step)
        qtbot.wait(20)
    assert "adjust" not in made
    opened.session.settings_state.commit()
    settled()
    assert made.count("adjust") == 1
    assert opened.undo_stack.count() == 1


def test_the_photo_is_compared_as_it_is_framed(opened, photo, settled):
    opened.session.change(crop=(0.0, 0.0, 0.5, 1.0), exposure=1.0)
    settled()
    assert opened.canvas.picture_size == (120, 160)
    opened.canvas.peek(True)
    assert np.abs(shows(opened, 60, 20) - load_picture(photo).pixels[20, 60]).max() <= 4
    opened.canvas.peek(False)
    assert np.abs(shows(opened, 60, 20) - expected(photo, opened.session.settings)[20, 60] / 257).max() <= 4
    assert opened.canvas.labels == ("Photo", "Adjusted")


def test_another_photo_begins_from_neutral_settings(opened, tmp_path, settled):
    opened.session.change(exposure=1.0, crop=(0.0, 0.0, 0.5, 1.0))
    settled()
    opened.open_pictures([write_photo(tmp_path / "other.png", 100, 150)])
    settled("other.png")
    assert opened.session.settings == AdjustSettings()
    assert opened.canvas.picture_size == (100, 150)
    opened.undo_stack.undo()
    settled()
    assert opened.session.settings == AdjustSettings(exposure=1.0, crop=(0.0, 0.0, 0.5, 1.0))
    assert opened.canvas.picture_size == (120, 160)


def test_what_is_saved_in_mid_move_is_the_newest_in_full(opened, photo, tmp_path, until):
    out = tmp_path / "out.tif"
    opened.session.change(exposure=1.0)
    opened._saver._export(out)
    opened.session.change(contrast=30)
    until(out.exists)
    settings = AdjustSettings(exposure=1.0, contrast=30)
    assert np.array_equal(load_picture(out).pixels, to_8_bits(expected(photo, settings)))
    assert AdjustSettings.model_validate(load_picture(out).recipe.settings) == settings


def test_what_was_asked_for_is_saved_though_another_photo_comes(opened, photo, tmp_path, settled):
    out = tmp_path / "out.tif"
    opened.session.change(exposure=1.0)
    opened._saver._export(out)
    opened.open_pictures([write_photo(tmp_path / "other.png", 100, 150)])
    settled("other.png")
    recipe = load_picture(out).recipe
    assert recipe.inputs[0].name == "photo.png"
    assert AdjustSettings.model_validate(recipe.settings) == AdjustSettings(exposure=1.0)
    assert np.array_equal(load_picture(out).pixels, to_8_bits(expected(photo, AdjustSettings(exposure=1.0))))


def test_the_panel_holds_the_window_open_until_the_newest_is_saved(opened, tmp_path, qtbot):
    out = tmp_path / "out.tif"
    assert not opened.hold_closing()
    opened.session.change(exposure=1.0)
    assert not opened.hold_closing()  # nobody has asked to have it saved
    opened._saver._export(out)
    with qtbot.waitSignal(opened.released, timeout=PATIENCE):
        assert opened.hold_closing()
        assert opened.hold_closing()  # closed twice, released once
    assert not opened.hold_closing()
    assert opened.context.pictures.shut_down()
    assert AdjustSettings.model_validate(load_picture(out).recipe.settings) == AdjustSettings(exposure=1.0)


def test_bringing_a_file_back_is_one_step_and_can_be_undone(opened, tmp_path, settled, until):
    opened.session.change(exposure=1.0)
    settled()
    out = tmp_path / "out.tif"
    opened._saver._export(out)
    opened.session.change(contrast=50)
    settled()
    opened.open_pictures([out])
    until(lambda: opened.session.settings == AdjustSettings(exposure=1.0))
    assert opened.undo_stack.undoText() == "Open “out.tif”"
    opened.undo_stack.undo()
    assert opened.session.settings == AdjustSettings(exposure=1.0, contrast=50)


def test_copy_takes_what_is_left_even_while_a_crop_is_chosen(opened, photo, until):
    opened.column.crop_button.click()
    opened.session.change(crop=(0.5, 0.0, 1.0, 1.0))
    opened.copy()
    clipboard = QGuiApplication.clipboard()
    until(lambda: clipboard.image().width() == 120)
    assert np.array_equal(picture_of(clipboard.image()), load_picture(photo).pixels[:, 120:])


def test_a_painted_picture_stays_marked_and_a_photo_is_not(panel, photo, tmp_path, settled, until):
    painted = Recipe(task="stylize", settings={}, weights=(WeightsRecord(name="net", sha256="1" * 64),))
    save_picture(tmp_path / "painted.png", load_picture(photo).pixels, recipe=painted)
    for file, marked in ((photo, False), (tmp_path / "painted.png", True)):
        assert drop_files(panel.canvas.viewport(), file)
        settled(file.name)
        out = tmp_path / f"{file.stem} out.png"
        panel._saver._export(out)
        until(out.exists)
        assert (b"WithTrainedAlgorithmicMedia" in out.read_bytes()) == marked


def test_it_is_sent_as_a_file_of_the_library_with_its_recipe(opened, photo, settled):
    opened.session.change(exposure=0.5)
    assert opened.picture_to_send is None  # not made yet
    settled()
    sent = opened.picture_to_send
    assert sent.name == "photo adjusted"
    opened.take(sent)
    settled("photo adjusted")
    (kept,) = opened.context.library.entries()
    assert kept.recipe().settings["exposure"] == 0.5
    assert np.array_equal(opened.session.photo.picture.pixels, to_8_bits(expected(photo, AdjustSettings(exposure=0.5))))
    assert opened.session.photo.picture.sha256 == load_picture(kept.path).sha256


def test_every_control_has_a_name_and_explains_itself(panel):
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider)
    assert controls_without_name(panel) == []
    assert controls_without_tooltip(panel.column, *kinds) == []


def test_without_a_photo_the_tools_do_nothing(panel):
    assert not panel.column.crop_button.isEnabled()
    panel.column.crop_button.click()
    tool(panel, "Turn left").click()
    QTest.keyClick(panel.canvas, Qt.Key.Key_Return)
    assert not panel.has_picture
    assert panel.picture_to_send is None


@pytest.mark.parametrize("key", [Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_without_a_photo_no_key_crops(panel, key):
    panel.column.crop_button.click()
    QTest.keyClick(panel.canvas, key)
    assert panel.session.settings == AdjustSettings()
    assert panel.undo_stack.count() == 0


# -- size, grey, and where it goes from here


def test_the_size_of_the_crop_is_shown_and_typed_in_pixels(opened, settled):
    size, undo = opened.column.crop_size, opened.column.whole_button
    assert (size.width_box.value(), size.height_box.value(), undo.isEnabled()) == (240, 160, False)
    size.width_box.setValue(120)
    size.height_box.setValue(80)
    settled()
    assert opened.session.layer.shape[:2] == (80, 120)
    assert opened.session.settings.crop == (0.25, 0.25, 0.75, 0.75)
    undo.click()
    settled()
    assert (opened.session.settings.crop, size.width_box.value()) == ((), 240)
    opened.undo_stack.undo()
    assert opened.session.settings.crop == (0.25, 0.25, 0.75, 0.75)


def test_a_click_on_what_was_grey_takes_the_cast_away_in_one_step(opened, tmp_path, settled, until):
    pixels = np.full((160, 240, 3), (40, 90, 150), np.uint8)
    pixels[60:100, 100:140] = (140, 120, 90)
    save_picture(tmp_path / "cast.png", pixels, recipe=None)
    opened.open_pictures([tmp_path / "cast.png"])
    settled("cast.png")
    opened.column.grey_button.click()
    assert opened.canvas.layers.active is opened.grey
    steps = opened.undo_stack.count()
    pull(opened, (120, 80), (120, 80))
    until(lambda: opened.session.settings.temperature < 0)
    settled("cast.png")
    assert opened.undo_stack.count() == steps + 1
    assert np.ptp(opened.session.layer[80, 120] / 257) < 3
    assert not opened.column.grey_button.isChecked()
    assert not opened.grey.isVisible()


def test_a_grey_is_picked_by_keyboard_and_crop_and_picker_exclude_each_other(opened, until):
    opened.column.crop_button.click()
    opened.column.grey_button.click()
    assert not opened.column.crop_button.isChecked()
    at = opened.grey._spot
    QTest.keyClick(opened.canvas, Qt.Key.Key_Right)
    assert opened.grey._spot.x() > at.x()
    QTest.keyClick(opened.canvas, Qt.Key.Key_Return)
    until(lambda: not opened.column.grey_button.isChecked())
    before = opened.session.settings
    opened.column.grey_button.click()
    QTest.keyClick(opened.canvas, Qt.Key.Key_Escape)
    assert not opened.column.grey_button.isChecked()
    assert opened.session.settings == before


def test_send_to_stands_beside_save(opened, qtbot):
    menus = []
    opened.targets_requested.connect(lambda menu, what: menus.append((menu, what.name)))
    assert opened.column.send_button.isEnabled()
    opened.column.send_menu.aboutToShow.emit()
    assert menus == [(opened.column.send_menu, "photo adjusted")]
