"""The Translate panel: a picture is translated as soon as it is there, either way, and back."""

from dataclasses import replace

import numpy as np
from accessibility import controls_without_name, controls_without_tooltip
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from studio_kit import write_photo
from translator_kit import ONE_WAY, write_translator

from studio.jobs.translate.choices import TranslatorChoice
from studio.ui.panel import ModelToUse, NetworkToImport, TrainingToBegin
from studio.ui.picture.session import SessionState


def clicks(button):
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_picture_is_translated_at_once_by_the_pair_there_is(opened, pair):
    assert opened.session.settings.model == pair
    assert opened.session.state is SessionState.FINISHED
    assert opened.session.layer.shape == (32, 48, 3)
    assert set(opened.canvas.pictures) == {"before", "after"}
    assert not opened.column.missing.isVisible()
    assert controls_without_name(opened.column) == []
    assert controls_without_tooltip(opened.column) == []


def test_the_ways_are_called_after_the_worlds_and_a_key_swaps_them(opened, settled):
    there, back = opened.column.direction.buttons
    assert (there.text(), back.text()) == ("photo → painting", "painting → photo")
    before = opened.session.layer
    opened.canvas.setFocus()
    QTest.keyClick(opened.canvas, Qt.Key.Key_X)
    settled(opened)
    assert opened.session.settings.direction == "BtoA"
    assert not np.array_equal(opened.session.layer, before)
    assert [frame.name for frame in opened.session.history.frames] == [
        "monet, photo → painting", "monet, painting → photo",
    ]  # fmt: skip
    assert opened.undo_stack.count() == 1


def test_a_pair_that_knows_one_way_offers_no_other_and_no_way_back(opened, home, settled):
    one_way = write_translator(home / "runs" / "one" / "model.safetensors", ONE_WAY).parent
    opened.session.change(direction="BtoA")
    opened.take(ModelToUse("translator", str(one_way)))
    settled(opened)
    assert (opened.session.settings.model, opened.session.settings.direction) == (str(one_way), "AtoB")
    assert [button.isEnabled() for button in opened.column.direction.buttons] == [True, False]
    assert not opened.column.back_button.isEnabled()


def test_the_way_back_stands_beside_the_result_with_its_error_over_it(opened, until, settled):
    clicks(opened.column.error_button)
    until(lambda: "48 × 32 px" in opened.column.back_words.text())
    assert opened.way_back.map.isVisible()
    opened.canvas.set_compare_mode("after")
    clicks(opened.column.back_button)
    assert "back" in opened.canvas.pictures  # known by now: nothing is computed twice
    assert opened.context.studio.is_idle
    assert opened.canvas.labels == ("And back", "Translation")
    assert opened.canvas.compare_mode == "side"
    clicks(opened.column.back_button)
    clicks(opened.column.error_button)
    assert opened.canvas.labels == ("Picture", "Translation")
    assert not opened.way_back.map.isVisible()
    assert not opened.column.back_words.isVisible()


def test_who_asks_for_the_way_back_sees_it_computed_and_what_its_colours_mean(opened, until):
    button, line, words = opened.column.error_button, opened.workspace.progress_line, opened.column.back_words
    spot = QPoint(button.width() // 2, 4)  # beside icon and words
    calm = button.grab().toImage().pixelColor(spot)
    clicks(button)
    assert button.grab().toImage().pixelColor(spot) != calm
    assert line.is_running
    assert line.text.startswith("Way back: there")
    assert words.isVisible()
    assert "being translated and back" in words.text()
    until(lambda: "of 255 levels" in words.text())
    assert not line.is_running
    for said in (line.text, words.text()):
        assert "yellow is a little off, red is much" in said
    clicks(button)
    assert "yellow" not in line.text


def test_the_way_back_can_be_stopped_as_whatever_takes_a_while(opened, until):
    line = opened.workspace.progress_line
    clicks(opened.column.back_button)
    clicks(line._stop)
    assert not opened.column.back_button.isChecked()
    assert not line.is_running
    until(lambda: opened.context.studio.is_idle)
    assert "back" not in opened.canvas.pictures
    assert not opened.column.back_words.isVisible()


def test_without_a_pair_it_says_how_to_get_one(open_panel, tmp_path, qtbot):
    panel = open_panel()
    assert "There is no pair of worlds yet" in panel.column.note.text()
    sent = []
    panel.sent.connect(lambda what, _to: sent.append(what))
    clicks(panel.column.train_button)
    generator = tmp_path / "latest_net_G_A.pth"
    panel.open_pictures([generator])
    assert sent == [TrainingToBegin("cyclegan"), NetworkToImport(generator)]
    panel.open_pictures([write_photo(tmp_path / "photo.png", 48, 32)])
    qtbot.waitUntil(lambda: panel.session.photo is not None)
    assert not panel.can_start
    assert panel.session.state is SessionState.EMPTY


def test_drawing_takes_up_a_pair_that_was_made_for_it_and_photos_the_one_before(open_panel, home):
    photos = str(write_translator(home / "runs" / "monet" / "model.safetensors").parent)
    drawn = replace(ONE_WAY, a="drawings", b="fruit")
    fruit = str(write_translator(home / "runs" / "fruit" / "model.safetensors", drawn).parent)
    panel = open_panel()
    panel.session.change(model=photos)
    clicks(button := panel.column.mode.buttons[1])
    assert (button.text(), panel.session.settings.mode, panel.session.settings.model) == ("Draw", "draw", fruit)
    panel.session.choose_mode("photo")
    assert panel.session.settings.model == photos
    panel.session.choose_mode("draw")
    panel.session.change(model=photos)  # whoever wants to draw by another pair may, and finds it again
    panel.session.choose_mode("photo")
    panel.session.choose_mode("draw")
    assert panel.session.settings.model == photos


def test_the_pair_that_was_chosen_by_hand_stays_when_one_draws(open_panel, home):
    photos = str(write_translator(home / "runs" / "monet" / "model.safetensors").parent)
    write_translator(home / "runs" / "fruit" / "model.safetensors", replace(ONE_WAY, a="drawings", b="fruit"))
    panel = open_panel()
    panel.session.choose_mode("draw")
    assert panel.session.pair.is_of_drawings
    panel.session.choose_mode("photo")
    panel.form.row("model").set_value(photos)
    panel.form.row("model").value_changed.emit(photos)  # by hand
    clicks(panel.column.mode.buttons[1])
    assert (panel.session.settings.mode, panel.session.settings.model) == ("draw", photos)
    clicks(panel.column.mode.buttons[0])
    assert panel.session.settings.model == photos


def test_a_pair_that_learns_is_tried_by_drawing_also_where_a_photo_is_open(opened, tmp_path, settled):
    run = str(tmp_path / "young")
    learning = TranslatorChoice(run, "young", step=40)
    opened._wanted = run
    opened._offer((*opened.session.pairs, learning))
    assert (opened.session.settings.mode, opened.session.settings.model) == ("draw", run)
    opened.session.choose_mode("photo")
    opened.session.choose_mode("draw")
    assert opened.session.settings.model == run


def test_a_pair_of_drawings_says_which_lines_it_knows_and_a_blank_sheet_comes_with_such_a_pen(
    open_panel, shipped_worlds, until
):
    panel = open_panel()
    desk, hint = panel.mask_desk, panel.column.line_hint
    assert desk.hand.diameter == 40
    desk.set_colour(QColor("orange"))
    clicks(panel.column.mode.buttons[1])
    until(lambda: panel.session.photo is not None)
    assert hint.isVisible()
    assert "thin dark lines" in hint.text()
    assert (desk.layer.brush.diameter, desk.layer.brush.colour, desk.hand.diameter) == (10, (0, 0, 0), 10)
    assert "40" in panel.context.preferences.mask_hand or not panel.context.preferences.mask_hand
    panel.session.change(model=next(pair.name for pair in panel.session.pairs if not pair.is_of_drawings))
    assert not hint.isVisible()


def test_a_new_user_has_pairs_for_photos_and_for_drawings(open_panel, shipped_worlds, settled, tmp_path):
    panel = open_panel()
    assert [pair.is_of_drawings for pair in panel.session.pairs] == [False, True]
    panel.open_pictures([write_photo(tmp_path / "photo.png", 48, 32)])
    settled(panel)
    assert panel.session.layer.shape == (32, 48, 3)
    panel.session.choose_mode("draw")
    assert panel.session.pair.is_of_drawings


def test_two_pairs_are_compared_on_the_same_picture(opened, home, settled, until):
    other = write_translator(home / "runs" / "cezanne" / "model.safetensors", seed=5).parent
    opened.take(ModelToUse("translator", str(other)))
    until(lambda: len(opened.session.history.frames) == 2)
    settled(opened)
    first, second = opened.session.history.frames
    assert (first.name, second.name) == ("monet, photo → painting", "cezanne, photo → painting")
    opened.looking_back.compare_with(first.number)
    until(lambda: opened.canvas.labels == (first.name, second.name))
