"""The crop rectangle on the photo: by mouse, by keyboard, and within what straightening leaves."""

from time import sleep

import numpy as np
import pytest
from adjust_kit import pull, shows, tool
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from studio_kit import write_photo

from studio.core.adjust_settings import AdjustSettings
from studio.core.images import load_picture


def test_the_crop_is_chosen_on_all_of_the_photo(opened, photo, settled):
    opened.session.change(crop=(0.25, 0.25, 0.75, 0.75))
    settled()
    opened.column.crop_button.click()
    settled()
    assert opened.canvas.hasFocus()
    assert "Enter when done" in opened.workspace.progress_line.text
    assert opened.canvas.picture_size == (240, 160)
    assert opened.crop.crop == QRectF(60, 40, 120, 80)
    assert opened.canvas.accessibleDescription().startswith("Photo, 240 by 160 pixels. Crop 120 × 80, 60 from the left")
    pixels = load_picture(photo).pixels.astype(int)
    assert np.abs(shows(opened, 110, 70) - pixels[70, 110]).max() <= 4
    assert shows(opened, 20, 20).sum() < 0.6 * pixels[20, 20].sum()
    opened.column.crop_button.click()
    settled()
    assert opened.canvas.picture_size == (120, 80)
    assert opened.canvas.layers.active is None
    assert "save it" in opened.workspace.progress_line.text


def test_no_late_proof_of_the_rest_is_shown_as_all_of_the_photo(opened, settled, until):
    sizes = []
    opened.session.frame_composed.connect(lambda _: sizes.append(opened.canvas.picture_size))
    opened.session.change(crop=(0.25, 0.25, 0.75, 0.75))
    sleep(0.3)  # it is composed, and not told yet
    opened.column.crop_button.click()
    until(lambda: len(sizes) >= 2)
    settled()
    assert set(sizes) == {(240, 160)}


def test_dragging_a_handle_is_one_step_of_undo_of_the_settings(opened, settled):
    opened.column.crop_button.click()
    settled()
    pull(opened, (240, 160), (180, 120))
    pull(opened, (100, 60), (120, 70))
    assert opened.session.settings.crop == pytest.approx((1 / 12, 1 / 16, 10 / 12, 13 / 16), abs=0.01)
    assert opened.undo_stack.count() == 2
    opened.undo_stack.undo()
    assert opened.session.settings.crop == pytest.approx((0, 0, 0.75, 0.75), abs=0.01)
    assert opened.crop.crop.getRect() == pytest.approx((0, 0, 180, 120), abs=2)
    opened.undo_stack.undo()
    assert opened.session.settings.crop == ()
    assert opened.crop.crop == QRectF(0, 0, 240, 160)


def test_escape_leaves_the_crop_as_it_was(opened, settled):
    opened.session.change(crop=(0.0, 0.0, 0.5, 0.5))
    opened.column.crop_button.click()
    settled()
    pull(opened, (60, 40), (90, 60))
    QTest.keyClick(opened.canvas, Qt.Key.Key_Right)
    assert opened.session.settings.crop != (0.0, 0.0, 0.5, 0.5)
    QTest.keyClick(opened.canvas, Qt.Key.Key_Escape)
    assert opened.session.settings.crop == (0.0, 0.0, 0.5, 0.5)
    assert not opened.column.crop_button.isChecked()


def test_arrows_and_enter_crop_without_a_mouse(opened, settled):
    opened.column.crop_button.click()
    settled()
    for _ in range(3):
        QTest.keyClick(opened.canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(opened.canvas, Qt.Key.Key_Return)
    settled()
    assert opened.canvas.picture_size == (237, 160)
    assert opened.undo_stack.count() == 3


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_a_crop_is_ended_wherever_the_keyboard_is_but_enter_is_first_for_a_number(opened, settled, key):
    opened.column.crop_button.click()
    settled()
    box = opened.column.crop_size.width_box
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "120")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert opened.canvas.hasFocus()
    assert (opened.column.crop_button.isChecked(), box.value()) == (True, 120)
    slider = opened.form.row("exposure").slider
    slider.setFocus()
    QTest.keyClick(slider, key)
    settled()
    assert not opened.column.crop_button.isChecked()
    assert opened.canvas.picture_size[0] == (120 if key == Qt.Key.Key_Return else 240)


def test_a_locked_shape_is_kept_by_the_hand(opened, settled):
    opened.session.change(aspect="1:1")
    opened.column.crop_button.click()
    settled()
    assert opened.crop.crop == QRectF(40, 0, 160, 160)
    pull(opened, (200, 160), (160, 150))
    assert opened.crop.crop.width() == pytest.approx(opened.crop.crop.height(), abs=0.01)
    opened.column.crop_button.click()
    settled()
    width, height = opened.canvas.picture_size
    assert width == height < 160


def test_straightening_opens_the_whole_photo_and_the_crop_stays_inside(opened, settled):
    slider = opened.form.row("angle").slider
    slider.setFocus()
    QTest.keyPress(slider, Qt.Key.Key_PageUp)
    assert opened.crop.isVisible()
    assert opened.crop._lines == 9  # to see what is level
    QTest.keyRelease(slider, Qt.Key.Key_PageUp)
    assert opened.crop._lines == 3
    assert slider.hasFocus()
    settled()
    settings = opened.session.settings
    assert settings.angle > 0
    assert opened.crop.crop.getCoords() == pytest.approx(settings.box(240, 160))
    opened.session.change(angle=8.0)
    settled()
    settings = opened.session.settings
    assert shows(opened, 1, 1).sum() == 0  # nothing of the photo is left in the corner
    before = QRectF(opened.crop.crop)
    pull(opened, (before.right(), before.bottom()), (500, 500))
    c = opened.crop.crop
    assert c.width() - before.width() < 12
    assert AdjustSettings(angle=settings.angle, crop=opened.session.settings.crop).box(240, 160) == pytest.approx(
        c.getCoords(), abs=0.05
    )


def test_sliders_of_tone_leave_the_crop_closed(opened):
    QTest.keyClick(opened.form.row("exposure").slider, Qt.Key.Key_Right)
    assert not opened.column.crop_button.isChecked()


@pytest.mark.parametrize(
    ("name", "turn"),
    [
        ("Turn left", np.rot90),
        ("Turn right", lambda a: np.rot90(a, -1)),
        ("Swap left and right", lambda a: a[:, ::-1]),
        ("Swap top and bottom", lambda a: a[::-1]),
    ],
)
def test_buttons_turn_and_mirror_what_is_shown(opened, photo, settled, name, turn):
    opened.session.change(crop=(0.0, 0.25, 0.5, 1.0))
    settled()
    shown = opened.session.layer
    for _ in range(2):
        tool(opened, name).click()
        settled()
        shown = turn(shown)
        assert np.array_equal(opened.session.layer, shown)
        assert opened.canvas.picture_size == (shown.shape[1], shown.shape[0])


def test_opening_another_photo_closes_the_crop(opened, tmp_path, settled):
    opened.column.crop_button.click()
    settled()
    opened.open_pictures([write_photo(tmp_path / "other.png", 100, 150)])
    settled("other.png")
    assert not opened.crop.isVisible()
    assert opened.canvas.picture_size == (100, 150)
