import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from canvas_kit import (
    BLUE,
    RED,
    drag,
    mouse,
    noise,
    pixel,
    pixels,
    plain_frame,
    rainbow_pyramid,
    shown_canvas,
    wheel,
)
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.core.frames import prepare_frame


def test_wheel_zooms_at_the_pointer(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(prepare_frame(noise(1600, 1000)))
    for x, y, notches in ((100, 150, 3), (500, 300, 4), (320, 240, -2), (77, 301, 5)):
        before, zoom = canvas.to_picture(QPointF(x, y)), canvas.zoom
        with qtbot.waitSignal(canvas.zoom_changed) as changed:
            wheel(canvas.viewport(), x, y, notches)
        after = canvas.to_picture(QPointF(x, y))
        assert canvas.zoom == pytest.approx(zoom * 1.2**notches)
        assert changed.args == [pytest.approx(canvas.zoom)]
        assert (after - before).manhattanLength() * canvas.zoom <= 1.01  # scroll positions are whole pixels


def test_the_pixel_under_the_pointer_stays_on_the_screen(qtbot):
    canvas = shown_canvas(qtbot)
    picture = noise(400, 300)
    canvas.set_before(prepare_frame(picture))
    canvas.zoom_to(4.0)
    spot = canvas.to_picture(QPointF(201, 133))
    expected = tuple(int(v) for v in picture[int(spot.y()), int(spot.x())])
    assert pixel(canvas, 201, 133) == expected
    wheel(canvas.viewport(), 201, 133, 3)
    assert pixel(canvas, 201, 133) == expected


def test_fit_shows_the_whole_picture_centred(qtbot):
    canvas = shown_canvas(qtbot, 640, 480)
    canvas.set_before(plain_frame(1600, 1000, RED))
    seen = np.all(pixels(canvas) == RED, axis=2)
    rows, columns = np.nonzero(seen)
    assert (columns.min(), 639 - columns.max()) == (16, 16)
    assert abs(rows.min() - (479 - rows.max())) <= 1
    assert np.ptp(columns) / np.ptp(rows) == pytest.approx(1.6, abs=0.01)


def test_fit_sticks_until_the_user_zooms(qtbot):
    canvas = shown_canvas(qtbot, 640, 480)
    canvas.set_before(plain_frame(1600, 1000, RED))
    canvas.resize(900, 700)
    assert canvas.fitted
    assert canvas.zoom == pytest.approx((900 - 32) / 1600)
    canvas.zoom_to(0.5)
    canvas.resize(500, 400)
    assert not canvas.fitted
    assert canvas.zoom == 0.5


def test_resize_keeps_what_was_in_the_middle(qtbot):
    canvas = shown_canvas(qtbot, 640, 480)
    canvas.set_before(plain_frame(1600, 1000, RED))
    canvas.zoom_to(2.0, QPointF(200, 200))
    middle = canvas.to_picture(QPointF(320, 240))
    canvas.resize(1200, 300)
    assert (canvas.to_picture(QPointF(600, 150)) - middle).manhattanLength() <= 1.0


def test_hundred_percent_is_pixel_for_pixel(qtbot):
    canvas = shown_canvas(qtbot, 300, 200)
    picture = noise(640, 480)
    canvas.set_before(prepare_frame(picture))
    canvas.actual_size()
    corner = canvas.to_picture(QPointF(0, 0)).toPoint()
    expected = picture[corner.y() : corner.y() + 200, corner.x() : corner.x() + 300]
    np.testing.assert_array_equal(pixels(canvas), expected)


_HIDPI = """
import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication
from studio.core.frames import prepare_frame
from studio.ui.canvas.incoming import picture_of
from studio.ui.canvas.view import Canvas
from studio.ui.theme import Theme
app = QApplication([])
canvas = Canvas(Theme(app, "dark"))
canvas.resize(150, 100)
canvas.show()
app.processEvents()
picture = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
canvas.set_before(prepare_frame(picture))
canvas.actual_size()
shown = picture_of(canvas.grab().toImage())[:, :, :3]
corner = canvas.to_picture(QPointF(0, 0)).toPoint()
expected = picture[corner.y() : corner.y() + 200, corner.x() : corner.x() + 300]
assert canvas.devicePixelRatio() == 2.0 and shown.shape == (200, 300, 3), (canvas.devicePixelRatio(), shown.shape)
assert canvas.zoom == 1.0
assert np.array_equal(shown, expected)
canvas.fit()
assert abs(canvas.zoom - 2 * min((150 - 32) / 640, (100 - 25) / 480)) < 0.01, canvas.zoom
print("sharp")
"""


def test_hundred_percent_means_device_pixels_on_a_hidpi_screen():
    root = Path(__file__).parents[3]
    environment = os.environ | {"QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(root)}
    ran = subprocess.run(
        [sys.executable, "-c", _HIDPI], capture_output=True, text=True, timeout=120, env=environment, cwd=root
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "sharp"


def test_pixels_are_sharp_above_200_percent_and_smooth_up_to_it(qtbot):
    canvas = shown_canvas(qtbot, 320, 240)
    stripes = np.zeros((200, 300, 3), np.uint8)
    stripes[:, ::2] = 255
    canvas.set_before(prepare_frame(stripes))
    canvas.zoom_to(3.0)
    assert set(np.unique(pixels(canvas))) == {0, 255}
    canvas.zoom_to(2.0)
    assert len(np.unique(pixels(canvas))) > 2


def test_a_small_picture_fitted_into_a_large_window_stays_smooth(qtbot):
    canvas = shown_canvas(qtbot, 640, 480)
    stripes = np.zeros((40, 60, 3), np.uint8)
    stripes[:, ::2] = 255
    canvas.set_before(prepare_frame(stripes))
    assert canvas.zoom > 3.0
    assert len(np.unique(pixels(canvas)[200:280, 300:340])) > 20
    canvas.zoom_in()
    assert set(np.unique(pixels(canvas)[200:280, 300:340])) == {0, 255}
    canvas.fit()
    assert len(np.unique(pixels(canvas)[200:280, 300:340])) > 20


@pytest.mark.parametrize(("zoom", "level"), [(1.0, 0), (0.6, 0), (0.5, 1), (0.3, 1), (0.25, 2), (0.13, 2), (0.05, 3)])
def test_the_mip_level_follows_the_zoom(qtbot, zoom, level):
    canvas = shown_canvas(qtbot)
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0)]
    canvas.set_before(rainbow_pyramid(800, 800, colours))
    canvas.zoom_to(zoom)
    assert pixel(canvas, 320, 240) == colours[level]


def test_dragging_pans_with_the_left_and_the_middle_button(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(2000, 2000, RED))
    canvas.zoom_to(1.0)
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
        grabbed = canvas.to_picture(QPointF(300, 200))
        drag(canvas.viewport(), (300, 200), (250.0, 260.0), button)
        assert canvas.to_picture(QPointF(250, 260)) == grabbed
    still = canvas.to_picture(QPointF(0, 0))
    drag(canvas.viewport(), (300, 200), (200, 200), Qt.MouseButton.RightButton)
    assert canvas.to_picture(QPointF(0, 0)) == still


def test_the_picture_cannot_be_lost_out_of_sight(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(2000, 2000, RED))
    canvas.zoom_to(1.0)
    canvas.pan_by(1e6, -1e6)
    assert canvas.to_view(QPointF(2000, 0)) == QPointF(320, 240)


def test_touchpad_scrolling_pans_and_with_ctrl_zooms(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(2000, 2000, RED))
    canvas.zoom_to(1.0)
    corner = canvas.to_picture(QPointF(0, 0))
    wheel(canvas.viewport(), 300, 200, phase=Qt.ScrollPhase.ScrollUpdate, scroll=(12, -30))
    assert canvas.zoom == 1.0
    assert canvas.to_picture(QPointF(0, 0)) == corner + QPointF(-12, 30)
    control = Qt.KeyboardModifier.ControlModifier
    wheel(canvas.viewport(), 300, 200, modifiers=control, phase=Qt.ScrollPhase.ScrollUpdate, scroll=(0, 60))
    assert canvas.zoom > 1.0


def test_pinching_zooms_at_the_fingers(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(2000, 2000, RED))
    canvas.zoom_to(1.0)
    place = QPointF(150, 350)
    spot = canvas.to_picture(place)
    device = QPointingDevice.primaryPointingDevice()
    gesture = Qt.NativeGestureType.ZoomNativeGesture
    everywhere = canvas.viewport().mapToGlobal(place)
    event = QNativeGestureEvent(gesture, device, 2, place, place, everywhere, 0.25, QPointF())
    QApplication.sendEvent(canvas.viewport(), event)
    assert canvas.zoom == pytest.approx(1.25)
    assert (canvas.to_picture(place) - spot).manhattanLength() <= 1.0


def test_every_movement_has_its_key(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(2000, 2000, RED))
    QTest.keyClick(canvas, Qt.Key.Key_1)
    assert canvas.zoom == 1.0
    QTest.keyClick(canvas, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert canvas.zoom == pytest.approx(1.25)
    QTest.keyClick(canvas, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert canvas.zoom == pytest.approx(1.0)
    corner = canvas.to_picture(QPointF(0, 0))
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.to_picture(QPointF(0, 0)) == corner + QPointF(64, 256)
    QTest.keyClick(canvas, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert canvas.fitted


def test_double_click_goes_to_the_pixels_and_back(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(2000, 2000, RED))
    spot = canvas.to_picture(QPointF(250, 200))
    mouse(canvas.viewport(), QEvent.Type.MouseButtonDblClick, 250, 200)
    assert canvas.zoom == 1.0
    assert (canvas.to_picture(QPointF(250, 200)) - spot).manhattanLength() <= 1.0
    mouse(canvas.viewport(), QEvent.Type.MouseButtonDblClick, 250, 200)
    assert canvas.fitted


def test_the_pointer_tells_its_pixel_and_when_it_leaves(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(200, 100, RED))
    canvas.zoom_to(2.0)
    corner = canvas.to_view(QPointF(0, 0))
    told = []
    canvas.cursor_moved.connect(lambda x, y: told.append((x, y)))
    for dx, dy in ((0, 0), (399, 199), (-3, 0)):
        place = corner + QPointF(dx, dy)
        mouse(canvas.viewport(), QEvent.Type.MouseMove, place.x(), place.y(), Qt.MouseButton.NoButton)
    assert told == [(0, 0), (199, 99), (-1, -1)]


def test_a_new_photo_is_fitted_one_of_the_same_size_keeps_the_eye(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(1000, 800, RED))
    canvas.zoom_to(2.0, QPointF(10, 10))
    corner = canvas.to_picture(QPointF(0, 0))
    canvas.set_before(plain_frame(1000, 800, BLUE))
    assert (canvas.zoom, canvas.to_picture(QPointF(0, 0))) == (2.0, corner)
    canvas.set_before(plain_frame(900, 800, BLUE))
    assert canvas.fitted
